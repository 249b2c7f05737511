package people_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
	"github.com/twinbed/twinbed/sim/people"
)

const hour = time.Hour

func TestEachWorkerDoesOneTaskAtATime(t *testing.T) {
	s := newStage(t, "Mon 06:00", 1, mechanics(2))
	for range 5 {
		s.asks("bearings")
	}
	s.until(90 * time.Minute)
	use := s.use(0)
	require.Equal(t, sim.CrewUse{
		Crew: "mechanic", Workers: 2, OnShift: 3 * hour, Busy: 3 * hour, Tasks: 2, Waiting: 1, Working: 2, Waited: 2 * hour, Taken: 4,
	}, use)
	s.until(4 * hour)
	require.Equal(t, []string{
		"1 mechanic-1 0s 1h0m0s", "2 mechanic-2 0s 1h0m0s", "3 mechanic-1 1h0m0s 2h0m0s", "4 mechanic-2 1h0m0s 2h0m0s", "5 mechanic-1 2h0m0s 3h0m0s",
	}, s.told())
	require.Equal(t, 5*hour, s.use(0).Busy)
}

func TestTheLongestIdleIsCalledFirst(t *testing.T) {
	s := newStage(t, "Mon 06:00", 1, mechanics(3))
	s.asks("bearings", takes(3*hour))
	s.asks("bearings", takes(1*hour))
	s.asks("bearings", takes(2*hour))
	s.until(4 * hour)
	for range 3 {
		s.asks("mechanic")
	}
	s.until(6 * hour)
	require.Equal(t, []string{"mechanic-2", "mechanic-3", "mechanic-1"}, []string{s.acks[3].By, s.acks[4].By, s.acks[5].By})
}

func TestHigherPrioritiesGoFirstAndEqualOnesInOrder(t *testing.T) {
	s := newStage(t, "Mon 06:00", 1, mechanics(1))
	s.asks("bearings")
	s.asks("bearings", urgent(1))
	s.asks("inspection", urgent(5))
	s.asks("mechanic", urgent(1))
	s.asks("bearings", urgent(5))
	s.until(24 * hour)
	require.Equal(t, []string{
		"1 mechanic 0s 1h0m0s", "3 mechanic 1h0m0s 2h0m0s", "5 mechanic 2h0m0s 3h0m0s", "2 mechanic 3h0m0s 4h0m0s", "4 mechanic 4h0m0s 5h0m0s",
	}, s.told())
}

func TestATaskThatFollowsFromAnAckWaitsForItsTurn(t *testing.T) {
	s := newStage(t, "Mon 06:00", 1, mechanics(1))
	s.asks("inspection")
	s.asks("inspection")
	s.onAck = func(a *sim.Ack) {
		if a.ID == 1 {
			s.asks("bearings")
		}
	}
	s.until(24 * hour)
	require.Equal(t, []string{"1 mechanic 0s 1h0m0s", "2 mechanic 1h0m0s 2h0m0s", "3 mechanic 2h0m0s 3h0m0s"}, s.told())
}

func TestHandsDoWhatTheTaskSaysWhenTheWorkIsDone(t *testing.T) {
	s := newStage(t, "Mon 06:00", 1, mechanics(1))
	s.Fleets[0].Unattended = 12 * hour
	s.asks("bearings", about(1), func(t *sim.Task) { t.Does, t.Value = 0, 0.25 })
	s.until(hour - 1)
	require.Equal(t, 1.0, *s.Fleets[0].State(1, 0))
	s.until(hour)
	require.Equal(t, 0.25, *s.Fleets[0].State(1, 0))
	require.Equal(t, 1.0, *s.Fleets[0].State(0, 0))
}

func TestAThingThatSomebodyIsSentToIsAttended(t *testing.T) {
	s := newStage(t, "Sat 00:00", 1, func() people.Crew {
		c := mechanics(1)
		c.Shift = shift(t, "Mon-Fri 06:00-14:00")
		return c
	}())
	s.Fleets[0].Unattended = hour
	for thing := range sim.ThingID(2) {
		s.Do(thing, 0, 0) // both are down
	}
	id := s.asks("bearings", about(0))
	s.until(2 * hour)
	require.Zero(t, *s.Fleets[0].State(0, 0), "somebody has been sent, even if he is not there")
	require.Equal(t, 1.0, *s.Fleets[0].State(1, 0), "somebody came by")
	s.Withdraw(id)
	s.Withdraw(id)
	s.until(4 * hour)
	require.Equal(t, 1.0, *s.Fleets[0].State(0, 0))
}

func TestASkillThatNobodyHasIsRefusedAtOnce(t *testing.T) {
	s := newStage(t, "Mon 06:00", 1, mechanics(1))
	s.asks("bearing", about(2))
	require.Empty(t, s.acks, "not before the platform has noted what it sent")
	s.until(0)
	require.Equal(t, []string{`1 refused: nobody has the skill "bearing" (did you mean bearings?)`}, s.told())
	require.Zero(t, s.use(0).Waiting)
}

func TestATaskThatComesTwiceIsDoneOnce(t *testing.T) {
	s := newStage(t, "Mon 06:00", 1, mechanics(2))
	s.asks("bearings")
	s.asks("bearings", func(t *sim.Task) { t.ID = 1 })
	s.until(24 * hour)
	require.Len(t, s.acks, 1)
}

func TestOnlyWhatNobodyHasAnsweredCanBeWithdrawn(t *testing.T) {
	c := mechanics(1)
	c.Answers = chance.Constant(600)
	s := newStage(t, "Mon 06:00", 1, c)
	first, second, third := s.asks("bearings"), s.asks("bearings"), s.asks("bearings")
	s.until(5 * time.Minute)
	s.Withdraw(first) // on the way
	s.Withdraw(third) // in the line
	s.Withdraw(99)
	require.Equal(t, 1, s.use(0).Waiting)
	s.until(20 * time.Minute)
	s.Withdraw(second) // under way
	s.until(24 * hour)
	require.Equal(t, []string{"2 mechanic 15m0s 1h15m0s"}, s.told())
	require.Equal(t, 75*time.Minute, s.use(0).Busy, "the way that came to nothing was time, too")
	require.Equal(t, 15*time.Minute, s.use(0).Waited)
}

func TestAnUnansweredTaskIsOfferedToASecondSkillAsWell(t *testing.T) {
	c := mechanics(1)
	c.Patience, c.Escalate = 30*time.Minute, "foreman"
	s := newStage(t, "Mon 06:00", 1, c, people.Crew{Name: "foreman", Count: 1, Takes: chance.Constant(600)})
	s.asks("bearings")
	s.asks("bearings")
	s.asks("bearings", func(t *sim.Task) { t.Patience = 2 * hour })
	s.until(24 * hour)
	require.Equal(t, []string{"2 foreman 30m0s 40m0s", "1 mechanic 0s 1h0m0s", "3 mechanic 1h0m0s 2h0m0s"}, s.told())
	require.Len(t, s.notes, 1)
	require.Equal(t, sim.Event{At: sim.Time(30 * time.Minute), What: sim.Escalated, Thing: sim.NoThing, Subject: "foreman", Detail: "work", ID: 2}, s.notes[0])
	require.Equal(t, 1, s.use(0).Escalated)
	require.Equal(t, []int{2, 1}, []int{s.use(0).Tasks, s.use(1).Tasks})
	require.Zero(t, s.use(0).Waiting)
}

func TestWhoeverAnswersFirstDoesAnEscalatedTask(t *testing.T) {
	for foreman, want := range map[time.Duration]string{
		5 * time.Minute:  "1 foreman 15m0s 1h15m0s",
		40 * time.Minute: "1 mechanic 30m0s 1h30m0s",
	} {
		c := mechanics(1)
		c.Answers = chance.Constant(1800)
		c.Patience, c.Escalate = 10*time.Minute, "foreman"
		s := newStage(t, "Mon 06:00", 1, c, people.Crew{Name: "foreman", Count: 1, Answers: chance.Constant(foreman.Seconds()), Takes: chance.Constant(3600)})
		s.asks("bearings")
		s.until(24 * hour)
		require.Equal(t, []string{want}, s.told())
		taken := s.acks
		require.Empty(t, taken)
		require.Equal(t, 1, s.use(0).Tasks+s.use(1).Tasks)
		busy := s.use(0).Busy + s.use(1).Busy
		if foreman < 20*time.Minute {
			require.Equal(t, 15*time.Minute+65*time.Minute, busy, "the mechanic turned back")
		} else {
			require.Equal(t, 90*time.Minute+20*time.Minute, busy, "the foreman turned back")
		}
	}
}

func TestMistakesInCrewsAreAllTold(t *testing.T) {
	s := newStage(t, "Mon 06:00", 1)
	_, err := people.New(s.World, []people.Crew{
		{Name: "mechanic", Count: 2, Escalate: "forman"},
		{Name: "foreman", Count: 1, Skills: []string{"papers"}, Escalate: "papers"},
		{Name: "mechanic-2", Count: 1},
	})
	var lines []string
	for _, w := range sim.Wrongs(err) {
		lines = append(lines, w.Error())
	}
	require.Equal(t, []string{
		`people.mechanic-2: a worker of the crew mechanic is already named "mechanic-2"`,
		`people.mechanic.escalate: nobody has the skill "forman" (did you mean foreman?); there are mechanic, foreman, papers, mechanic-2`,
		`people.foreman.escalate: "papers" is a skill of the crew itself; name one of another crew`,
	}, lines)
}

func TestPhonesAreTheCrewsThatCarryThem(t *testing.T) {
	require.Equal(t, []string{"nurse-1", "nurse-2"}, people.Phones([]people.Crew{{Name: "porter", Count: 3}, {Name: "nurse", Count: 2, Skills: []string{"care"}, Phone: true}}))
}

// Whatever happens, each task is answered once or withdrawn or still open, the
// figures say which, and nobody does two things at a time.
func TestEveryTaskIsAccountedForInAnyOrderOfEvents(t *testing.T) {
	for seed := range uint64(200) {
		luck := rand.New(rand.NewPCG(seed, 1))
		c := mechanics(1 + luck.IntN(4))
		c.Answers, c.Patience, c.Escalate = words(t, "exponential mean 20m"), 15*time.Minute, "foreman"
		c.Shift = shift(t, "daily 06:00-14:00")
		s := newStage(t, "Mon 06:00", chance.Seed(seed), c,
			people.Crew{Name: "foreman", Count: 1 + luck.IntN(2), Skills: []string{"inspection"}, Answers: words(t, "uniform 0s..30m"), Takes: words(t, "exponential mean 30m")})
		if seed%2 == 1 {
			c.Phone = true
			for _, name := range people.Phones([]people.Crew{c}) {
				s.Employ(name, &moody{s, name, luck})
			}
		}
		withdrawn := 0
		for range 150 {
			at := sim.Time(luck.Int64N(int64(40 * hour)))
			switch luck.IntN(6) {
			case 0:
				id := 1 + luck.Uint64N(120)
				s.Clock.At(at, func() {
					before := s.use(0).Waiting + s.use(1).Waiting
					s.Withdraw(id)
					withdrawn += before - s.use(0).Waiting - s.use(1).Waiting
				})
			case 1:
				length := time.Duration(luck.Int64N(int64(10 * hour)))
				s.Clock.At(at, func() {
					undo, err := s.Disturb([]string{"*", "mechanic", "foreman*"}[luck.IntN(3)], &sim.Disturbance{Absent: true})
					require.NoError(t, err)
					s.Clock.After(length, undo)
				})
			default:
				skill := []string{"bearings", "inspection", "foreman"}[luck.IntN(3)]
				s.Clock.At(at, func() { s.asks(skill, about(sim.ThingID(luck.IntN(3))), urgent(luck.IntN(3))) })
			}
		}
		for at := range 50 {
			s.until(time.Duration(at) * hour)
			done, open := map[uint64]bool{}, 0
			for _, a := range s.acks {
				require.False(t, done[a.ID], "twice done")
				done[a.ID] = true
			}
			for i := range 2 {
				use := s.use(i)
				open += use.Waiting + use.Working
				require.LessOrEqual(t, use.Working, use.Workers)
				require.LessOrEqual(t, use.Busy, time.Duration(use.Workers)*time.Duration(at)*hour)
			}
			require.EqualValues(t, s.tasks, len(s.acks)+open+withdrawn, "seed %d, hour %d", seed, at)
		}
		requireNoOverlap(t, s.acks)
	}
}

func requireNoOverlap(t *testing.T, acks []sim.Ack) {
	last := map[string]sim.Time{}
	for _, a := range acks {
		require.GreaterOrEqual(t, a.Delivered.At, last[a.By], fmt.Sprint(a))
		last[a.By] = a.Done.At
	}
}
