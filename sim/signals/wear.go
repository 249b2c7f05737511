package signals

import (
	"math"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
)

func init() {
	sim.Signals.Add("wear", "a part wears out: wear goes from 0 to 1 over its drawn life, as fast as the load; the signal shows it, and at 1 the thing breaks",
		func() sim.SignalModel { return &Wear{} })
}

// Wear is a part with a life. Its states: wear (0 new, 1 broken), which a
// command can set back, and broken. The signal grows from From to To with wear,
// exponentially as vibration of bearings does (Gebraeel et al. 2005) or in a
// straight line.
type Wear struct {
	_ struct{} `formula:"d(wear)/dt = load/life; x = from·(to/from)^wear, or from + (to − from)·wear; broken at wear 1" source:"checked, an exponential degradation signal as in Gebraeel, Lawley, Li and Ryan 2005 (IIE Transactions 37, 543), by an implementation that cites it (PyRLD); theirs has an error that is a Brownian motion, this has none; growth in a straight line is an assumption"`

	From   float64             `required:"true" doc:"what a new part shows"`
	To     float64             `required:"true" doc:"what it shows when it breaks"`
	Life   chance.Distribution `required:"true" unit:"s" doc:"time to break at full load, drawn for each part"`
	Growth string              `default:"exponential" oneof:"exponential|linear" doc:"how the signal grows with wear" source:"checked, Gebraeel et al. 2005, as above"`
	Worn   chance.Distribution `default:"0" doc:"wear of the first parts at the beginning, 0 to 1" source:"plain"`
	State  string              `default:"wear" doc:"name of the state that holds the wear, where a thing has several parts"`
	Load   string              `default:"load" doc:"the state that says how fast it wears"`
	Sensor `key:",inline"`

	clock              *sim.Clock
	fleet              *sim.Fleet
	wear, broken, load int
	breaks             sim.EventKind
	part               []uint32  // how many parts a thing has had
	life               []float64 // seconds, of the present part
	was                []float64 // wear after the latest advance
	plan               []uint32  // which planned break is the valid one
	growth             float64   // ln(To/From), 0 for a straight line
}

// States are what the model needs of its thing.
func (m *Wear) States() []sim.StateSpec {
	return []sim.StateSpec{{Name: m.State, Moves: true}, {Name: "broken"}, {Name: m.Load, Initial: 1}}
}

// Build draws the first parts.
func (m *Wear) Build(s *sim.Site) (sim.Signal, error) {
	m.at(s)
	if m.Growth == "exponential" {
		if !(m.From*m.To > 0) {
			return nil, sim.Wrongf("from", "exponential growth from %g to %g is not possible: both must be above 0, or write growth: linear", m.From, m.To)
		}
		m.growth = math.Log(m.To / m.From)
	}
	n := s.Kind.Count
	m.clock, m.fleet = s.Clock, s.Fleet
	m.wear, m.broken, m.load = s.Kind.State(m.State), s.Kind.State("broken"), s.Kind.State(m.Load)
	m.part, m.life, m.was, m.plan = make([]uint32, n), make([]float64, n), make([]float64, n), make([]uint32, n)
	m.breaks = s.Clock.Handle(m)
	for i := range n {
		m.fit(i)
		if m.Worn != nil {
			m.was[i] = min(max(m.Worn.Quantile(m.stream.Uniform(uint32(i), drawInitial)), 0), 0.999)
		}
		*m.fleet.State(i, m.wear) = m.was[i]
		m.foresee(i, 0)
	}
	return m, nil
}

// fit puts a new part in: its life depends on the thing and on how many it has
// had, so that variants of a scenario get the same parts.
func (m *Wear) fit(i int) {
	m.life[i] = max(m.Life.Quantile(m.stream.Uniform(uint32(i), drawTruth+uint64(m.part[i]))), 1)
	m.part[i]++
}

// speed is wear per nanosecond under the present states.
func (m *Wear) speed(i int) float64 {
	if *m.fleet.State(i, m.broken) != 0 {
		return 0
	}
	return max(*m.fleet.State(i, m.load), 0) / (m.life[i] * 1e9)
}

// Advance wears the part and shows it.
func (m *Wear) Advance(i int, from, now sim.Time) float64 {
	w := m.fleet.State(i, m.wear)
	if now > from {
		*w = min(*w+m.speed(i)*float64(now-from), 1)
	}
	if broken := m.fleet.State(i, m.broken); m.was[i] >= 1 && *broken != 1 { // for good, though another part's renewal may have cleared it
		*broken = 1
	}
	m.was[i] = *w
	if m.growth != 0 {
		return m.From * chance.Exp(m.growth**w)
	}
	return m.From + (m.To-m.From)**w
}

// StateSet sees to a part that has been renewed, and plans the next break.
func (m *Wear) StateSet(i int, now sim.Time) {
	w := *m.fleet.State(i, m.wear)
	if w < m.was[i] {
		m.fit(i)
		if m.was[i] >= 1 {
			*m.fleet.State(i, m.broken) = 0
		}
	}
	m.was[i] = w
	m.foresee(i, now)
}

// foresee plans when the part breaks if nothing changes.
func (m *Wear) foresee(i int, now sim.Time) {
	m.plan[i] = (m.plan[i] + 1) & sim.MaxArg
	speed := m.speed(i)
	if speed == 0 {
		return
	}
	left := (1 - *m.fleet.State(i, m.wear)) / speed
	if at := float64(now) + left; at < float64(math.MaxInt64/2) {
		m.clock.Schedule(sim.Time(at)+1, m.breaks, uint32(i), m.plan[i])
	}
}

// Thing is the one that an event is about.
func (m *Wear) Thing(who, _ uint32) sim.ThingID { return m.fleet.Kind.First + sim.ThingID(who) }

// Happen breaks the thing, unless the plan has changed.
func (m *Wear) Happen(who, plan uint32) {
	i := int(who)
	if m.plan[i] != plan {
		return
	}
	m.fleet.Changed(i)
	*m.fleet.State(i, m.wear), *m.fleet.State(i, m.broken) = 1, 1
	m.fleet.Settle(i) // its other parts stand still, too
}
