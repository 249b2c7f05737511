package faults

import (
	"math"

	"github.com/twinbed/twinbed/sim"
)

func init() {
	sim.Faults.Add("stuck_at", "sensors show the same value for ever: the last one, or a given one", func() sim.Fault { return &StuckAt{} })
}

// StuckAt freezes what sensors show.
type StuckAt struct {
	onThings
	Channel `key:",inline"`
	Value   *float64 `doc:"what they show; default: what they show first"`
}

// Check wants the signal.
func (f *StuckAt) Check(w *sim.World, where sim.Selection) error { return f.check(w, where) }

// Begin freezes them until undone.
func (f *StuckAt) Begin(w *sim.World, where sim.Selection) (func(), error) {
	frozen := map[sim.ThingID][]float64{}
	return w.Tampers.Add(where.Things, func(x *sim.Outgoing) {
		at := frozen[x.Thing]
		if at == nil {
			for range x.Values {
				at = append(at, math.NaN())
			}
			frozen[x.Thing] = at
		}
		f.each(w, x, func(n int) {
			switch {
			case f.Value != nil:
				at[n] = *f.Value
			case math.IsNaN(at[n]):
				at[n] = x.Values[n]
			}
			x.Values[n] = at[n]
			where.Hits.Add()
		})
	}), nil
}
