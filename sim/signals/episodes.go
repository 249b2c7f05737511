package signals

import (
	"time"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
)

func init() {
	sim.Signals.Add("episodes", "something gets worse now and then: from 0 to 1 in a straight line over a drawn time, and stays there until a command sets its state back",
		func() sim.SignalModel { return &Episodes{} })
}

// Episodes begin by a renewal process; with exponential gaps they are Poisson
// events. When they begin does not depend on when earlier ones ended, so that
// variants of a scenario get the same ones; one that would begin while another
// lasts is not there. The state says how bad it is, 0 to 1: set to 0 the episode
// is over, set to less it goes on from there.
type Episodes struct {
	_ struct{} `formula:"x = min((t − beginning)/onset, 1) in an episode, else 0; beginnings are a renewal process with gaps after" source:"none, an assumption: that things get worse in a straight line"`

	After  chance.Distribution `required:"true" unit:"s" doc:"from one's beginning to the next's"`
	Onset  chance.Distribution `required:"true" unit:"s" doc:"from its beginning to its worst"`
	State  string              `default:"episode" doc:"the state that says how bad it is"`
	Sensor `key:",inline"`

	fleet *sim.Fleet
	state int
	count []uint32   // episodes due so far
	next  []sim.Time // when the next begins
	begin []sim.Time // of the one that lasts; -1 for none
	onset []sim.Time
}

// States are what the model needs of its thing.
func (m *Episodes) States() []sim.StateSpec { return []sim.StateSpec{{Name: m.State, Moves: true}} }

// Build draws when the first episodes begin.
func (m *Episodes) Build(s *sim.Site) (sim.Signal, error) {
	m.at(s)
	n := s.Kind.Count
	m.fleet, m.state = s.Fleet, s.Kind.State(m.State)
	m.count, m.next, m.begin, m.onset = make([]uint32, n), make([]sim.Time, n), make([]sim.Time, n), make([]sim.Time, n)
	for i := range n {
		m.begin[i] = -1
		m.plan(i)
	}
	return m, nil
}

// plan draws when the next episode begins: a second after the last at the least.
func (m *Episodes) plan(i int) {
	gap := max(m.After.Quantile(m.stream.Uniform(uint32(i), drawTruth+2*uint64(m.count[i]))), 1)
	m.next[i] += sim.Time(min(gap, 1e9) * float64(time.Second))
	m.count[i]++
}

// Advance is how bad it is at now.
func (m *Episodes) Advance(i int, _, now sim.Time) float64 {
	for m.next[i] <= now {
		if m.begin[i] < 0 {
			m.begin[i] = m.next[i]
			lasts := max(m.Onset.Quantile(m.stream.Uniform(uint32(i), drawTruth+2*uint64(m.count[i])+1)), 1)
			m.onset[i] = sim.Time(min(lasts, 1e9) * float64(time.Second))
		}
		m.plan(i)
	}
	bad := m.fleet.State(i, m.state)
	if m.begin[i] >= 0 {
		*bad = min(float64(now-m.begin[i])/float64(m.onset[i]), 1)
	}
	return *bad
}

// StateSet ends an episode, or has it go on from where it was set to.
func (m *Episodes) StateSet(i int, now sim.Time) {
	bad := *m.fleet.State(i, m.state)
	switch {
	case bad <= 0:
		m.begin[i] = -1
	case m.begin[i] >= 0:
		m.begin[i] = max(now-sim.Time(min(bad, 1)*float64(m.onset[i])), 0)
	}
}
