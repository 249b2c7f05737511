package signals

import (
	"math"
	"time"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
	"github.com/twinbed/twinbed/sim/units"
)

func init() {
	sim.Signals.Add("random_walk", "wanders: x += sd·√Δt·Z, drawn back to its mean with a time constant where pull is given (Ornstein–Uhlenbeck, exact steps)",
		func() sim.SignalModel { return &Walk{} })
}

// Walk is a random walk, with pull an Ornstein–Uhlenbeck process whose
// standard deviation in the long run is sd·√(pull/2), pull in hours.
type Walk struct {
	_ struct{} `formula:"over h hours x = start + (x − start)·e^(−h/pull) + sd·√(pull/2·(1 − e^(−2h/pull)))·Z; without pull x + sd·√h·Z" source:"checked, the exact update of an Ornstein–Uhlenbeck process, D. T. Gillespie 1996 (Physical Review E 54, 2084), as those who use it quote it"`

	Start  chance.Distribution `required:"true" doc:"where each thing begins"`
	Sd     float64             `required:"true" above:"0" doc:"standard deviation of an hour's wandering"`
	Pull   time.Duration       `doc:"time constant with which it is drawn back to its start; without it nothing draws it back"`
	Min    *float64            `doc:"it is reflected here"`
	Max    *float64            `doc:"it is reflected here"`
	Sensor `key:",inline"`

	every sim.Time
	home  []float64
	step  step
	fleet *sim.Fleet
	index int
}

// step is how far one interval carries: x = home + (x-home)·keep + spread·Z.
type step struct{ keep, spread float64 }

var standard = chance.MustParse("normal mean 0 sd 1", units.Number)

// Build sets each thing to its start.
func (m *Walk) Build(s *sim.Site) (sim.Signal, error) {
	m.at(s)
	m.every, m.fleet, m.index = sim.Time(s.Kind.Every), s.Fleet, s.Index
	m.step = m.over(1)
	m.home = make([]float64, s.Kind.Count)
	for i := range m.home {
		m.home[i] = m.Start.Quantile(m.stream.Uniform(uint32(i), drawInitial))
		*s.Fleet.Truth(i, s.Index) = m.home[i]
	}
	return m, nil
}

// over is the exact transition over so many intervals.
func (m *Walk) over(intervals int64) step {
	hours := float64(intervals) * float64(m.every) / float64(time.Hour)
	if m.Pull <= 0 {
		return step{1, m.Sd * math.Sqrt(hours)}
	}
	keep := math.Exp(-hours / m.Pull.Hours())
	return step{keep, m.Sd * math.Sqrt(m.Pull.Hours()/2*(1-keep*keep))}
}

// Advance makes one step for each interval of the thing that has ended: its luck
// is the interval's, whoever asks and however often.
func (m *Walk) Advance(i int, from, now sim.Time) float64 {
	x := *m.fleet.Truth(i, m.index)
	interval := now / m.every
	steps := int64(interval - from/m.every)
	if steps == 0 {
		return x
	}
	s := m.step
	if steps > 1 {
		s = m.over(steps)
	}
	z := standard.Quantile(m.stream.Uniform(uint32(i), drawTruth+uint64(interval)))
	x = m.home[i] + (x-m.home[i])*s.keep + s.spread*z
	if m.Min != nil && x < *m.Min {
		x = 2**m.Min - x
	}
	if m.Max != nil && x > *m.Max {
		x = 2**m.Max - x
	}
	return x
}
