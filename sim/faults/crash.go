package faults

import "github.com/twinbed/twinbed/sim"

func init() {
	sim.Faults.Add("crash", "devices are down: they neither report nor obey, and their connections end without a word", func() sim.Fault { return &Crash{} })
}

var lostToCrash = sim.NewCause("fault: crash")

// Crash takes devices down. What happens to the thing itself goes on.
type Crash struct{ onThings }

// Begin turns them off until undone.
func (f *Crash) Begin(w *sim.World, where sim.Selection) (func(), error) {
	return turnOff(w, where, where.Things, lostToCrash), nil
}

// turnOff takes things down and counts each.
func turnOff(w *sim.World, where sim.Selection, things []sim.ThingID, why sim.Cause) (undo func()) {
	for range things {
		where.Hits.Add()
	}
	return w.TurnOff(things, why)
}
