package people_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
	"github.com/twinbed/twinbed/sim/people"
)

// answered is how long a crew of one with a constant answer of a minute took for
// a task that is issued so long after the beginning.
func answered(t *testing.T, c people.Crew, start string, at time.Duration, before int) time.Duration {
	c.Name, c.Count, c.Answers, c.Takes = "nurse", 1+before, chance.Constant(60), chance.Constant(1e6)
	s := newStage(t, start, 1, c)
	for range before {
		s.asks("nurse")
	}
	s.until(at)
	waited := s.use(0).Waited
	taken := s.use(0).Taken
	s.asks("nurse")
	s.until(at + hour)
	require.Equal(t, taken+1, s.use(0).Taken)
	return s.use(0).Waited - waited
}

func TestAnswersSlowDownIntoTheShift(t *testing.T) {
	night := people.Crew{ShiftFactor: 0.15, Shift: shift(t, "daily 22:00-06:00")}
	minute := func(factor float64) time.Duration { return sim.Seconds(60 * factor) }
	require.Equal(t, minute(1), answered(t, night, "Mon 22:00", 0, 0))
	require.Equal(t, minute(math.Pow(1.15, 7.5)), answered(t, night, "Mon 22:00", 7*hour+30*time.Minute, 0))
	require.Equal(t, minute(1), answered(t, night, "Mon 22:00", 24*hour, 0))
	night.ShiftFactor = 0
	require.Equal(t, minute(1), answered(t, night, "Mon 22:00", 7*hour, 0))
}

func TestExperienceIsAFactorOfTheAnswer(t *testing.T) {
	require.Equal(t, 30*time.Second, answered(t, people.Crew{Experience: 0.5}, "Mon 06:00", 0, 0))
	require.Equal(t, time.Minute, answered(t, people.Crew{}, "Mon 06:00", 0, 0))
}

func TestAnswersSlowDownWithTheTasksOfTheLastTwoHours(t *testing.T) {
	load := &people.AlarmLoad{Some: 2, Many: 3}
	for _, x := range []struct {
		before int
		at     time.Duration
		want   time.Duration
	}{
		{28, 10 * time.Minute, time.Minute}, // the 29th
		{29, 10 * time.Minute, 2 * time.Minute},
		{78, 10 * time.Minute, 2 * time.Minute},
		{79, 10 * time.Minute, 3 * time.Minute},
		{79, 120*time.Minute - 1, 3 * time.Minute},
		{79, 120 * time.Minute, time.Minute}, // all but itself are two hours ago
	} {
		require.Equal(t, x.want, answered(t, people.Crew{AlarmLoad: load}, "Mon 06:00", x.at, x.before), x)
		require.Equal(t, time.Minute, answered(t, people.Crew{}, "Mon 06:00", x.at, x.before), x)
	}
}

// A task's times are its own: another crew, another order or more tasks about
// other things do not change them.
func TestVariantsShareTheLuckOfTheirTasks(t *testing.T) {
	times := func(workers int, more bool) (waits, works []time.Duration) {
		c := mechanics(workers)
		c.Answers, c.Takes = words(t, "lognormal median 4m p95 15m"), words(t, "lognormal median 20m p95 60m")
		s := newStage(t, "Mon 06:00", 9, c)
		for range 4 {
			if more {
				s.asks("inspection", about(2), named("look at the door"))
			}
			before := len(s.acks)
			s.asks("bearings", about(1), named("look at the bearing"))
			issued := s.Clock.Now()
			s.until(issued.Duration() + 24*hour)
			for _, a := range s.acks[before:] {
				if a.Thing == 1 {
					waits, works = append(waits, a.Delivered.At.Sub(issued)), append(works, a.Done.At.Sub(a.Delivered.At))
				}
			}
		}
		return waits, works
	}
	waits, works := times(2, false)
	require.Len(t, works, 4)
	require.NotEqual(t, works[0], works[1])
	again, same := times(3, true)
	require.Equal(t, waits, again)
	require.Equal(t, works, same)
}
