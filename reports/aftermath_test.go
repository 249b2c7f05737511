package reports_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/sim"
)

// struck has a window from 100 s to 200 s of a run of 1,000 s, and loops of two
// decisions, one a second, which take as long as told.
func struck(took func(at int, decision int) (seconds float64, known bool), limits ...string) reports.Blow {
	clock := sim.NewClock()
	a := reports.NewAftermath(clock, &sim.Roster{}, 1000*time.Second)
	a.Noted(sim.Event{At: sim.Time(100 * time.Second), What: sim.FaultBegins, Subject: "stall"})
	a.Noted(sim.Event{At: sim.Time(200 * time.Second), What: sim.FaultEnds, Subject: "stall"})
	for at := 999; at >= 0; at-- { // they need not be closed in the order in which they were decided
		for d := range 2 {
			if seconds, known := took(at, d); seconds > 0 {
				l := &sim.Loop{Decision: d, Outcome: sim.TimedOut}
				if known {
					l.Outcome = sim.Done
				}
				l.Stamps[sim.Sensed].At = sim.Time(time.Duration(at) * time.Second)
				l.Stamps[sim.Decided].At = l.Stamps[sim.Sensed].At
				l.Stamps[sim.Acked].At = l.Stamps[sim.Sensed].At.Add(sim.Seconds(seconds))
				a.Turned(l)
			}
		}
	}
	var all []reports.Limit
	for _, text := range limits {
		l, err := reports.ParseLimit(text)
		if err != nil {
			panic(err)
		}
		all = append(all, l)
	}
	return a.Resilience(nil, nil, &reports.Report{Decisions: []reports.Decision{{Name: "hot"}, {Name: "slow"}}}, all).Blows[0]
}

func TestLoopsAreBackWhenTheyKeepToWhatTheyKeptToBefore(t *testing.T) {
	// hot takes between 0.10 s and 0.19 s, and from 200 s to 300 s ten times as long; slow takes
	// a minute all the time.
	usual := func(at, d int) (float64, bool) {
		if d == 1 {
			return 60, at%5 == 0 || at < 100
		}
		return 0.1 + float64(at%10)/100, true
	}
	harmed := func(at, d int) (float64, bool) {
		seconds, known := usual(at, d)
		if d == 0 && at >= 150 && at < 300 {
			seconds *= 10
		}
		return seconds, known
	}
	onlyHot := func(took func(at, d int) (float64, bool)) func(at, d int) (float64, bool) {
		return func(at, d int) (float64, bool) {
			seconds, known := took(at, d)
			if d == 1 {
				return 0, false
			}
			return seconds, known
		}
	}
	b := struck(onlyHot(harmed))
	require.EqualValues(t, 100, b.LoopsBack)
	require.Equal(t, "the longest before", b.Against)
	require.EqualValues(t, 100, b.Loops.During.Count)
	require.InDelta(t, 0.145, float64(b.Loops.Before.Middle), 0.01)

	b = struck(onlyHot(usual))
	require.EqualValues(t, 0, b.LoopsBack, "the first is as ever")

	// One in twenty may be beyond: every tenth is.
	b = struck(onlyHot(harmed), "p99 of hot.loop < 180ms")
	require.False(t, b.LoopsBack.Known())
	require.Equal(t, "p99 of hot.loop < 180ms", b.Against)
	b = struck(onlyHot(harmed), "p99 of loop < 1.5s", "p50 of slow.loop < 1ms", "lost loops < 1%")
	require.Equal(t, "p99 of loop < 1.5s, p50 of slow.loop < 1ms", b.Against)
	require.EqualValues(t, 100, b.LoopsBack, "four of ten are beyond until then")

	// Loops whose end is not known are beyond any bound.
	b = struck(harmed)
	require.False(t, b.LoopsBack.Known(), "four of five of the slow ones were given up since")
	b = struck(func(at, d int) (float64, bool) { s, _ := harmed(at, d); return s, at < 200 || at >= 400 })
	require.EqualValues(t, 200, b.LoopsBack)

	// Of fewer than five before nobody knows how long they take.
	b = struck(func(at, d int) (float64, bool) {
		if at < 96 {
			return 0, false
		}
		return onlyHot(harmed)(at, d)
	})
	require.False(t, b.LoopsBack.Known())
	require.Empty(t, b.Against)
}

func TestAStormHasAShape(t *testing.T) {
	clock := sim.NewClock()
	a := reports.NewAftermath(clock, &sim.Roster{}, time.Minute)
	up := func(n int) int { // of 100; looks are a tenth of a second apart
		switch {
		case n < 10, n >= 60:
			return 100
		case n < 12:
			return 80 - 40*(n-10)
		case n < 40:
			return 20
		}
		return 20 + 4*(n-39) // four in a tenth: forty in a second
	}
	n := 0
	clock.Every(time.Second/10, func() { a.Connections(up(n), 100); n++ })
	require.NoError(t, clock.Run(sim.Time(10*time.Second)))
	r := a.Resilience(nil, nil, &reports.Report{}, nil)
	require.Len(t, r.Storms, 1)
	s := r.Storms[0]
	require.InDelta(t, 1.1, float64(s.From), 0.11)
	require.Equal(t, 80, s.Down)
	require.InDelta(t, 3.0, float64(s.First), 1e-6)
	require.InDelta(t, 3.9, float64(s.Half), 1e-6)
	require.InDelta(t, 4.9, float64(s.Back), 1e-6)
	require.Equal(t, []int{40, 40}, s.Rates)
	require.Equal(t, 40, s.Peak)

	a.Connections(50, 100)
	last := a.Resilience(nil, nil, &reports.Report{}, nil).Storms[1]
	require.False(t, last.First.Known() || last.Half.Known() || last.Back.Known())
	require.Equal(t, 50, last.Down)
	require.Empty(t, last.Rates)
}
