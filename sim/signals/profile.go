package signals

import (
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/units"
)

func init() {
	sim.Signals.Add("profile", "follows a day's or a week's profile through given points, straight lines between them",
		func() sim.SignalModel { return &Profile{} })
}

// Profile repeats a day or a week.
type Profile struct {
	_ struct{} `formula:"x = straight line between the two points around the moment" source:"plain, a definition"`

	Points []string `required:"true" doc:"a list of moments and values: \"06:00 18\" repeats daily, \"Mon 06:00 18\" weekly" source:"none, the scenario's own"`
	Sensor `key:",inline"`

	period  time.Duration
	moments []time.Duration
	values  []float64
	start   time.Duration
}

// Build reads the points and puts the signal on its things.
func (m *Profile) Build(s *sim.Site) (sim.Signal, error) {
	m.at(s)
	m.start = s.Calendar.Start
	m.period, m.moments, m.values = 0, nil, nil
	for _, p := range m.Points {
		if err := m.point(p); err != nil {
			return nil, err
		}
	}
	if len(m.moments) < 2 {
		return nil, fmt.Errorf("a profile needs at least two points, got %d", len(m.moments))
	}
	sort.Sort(m)
	for i := 1; i < len(m.moments); i++ {
		if m.moments[i] == m.moments[i-1] {
			return nil, fmt.Errorf("two points of the profile stand at the same moment")
		}
	}
	return m, nil
}

// point reads "06:00 18" or "Mon 06:00 18".
func (m *Profile) point(text string) error {
	cut := strings.LastIndexByte(text, ' ')
	if cut < 0 {
		return fmt.Errorf("point %q: write a moment and a value, such as \"06:00 18\" or \"Mon 06:00 18\"", text)
	}
	value, err := units.Parse(text[cut+1:], units.Number)
	if err != nil {
		return fmt.Errorf("point %q: %w", text, err)
	}
	moment, period := strings.TrimSpace(text[:cut]), sim.Week
	if !strings.Contains(moment, " ") {
		moment, period = "Mon "+moment, 24*time.Hour
	}
	at, err := units.ParseMoment(moment)
	if err != nil {
		return fmt.Errorf("point %q: %w", text, err)
	}
	if m.period != 0 && m.period != period {
		return fmt.Errorf("point %q: either all points name a day of the week or none", text)
	}
	m.period = period
	m.moments, m.values = append(m.moments, at.WeekTime()), append(m.values, value)
	return nil
}

// Len, Less and Swap sort the points by time.
func (m *Profile) Len() int           { return len(m.moments) }
func (m *Profile) Less(i, j int) bool { return m.moments[i] < m.moments[j] }
func (m *Profile) Swap(i, j int) {
	m.moments[i], m.moments[j] = m.moments[j], m.moments[i]
	m.values[i], m.values[j] = m.values[j], m.values[i]
}

// Advance is the profile at now.
func (m *Profile) Advance(_ int, _, now sim.Time) float64 {
	t := (m.start + time.Duration(now)%m.period) % m.period
	after := sort.Search(len(m.moments), func(i int) bool { return m.moments[i] > t })
	before := after - 1
	from, to := time.Duration(0), time.Duration(0)
	if before < 0 {
		before, from = len(m.moments)-1, m.moments[len(m.moments)-1]-m.period
	} else {
		from = m.moments[before]
	}
	if after == len(m.moments) {
		after, to = 0, m.moments[0]+m.period
	} else {
		to = m.moments[after]
	}
	part := float64(t-from) / float64(to-from)
	return m.values[before] + part*(m.values[after]-m.values[before])
}
