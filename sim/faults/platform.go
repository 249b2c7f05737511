package faults

import (
	"errors"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
)

func init() {
	sim.Faults.Add("stall", "the platform takes nothing; afterwards it takes what has gathered", func() sim.Fault { return &Stall{} })
	sim.Faults.Add("slow_decision", "the platform takes a time for every message, one after the other", func() sim.Fault { return &SlowDecision{} })
	sim.Faults.Add("platform_crash", "the platform ends and begins anew: what it knew is forgotten, what comes meanwhile is lost; with durable: journal neither is", func() sim.Fault { return &PlatformCrash{} })
}

var lostToRestart = sim.NewCause("fault: platform_crash")

// onPlatform is a fault that strikes whoever decides.
type onPlatform struct{}

// Area is where it strikes.
func (onPlatform) Area() sim.Area { return sim.PlatformOf }

// Check wants a platform of ours.
func (onPlatform) Check(w *sim.World, _ sim.Selection) error {
	if w.Platform == nil {
		return errors.New("there is no platform in this run")
	}
	if _, ours := unwrapped(w).(sim.Restarter); !ours {
		return errors.New("the platform is not ours, and nothing of it can be reached: harm it where it runs")
	}
	return nil
}

func unwrapped(w *sim.World) sim.Platform {
	if w.Intake != nil {
		return w.Intake.Behind()
	}
	return w.Platform
}

// Prepare puts an intake in front of the platform.
func (onPlatform) Prepare(w *sim.World) { w.NeedIntake() }

// Stall holds everything back.
type Stall struct{ onPlatform }

// Begin holds it until undone.
func (f *Stall) Begin(w *sim.World, where sim.Selection) (func(), error) {
	where.Hits.Add()
	return w.Intake.Stall(), nil
}

// SlowDecision makes the platform a single server with a service time.
type SlowDecision struct {
	onPlatform
	Takes chance.Distribution `required:"true" unit:"s" doc:"time for each message"`
}

// Begin slows it down until undone.
func (f *SlowDecision) Begin(w *sim.World, where sim.Selection) (func(), error) {
	return w.Intake.Slow(f.Takes, luck(w, "slow_decision"), where.Hits), nil
}

// PlatformCrash has the platform forget.
type PlatformCrash struct{ onPlatform }

// Begin ends it; undone, it begins anew. One with a journal comes back as it was, and
// what came meanwhile is in the journal: then it was only away.
func (f *PlatformCrash) Begin(w *sim.World, where sim.Selection) (func(), error) {
	where.Hits.Add()
	if w.Journaled {
		return w.Intake.Stall(), nil
	}
	return w.Intake.Down(lostToRestart), nil
}
