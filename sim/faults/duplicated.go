package faults

import "github.com/twinbed/twinbed/sim"

func init() {
	sim.Faults.Add("duplicated", "devices send some readings more than once", func() sim.Fault { return &Duplicated{} })
}

// Duplicated sends readings again, with the same number: twins take each once.
type Duplicated struct {
	onThings
	Share float64 `default:"10%" unit:"%" above:"0" max:"1" doc:"share of the readings that it happens to" source:"none, an assumption"`
	Times int     `default:"1" min:"1" max:"1000" doc:"how often they are sent besides" source:"plain"`
}

// Begin repeats readings until undone.
func (f *Duplicated) Begin(w *sim.World, where sim.Selection) (func(), error) {
	luck := w.Seed.Stream("fault duplicated")
	return w.Tampers.Add(where.Things, func(x *sim.Outgoing) {
		if luck.Uniform(uint32(x.Thing), uint64(x.Seq)) < f.Share {
			where.Hits.Add()
			x.Copies += f.Times
		}
	}), nil
}
