package faults

import (
	"math"

	"github.com/twinbed/twinbed/sim"
)

func init() {
	sim.Faults.Add("unplugged", "the adapter loses its device: there are no readings until it is plugged in again", func() sim.Fault {
		return &Unplugged{withheld: withheld{name: "unplugged"}}
	})
	sim.Faults.Add("time_out", "some readings of the device take so long that the adapter gives up", func() sim.Fault {
		return &TimeOut{withheld: withheld{name: "time_out"}}
	})
	sim.Faults.Add("garbage", "some frames of the device are broken, and the adapter throws them away", func() sim.Fault {
		return &Garbage{withheld: withheld{name: "garbage"}}
	})
	sim.Faults.Add("nan", "the device has no value to show for some readings", func() sim.Fault { return &NotANumber{} })
}

var (
	lostUnplugged = sim.NewCause("fault: unplugged")
	lostTimeOut   = sim.NewCause("fault: time_out")
	lostGarbage   = sim.NewCause("fault: garbage")
)

// onHardware is a fault between an adapter and its device. It touches readings
// alone: commands to real devices are beyond any fault.
type onHardware struct{}

// Area is where it strikes.
func (onHardware) Area() sim.Area { return sim.HardwareOf }

// Check wants things.
func (onHardware) Check(w *sim.World, where sim.Selection) error { return needThings(w, where) }

// withheld is a fault by which an adapter gets no reading.
type withheld struct {
	onHardware
	name string
}

// withhold has a share of the readings not come.
func (f *withheld) withhold(w *sim.World, where sim.Selection, share float64, why sim.Cause) func() {
	luck := w.Seed.Stream("fault " + f.name)
	return w.Tampers.Add(where.Things, func(x *sim.Outgoing) {
		if !x.Lost && luck.Uniform(uint32(x.Thing), uint64(x.Seq)) < share {
			where.Hits.Add()
			x.Lost, x.Cause = true, why
		}
	})
}

// Unplugged is a device that is not there.
type Unplugged struct{ withheld }

// Begin unplugs it until undone.
func (f *Unplugged) Begin(w *sim.World, where sim.Selection) (func(), error) {
	return f.withhold(w, where, 1, lostUnplugged), nil
}

// TimeOut is a device that does not answer in time.
type TimeOut struct {
	withheld
	Share float64 `default:"50%" unit:"%" above:"0" max:"1" doc:"share of the readings that it happens to" source:"none, an assumption"`
}

// Begin has it be slow until undone.
func (f *TimeOut) Begin(w *sim.World, where sim.Selection) (func(), error) {
	return f.withhold(w, where, f.Share, lostTimeOut), nil
}

// Garbage is a wire that breaks frames.
type Garbage struct {
	withheld
	Share float64 `default:"20%" unit:"%" above:"0" max:"1" doc:"share of the readings that it happens to" source:"none, an assumption"`
}

// Begin breaks frames until undone.
func (f *Garbage) Begin(w *sim.World, where sim.Selection) (func(), error) {
	return f.withhold(w, where, f.Share, lostGarbage), nil
}

// NotANumber is a sensor that shows nothing: the value stays what it was in the
// twin, and a reading without any value cannot be read.
type NotANumber struct {
	onHardware
	Channel `key:",inline"`
	Share   float64 `default:"100%" unit:"%" above:"0" max:"1" doc:"share of the readings that it happens to" source:"plain"`
}

// Check wants the signal.
func (f *NotANumber) Check(w *sim.World, where sim.Selection) error { return f.check(w, where) }

// Begin blanks values until undone.
func (f *NotANumber) Begin(w *sim.World, where sim.Selection) (func(), error) {
	luck := w.Seed.Stream("fault nan")
	return w.Tampers.Add(where.Things, func(x *sim.Outgoing) {
		if luck.Uniform(uint32(x.Thing), uint64(x.Seq)) >= f.Share {
			return
		}
		where.Hits.Add()
		f.each(w, x, func(n int) { x.Values[n] = math.NaN() })
		x.Odd = true
		for _, v := range x.Values {
			if !math.IsNaN(v) {
				x.Odd = false
			}
		}
	}), nil
}
