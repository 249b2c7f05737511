package signals

import (
	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
)

func init() {
	sim.Signals.Add("alternating", "two levels in turn, each for a time that is drawn: a door, clouds, a machine that is called upon (an alternating renewal process)",
		func() sim.SignalModel { return &Alternating{} })
}

// Alternating is an alternating renewal process. In the long run it is high for
// E[high for] / (E[low for] + E[high for]) of the time (Cox, Renewal Theory, 1962).
// Each thing begins low, with a uniform part of its first low spell behind it.
type Alternating struct {
	_ struct{} `formula:"low and high in turn, each for a time drawn from low_for and high_for; high for E[high_for]/(E[low_for] + E[high_for]) of the time in the long run" source:"plain, a definition, and the renewal-reward theorem"`

	Low     float64             `default:"0" doc:"the one level" source:"plain"`
	High    float64             `default:"1" doc:"the other" source:"plain"`
	LowFor  chance.Distribution `required:"true" unit:"s" doc:"how long it stays low, drawn each time"`
	HighFor chance.Distribution `required:"true" unit:"s" doc:"how long it stays high, drawn each time"`
	Sensor  `key:",inline"`

	turn []uint64   // which spell a thing is in: even low, odd high
	ends []sim.Time // when it is over
}

// Build draws the first spells.
func (m *Alternating) Build(s *sim.Site) (sim.Signal, error) {
	m.at(s)
	m.turn, m.ends = make([]uint64, s.Kind.Count), make([]sim.Time, s.Kind.Count)
	for i := range s.Kind.Count {
		left := m.stream.Uniform(uint32(i), drawInitial)
		m.ends[i] = sim.Time(float64(m.lasts(i)) * left)
	}
	return m, nil
}

// lasts draws how long the present spell is: at least a millisecond, so that time goes on.
func (m *Alternating) lasts(i int) sim.Time {
	law := m.LowFor
	if m.turn[i]&1 == 1 {
		law = m.HighFor
	}
	return sim.Time(sim.Seconds(max(law.Quantile(m.stream.Uniform(uint32(i), drawTruth+m.turn[i])), 0.001)))
}

// Advance is the level at now.
func (m *Alternating) Advance(i int, _, now sim.Time) float64 {
	for m.ends[i] <= now {
		m.turn[i]++
		m.ends[i] += m.lasts(i)
	}
	if m.turn[i]&1 == 1 {
		return m.High
	}
	return m.Low
}
