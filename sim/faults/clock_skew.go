package faults

import (
	"errors"
	"time"

	"github.com/twinbed/twinbed/sim"
)

func init() {
	sim.Faults.Add("clock_skew", "devices' own clocks are wrong: off by so much, and more all the time", func() sim.Fault { return &ClockSkew{} })
}

// ClockSkew sets devices' clocks wrong. Twins go by the times that devices tell:
// their trends and windows suffer; the order of readings is that of their numbers,
// and how old a twin is counts from when a reading came.
type ClockSkew struct {
	onThings
	Ahead  time.Duration `default:"0s" doc:"how far the clocks are ahead" source:"plain"`
	Behind time.Duration `default:"0s" min:"0s" doc:"or behind" source:"plain"`
	Drift  float64       `default:"0" doc:"and how much faster they go, in millionths (ppm); below 0: slower" source:"plain"`
}

// Check wants things, and something that is wrong.
func (f *ClockSkew) Check(w *sim.World, where sim.Selection) error {
	if f.Ahead == 0 && f.Behind == 0 && f.Drift == 0 {
		return errors.New("a clock that is right is no fault: say ahead, behind or drift")
	}
	return needThings(w, where)
}

// Begin sets them wrong until undone.
func (f *ClockSkew) Begin(w *sim.World, where sim.Selection) (func(), error) {
	began := w.Clock.Now()
	return w.Tampers.Add(where.Things, func(x *sim.Outgoing) {
		where.Hits.Add()
		x.Skew += f.Ahead - f.Behind + time.Duration(float64(x.At.Sub(began))*f.Drift*1e-6)
	}), nil
}
