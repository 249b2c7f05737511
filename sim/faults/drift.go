package faults

import "github.com/twinbed/twinbed/sim"

func init() {
	sim.Faults.Add("drift", "sensors wander away from the truth, in a straight line", func() sim.Fault { return &Drift{} })
}

// Drift adds to what sensors show, more the longer it lasts.
type Drift struct {
	onThings
	Channel `key:",inline"`
	PerHour float64 `required:"true" doc:"what is added in an hour, in the signal's unit"`
}

// Check wants the signal.
func (f *Drift) Check(w *sim.World, where sim.Selection) error { return f.check(w, where) }

// Begin has them wander until undone.
func (f *Drift) Begin(w *sim.World, where sim.Selection) (func(), error) {
	began := w.Clock.Now()
	return w.Tampers.Add(where.Things, func(x *sim.Outgoing) {
		f.each(w, x, func(n int) {
			x.Values[n] += f.PerHour * x.At.Sub(began).Hours()
			where.Hits.Add()
		})
	}), nil
}
