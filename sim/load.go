package sim

import (
	"math"
	"time"
)

// LoadStage is one part of a run's load: how much of the things is switched on.
type LoadStage struct {
	Over time.Duration `doc:"ramp for so long, in a straight line; without it the load jumps"`
	To   float64       `unit:"%" min:"0" max:"10000" required:"true" doc:"share of the things that are on at the end; above 100 % adds things"`
	Hold time.Duration `doc:"then stay for so long; the last stage stays until the run ends"`
}

// Peak is the largest share that a load reaches; 1 without stages.
func Peak(load []LoadStage) float64 {
	if len(load) == 0 {
		return 1
	}
	peak := 0.0
	for _, s := range load {
		peak = max(peak, s.To)
	}
	return peak
}

// ThingsFor is how many of declared things a share of the load is.
func ThingsFor(declared int, share float64) int {
	return int(math.Ceil(float64(declared)*share - 1e-9))
}

// Play switches the fleet's things on and off as the load says; without stages
// all declared ones are on from the beginning.
func (f *Fleet) Play(load []LoadStage) {
	if len(load) == 0 {
		f.Switch(f.Kind.Declared)
		return
	}
	at, from := Time(0), 0.0
	for _, s := range load {
		f.ramp(at, s.Over, from, s.To)
		at, from = at.Add(s.Over).Add(s.Hold), s.To
	}
}

// ramp moves the share of things that are on from one to another, a thing at a
// time, in at most a thousand steps.
func (f *Fleet) ramp(at Time, over time.Duration, from, to float64) {
	steps := min(max(1, int(math.Abs(to-from)*float64(f.Kind.Declared))), 1000)
	if over <= 0 {
		steps = 1
	}
	for i := 1; i <= steps; i++ {
		done := float64(i) / float64(steps)
		f.world.Clock.At(at.Add(time.Duration(done*float64(over))), func() {
			f.Switch(ThingsFor(f.Kind.Declared, from+(to-from)*done))
		})
	}
}
