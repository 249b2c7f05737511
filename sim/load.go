package sim

import (
	"fmt"
	"math"
	"time"
)

// LoadStage is one part of a run's load. It does one thing: change how much of
// the things is switched on, go up for a while and come back, or have clients
// lose their connections; or it holds what there is.
//
//	{to: 100%, over: 5m, hold: 8h}   ramp, then soak
//	{to: 200%, hold: 1m}             step
//	{spike: 500%, hold: 10s}         up, and back to where it was
//	{reconnect: 100%, hold: 30s}     reconnect storm
type LoadStage struct {
	To        *float64      `unit:"%" min:"0" max:"10000" doc:"share of the things that are on at the end; above 100 % adds things"`
	Spike     float64       `unit:"%" min:"0" max:"10000" doc:"share of the things that are on for the time of hold; then the load is what it was before"`
	Reconnect float64       `unit:"%" min:"0" max:"1" doc:"share of the MQTT clients that lose their connection at once and come back as fast as they may, in live runs"`
	Over      time.Duration `min:"0s" doc:"ramp for so long, in a straight line, and after a spike back again; without it the load jumps"`
	Hold      time.Duration `min:"0s" doc:"then stay for so long; the last stage stays until the run ends"`
}

// Reconnector is a Carrier whose things have connections to lose.
type Reconnector interface {
	// Reconnect breaks the connections of a share of the things; they come back by
	// themselves.
	Reconnect(share float64)
}

// CheckLoad holds each stage to doing one thing.
func CheckLoad(load []LoadStage) (wrongs []*Wrong) {
	for n, s := range load {
		does := 0
		for _, given := range [...]bool{s.To != nil, s.Spike > 0, s.Reconnect > 0} {
			if given {
				does++
			}
		}
		say := func(words string) { wrongs = append(wrongs, Wrongf(fmt.Sprintf("load.%d", n), "%s", words)) }
		switch {
		case does > 1:
			say("a stage does one of to, spike and reconnect; make it several stages")
		case does == 0 && s.Hold <= 0:
			say("the stage does nothing: it takes one of to, spike and reconnect, or hold")
		case s.Over > 0 && s.To == nil && s.Spike == 0:
			say("over is the time of a ramp, to a share or a spike")
		case s.Spike > 0 && s.Over+s.Hold <= 0:
			say("a spike lasts: it needs hold, or over")
		}
	}
	return wrongs
}

// Peak is the largest share that a load reaches; 1 without stages.
func Peak(load []LoadStage) float64 {
	peak := before(load)
	for _, s := range load {
		peak = max(peak, s.Spike)
		if s.To != nil {
			peak = max(peak, *s.To)
		}
	}
	return peak
}

// before is the share that is on before the first stage: a load that says where
// it goes begins with nothing.
func before(load []LoadStage) float64 {
	if len(load) > 0 && load[0].To != nil {
		return 0
	}
	return 1
}

// ThingsFor is how many of declared things a share of the load is.
func ThingsFor(declared int, share float64) int {
	return int(math.Ceil(float64(declared)*share - 1e-9))
}

// Play switches the fleet's things on and off as the load says; without stages
// all declared ones are on from the beginning.
func (f *Fleet) Play(load []LoadStage) {
	at, level := Time(0), before(load)
	f.Switch(ThingsFor(f.Kind.Declared, level))
	for _, s := range load {
		switch {
		case s.Reconnect > 0:
			f.world.Clock.At(at, func() { f.reconnect(s.Reconnect) })
		case s.Spike > 0:
			f.ramp(at, s.Over, level, s.Spike)
			at = at.Add(s.Over).Add(s.Hold)
			f.ramp(at, s.Over, s.Spike, level)
			at = at.Add(s.Over)
			continue
		case s.To != nil:
			f.ramp(at, s.Over, level, *s.To)
			level = *s.To
		}
		at = at.Add(s.Over).Add(s.Hold)
	}
}

// reconnect breaks the connections of a share of the things, where there are any.
func (f *Fleet) reconnect(share float64) {
	if r, ok := f.Carrier.(Reconnector); ok {
		r.Reconnect(share)
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
