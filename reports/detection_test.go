package reports_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/sim"
)

// minutes are those of a story, with fractions.
func minutes(m float64) sim.Time { return sim.Time(m * 60e9) }

// watched plays one lathe whose power is a triangle, 5 at minutes 30 and 90 and
// above between, told once a minute but never on the minute; alarms at some minutes.
func watched(t *testing.T, x reports.Target, end float64, from float64, alarms ...float64) *reports.Detection {
	return told(t, x, end, from, func(m float64) float64 { return 10 - abs(m-60)/6 }, alarms...)
}

// told does so with another power.
func told(t *testing.T, x reports.Target, end float64, from float64, power func(minute float64) float64, alarms ...float64) *reports.Detection {
	roster := lathes()
	clock := sim.NewClock()
	x.Truth = "power > 5"
	r, err := reports.NewRecorder(reports.Setup{Clock: clock, Roster: roster, Symbols: symbols, Decisions: []string{"other", "high"}, Targets: []reports.Target{x}})
	require.NoError(t, err)
	k := roster.Kinds[0]
	if from > 0 {
		clock.At(minutes(from), r.Begin)
	}
	for m := 0.3; m < end; m++ {
		clock.At(minutes(m), func() {
			r.Truth(k, 1, minutes(m), []float64{power(m), 1, 0, symbols.ID("b"), 7})
		})
	}
	for n, m := range alarms {
		clock.At(minutes(m), func() {
			r.Noted(sim.Event{At: minutes(m), What: sim.Fired, Thing: k.First + 1, Subject: "high", ID: uint64(n + 1)})
		})
	}
	require.NoError(t, clock.Run(minutes(end)))
	r.Close(minutes(end), reports.Flights{})
	report := r.Report(environment(t, minutes(end).Duration()))
	require.Nil(t, report.Decisions[0].Detection)
	return report.Decisions[1].Detection
}

func abs(x float64) float64 { return max(x, -x) }

var high = reports.Target{Decision: 1, Of: "lathe"}

func TestAnAlarmIsHeldAgainstTheTruth(t *testing.T) {
	// 20: before it is true; 30.2: it is, and nobody has been told yet; 50: again; 89.9: still; 90.1: not any more.
	d := watched(t, high, 120, 0, 20, 30.2, 50, 89.9, 90.1)
	require.Equal(t, "power > 5", d.Truth)
	require.EqualValues(t, []uint64{1, 1, 0, 0}, []uint64{d.True, d.Detected, d.Missed, d.Open})
	require.EqualValues(t, []uint64{2, 2, 0}, []uint64{d.False, d.Repeated, d.Undecided})
	require.InDelta(t, 12, float64(d.Delay.Max), 1e-6, "0.2 minutes after it crossed the line between two tellings")
	require.InDelta(t, 1.0/3, float64(d.Precision), 1e-12)
	require.InDelta(t, 1, float64(d.Recall), 1e-12)
	require.Zero(t, d.Lead.Count)
}

func TestAnAlarmAheadOfTheTruthIsRight(t *testing.T) {
	x := high
	x.Ahead = 15 * time.Minute
	d := watched(t, x, 110, 0, 10, 20, 105)
	require.EqualValues(t, []uint64{1, 1, 1, 0, 1}, []uint64{d.Detected, d.Lead.Count, d.False, d.Repeated, d.Undecided})
	require.InDelta(t, 600, float64(d.Lead.Max), 1e-6)
	require.Zero(t, float64(d.Delay.Max))
}

func TestWhatNoAlarmFindsIsMissedOrStillOpen(t *testing.T) {
	d := watched(t, high, 120, 0)
	require.EqualValues(t, []uint64{1, 0, 1, 0}, []uint64{d.True, d.Detected, d.Missed, d.Open})
	require.Zero(t, float64(d.Recall))
	require.False(t, d.Precision.Known())
	d = watched(t, high, 80, 0)
	require.EqualValues(t, []uint64{1, 0, 0, 1}, []uint64{d.True, d.Detected, d.Missed, d.Open})
	require.False(t, d.Recall.Known())
}

// A queue that was told at 29.3 and is longer when it is told at 30.3 has grown
// in between: half a minute before, in the mean.
func TestACountJumpsHalfWay(t *testing.T) {
	queue := func(m float64) float64 { return 3 * math.Floor(m/30) }
	d := told(t, high, 80, 0, queue, 61)
	require.InDelta(t, 1.2*60, float64(d.Delay.Max), 1e-6)
	d = told(t, high, 80, 0, queue, 59.7)
	require.EqualValues(t, []uint64{0, 1, 1}, []uint64{d.Detected, d.False, d.Open})
}

func TestWhoNeverToldItsTruthIsNotJudged(t *testing.T) {
	d := told(t, high, 0.2, 0, nil, 0.1)
	require.EqualValues(t, []uint64{0, 0, 1}, []uint64{d.True, d.False, d.Undecided})
}

func TestWhatBelongsToTheWarmUpDoesNotCount(t *testing.T) {
	d := watched(t, high, 120, 40, 20, 35, 95)
	require.EqualValues(t, []uint64{0, 0, 1}, []uint64{d.True, d.Repeated, d.False})
	require.Zero(t, d.Delay.Count)
}

func TestATruthThatCannotBe(t *testing.T) {
	for truth, want := range map[sim.Expression]string{
		"power":     "truth",
		"speed > 3": "speed",
		"power > 1": "several kinds",
	} {
		_, err := reports.NewRecorder(reports.Setup{Clock: sim.NewClock(), Roster: lathes(), Symbols: symbols, Decisions: []string{"high"}, Targets: []reports.Target{{Truth: truth}}})
		require.Error(t, err)
		require.Contains(t, sim.Wrongs(err)[0].Path+" "+sim.Wrongs(err)[0].Message, want)
		require.Equal(t, "decisions.high.truth", sim.Wrongs(err)[0].Path)
	}
}
