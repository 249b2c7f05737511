package faults

import (
	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
)

func init() {
	sim.Faults.Add("reboot_loop", "devices start, run for a while and go down, again and again", func() sim.Fault { return &RebootLoop{} })
}

var lostToReboot = sim.NewCause("fault: reboot_loop")

// RebootLoop has devices go up and down, each in its own time.
type RebootLoop struct {
	onThings
	Up   chance.Distribution `unit:"s" default:"uniform 3s..20s" doc:"how long a device runs" source:"none, an assumption"`
	Down chance.Distribution `unit:"s" default:"uniform 2s..5s" doc:"how long it takes to start again" source:"none, an assumption"`
}

// Begin takes them down until undone.
func (f *RebootLoop) Begin(w *sim.World, where sim.Selection) (func(), error) {
	luck := w.Seed.Stream("fault reboot_loop")
	var undos []func()
	for _, id := range where.Things {
		undos = append(undos, alternate(w, func(n uint64) (func(), float64) {
			return turnOff(w, where, []sim.ThingID{id}, lostToReboot), f.Down.Quantile(luck.Uniform(uint32(id), 2*n))
		}, func(n uint64) float64 { return f.Up.Quantile(luck.Uniform(uint32(id), 2*n+1)) }))
	}
	return all(undos), nil
}

// alternate does harm and undoes it in turn, until undo is called: down says for
// how many seconds, up how many lie between.
func alternate(w *sim.World, down func(n uint64) (undo func(), seconds float64), up func(n uint64) float64) (undo func()) {
	var timer sim.Timer
	var restore func()
	var begin func(n uint64)
	begin = func(n uint64) {
		var lasts float64
		restore, lasts = down(n)
		timer = w.Clock.After(max(sim.Seconds(lasts), 1), func() {
			restore()
			restore = nil
			timer = w.Clock.After(max(sim.Seconds(up(n)), 1), func() { begin(n + 1) })
		})
	}
	begin(0)
	return func() {
		timer.Cancel()
		if restore != nil {
			restore()
		}
	}
}

// all is several undos in one.
func all(undos []func()) func() {
	return func() {
		for _, undo := range undos {
			undo()
		}
	}
}
