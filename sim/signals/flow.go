package signals

import (
	"math"
	"slices"
	"time"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
	"github.com/twinbed/twinbed/sim/formula"
)

// Flow is who or what comes: a Poisson process whose rate follows a profile of
// the day or week, times a factor. The number of an interval of the thing is
// Poisson with mean rate(middle)·interval, its moments are uniform over it, which
// is exact for a rate that does not change within an interval.
type Flow struct {
	Points []string `required:"true" doc:"how many an hour, as a profile: \"06:00 18\" repeats daily, \"Mon 06:00 18\" weekly" source:"none, the scenario's own"`
	Busy   string   `doc:"a state or attribute that the rate is multiplied by; without it none"`

	profile Profile
	every   sim.Time
	stream  chance.Stream
	fleet   *sim.Fleet
	busy    int          // place in the row, -1 for none
	next    []int64      // the interval to be drawn next
	coming  [][]sim.Time // moments drawn and not yet taken, in order
	count   []uint64     // who has come so far
}

func (m *Flow) build(s *sim.Site) error {
	m.profile = Profile{Points: m.Points}
	if _, err := m.profile.Build(s); err != nil {
		return sim.Wrongf("points", "%v", err)
	}
	for _, v := range m.profile.values {
		if v < 0 {
			return sim.Wrongf("points", "a rate is not negative, and %g is", v)
		}
	}
	n := s.Kind.Count
	m.every, m.stream, m.fleet, m.busy = sim.Time(s.Kind.Every), s.Stream, s.Fleet, -1
	if m.Busy != "" {
		var err error
		if m.busy, err = quantity(s.Kind, "busy", m.Busy); err != nil {
			return err
		}
	}
	m.next, m.coming, m.count = make([]int64, n), make([][]sim.Time, n), make([]uint64, n)
	return nil
}

// quantity is the place in a kind's row of a state or attribute that is a number;
// key is the one that names it.
func quantity(k *sim.Kind, key, name string) (place int, err error) {
	switch state, attribute := k.State(name), k.Attribute(name); {
	case state >= 0:
		return len(k.Signals) + state, nil
	case attribute >= 0 && k.Attributes[attribute].Type == formula.Number:
		return len(k.Signals) + len(k.States) + attribute, nil
	}
	return -1, sim.Wrongf(key, "%s has no state or attribute %q that is a number", k.Name, name)
}

// Flows draw by numbers of their own within a signal's stream.
const (
	drawFlow   = 4 << 40 // how many come in an interval
	drawMoment = 5 << 40 // when
)

// take calls come for each that has come to thing i up to now, in order; number
// counts them from 0.
func (m *Flow) take(i int, now sim.Time, come func(at sim.Time, number uint64)) {
	for ; sim.Time(m.next[i])*m.every <= now; m.next[i]++ {
		begin := sim.Time(m.next[i]) * m.every
		mean := m.profile.Advance(i, begin, begin+m.every/2) * time.Duration(m.every).Hours()
		if m.busy >= 0 {
			mean *= max(m.fleet.Row(i)[m.busy], 0)
		}
		n := poisson(mean, m.stream.Uniform(uint32(i), drawFlow+uint64(m.next[i])))
		first := len(m.coming[i])
		for j := range n {
			u := m.stream.Uniform(uint32(i), drawMoment+uint64(m.next[i])<<12+uint64(j))
			m.coming[i] = append(m.coming[i], begin+sim.Time(u*float64(m.every)))
		}
		slices.Sort(m.coming[i][first:])
	}
	list, taken := m.coming[i], 0
	for taken < len(list) && list[taken] <= now {
		come(list[taken], m.count[i])
		m.count[i]++
		taken++
	}
	m.coming[i] = append(list[:0], list[taken:]...)
}

// poisson is the quantile of the Poisson distribution by summing its
// probabilities; means above 700, where the first one underflows, are normal.
func poisson(mean, u float64) int {
	if !(mean > 0) {
		return 0
	}
	if mean > 700 {
		return max(int(math.Round(mean+math.Sqrt(mean)*standard.Quantile(u))), 0)
	}
	p := math.Exp(-mean)
	n, sum := 0, p
	for sum < u && p > 0 {
		n++
		p *= mean / float64(n)
		sum += p
	}
	return n
}
