package faults

import "github.com/twinbed/twinbed/sim"

func init() {
	sim.Faults.Add("partition", "the things and the platform cannot reach each other: everything sent meanwhile is lost", func() sim.Fault { return &Partition{} })
}

var lostToPartition = sim.NewCause("fault: partition")

// Partition cuts things off.
type Partition struct {
	Way string `default:"both" oneof:"both|up|down" doc:"up: readings and acks do not arrive, down: commands do not"`
}

// Area is where it strikes.
func (f *Partition) Area() sim.Area { return sim.NetworkOf }

// Check wants things.
func (f *Partition) Check(w *sim.World, where sim.Selection) error { return needThings(w, where) }

// Begin cuts the link until undone.
func (f *Partition) Begin(w *sim.World, where sim.Selection) (func(), error) {
	return w.Link.Impair("partition", w.Seed, sim.Impairment{
		Where: where.Things, Up: f.Way != "down", Down: f.Way != "up", Loss: 1, Hits: where.Hits, Cause: lostToPartition,
	}), nil
}
