package signals

import (
	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
)

func init() {
	sim.Signals.Add("random", "drawn anew from a distribution for each interval of the thing, independent of the one before",
		func() sim.SignalModel { return &Random{} })
}

// Random is drawn anew for each reading.
type Random struct {
	_ struct{} `formula:"x is drawn from value for each interval, independently" source:"plain, a definition"`

	Value  chance.Distribution `required:"true" doc:"the distribution, in words"`
	Sensor `key:",inline"`

	every sim.Time
}

// Build puts the signal on its things.
func (m *Random) Build(s *sim.Site) (sim.Signal, error) {
	m.at(s)
	m.every = sim.Time(s.Kind.Every)
	return m, nil
}

// Advance draws the value of the interval that holds now: the same whoever asks.
func (m *Random) Advance(i int, _, now sim.Time) float64 {
	return m.Value.Quantile(m.stream.Uniform(uint32(i), drawTruth+uint64(now/m.every)))
}
