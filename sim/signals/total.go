package signals

import (
	"slices"
	"strings"

	"github.com/twinbed/twinbed/sim"
)

func init() {
	sim.Signals.Add("total", "the sum of a signal or state over the things of another kind, all of them or those with the same attribute: a feeder's load over its meters",
		func() sim.SignalModel { return &Total{} })
}

// Total is a sum over other things: what couples things of different kinds. A
// signal is read of a kind that stands above in the scenario, so that no truth
// waits for itself; a state, which stays as it was last set, of any kind. Things
// that are switched off do not count.
type Total struct {
	_ struct{} `formula:"x = sum over the things of another kind" source:"plain, a definition"`

	Of     string `required:"true" doc:"the kind that is summed over"`
	Sum    string `required:"true" doc:"a signal of it, if it stands above this kind in the scenario, or a state that its state or commands name"`
	By     string `doc:"an attribute of both kinds: only things that have the same count; without it all"`
	Sensor `key:",inline"`

	world         *sim.World
	kind          *sim.Kind
	fleet         *sim.Fleet // nil until it is on the stage
	signal, state int        // the one that is not summed is -1
	groups        [][]int    // whom to sum over
	group         []int      // by thing: which group
}

// Build finds out who belongs to whom.
func (m *Total) Build(s *sim.Site) (sim.Signal, error) {
	m.at(s)
	m.world = s.World
	var kinds []string
	for _, k := range s.World.Roster.Kinds {
		kinds = append(kinds, k.Name)
		if k.Name == m.Of {
			m.kind = k
		}
	}
	if m.kind == nil {
		return nil, sim.Wrongf("of", "there is no kind %q; there are %s", m.Of, strings.Join(kinds, ", "))
	}
	m.signal, m.state = m.kind.Signal(m.Sum), m.kind.State(m.Sum)
	switch {
	case m.signal >= 0 && m.kind.First >= s.Kind.First:
		return nil, sim.Wrongf("of", "%s reads the signal %s of %s, which has to stand above it", s.Kind.Name, m.Sum, m.Of)
	case m.signal < 0 && m.state < 0:
		return nil, sim.Wrongf("sum", "%s has no signal %q, and no state of that name stands in its state or commands", m.Of, m.Sum)
	}
	return m, m.belong(s.Kind)
}

// belong groups the things that are summed over by the attribute.
func (m *Total) belong(own *sim.Kind) error {
	m.group, m.groups = make([]int, own.Count), [][]int{nil}
	if m.By == "" {
		for j := range m.kind.Count {
			m.groups[0] = append(m.groups[0], j)
		}
		return nil
	}
	theirs, ours := m.kind.Attribute(m.By), own.Attribute(m.By)
	if theirs < 0 || ours < 0 || m.kind.Attributes[theirs].Type != own.Attributes[ours].Type {
		return sim.Wrongf("by", "%s and %s have no attribute %q in common", own.Name, m.Of, m.By)
	}
	var keys []float64
	find := func(key float64) int {
		g := slices.Index(keys, key)
		if g < 0 {
			g = len(keys)
			keys, m.groups = append(keys, key), append(m.groups, nil)
		}
		return g
	}
	for i, key := range own.Attributes[ours].Values {
		m.group[i] = find(key)
	}
	for j, key := range m.kind.Attributes[theirs].Values {
		g := find(key)
		m.groups[g] = append(m.groups[g], j)
	}
	return nil
}

// Coupled is the kind of which something is read that moves.
func (m *Total) Coupled() *sim.Kind {
	if m.signal < 0 && !m.kind.States[m.state].Moves {
		return nil
	}
	return m.kind
}

// Advance sums.
func (m *Total) Advance(i int, _, now sim.Time) float64 {
	if m.fleet == nil && !m.find() {
		return 0
	}
	sum := 0.0
	for _, j := range m.groups[m.group[i]] {
		switch {
		case j >= m.fleet.Active():
		case m.signal >= 0:
			sum += m.fleet.At(j, now)[m.signal]
		default:
			sum += *m.fleet.State(j, m.state)
		}
	}
	return sum
}

// find waits for the fleet of a kind that stands below.
func (m *Total) find() bool {
	for _, f := range m.world.Fleets {
		if f.Kind == m.kind {
			m.fleet = f
		}
	}
	return m.fleet != nil
}
