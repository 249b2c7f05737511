package faults

import (
	"time"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
)

func init() {
	sim.Faults.Add("poison", "some readings make the platform fail: it tries each again, while what came later waits, and sets aside those at which it fails each time (dead letters)", func() sim.Fault { return &Poison{} })
}

// Poison makes the platform fail at readings.
type Poison struct {
	onPlatform
	Share float64             `default:"1%" unit:"%" above:"0" max:"1" doc:"share of the readings" source:"none, an assumption"`
	Tries int                 `default:"3" min:"1" max:"1000" doc:"how often the platform tries one before it sets it aside" source:"none, an assumption"`
	Takes chance.Distribution `unit:"s" default:"100ms" doc:"time that a try takes which fails, with the pause before the next" source:"none, an assumption"`
	Fails float64             `default:"100%" unit:"%" above:"0" max:"1" doc:"share of the tries at such a reading that fail" source:"plain"`
}

// Begin poisons them until undone. Each try that fails is a hit.
func (f *Poison) Begin(w *sim.World, where sim.Selection) (func(), error) {
	which, fate, times := luck(w, "poison"), luck(w, "poison tries"), luck(w, "poison times")
	at := func(s chance.Stream, r *sim.Reading, try int) float64 {
		return s.Uniform(uint32(r.Thing), uint64(r.Seq)<<16|uint64(try))
	}
	return w.Intake.Poison(&sim.Poisoning{
		Tries: f.Tries,
		Bad:   func(r *sim.Reading) bool { return which.Uniform(uint32(r.Thing), uint64(r.Seq)) < f.Share },
		Fails: func(r *sim.Reading, try int) bool {
			fails := at(fate, r, try) < f.Fails
			if fails {
				where.Hits.Add()
			}
			return fails
		},
		Takes: func(r *sim.Reading, try int) time.Duration { return sim.Seconds(f.Takes.Quantile(at(times, r, try))) },
	}), nil
}
