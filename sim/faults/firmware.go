package faults

import "github.com/twinbed/twinbed/sim"

func init() {
	sim.Faults.Add("firmware", "new firmware sends payloads of another shape, which nobody was told of", func() sim.Fault { return &Firmware{} })
}

// Firmware changes the shape of payloads: they cannot be read and are refused.
type Firmware struct {
	onThings
	Share float64 `default:"100%" unit:"%" above:"0" max:"1" doc:"share of the readings; below 100% the old and the new alternate" source:"plain"`
}

// Begin rolls it out until undone.
func (f *Firmware) Begin(w *sim.World, where sim.Selection) (func(), error) {
	luck := w.Seed.Stream("fault firmware")
	return w.Tampers.Add(where.Things, func(x *sim.Outgoing) {
		if luck.Uniform(uint32(x.Thing), uint64(x.Seq)) < f.Share {
			where.Hits.Add()
			x.Odd = true
		}
	}), nil
}
