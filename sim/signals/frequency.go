package signals

import (
	"math"
	"time"

	"github.com/twinbed/twinbed/sim"
)

func init() {
	sim.Signals.Add("frequency", "frequency of a grid by the imbalance of its power: swing equation, governors with droop, secondary control that brings it back",
		func() sim.SignalModel { return &Frequency{} })
}

// Frequency is load-frequency control of one area (Kundur 1994, chapter 11), per
// unit of Rating and Nominal; x is the deviation of the frequency, g what the
// governors add, s what secondary control adds, p the imbalance:
//
//	2·Inertia·dx/dt = p + g − Damping·x
//	Governor·dg/dt = s − x/Droop − g
//	Restore·ds/dt = −(1/Droop + Damping)·x
//
// Without secondary control it settles at x = p/(1/Droop + Damping); with it, that
// falls by e in each Restore. Solved exactly (matrix exponential), the imbalance
// running straight between two readings and jumping where a state of its own thing
// is set. It begins in balance. Reserves have no limit.
type Frequency struct {
	_ struct{} `formula:"2·inertia·dx/dt = p + g − damping·x; governor·dg/dt = s − x/droop − g; restore·ds/dt = −(1/droop + damping)·x; frequency = nominal·(1 + x), p = imbalance/rating" source:"checked, load-frequency control of one area (swing equation with load damping, governor with droop, integral control) as models that cite Kundur 1994, chapter 11, have it"`

	Imbalance string        `required:"true" doc:"the signal that is generation as planned minus what is needed"`
	Rating    float64       `required:"true" above:"0" doc:"of all generators that turn, in the unit of the imbalance"`
	Nominal   float64       `default:"50" above:"0" unit:"Hz" doc:"frequency in balance" source:"plain, most grids outside America have 50 Hz"`
	Inertia   time.Duration `default:"4s" above:"0s" doc:"inertia constant H: energy of what turns by its rating" source:"none, an assumption: usual for engines and turbines"`
	Droop     float64       `unit:"%" default:"5%" above:"0" max:"1" doc:"fall of the frequency by which governors go from nothing to all" source:"none, an assumption: usual in the field"`
	Damping   float64       `default:"1" min:"0" doc:"by how many per cent the load falls with each per cent of frequency" source:"none, an assumption: usual in the field"`
	Governor  time.Duration `default:"500ms" above:"0s" doc:"time constant of governors and engines" source:"none, an assumption"`
	Restore   time.Duration `default:"5m" min:"0s" doc:"time constant of secondary control; 0s: there is none" source:"none, an assumption: e-folds within the 15 min in which a draft of the EU network code wanted reserves fully active (a glossary that quotes it)"`
	Sensor    `key:",inline"`

	fleet     *sim.Fleet
	imbalance int
	every     sim.Time
	flow      flow    // of the state over one interval
	state     []swing // by thing
}

// swing is x, g, s, p and dp/dt in seconds, as the flow takes them.
type swing [5]float64

// Needs is the signal that it reads.
func (m *Frequency) Needs() []string { return []string{m.Imbalance} }

// Build begins in balance.
func (m *Frequency) Build(s *sim.Site) (sim.Signal, error) {
	m.at(s)
	m.fleet, m.every, m.imbalance = s.Fleet, sim.Time(s.Kind.Every), s.Kind.Signal(m.Imbalance)
	if m.imbalance < 0 {
		return nil, sim.Wrongf("imbalance", "%s has no signal %q", s.Kind.Name, m.Imbalance)
	}
	m.flow, m.state = m.over(m.every), make([]swing, s.Kind.Count)
	return m, nil
}

// over is how the state goes over some time: exp(A·t).
func (m *Frequency) over(t sim.Time) flow {
	momentum, governor, stiffness := 2*m.Inertia.Seconds(), m.Governor.Seconds(), 1/m.Droop+m.Damping
	back := 0.0
	if m.Restore > 0 {
		back = -stiffness / m.Restore.Seconds()
	}
	return exponential(flow{
		{-m.Damping / momentum, 1 / momentum, 0, 1 / momentum, 0},
		{-1 / (m.Droop * governor), -1 / governor, 1 / governor, 0, 0},
		{back, 0, 0, 0, 0},
		{0, 0, 0, 0, 1},
		{},
	}, t.Seconds())
}

// Advance is the frequency at now.
func (m *Frequency) Advance(i int, from, now sim.Time) float64 {
	z, p := &m.state[i], *m.fleet.Truth(i, m.imbalance)/m.Rating
	switch {
	case from == 0: // what it begins with is its balance
		*z = swing{0, -p, -p, p, 0}
	case now > from:
		z[4] = (p - z[3]) / (now - from).Seconds()
		by := m.flow
		if now-from != m.every {
			by = m.over(now - from)
		}
		*z = by.of(z)
	}
	z[3] = p
	return m.Nominal * (1 + z[0])
}

// flow carries a state over a time.
type flow [5][5]float64

func (f *flow) of(z *swing) (after swing) {
	for row := range f {
		for n, x := range f[row] {
			after[row] += x * z[n]
		}
	}
	return after
}

// times is one flow after another.
func (f *flow) times(g *flow) (product flow) {
	for row := range f {
		for n, x := range f[row] {
			for column, y := range g[n] {
				product[row][column] += x * y
			}
		}
	}
	return product
}

// exponential is exp(a·t): its series where that is short, squared again and again.
func exponential(a flow, t float64) flow {
	norm := 0.0
	for _, row := range a {
		sum := 0.0
		for _, x := range row {
			sum += math.Abs(x * t)
		}
		norm = max(norm, sum)
	}
	squarings := 0
	for ; norm > 0.5; norm /= 2 {
		squarings++
		t /= 2
	}
	var sum, term flow
	for n := range sum {
		sum[n][n], term[n][n] = 1, 1
	}
	for n := 1; n <= 13; n++ { // 0.5^14/14! is below what a float64 shows
		term = term.times(&a)
		for row := range term {
			for column := range term[row] {
				term[row][column] *= t / float64(n)
				sum[row][column] += term[row][column]
			}
		}
	}
	for range squarings {
		sum = sum.times(&sum)
	}
	return sum
}
