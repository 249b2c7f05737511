package twins_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/twins"
)

const second = time.Second

func TestFortyWornPressesFireFortyTimes(t *testing.T) {
	s := newStage(t).watch(twins.Decision{When: "vibration > 8.5", Until: "vibration < 5"})
	s.obeys()
	for n := range 1000 {
		for i := range 40 {
			s.reads(time.Duration(n)*10*second, sim.ThingID(i), 8.5+float64(n%7)*0.1-0.05, 60)
		}
	}
	require.Len(t, s.commands, 40)
	require.EqualValues(t, 40, s.alarm().Fired)
	require.Len(t, s.loops, 40)
	require.EqualValues(t, 1, s.commands[0].ID)
	require.Greater(t, s.alarm().Suppressed, uint64(1000), "it came true again and again")
}

func TestADecisionIsArmedAgainOnceTheConditionCeasesAndUntilHolds(t *testing.T) {
	for _, x := range []struct {
		name  string
		until sim.Expression
		reads []float64
		fires int
	}{
		{"without until", "", []float64{9, 9, 7, 9, 9}, 2},
		{"until not reached", "vibration < 5", []float64{9, 7, 9, 6, 9}, 1},
		{"until reached", "vibration < 5", []float64{9, 7, 4, 9, 4, 9}, 3},
		{"until holds while the condition does", "temperature > 0", []float64{9, 9, 9}, 1},
		{"unknown never fires", "", []float64{unknown, unknown}, 0},
		{"a gap leaves the last value", "", []float64{9, unknown, 9}, 1},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := newStage(t).watch(twins.Decision{When: "vibration > 8", Until: x.until})
			s.obeys()
			for n, v := range x.reads {
				s.reads(time.Duration(n)*second, 0, v, 1)
			}
			require.Len(t, s.commands, x.fires)
		})
	}
}

// moment is by how much a decision's timer is later than when its condition has lasted, so
// that a reading at that time goes first.
const moment = time.Nanosecond

func TestForHoldsWithoutABreakAndFiresByATimer(t *testing.T) {
	s := newStage(t).watch(twins.Decision{When: "vibration > 8", For: 30 * second})
	s.obeys()
	s.reads(1*second, 0, 9, 0)
	s.reads(20*second, 0, 7, 0) // a break
	s.reads(25*second, 0, 9, 0)
	s.until(55 * second)
	require.Empty(t, s.commands)
	s.until(55*second + moment)
	require.Len(t, s.commands, 1, "30 s after the break, without a reading")
	require.Equal(t, sim.Time(55*second+moment), s.commands[0].Decided.At)
	require.Equal(t, sim.Time(55*second+moment), s.loops[0].Stamps[sim.Sensed].At)
	require.EqualValues(t, 3, s.commands[0].Seq, "the last reading known")

	s.reads(100*second, 1, 9, 0)
	s.reads(110*second, 1, 9, 0)
	s.reads(130*second, 1, 9, 0)
	require.Len(t, s.commands, 2)
	s.until(time.Hour)
	require.Len(t, s.commands, 2)
}

func TestAReadingAtTheTimeGoesBeforeTheTimer(t *testing.T) {
	for _, x := range []struct {
		vibration float64
		fires     int
	}{{7, 0}, {9, 1}} {
		s := newStage(t).watch(twins.Decision{When: "vibration > 8", For: 10 * second})
		s.obeys()
		s.reads(0, 0, 9, 0)
		s.reads(10*second, 0, x.vibration, 0)
		s.until(time.Minute)
		require.Len(t, s.commands, x.fires)
		if x.fires > 0 {
			require.EqualValues(t, 2, s.commands[0].Seq)
			require.Equal(t, sim.Time(10*second), s.commands[0].Decided.At)
		}
	}
}

func TestForFiresAgainAfterItWasArmedAgain(t *testing.T) {
	s := newStage(t).watch(twins.Decision{When: "vibration > 8", For: 10 * second})
	s.obeys()
	for n := range 4 {
		base := time.Duration(n) * time.Minute
		s.reads(base, 0, 9, 0)
		s.reads(base+5*second, 0, 1, 0)
		s.reads(base+6*second, 0, 9, 0)
		s.reads(base+30*second, 0, 1, 0)
	}
	var at []time.Duration
	for _, c := range s.commands {
		at = append(at, c.Decided.At.Duration()-moment)
	}
	require.Equal(t, []time.Duration{16 * second, 76 * second, 136 * second, 196 * second}, at)
}

func TestSilenceIsNoticedBetweenReadings(t *testing.T) {
	s := newStage(t).watch(twins.Decision{When: "silent_for() > seconds(25)", Of: "press"})
	s.obeys()
	s.until(time.Minute)
	require.Empty(t, s.commands, "nobody who was never heard is silent")
	s.reads(time.Minute, 7, 1, 1)
	s.until(80 * second)
	require.Empty(t, s.commands)
	s.until(90 * second) // checks come every 10 s
	require.Len(t, s.commands, 1)
	require.EqualValues(t, 7, s.commands[0].Thing)
	s.reads(100*second, 7, 1, 1)
	s.until(5 * time.Minute)
	require.Len(t, s.commands, 2, "heard again, silent again")
}

func TestCheckSaysHowOftenTimeIsLookedAt(t *testing.T) {
	s := newStage(t)
	s.World.Calendar.Start = 5*time.Hour + 59*time.Minute + 30*second
	s.watch(twins.Decision{When: "hour >= 6 and weekday == 1", Of: "press", Check: time.Second})
	s.reads(0, 3, 1, 1)
	s.until(time.Minute)
	require.Len(t, s.commands, 1)
	require.Equal(t, sim.Time(30*second), s.commands[0].Decided.At)
}

func TestWhatTheClockAloneChangesIsLeftToReadingsWhereTheyCome(t *testing.T) {
	s := newStage(t)
	s.World.Calendar.Start = 5*time.Hour + 59*time.Minute + 30*second
	s.watch(twins.Decision{When: "hour >= 6", Of: "press"})
	s.reads(0, 4, 1, 1) // and is silent from then on
	s.reads(25*second, 3, 1, 1)
	s.until(30 * second)
	require.Len(t, s.commands, 1)
	require.EqualValues(t, 4, s.commands[0].Thing)
	s.reads(35*second, 3, 1, 1)
	require.Len(t, s.commands, 2)
	require.EqualValues(t, 3, s.commands[1].Thing)
	require.Equal(t, sim.Time(35*second), s.commands[1].Decided.At)
}

func TestADecisionAtWorkDoesNotBeginASecondTurn(t *testing.T) {
	s := newStage(t).watch(twins.Decision{When: "vibration > 8"})
	for n, v := range []float64{9, 1, 9, 1} {
		s.reads(time.Duration(n)*second, 0, v, 0)
	}
	require.Len(t, s.commands, 1)
	require.EqualValues(t, 1, s.alarm().AlreadyAtWork)
	s.answers(1, 0, sim.Done)
	s.reads(10*second, 0, 9, 0)
	require.Len(t, s.commands, 2)
}

func TestLateAndDuplicateReadingsChangeNothing(t *testing.T) {
	s := newStage(t).watch(twins.Decision{When: "vibration > 8"})
	for _, x := range []struct {
		seq uint32
		how sim.Arrival
		v   float64
	}{
		{1, sim.Fresh, 1}, {2, sim.Fresh, 2}, {5, sim.Fresh, 5}, {4, sim.Late, 9}, {4, sim.Duplicate, 9}, {5, sim.Duplicate, 9},
		{3, sim.Late, 9}, {60, sim.Fresh, 6}, {20, sim.Late, 9}, {59, sim.Late, 9}, {59, sim.Duplicate, 9},
	} {
		before := s.Counts().Readings
		s.hears(sim.Reading{Thing: 3, Seq: x.seq, Values: []float64{x.v, 0}})
		before[x.how]++
		require.Equal(t, before, s.Counts().Readings, "reading %d", x.seq)
	}
	twin, ok := s.Twin(3)
	require.True(t, ok)
	require.EqualValues(t, 60, twin.Seq)
	require.Equal(t, []float64{6, 0}, twin.Signals)
	require.Empty(t, s.commands)
}

func TestAForeignDeviceMayBeginItsSeriesAgain(t *testing.T) {
	s := newStage(t).watch(twins.Decision{When: "vibration > 8"})
	for _, seq := range []uint32{500, 501, 1, 2} {
		s.hears(sim.Reading{Thing: 0, Seq: seq, Foreign: true, Values: []float64{float64(seq % 500), 0}})
	}
	require.Equal(t, [3]uint64{4, 0, 0}, s.Counts().Readings)
	s.hears(sim.Reading{Thing: 999, Seq: 1, Values: []float64{9, 9}})
	require.EqualValues(t, 1, s.Counts().Strangers)
}

func TestHealthAndState(t *testing.T) {
	s := newStage(t).watch(twins.Decision{When: "vibration > 8 and load > 0", Do: []twins.Step{{Command: "stop", Timeout: 5 * second}}})
	twin, _ := s.Twin(0)
	require.Equal(t, twins.Silent, twin.Health)
	s.reads(0, 0, 9, 0)
	twin, _ = s.Twin(0)
	require.Equal(t, twins.OK, twin.Health)
	require.Equal(t, []float64{0}, twin.Desired)
	require.Equal(t, []float64{1}, twin.Reported)
	require.False(t, twin.Converged)
	require.Equal(t, 1, s.Diverged())
	s.until(6 * second)
	twin, _ = s.Twin(0)
	require.Equal(t, twins.Flagged, twin.Health, "a command got no ack")
	s.answers(1, 0, sim.Done, 0)
	twin, _ = s.Twin(0)
	require.Equal(t, twins.OK, twin.Health)
	require.True(t, twin.Converged)
	require.Zero(t, s.Diverged())
	require.EqualValues(t, 1, s.Counts().LateAcks)
	s.until(40 * second)
	twin, _ = s.Twin(0)
	require.Equal(t, twins.Silent, twin.Health)
}

func TestAReportedStateIsLookedAtAtOnce(t *testing.T) {
	s := newStage(t).play(twins.Config{Decisions: []twins.Decision{
		{Name: "hot", When: "temperature > 80", Do: []twins.Step{{Word: "stop"}}},
		{Name: "stopped", When: "load == 0 and desired(load) == 0", Of: "press", Do: []twins.Step{{Notify: "it stands"}}},
	}})
	s.reads(0, 0, 1, 90)
	require.EqualValues(t, 0, s.Decisions()[1].Fired)
	s.until(3 * second)
	s.answers(1, 0, sim.Done, 0)
	require.EqualValues(t, 1, s.Decisions()[1].Fired)
	require.Equal(t, sim.Time(3*second), s.loops[1].Stamps[sim.Decided].At)
}

func TestTheLoopIsStampedStageByStage(t *testing.T) {
	s := newStage(t).steps(twins.Step{Command: "stop"}, twins.Step{Task: "look", Skill: "inspection"})
	s.until(2 * second)
	s.Reading(&sim.Reading{Thing: 0, Seq: 1, Sensed: sim.Stamp{At: sim.Time(second)}, Arrived: sim.Stamp{At: sim.Time(1500 * time.Millisecond)}, Values: []float64{9, 0}})
	s.until(5 * second)
	s.Ack(&sim.Ack{ID: 1, Delivered: sim.Stamp{At: sim.Time(3 * second)}, Done: sim.Stamp{At: sim.Time(4 * second)}})
	s.until(60 * second)
	s.Ack(&sim.Ack{ID: 2, Delivered: sim.Stamp{At: sim.Time(20 * second)}, Done: sim.Stamp{At: sim.Time(50 * second)}, Foreign: true})
	require.Len(t, s.loops, 1)
	l := s.loops[0]
	var at []time.Duration
	for _, stamp := range l.Stamps {
		at = append(at, stamp.At.Duration())
	}
	require.Equal(t, []time.Duration{second, 1500 * time.Millisecond, 2 * second, 2 * second, 3 * second, 50 * second, 60 * second}, at)
	require.True(t, l.Foreign)
	require.False(t, l.Manned)
	require.Equal(t, sim.Done, l.Outcome)
	require.Equal(t, uint32(1), l.Seq)
}
