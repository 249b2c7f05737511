package faults

import (
	"time"

	"github.com/twinbed/twinbed/sim"
)

func init() {
	sim.Faults.Add("battery_death", "batteries run down and the devices fall silent, until they are changed at the end", func() sim.Fault { return &BatteryDeath{} })
}

var lostToBattery = sim.NewCause("fault: battery_death")

// BatteryDeath runs batteries down: the level that a device shows of its own
// declines in a straight line, then the device is down.
type BatteryDeath struct {
	onThings
	Over   time.Duration `default:"0s" min:"0s" doc:"the battery lasts for so long yet" source:"plain"`
	Signal string        `doc:"the signal that shows its level, which falls to 0; default: it is not shown"`
}

// Check wants the signal, if there is one.
func (f *BatteryDeath) Check(w *sim.World, where sim.Selection) error {
	return Channel{f.Signal}.check(w, where)
}

// Begin drains them until undone.
func (f *BatteryDeath) Begin(w *sim.World, where sim.Selection) (func(), error) {
	began, restore := w.Clock.Now(), func() {}
	timer := w.Clock.After(f.Over, func() { restore = turnOff(w, where, where.Things, lostToBattery) })
	charge := func() {}
	if f.Signal != "" {
		charge = w.Tampers.Add(where.Things, func(x *sim.Outgoing) {
			Channel{f.Signal}.each(w, x, func(n int) { x.Values[n] *= max(0, 1-float64(x.At.Sub(began))/float64(max(f.Over, 1))) })
		})
	}
	return func() { timer.Cancel(); charge(); restore() }, nil
}
