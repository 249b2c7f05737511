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

// pocket is a phone that writes down what it is told.
type pocket struct{ told []string }

func (p *pocket) Take(t *sim.Task)     { p.told = append(p.told, fmt.Sprint("take ", t.ID)) }
func (p *pocket) Withdraw(task uint64) { p.told = append(p.told, fmt.Sprint("withdraw ", task)) }

// hears is what the phone has been told since the last time.
func (p *pocket) hears() []string {
	told := p.told
	p.told = nil
	return told
}

func employ(s *stage, names ...string) (phones []*pocket) {
	for _, name := range names {
		p := &pocket{}
		s.Employ(name, p)
		phones = append(phones, p)
	}
	return phones
}

func TestARealWorkerTakesOneTaskAtATimeInTheirOwnTime(t *testing.T) {
	s := newStage(t, "Mon 08:00", 1, mechanics(1))
	mia := employ(s, "mechanic")[0]
	first, second := s.asks("bearings", about(0)), s.asks("inspection")
	s.until(time.Hour)
	require.Equal(t, []string{"take 1"}, mia.hears(), "the second waits")
	require.Equal(t, 2, s.use(0).Waiting)
	require.Zero(t, s.use(0).Busy, "nobody knows what mia does before she answers")

	s.Began("mechanic", first)
	require.Equal(t, 1, s.use(0).Waiting)
	require.Equal(t, 1, s.use(0).Working)
	s.until(3 * time.Hour)
	s.Ended("mechanic", first, sim.Failed, "no bearing")
	require.Equal(t, []string{"1 failed: no bearing"}, s.told())
	require.Equal(t, []string{"take 2"}, mia.hears())
	s.until(4 * time.Hour)
	s.Ended("mechanic", second, sim.Done, "") // without a word before
	u := s.use(0)
	require.Equal(t, sim.CrewUse{
		Crew: "mechanic", Workers: 1, OnShift: 4 * time.Hour, Busy: 2 * time.Hour, Tasks: 1, Taken: 2, Waited: 5 * time.Hour,
	}, u)
	require.True(t, s.acks[0].Real && s.acks[0].Foreign)
	s.Ended("mechanic", second, sim.Done, "")
	s.Began("nobody", first)
	require.Len(t, s.acks, 1, "what is over is over")
}

// Whoever answers first does it, whether real or played; from the other it is taken back.
func TestATaskThatNoRealWorkerAnswersIsEscalated(t *testing.T) {
	for name, c := range map[string]struct {
		first    string
		mia, bo  []string // what their phones are told in the end
		foreman  int      // tasks that the foreman has done
		mechanic int
	}{
		"to whom it was offered first": {"mechanic", []string{"take 1"}, []string{"take 1", "withdraw 1"}, 0, 1},
		"to whom it was escalated":     {"foreman", []string{"take 1", "withdraw 1"}, []string{"take 1"}, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			crew := mechanics(1)
			crew.Patience, crew.Escalate = 10*time.Minute, "papers"
			s := newStage(t, "Mon 08:00", 1, crew, people.Crew{Name: "foreman", Count: 1, Skills: []string{"papers"}})
			phones := employ(s, "mechanic", "foreman")
			s.asks("bearings")
			s.until(9 * time.Minute)
			require.Empty(t, phones[1].told)
			s.until(11 * time.Minute)
			require.Equal(t, []string{"take 1"}, phones[1].told)
			require.Equal(t, 1, s.use(0).Escalated)
			require.Equal(t, sim.Escalated, s.notes[0].What)
			s.Began(c.first, 1)
			for _, late := range []string{"mechanic", "foreman"} {
				if late != c.first {
					s.Ended(late, 1, sim.Done, "")
				}
			}
			require.Empty(t, s.acks, "it is with somebody else")
			s.until(time.Hour)
			s.Ended(c.first, 1, sim.Done, "")
			require.Equal(t, c.mia, phones[0].hears())
			require.Equal(t, c.bo, phones[1].hears())
			require.Equal(t, c.mechanic, s.use(0).Tasks)
			require.Equal(t, c.foreman, s.use(1).Tasks)
			require.Len(t, s.acks, 1)
		})
	}
}

func TestAPlayedWorkerStepsInForARealOne(t *testing.T) {
	crew := mechanics(1)
	s := newStage(t, "Mon 08:00", 1, crew, people.Crew{
		Name: "foreman", Count: 1, Answers: chance.Constant(60), Takes: chance.Constant(600),
	})
	mia := employ(s, "mechanic")[0]
	s.asks("bearings", func(t *sim.Task) { t.Patience, t.Escalate = 5*time.Minute, "foreman" })
	s.until(time.Hour)
	require.Equal(t, []string{"take 1", "withdraw 1"}, mia.hears())
	require.Equal(t, []string{"1 foreman 6m0s 16m0s"}, s.told())
	require.Zero(t, s.use(0).Busy)
}

func TestATaskThatAPhoneHasNotGotGoesToTheNext(t *testing.T) {
	s := newStage(t, "Mon 08:00", 1, mechanics(2))
	phones := employ(s, "mechanic-1", "mechanic-2")
	s.asks("bearings")
	require.Equal(t, []string{"take 1"}, phones[0].hears())
	s.Unreached("mechanic-1", 1, sim.LostNobody)
	require.Equal(t, []string{"take 1"}, phones[1].hears())
	s.Unreached("mechanic-2", 1, sim.LostNobody)
	s.Unreached("mechanic-2", 1, sim.LostNobody) // said twice
	require.Equal(t, []string{"mechanic-1", "mechanic-2"}, s.Unread())
	s.asks("bearings")
	var told []string
	for _, e := range s.notes {
		told = append(told, fmt.Sprintf("%s %s %s %d", e.What, e.Subject, e.Detail, e.ID))
	}
	require.Equal(t, []string{
		"unreached mechanic-1 work: nobody there to take it 1", "unreached mechanic-2 work: nobody there to take it 1",
		"unreached bearings work: nobody there to take it 2",
	}, told)
	require.Equal(t, 3, s.use(0).Unreached)
	require.Equal(t, 2, s.use(0).Waiting)

	s.Reached("mechanic-2")
	s.Reached("mechanic-2")
	require.Equal(t, []string{"take 1"}, phones[1].hears(), "the task that waits longest")
	require.Empty(t, phones[0].hears())
	s.Withdraw(1)
	require.Equal(t, []string{"withdraw 1", "take 2"}, phones[1].hears())
	s.Ended("mechanic-2", 2, sim.Done, "")
	require.Equal(t, []string{"2 mechanic-2 0s 0s"}, s.told())
	require.Equal(t, []string{"mechanic-1"}, s.Unread())
}

func TestARealWorkerWhoIsNotThereIsSentNothing(t *testing.T) {
	crew := mechanics(1)
	crew.Shift = shift(t, "daily 09:00-12:00")
	s := newStage(t, "Mon 08:00", 1, crew)
	mia := employ(s, "mechanic")[0]
	s.asks("bearings")
	s.until(59 * time.Minute)
	require.Empty(t, mia.told)
	s.until(time.Hour)
	require.Equal(t, []string{"take 1"}, mia.hears())
}

// moody is a phone whose owner answers, or does not, or is not there, and says things
// about tasks that have gone.
type moody struct {
	s    *stage
	name string
	luck *rand.Rand
}

func (m *moody) Take(t *sim.Task) {
	id := t.ID
	later := func(f func()) { m.s.Clock.After(time.Duration(m.luck.Int64N(int64(time.Hour))), f) }
	switch m.luck.IntN(4) {
	case 0:
		later(func() { m.s.Unreached(m.name, id, sim.LostNobody); later(func() { m.s.Reached(m.name) }) })
	case 1:
		later(func() { m.s.Ended(m.name, id, sim.Refused, "") })
	case 2:
		later(func() { m.s.Began(m.name, id); later(func() { m.s.Ended(m.name, id, sim.Done, "") }) })
	}
}

func (m *moody) Withdraw(uint64) {}
