package signals

import (
	"time"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
	"github.com/twinbed/twinbed/sim/formula"
)

func init() {
	sim.Signals.Add("expression", "a formula over the thing's states, attributes and other signals; with rate it is integrated: dx/dt = rate per hour",
		func() sim.SignalModel { return &Expression{} })
}

// Expression is a user's own model. Value gives the truth itself, Rate its
// change per hour, integrated by Heun's rule in steps of at most the thing's
// interval (local error of third order). Names: the thing's signals, states and
// attributes, hour (of the day), weekday (Monday 1), t (seconds since the start).
type Expression struct {
	_ struct{} `formula:"x = value, or dx/dt = rate an hour by Heun's rule, in steps of the interval" source:"plain, as the scenario writes it"`

	Value  sim.Expression      `doc:"the truth, as a formula"`
	Rate   sim.Expression      `doc:"its change in an hour, as a formula in which the signal itself may stand"`
	Start  chance.Distribution `default:"0" doc:"where each thing begins, with rate" source:"plain"`
	Min    *float64            `doc:"the truth stays above"`
	Max    *float64            `doc:"the truth stays below"`
	Sensor `key:",inline"`

	fleet    *sim.Fleet
	index    int
	every    sim.Time
	calendar sim.Calendar
	day      sim.Day // the latest that was asked for
	program  *formula.Program
	timed    bool
	env      formula.Env
}

// Needs are the names that the formula reads.
func (m *Expression) Needs() []string { return m.Value.Names() }

// TruthScope is what formulae over a thing's ground truth may name: its signals,
// states and attributes in the row, and hour, weekday and t in the world.
func TruthScope(k *sim.Kind, symbols *formula.Symbols) *formula.Table {
	t := formula.NewTable(symbols)
	slot := 0
	add := func(name string, is formula.Type) {
		t.Add(name, formula.Ref{Type: is, Space: formula.Row, Slot: slot})
		slot++
	}
	for _, s := range k.Signals {
		add(s.Name, formula.Number)
	}
	for _, s := range k.States {
		add(s.Name, formula.Number)
	}
	for _, a := range k.Attributes {
		add(a.Name, a.Type)
	}
	for at, name := range [...]string{"hour", "weekday", "t"} {
		t.Add(name, formula.Ref{Type: formula.Number, Space: formula.World, Slot: at})
	}
	return t
}

// Build compiles the formula.
func (m *Expression) Build(s *sim.Site) (sim.Signal, error) {
	m.at(s)
	m.fleet, m.index, m.every, m.calendar = s.Fleet, s.Index, sim.Time(s.Kind.Every), s.Calendar
	m.env.World = make([]float64, 3)
	source, key := m.Value, "value"
	if m.Rate != "" {
		source, key = m.Rate, "rate"
	}
	if (m.Value == "") == (m.Rate == "") {
		return nil, sim.Wrongf("", "an expression has either value or rate")
	}
	p, err := formula.Compile(string(source), TruthScope(s.Kind, s.Symbols), formula.Number)
	if err != nil {
		return nil, sim.WrongFormula(key, err)
	}
	m.program = p
	for _, ref := range p.Slots() {
		m.timed = m.timed || ref.Space == formula.World
	}
	for i := range s.Kind.Count {
		if m.Start != nil {
			*s.Fleet.Truth(i, s.Index) = m.within(m.Start.Quantile(m.stream.Uniform(uint32(i), drawInitial)))
		}
	}
	return m, nil
}

// at evaluates the formula for thing i at a time.
func (m *Expression) evaluate(i int, now sim.Time) float64 {
	m.env.Row = m.fleet.Row(i)
	if m.timed {
		if !m.day.Has(now) {
			m.day = m.calendar.Day(now)
		}
		w := m.env.World
		w[0], w[1], w[2] = m.day.Hour(now), float64(m.day.Weekday), now.Seconds()
	}
	return m.program.Number(&m.env)
}

func (m *Expression) within(x float64) float64 {
	if m.Min != nil {
		x = max(x, *m.Min)
	}
	if m.Max != nil {
		x = min(x, *m.Max)
	}
	return x
}

// Apart gives a copy variables of its own.
func (m *Expression) Apart() { m.env.World = sim.Room[float64](len(m.env.World)) }

// Advance evaluates the formula, or integrates it.
func (m *Expression) Advance(i int, from, now sim.Time) float64 {
	if m.Rate == "" {
		return m.within(m.evaluate(i, now))
	}
	x := m.fleet.Truth(i, m.index)
	for from < now {
		to := min(from+m.every, now)
		hours := time.Duration(to - from).Hours()
		begin := *x
		slope := m.evaluate(i, from)
		*x = m.within(begin + slope*hours)
		*x = m.within(begin + (slope+m.evaluate(i, to))/2*hours)
		from = to
	}
	return *x
}
