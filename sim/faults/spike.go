package faults

import "github.com/twinbed/twinbed/sim"

func init() {
	sim.Faults.Add("spike", "now and then a sensor shows a value that is far off, for one reading", func() sim.Fault { return &Spike{} })
}

// Spike adds to single readings.
type Spike struct {
	onThings
	Channel `key:",inline"`
	Size    float64 `required:"true" doc:"what is added, in the signal's unit"`
	Share   float64 `default:"1%" unit:"%" above:"0" max:"1" doc:"share of the readings that it happens to" source:"none, an assumption"`
}

// Check wants the signal.
func (f *Spike) Check(w *sim.World, where sim.Selection) error { return f.check(w, where) }

// Begin spikes readings until undone.
func (f *Spike) Begin(w *sim.World, where sim.Selection) (func(), error) {
	luck := w.Seed.Stream("fault spike")
	return w.Tampers.Add(where.Things, func(x *sim.Outgoing) {
		if luck.Uniform(uint32(x.Thing), uint64(x.Seq)) < f.Share {
			where.Hits.Add()
			f.each(w, x, func(n int) { x.Values[n] += f.Size })
		}
	}), nil
}
