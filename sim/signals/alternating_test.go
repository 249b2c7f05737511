package signals_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/signals"
	"github.com/twinbed/twinbed/sim/units"
)

// Two-state Markov chain: P(high at t | low at 0) = a/(a+b)·(1 − exp(−(a+b)t)).
func TestAlternatingSettlesAsATwoStateMarkovChain(t *testing.T) {
	n := 4000
	b := put(t, n, time.Minute, nil, &signals.Alternating{
		Low: 0, High: 1,
		LowFor:  words(t, "exponential mean 30m", units.Duration),
		HighFor: words(t, "exponential mean 10m", units.Duration),
	})
	b.run(t, 12*time.Hour)
	high := 0.0
	for i := range n {
		b.fleet.Changed(i)
		high += *b.fleet.Truth(i, 0)
	}
	share := high / float64(n)
	require.InDelta(t, 0.25, share, 3.3*math.Sqrt(0.25*0.75/float64(n)))
}

func TestAnAlternatingSignalIsTheSameHoweverOftenItIsRead(t *testing.T) {
	model := func() *signals.Alternating {
		return &signals.Alternating{High: 1,
			LowFor:  words(t, "lognormal median 20m p95 60m", units.Duration),
			HighFor: words(t, "uniform 1m..9m", units.Duration)}
	}
	often, seldom := put(t, 20, time.Second*10, nil, model()), put(t, 20, time.Hour, nil, model())
	for hour := 1; hour <= 24; hour++ {
		at := time.Duration(hour) * time.Hour
		often.run(t, at)
		seldom.run(t, at)
		for i := range 20 {
			often.fleet.Changed(i)
			seldom.fleet.Changed(i)
			require.Equal(t, *often.fleet.Truth(i, 0), *seldom.fleet.Truth(i, 0), "thing %d at %v", i, sim.Time(at).Duration())
		}
	}
}
