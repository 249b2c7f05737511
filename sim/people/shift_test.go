package people_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
	"github.com/twinbed/twinbed/sim/people"
)

func TestShiftsBeginAndEndAtTheirTimes(t *testing.T) {
	c := mechanics(1)
	c.Shift = shift(t, "Mon-Fri 06:00-14:00")
	s := newStage(t, "Fri 05:00", 1, c)
	s.asks("bearings") // before the shift
	s.until(8*hour + 30*time.Minute)
	s.asks("bearings", takes(2*hour)) // half an hour before its end
	s.asks("bearings", takes(10*time.Minute))
	s.until(9*hour - 1)
	require.Equal(t, 8*hour-1, s.use(0).OnShift)
	s.until(100 * hour)
	require.Equal(t, []string{
		"1 mechanic 1h0m0s 2h0m0s",
		"2 mechanic 8h30m0s 10h30m0s", // finishes
		"3 mechanic 73h0m0s 73h10m0s", // on Monday at 06:00
	}, s.told())
	require.Equal(t, 8*hour+8*hour+3*hour, s.use(0).OnShift)
	require.Equal(t, hour+2*hour+10*time.Minute, s.use(0).Busy, "overtime is busy time")
}

func TestAnOvernightShiftRunsThroughTheWeeksEnd(t *testing.T) {
	c := mechanics(1)
	c.Shift = shift(t, "daily 22:00-06:00")
	s := newStage(t, "Sun 21:00", 1, c)
	s.asks("bearings")
	s.until(8 * hour)
	s.asks("bearings")
	s.until(9 * hour)
	s.asks("bearings")
	s.until(26 * hour)
	require.Equal(t, []string{"1 mechanic 1h0m0s 2h0m0s", "2 mechanic 8h0m0s 9h0m0s", "3 mechanic 25h0m0s 26h0m0s"}, s.told())
	require.Equal(t, 9*hour, s.use(0).OnShift)
}

func TestAWeekOnShiftIsExact(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"Mon-Fri 06:00-14:00": 40 * hour, "daily 22:00-06:00": 56 * hour, "always": 168 * hour,
		"daily 00:00-08:00 and 08:00-24:00": 168 * hour, "Sun 20:00-04:00": 8 * hour,
	} {
		c := mechanics(3)
		c.Shift = shift(t, text)
		s := newStage(t, "Wed 11:17", 1, c)
		s.until(3 * 168 * hour)
		require.Equal(t, 9*want, s.use(0).OnShift, text)
	}
}

func TestTheLineIsTakenUpByTheShiftThatComes(t *testing.T) {
	c := mechanics(2)
	c.Shift = shift(t, "daily 06:00-14:00")
	s := newStage(t, "Mon 06:00", 1, c)
	s.asks("bearings")
	s.until(9 * hour)
	for range 3 {
		s.asks("bearings")
	}
	s.until(26 * hour)
	require.Equal(t, []string{
		"1 mechanic-1 0s 1h0m0s",
		"2 mechanic-2 24h0m0s 25h0m0s", // the longest idle
		"3 mechanic-1 24h0m0s 25h0m0s",
		"4 mechanic-2 25h0m0s 26h0m0s",
	}, s.told())
}

func TestAbsentWorkersFinishAndTakeNothingMore(t *testing.T) {
	s := newStage(t, "Mon 06:00", 1, mechanics(2))
	for range 4 {
		s.asks("bearings")
	}
	s.until(30 * time.Minute)
	undo, err := s.Disturb("mechanic-2", &sim.Disturbance{Absent: true})
	require.NoError(t, err)
	s.until(2*hour + 30*time.Minute)
	require.Equal(t, []string{"1 mechanic-1 0s 1h0m0s", "2 mechanic-2 0s 1h0m0s", "3 mechanic-1 1h0m0s 2h0m0s"}, s.told())
	require.Equal(t, 3*hour, s.use(0).OnShift, "2 and a half hours, and half an hour")
	s.asks("bearings")
	undo()
	s.until(24 * hour)
	require.Equal(t, []string{"4 mechanic-1 2h0m0s 3h0m0s", "5 mechanic-2 2h30m0s 3h30m0s"}, s.told())
}

func TestAbsencesNest(t *testing.T) {
	s := newStage(t, "Mon 06:00", 1, mechanics(2))
	crew, err := s.Disturb("mechanic", &sim.Disturbance{Absent: true})
	require.NoError(t, err)
	one, err := s.Disturb("mechanic-[1]", &sim.Disturbance{Absent: true})
	require.NoError(t, err)
	s.asks("bearings")
	s.asks("bearings")
	s.until(hour)
	crew()
	s.until(2*hour + 30*time.Minute)
	require.Equal(t, []string{"1 mechanic-2 1h0m0s 2h0m0s"}, s.told())
	one()
	s.asks("bearings")
	s.until(24 * hour)
	require.Equal(t, []string{"2 mechanic-2 2h0m0s 3h0m0s", "3 mechanic-1 2h30m0s 3h30m0s"}, s.told())
}

func TestAnAbsenceThatMeetsNobodySaysWhoThereIs(t *testing.T) {
	s := newStage(t, "Mon 06:00", 1, mechanics(2), people.Crew{Name: "foreman", Count: 1, Takes: chance.Constant(1)})
	_, err := s.Disturb("mechanic_2", &sim.Disturbance{Absent: true})
	require.EqualError(t, err, `no worker or crew is named "mechanic_2" (did you mean mechanic-2?); there are the crews mechanic, foreman`)
	_, err = s.Disturb("nurse-*", &sim.Disturbance{Absent: true})
	require.EqualError(t, err, `no worker or crew is named "nurse-*"; there are the crews mechanic, foreman`)
	_, err = s.Disturb("mechanic-[", &sim.Disturbance{Absent: true})
	require.ErrorContains(t, err, `pattern "mechanic-["`)
}
