package signals

import (
	"math"
	"time"

	"github.com/twinbed/twinbed/sim"
)

func init() {
	sim.Signals.Add("sine", "swings about a mean: a day's temperature, a tide; value = mean + swing·cos(2π(t − peak)/period)",
		func() sim.SignalModel { return &Sine{} })
}

// Sine swings about a mean.
type Sine struct {
	_ struct{} `formula:"x = mean + swing·cos(2π(t − peak)/period)" source:"plain, a definition"`

	Mean   float64       `required:"true" doc:"the middle"`
	Swing  float64       `required:"true" doc:"from the middle to the top"`
	Period time.Duration `default:"24h" above:"0s" doc:"from top to top" source:"plain, a day"`
	Peak   time.Duration `default:"15h" min:"0s" doc:"when the top is reached, counted from midnight before the run's start" source:"none, an assumption: warmest in the afternoon"`
	Sensor `key:",inline"`

	midnight time.Duration // from midnight to the run's beginning
}

// Build puts the signal on its things.
func (m *Sine) Build(s *sim.Site) (sim.Signal, error) {
	m.at(s)
	m.midnight = s.Calendar.Start % (24 * time.Hour)
	return m, nil
}

// Advance is the sine at now.
func (m *Sine) Advance(_ int, _, now sim.Time) float64 {
	since := (time.Duration(now) + m.midnight - m.Peak) % m.Period
	return m.Mean + m.Swing*math.Cos(2*math.Pi*float64(since)/float64(m.Period))
}
