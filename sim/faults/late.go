package faults

import (
	"time"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
)

func init() {
	sim.Faults.Add("late", "devices keep some readings back and send them later, behind newer ones", func() sim.Fault { return &Late{} })
	sim.Faults.Add("reordered", "some readings arrive behind the next one", func() sim.Fault { return &Reordered{} })
}

// Late keeps readings back. One that comes behind a newer one changes nothing in
// its twin.
type Late struct {
	onThings
	By    chance.Distribution `required:"true" unit:"s" doc:"how much later they are sent"`
	Share float64             `default:"100%" unit:"%" above:"0" max:"1" doc:"share of the readings that it happens to" source:"plain"`
}

// Begin keeps readings back until undone.
func (f *Late) Begin(w *sim.World, where sim.Selection) (func(), error) {
	luck := w.Seed.Stream("fault late by")
	return delay(w, where, "late", f.Share, func(x *sim.Outgoing) time.Duration {
		return sim.Seconds(f.By.Quantile(luck.Uniform(uint32(x.Thing), uint64(x.Seq))))
	}), nil
}

// Reordered is Late by one reading and a half.
type Reordered struct {
	onThings
	Share float64 `default:"10%" unit:"%" above:"0" max:"1" doc:"share of the readings that it happens to" source:"none, an assumption"`
}

// Begin swaps readings until undone.
func (f *Reordered) Begin(w *sim.World, where sim.Selection) (func(), error) {
	return delay(w, where, "reordered", f.Share, func(x *sim.Outgoing) time.Duration {
		return w.Roster.Kind(x.Thing).Every * 3 / 2
	}), nil
}

// delay keeps a share of the readings back.
func delay(w *sim.World, where sim.Selection, name string, share float64, by func(*sim.Outgoing) time.Duration) (undo func()) {
	luck := w.Seed.Stream("fault " + name)
	return w.Tampers.Add(where.Things, func(x *sim.Outgoing) {
		if luck.Uniform(uint32(x.Thing), uint64(x.Seq)) < share {
			where.Hits.Add()
			x.Delay += by(x)
		}
	})
}
