package signals

import (
	"math"
	"time"

	"github.com/twinbed/twinbed/sim"
)

func init() {
	sim.Signals.Add("thermal", "first-order warming and cooling: dT/dt = (ambient + rise·load − T)/τ, exact between readings (Newton's law)",
		func() sim.SignalModel { return &Thermal{} })
}

// Thermal is Newton's law of warming and cooling, driven by a state.
type Thermal struct {
	_ struct{} `formula:"dT/dt = (ambient + rise·load − T)/tau" source:"plain, Newton's law of cooling"`

	Ambient float64       `required:"true" doc:"temperature at rest"`
	Rise    float64       `required:"true" doc:"how much warmer at full load, in the long run"`
	Tau     time.Duration `default:"20m" above:"0s" doc:"time constant: after τ, 63 % of a change is done" source:"none, an assumption"`
	Load    string        `default:"load" doc:"the state that drives it"`
	Start   *float64      `doc:"temperature at the beginning; without it the one it would settle at"`
	Sensor  `key:",inline"`

	fleet        *sim.Fleet
	index, state int
	every        sim.Time
	keep         float64 // of a difference after one interval
}

// States are what the model needs of its thing.
func (m *Thermal) States() []sim.StateSpec { return []sim.StateSpec{{Name: m.Load, Initial: 1}} }

// Build sets each thing to its beginning.
func (m *Thermal) Build(s *sim.Site) (sim.Signal, error) {
	m.at(s)
	m.fleet, m.index, m.state = s.Fleet, s.Index, s.Kind.State(m.Load)
	m.every = sim.Time(s.Kind.Every)
	m.keep = m.keeps(m.every)
	for i := range s.Kind.Count {
		start := m.settled(i)
		if m.Start != nil {
			start = *m.Start
		}
		*s.Fleet.Truth(i, s.Index) = start
	}
	return m, nil
}

func (m *Thermal) settled(i int) float64 { return m.Ambient + m.Rise**m.fleet.State(i, m.state) }

func (m *Thermal) keeps(d sim.Time) float64 { return math.Exp(-float64(d) / float64(m.Tau)) }

// Advance is the closed solution over the time since.
func (m *Thermal) Advance(i int, from, now sim.Time) float64 {
	keep := m.keep
	if d := now - from; d != m.every {
		keep = m.keeps(d)
	}
	goal := m.settled(i)
	return goal + (*m.fleet.Truth(i, m.index)-goal)*keep
}
