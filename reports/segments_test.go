package reports_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/sim"
)

// still is a wall that a test moves.
type still struct{ elapsed time.Duration }

func (w *still) Elapsed() time.Duration    { return w.elapsed }
func (w *still) Sleep(until time.Duration) { w.elapsed = max(w.elapsed, until) }
func (w *still) Wake()                     {}

// loopsOf plays one loop whose stages lie at these seconds of wall time; those
// that machines and people play take speed times as long on the scenario's clock.
func loopOf(t *testing.T, clock *sim.Clock, manned bool, wall ...float64) reports.Decision {
	s := newStage(t, 1, clock, nil, nil)
	l := &sim.Loop{ID: 1, Decision: 1, Manned: manned, Foreign: true}
	for i, x := range wall {
		l.Stamps[i] = sim.Stamp{At: sim.Time(x * 1e9)}
		if clock.Live() {
			l.Stamps[i] = sim.Stamp{At: sim.Time(x * 1e9 * clock.Speed()), Wall: time.Duration(x * 1e9)}
		}
	}
	s.recorder.Noted(sim.Event{What: sim.Fired, Subject: "cool", ID: 1})
	s.recorder.Turned(l)
	s.recorder.Close(sim.Time(time.Hour), reports.Flights{})
	x := s.recorder.Report(environment(t, time.Hour))
	require.True(t, x.Ledger.Balanced, x.Reasons)
	return x.Decisions[1]
}

func TestSegmentsOfALoopByClockAndWhoActs(t *testing.T) {
	stages := []float64{10, 10.5, 10.51, 10.52, 11, 15, 15.25}
	live := func(speed float64) *sim.Clock { return sim.NewLiveClock(speed, &still{}) }
	for _, x := range []struct {
		name    string
		clock   *sim.Clock
		manned  bool
		seconds []float64 // uplink twin decision delivery action ack reaction loop
		bases   string    // of them: m modelled, w measured, x mixed
	}{
		{"virtual", sim.NewClock(), false, []float64{0.5, 0.01, 0.01, 0.48, 4, 0.25, 1, 5.25}, "mmmmmmmm"},
		{"realtime", live(1), false, []float64{0.5, 0.01, 0.01, 0.48, 4, 0.25, 1, 5.25}, "wwwwmwwx"},
		{"realtime, a person", live(1), true, []float64{0.5, 0.01, 0.01, 0.48, 4, 0.25, 1, 5.25}, "wwwmmwxx"},
		{"60x", live(60), false, []float64{0.5, 0.01, 0.01, 0.48, 240, 0.25, 1, 241.25}, "wwwwmwwx"},
		{"60x, a person", live(60), true, []float64{0.5, 0.01, 0.01, 28.8, 240, 0.25, 29.32, 269.57}, "wwwmmwxx"},
	} {
		t.Run(x.name, func(t *testing.T) {
			d := loopOf(t, x.clock, x.manned, stages...)
			require.EqualValues(t, 1, d.Foreign)
			bases := ""
			for i, s := range d.Segments {
				require.EqualValues(t, 1, s.Count, s.Name)
				require.InDelta(t, x.seconds[i], float64(s.Max), 1e-9, s.Name)
				require.InEpsilon(t, x.seconds[i], float64(s.P99), 1e-3, s.Name)
				bases += map[string]string{reports.Modelled: "m", reports.Measured: "w", reports.Mixed: "x"}[s.Base]
			}
			require.Equal(t, x.bases, bases)
		})
	}
}

func TestALoopThatNobodyTookUpHasNoLaterFigures(t *testing.T) {
	s := newStage(t, 1, sim.NewClock(), nil, nil)
	s.recorder.Noted(sim.Event{What: sim.Fired, Subject: "cool", ID: 1})
	s.recorder.Turned(&sim.Loop{ID: 1, Decision: 1, Outcome: sim.TimedOut, Stamps: [sim.Stages]sim.Stamp{at(1), at(2), at(3), at(4), {}, {}, at(64)}})
	s.recorder.Close(sim.Time(time.Hour), reports.Flights{})
	d := s.recorder.Report(environment(t, time.Hour)).Decisions[1]
	counts := []uint64{}
	for _, f := range d.Segments {
		counts = append(counts, f.Count)
	}
	require.Equal(t, []uint64{1, 1, 1, 0, 0, 0, 0, 0}, counts)
	require.EqualValues(t, 1, d.Lost)
	require.False(t, d.Segments[7].P50.Known())
}

func TestALaggingClockMakesALiveRunUntrusted(t *testing.T) {
	play := func(late time.Duration) *reports.Report {
		wall := &still{}
		clock := sim.NewLiveClock(2, wall)
		s := newStage(t, 1, clock, nil, nil)
		for n := range 10 { // a period of 10 s is 5 s at this speed
			clock.At(sim.Time(n)*sim.Time(10*time.Second), func() { wall.elapsed = 5*time.Second*time.Duration(n) + late })
		}
		clock.At(sim.Time(91*time.Second), func() {})
		require.NoError(t, clock.Run(sim.Time(100*time.Second)))
		s.recorder.Close(clock.Now(), reports.Flights{})
		return s.recorder.Report(environment(t, 100*time.Second, "p99 of lateness < 1h", "lateness max < 3h"))
	}
	x := play(400 * time.Millisecond)
	require.Equal(t, reports.Pass, x.Verdict, x.Reasons)
	x = play(5600 * time.Millisecond)
	require.Equal(t, reports.Untrusted, x.Verdict)
	require.Contains(t, x.Reasons[0], "the clock lagged: p99 of lateness is")
	require.Contains(t, x.Reasons[0], "more than 10% of the tightest period, 5s")
}

func TestARunThatIsCutShortIsUntrusted(t *testing.T) {
	s := newStage(t, 1, sim.NewClock(), nil, nil)
	s.recorder.Close(sim.Time(time.Minute), reports.Flights{})
	e := environment(t, time.Hour)
	e.Ended = "interrupted"
	x := s.recorder.Report(e)
	require.Equal(t, []string{"not played to its end, 1m of 1h: interrupted"}, x.Reasons)
	require.Equal(t, 3, x.Exit)
}
