package signals_test

import (
	"io"
	"math"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/formula"
	"github.com/twinbed/twinbed/sim/signals"
)

// two puts two kinds on a stage, one above the other.
func two(t *testing.T, above, below *sim.Kind, models, under []sim.SignalModel) (*sim.World, error) {
	w := &sim.World{Clock: sim.NewClock(), Seed: 11, Symbols: &formula.Symbols{}, Roster: &sim.Roster{}, Bus: deaf{}}
	for _, k := range []*sim.Kind{above, below} {
		w.Roster.Add(k)
	}
	w.Link = sim.NewLink(sim.Network{}, w.Seed, w.Roster.Size())
	open := func(string) (io.ReadCloser, error) { return nil, os.ErrNotExist }
	for n, k := range w.Roster.Kinds {
		f, err := sim.NewFleet(w, k, [][]sim.SignalModel{models, under}[n], open)
		if err != nil {
			return nil, err
		}
		w.Fleets = append(w.Fleets, f)
		f.Switch(k.Count)
	}
	return w, nil
}

func meters(t *testing.T, by, sum, reads string) (*sim.World, error) {
	meter := &sim.Kind{
		Name: "meter", Count: 6, Declared: 6, Every: time.Minute,
		Signals:    []sim.SignalSpec{{Name: "power"}, {Name: "dark"}},
		Attributes: []sim.Attribute{{Name: "line", Values: []float64{1, 2, 1, 2, 1, 1}}, {Name: "homes", Values: []float64{1, 2, 3, 4, 5, 6}}},
	}
	feeder := &sim.Kind{
		Name: "feeder", Count: 3, Declared: 3, Every: time.Hour,
		Signals: []sim.SignalSpec{{Name: "load"}}, States: []sim.StateSpec{{Name: "broken"}},
		Attributes: []sim.Attribute{{Name: "line", Values: []float64{2, 1, 3}}},
		Commands:   []sim.CommandSpec{{Name: "break", Sets: []sim.Setting{{State: 0, Value: 1}}}},
	}
	return two(t, meter, feeder,
		[]sim.SignalModel{&signals.Expression{Value: "homes * hour"}, &signals.Total{Of: "feeder", Sum: reads, By: "line"}},
		[]sim.SignalModel{&signals.Total{Of: "meter", Sum: sum, By: by}})
}

func TestATotalIsTheSumOfThoseWithTheSameAttributeAtThatMoment(t *testing.T) {
	w, err := meters(t, "line", "power", "broken")
	require.NoError(t, err)
	require.NoError(t, w.Clock.Run(sim.Time(5*time.Hour+30*time.Second)))
	hour := 5 + 30./3600
	for i, homes := range []float64{6, 15, 0} {
		w.Fleets[1].Changed(i)
		require.InDelta(t, homes*hour, *w.Fleets[1].Truth(i, 0), 1e-9)
	}
	w.Do(w.Roster.Kinds[1].First, 0, math.NaN()) // feeder 1 is line 2
	for i, dark := range []float64{0, 1, 0, 1, 0, 0} {
		w.Fleets[0].Changed(i)
		require.Equal(t, dark, *w.Fleets[0].Truth(i, 1), "meter %d knows a state of a kind below", i)
	}
	w, err = meters(t, "", "power", "broken")
	require.NoError(t, err)
	require.NoError(t, w.Clock.Run(sim.Time(time.Hour)))
	w.Fleets[1].Changed(2)
	require.InDelta(t, 21, *w.Fleets[1].Truth(2, 0), 1e-9, "without by all count")
	w.Fleets[0].Switch(2)
	w.Fleets[1].Changed(2)
	require.InDelta(t, 3, *w.Fleets[1].Truth(2, 0), 1e-9, "but not those that are off")
}

func TestATotalThatCannotBeIsRefused(t *testing.T) {
	for _, x := range []struct{ by, sum, reads, want string }{
		{"line", "power", "load", "has to stand above it"},
		{"line", "heat", "broken", `meter has no signal "heat"`},
		{"site", "power", "broken", `have no attribute "site" in common`},
		{"homes", "power", "broken", `have no attribute "homes" in common`},
	} {
		_, err := meters(t, x.by, x.sum, x.reads)
		require.ErrorContains(t, err, x.want)
	}
	_, err := try(&sim.Kind{Name: "thing", Count: 1, Every: time.Minute, Signals: []sim.SignalSpec{{Name: "a"}}}, nil, &signals.Total{Of: "meter", Sum: "a"})
	require.ErrorContains(t, err, `there is no kind "meter"; there are thing`)
}

// A battery that is charged and emptied gives its round-trip efficiency, and its books balance at any time.
func TestABatteryLosesItsRoundTripAndNothingElse(t *testing.T) {
	k := &sim.Kind{
		Name: "battery", Count: 1, Declared: 1, Every: 7 * time.Minute, Signals: []sim.SignalSpec{{Name: "power"}},
		States:   []sim.StateSpec{{Name: "asked"}},
		Commands: []sim.CommandSpec{{Name: "set", Sets: []sim.Setting{{State: 0, FromValue: true}}}},
	}
	const holds, efficiency = 100.0, 0.81
	b, err := try(k, nil, &signals.Battery{Holds: holds, Power: 30, Efficiency: efficiency})
	require.NoError(t, err)
	state := func(name string) float64 { return *b.fleet.State(0, k.State(name)) }
	b.watch.truth = func(int, sim.Time, []float64) {
		way := math.Sqrt(efficiency)
		require.InDelta(t, state("taken")*way-state("given")/way, state("stored"), 1e-9)
		require.GreaterOrEqual(t, state("stored"), 0.0)
		require.LessOrEqual(t, state("stored"), holds)
	}
	b.Do(0, 0, -20)
	b.run(t, 5*time.Hour)
	require.Equal(t, -20.0, *b.fleet.Truth(0, 0))
	b.run(t, 6*time.Hour) // full after 100 / (20·0.9) = 5.56 h
	require.Zero(t, *b.fleet.Truth(0, 0))
	require.InDelta(t, holds/0.9, state("taken"), 1e-9)
	b.Do(0, 0, 50)
	b.fleet.Changed(0)
	require.Equal(t, 30.0, *b.fleet.Truth(0, 0), "no more than it can")
	b.run(t, 10*time.Hour)
	require.Zero(t, state("stored"))
	require.InDelta(t, efficiency, state("given")/state("taken"), 1e-9)
}

// station is a grid of 30 MW that lacks 3 MW from one second on.
func station(t *testing.T, every time.Duration, m *signals.Frequency) bench {
	m.Imbalance, m.Rating, m.Nominal, m.Inertia, m.Droop, m.Damping, m.Governor = "s1", 30, 50, 4*time.Second, 0.05, 1, 500*time.Millisecond
	k := &sim.Kind{
		Name: "grid", Count: 1, Declared: 1, Every: every, Signals: []sim.SignalSpec{{Name: "s0"}, {Name: "s1"}},
		States:   []sim.StateSpec{{Name: "lacks"}},
		Commands: []sim.CommandSpec{{Name: "lose", Sets: []sim.Setting{{State: 0, FromValue: true}}}},
	}
	b, err := try(k, nil, m, &signals.Expression{Value: "0 - lacks"})
	require.NoError(t, err)
	b.run(t, time.Second)
	b.Do(0, 0, 3)
	return b
}

func (b bench) frequency(t *testing.T, after time.Duration) float64 {
	b.run(t, time.Second+after)
	b.fleet.Changed(0)
	return *b.fleet.Truth(0, 0)
}

func TestFrequencyFallsBySwingAndSettlesByDroop(t *testing.T) {
	b := station(t, time.Minute, &signals.Frequency{})
	const lost, stiffness = 0.1, 1/0.05 + 1
	first := b.frequency(t, 10*time.Millisecond)
	require.InDelta(t, -50*lost/(2*4), (first-50)/0.01, 0.01, "df/dt = f0·ΔP/(2·H·S) at first")
	// the damped oscillation by fine Euler steps
	x, g, nadir := 0.0, 0.0, 0.0
	const step = 1e-5
	for range int(5 / step) {
		x, g = x+step*(-lost+g-x)/8, g+step*(-x/0.05-g)/0.5
		nadir = min(nadir, x)
	}
	seen := 50.0
	for at := 20 * time.Millisecond; at <= 5*time.Second; at += 10 * time.Millisecond {
		seen = min(seen, b.frequency(t, at))
	}
	require.InDelta(t, 50*(1+nadir), seen, 2e-4)
	require.InDelta(t, 50*(1+x), b.frequency(t, 5*time.Second), 2e-4)
	require.InDelta(t, 50*(1-lost/stiffness), b.frequency(t, 10*time.Minute), 1e-9, "f0·ΔP/(1/R + D) in the end")
}

func TestSecondaryControlBringsTheFrequencyBack(t *testing.T) {
	b := station(t, time.Minute, &signals.Frequency{Restore: 5 * time.Minute})
	early, late := 50-b.frequency(t, 5*time.Minute), 50-b.frequency(t, 10*time.Minute)
	require.InDelta(t, math.E, early/late, 0.02)
	require.InDelta(t, 50, b.frequency(t, 2*time.Hour), 1e-6)
	at := 3 * time.Hour
	require.Zero(t, testing.AllocsPerRun(10, func() {
		at += 7 * time.Second
		_ = b.Clock.Run(sim.Time(at))
		b.fleet.Changed(0)
	}), "over any time")
}

// A ramp of the imbalance leaves a deviation of its slope times the time constant over the stiffness.
func TestARampOfTheImbalanceLeavesASteadyDeviation(t *testing.T) {
	b := put(t, 1, 10*time.Minute, nil,
		&signals.Frequency{Imbalance: "s1", Rating: 30, Nominal: 50, Inertia: 4 * time.Second, Droop: 0.05, Damping: 1, Governor: 500 * time.Millisecond, Restore: 5 * time.Minute},
		&signals.Expression{Value: "0 - t / 3600"})
	b.run(t, 3*time.Hour)
	b.fleet.Changed(0)
	require.InDelta(t, 50*(1-1./3600*300/30/21), *b.fleet.Truth(0, 0), 1e-6)
}
