package signals

import (
	"time"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
)

func init() {
	sim.Signals.Add("line", "people who come, wait to be served and leave when their patience ends: how many wait; Poisson arrivals, served by a command",
		func() sim.SignalModel { return &Line{} })
}

// Line is customers, callers or patients who wait at a thing. A command that sets
// the state serve to n takes the n who have waited longest out of the line; one
// that sets the state hold to s gives s seconds more to all who wait, whom it
// reaches and who have not been held before: the state held counts them. The states
// served and missed count who was served and who left unserved. Without service
// it is M/G/∞: the number that waits is Poisson with mean rate·patience.
type Line struct {
	_ struct{} `formula:"comers are Poisson with the rate points·busy; each leaves after patience unless served; unserved it is M/G/∞: Poisson with the mean rate·E[patience]" source:"plain, a definition; that M/G/∞ is Poisson is queueing theory (Palm)"`

	Flow     `key:",inline"`
	Patience chance.Distribution `required:"true" unit:"s" doc:"how long one waits"`
	Reach    float64             `default:"100%" unit:"%" min:"0" max:"1" source:"plain, everybody" doc:"share of them whom a command that holds them reaches, such as members with the app"`
	Sensor   `key:",inline"`

	fleet                             *sim.Fleet
	serve, hold, held, served, missed int
	waits                             [][]wait // by arrival
}

// wait is somebody in a line: when he will leave, and whether he can still be held.
type wait struct {
	leaves  sim.Time
	reached bool
}

// States are what the model needs of its thing.
func (m *Line) States() []sim.StateSpec {
	return []sim.StateSpec{{Name: "serve"}, {Name: "hold"}, {Name: "served"}, {Name: "missed", Moves: true}, {Name: "held"}}
}

// Build begins with nobody.
func (m *Line) Build(s *sim.Site) (sim.Signal, error) {
	m.at(s)
	m.fleet, m.waits = s.Fleet, make([][]wait, s.Kind.Count)
	m.serve, m.hold, m.held = s.Kind.State("serve"), s.Kind.State("hold"), s.Kind.State("held")
	m.served, m.missed = s.Kind.State("served"), s.Kind.State("missed")
	return m, m.build(s)
}

// Advance lets them come and go.
func (m *Line) Advance(i int, _, now sim.Time) float64 {
	m.take(i, now, func(at sim.Time, number uint64) {
		waits := m.Patience.Quantile(m.Sensor.stream.Uniform(uint32(i), drawTruth+number))
		m.waits[i] = append(m.waits[i], wait{
			leaves:  at + sim.Time(min(max(waits, 0), 1e9)*float64(time.Second)),
			reached: m.Sensor.stream.Uniform(uint32(i), drawReach+number) < m.Reach,
		})
	})
	kept := m.waits[i][:0]
	for _, w := range m.waits[i] {
		if w.leaves > now {
			kept = append(kept, w)
		}
	}
	*m.fleet.State(i, m.missed) += float64(len(m.waits[i]) - len(kept))
	m.waits[i] = kept
	return float64(len(kept))
}

// StateSet serves or holds whoever waits.
func (m *Line) StateSet(i int, _ sim.Time) {
	serve, hold := m.fleet.State(i, m.serve), m.fleet.State(i, m.hold)
	if n := min(int(max(*serve, 0)), len(m.waits[i])); n > 0 {
		m.waits[i] = append(m.waits[i][:0], m.waits[i][n:]...)
		*m.fleet.State(i, m.served) += float64(n)
	}
	if *hold > 0 {
		for at := range m.waits[i] {
			w := &m.waits[i][at]
			if w.reached {
				w.leaves, w.reached = w.leaves+sim.Time(*hold*float64(time.Second)), false
				*m.fleet.State(i, m.held)++
			}
		}
	}
	*serve, *hold = 0, 0
}
