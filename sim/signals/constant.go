package signals

import "github.com/twinbed/twinbed/sim"

func init() {
	sim.Signals.Add("constant", "always the same", func() sim.SignalModel { return &Constant{} })
}

// Constant is a quantity that does not move.
type Constant struct {
	_ struct{} `formula:"x = value" source:"plain, a definition"`

	Value  float64 `required:"true" doc:"the value"`
	Sensor `key:",inline"`
}

// Build puts the signal on its things.
func (m *Constant) Build(s *sim.Site) (sim.Signal, error) {
	m.at(s)
	return m, nil
}

// Advance is the constant.
func (m *Constant) Advance(int, sim.Time, sim.Time) float64 { return m.Value }
