package signals_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/signals"
	"github.com/twinbed/twinbed/sim/units"
)

func TestALineWithoutServiceIsMGInfinity(t *testing.T) {
	n := 2000
	b := put(t, n, time.Minute, nil, &signals.Line{
		Flow:     signals.Flow{Points: []string{"00:00 30", "12:00 30"}},
		Patience: words(t, "lognormal mean 6m sd 4m", units.Duration),
	})
	b.run(t, 2*time.Hour)
	waiting, came := make([]float64, n), make([]float64, n)
	for i := range n {
		b.fleet.Changed(i)
		row := b.fleet.Row(i)
		waiting[i], came[i] = row[0], row[0]+row[4]
	}
	mean, variance := stat.MeanVariance(waiting, nil)
	require.InDelta(t, 3, mean, 3.3*math.Sqrt(3/float64(n)), "rate 30/h by patience 0.1 h")
	require.InDelta(t, 3, variance, 3.3*math.Sqrt((3+2*9)/float64(n)), "Poisson: variance is mean")
	mean, variance = stat.MeanVariance(came, nil)
	require.InDelta(t, 60, mean, 3.3*math.Sqrt(60/float64(n)))
	require.InDelta(t, 60, variance, 3.3*math.Sqrt((60+2*3600)/float64(n)))
}

func TestALineHoldsWhomItReachesAndThoseOnce(t *testing.T) {
	n := 1000
	b := put(t, n, time.Minute, nil, &signals.Line{
		Flow:     signals.Flow{Points: []string{"00:00 30", "12:00 30"}},
		Patience: words(t, "30m", units.Duration), Reach: 0.25,
	})
	state := func(i int, name string) *float64 { return b.fleet.State(i, b.fleet.Kind.State(name)) }
	b.run(t, time.Hour)
	held := 0.0
	for range 2 {
		held = 0
		for i := range n {
			b.fleet.Changed(i)
			*state(i, "hold") = 1800
			b.fleet.Settle(i)
			held += *state(i, "held")
		}
	}
	const waiting = 30 * 0.5
	require.InDelta(t, waiting*0.25*float64(n), held, 3.3*math.Sqrt(waiting*0.25*float64(n)))
	b.run(t, 90*time.Minute)
	still := 0.0
	for i := range n {
		b.fleet.Changed(i)
		still += *b.fleet.Truth(i, 0)
	}
	require.InDelta(t, waiting*1.25*float64(n), still, 3.3*math.Sqrt(waiting*1.25*float64(n)), "new ones, and the held of before")
}

func TestAShelfSellsWhatItHoldsAndCountsWhatIsShort(t *testing.T) {
	b := put(t, 500, time.Minute, nil, &signals.Shelf{Flow: signals.Flow{Points: []string{"00:00 10", "12:00 10"}}, Holds: 16})
	b.run(t, 4*time.Hour)
	asked := 0.0
	for i := range 500 {
		b.fleet.Changed(i)
		row := b.fleet.Row(i)
		require.Equal(t, 16.0, row[1]+row[2])
		require.True(t, row[3] == 0 || row[1] == 0, "nobody goes without while there is some")
		asked += row[2] + row[3]
	}
	require.InDelta(t, 40*500, asked, 3.3*math.Sqrt(40*500))
}

func TestEpisodesBeginAsAPoissonProcessAndStayUntilTheyAreTreated(t *testing.T) {
	n := 2000
	b := put(t, n, time.Hour, nil, &signals.Episodes{
		After: words(t, "exponential mean 100h", units.Duration), Onset: words(t, "8h", units.Duration), State: "ill",
	})
	b.run(t, 50*time.Hour)
	ill := 0.0
	for i := range n {
		b.fleet.Changed(i)
		if b.fleet.Row(i)[1] > 0 {
			ill++
		}
	}
	p := 1 - math.Exp(-0.5)
	require.InDelta(t, p, ill/float64(n), 3.3*math.Sqrt(p*(1-p)/float64(n)))
}

func TestARoomCoolsAsItsTwoTimeConstantsSay(t *testing.T) {
	m := &signals.Room{Outside: "s1", Loss: 0.05, Exchange: 0.3, Air: 0.1, Mass: 1.2, Setpoint: 21, Comfort: 21}
	b := put(t, 1, 5*time.Minute, nil, m, &signals.Constant{Value: 0})
	heat := 0.0 // power 0: it cools from 21 to 0
	air, mass := 21.0, 21.0
	const step = 1e-4
	for range int(12 / step) {
		air, mass = air+step*(0.3*(mass-air)+0.05*(0-air)+heat)/0.1, mass+step*0.3*(air-mass)/1.2
	}
	b.run(t, 12*time.Hour)
	b.fleet.Changed(0)
	require.InDelta(t, air, *b.fleet.Truth(0, 0), 5e-3, "fine Euler steps of the same equations")
	require.InDelta(t, 21*math.Exp(-12/(1.3/0.05)), *b.fleet.Truth(0, 0), 1, "about one slow time constant of 26 h")
	var _ sim.Signal = m
}

func TestARoomIsPaidForByThePriceOfTheHour(t *testing.T) {
	m := &signals.Room{Outside: "s1", Price: "s2", Loss: 0.05, Exchange: 0.3, Air: 0.1, Mass: 1.2, Power: 2, Band: 0.5, Setpoint: 21, Comfort: 21}
	b := put(t, 1, 5*time.Minute, nil, m, &signals.Constant{Value: 0}, &signals.Constant{Value: 0.25})
	b.run(t, 12*time.Hour)
	b.fleet.Changed(0)
	used := *b.fleet.State(0, b.fleet.Kind.State("used"))
	require.InEpsilon(t, 12*0.05*21, used, 0.1, "what 21 K lose in twelve hours")
	require.InEpsilon(t, 0.25*used, *b.fleet.State(0, b.fleet.Kind.State("paid")), 1e-9)
}

func TestHiddenIsNotMeasuredAndArtefactsSpoilTheirShare(t *testing.T) {
	hidden := &signals.Constant{Value: 4, Sensor: signals.Sensor{Hidden: true}}
	spoiled := &signals.Constant{Value: 4, Sensor: signals.Sensor{Artefact: &signals.Artefact{Share: 0.1, Lasts: 3, Adds: words(t, "50", units.Number)}}}
	put(t, 1, time.Second, nil, hidden, spoiled)
	require.True(t, math.IsNaN(hidden.Measure(0, 1, 4)))
	bad := 0.0
	for n := range uint32(30_000) {
		x := spoiled.Measure(0, n, 4)
		require.Equal(t, spoiled.Measure(0, n-n%3, 4), x, "a spell is spoiled or not as a whole")
		if x > 4 {
			bad++
		}
	}
	require.InDelta(t, 0.1, bad/30_000, 3.3*math.Sqrt(0.09/10_000))
}
