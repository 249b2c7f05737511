package external_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/twins/external"
)

// stage is a world of two presses, and all that is seen in it.
type stage struct {
	sim.Silent
	world    *sim.World
	platform *external.Platform
	commands []sim.Command
	tasks    []sim.Task
	fired    []string
	rejected int
	loops    []sim.Loop
}

func newStage(timeout time.Duration) *stage {
	s := &stage{world: &sim.World{Clock: sim.NewClock(), Roster: &sim.Roster{}}}
	s.world.Roster.Add(&sim.Kind{Name: "press", Count: 2, Every: time.Second, Commands: []sim.CommandSpec{{Name: "cool"}, {Name: "stop"}}})
	s.world.Bus, s.world.Observers = s, sim.Observers{s}
	s.platform = external.New(s.world, []string{"too hot"}, timeout)
	return s
}

func (s *stage) Reading(*sim.Reading)   {}
func (s *stage) Ack(*sim.Ack)           {}
func (s *stage) Withdraw(uint64)        {}
func (s *stage) Command(c *sim.Command) { s.commands = append(s.commands, *c) }
func (s *stage) Task(t *sim.Task)       { s.tasks = append(s.tasks, *t) }
func (s *stage) Turned(l *sim.Loop)     { s.loops = append(s.loops, *l) }

func (s *stage) Noted(e sim.Event) {
	switch e.What {
	case sim.Fired:
		s.fired = append(s.fired, e.Subject)
	case sim.Rejected:
		s.rejected++
	}
}

// at runs the clock to a time.
func (s *stage) at(t time.Duration) sim.Stamp {
	_ = s.world.Clock.Run(sim.Time(t))
	return s.world.Clock.Stamp()
}

// hears has a press report its reading number seq, due at a time, now.
func (s *stage) hears(id sim.ThingID, seq uint32, due time.Duration) {
	s.platform.Reading(&sim.Reading{Thing: id, Seq: seq, Sensed: sim.Stamp{At: sim.Time(due)}, Arrived: s.world.Clock.Stamp()})
}

func (s *stage) acks(id uint64, thing sim.ThingID, o sim.Outcome) {
	now := s.world.Clock.Stamp()
	s.platform.Ack(&sim.Ack{ID: id, Thing: thing, Outcome: o, Delivered: now, Done: now})
}

const ms = time.Millisecond

func TestAnOrderIsALoopFromTheReadingItNames(t *testing.T) {
	s := newStage(0)
	s.at(1010 * ms)
	s.hears(1, 1, 1000*ms)
	s.at(2010 * ms)
	s.hears(1, 2, 2000*ms)
	s.at(2050 * ms)
	s.platform.Order(&sim.Order{ID: 40, Thing: 1, Seq: 1, Decision: "too hot", Command: 0})
	s.at(2060 * ms)
	s.acks(40, 1, sim.Done)
	require.EqualValues(t, 40, s.commands[0].ID, "things know an order by its platform's id")
	require.EqualValues(t, 1, s.commands[0].Seq)
	require.Equal(t, []string{"too hot"}, s.fired)
	var got []time.Duration
	for _, stamp := range s.loops[0].Stamps {
		got = append(got, stamp.At.Duration()/ms)
	}
	require.Equal(t, []time.Duration{1000, 1010, 1010, 2050, 2060, 2060, 2060}, got)
	require.Equal(t, external.Counts{}, s.platform.Counts())
}

func TestHowAnOrderWasMatchedIsCounted(t *testing.T) {
	s := newStage(2 * time.Second) // four readings are remembered
	s.platform.Order(&sim.Order{ID: 1, Thing: 0, Seq: 9, Command: 0})
	for seq := uint32(1); seq <= 6; seq++ {
		s.at(time.Duration(seq) * time.Second)
		s.hears(0, seq, time.Duration(seq)*time.Second)
	}
	s.platform.Order(&sim.Order{ID: 2, Thing: 0, Command: 0})
	s.platform.Order(&sim.Order{ID: 3, Thing: 0, Seq: 1, Command: 1})
	s.platform.Order(&sim.Order{ID: 4, Thing: sim.NoThing, Command: sim.NoCommand, Task: &sim.Task{What: "sweep", Skill: "any"}})
	require.Equal(t, external.Counts{Baseless: 2, Unnumbered: 1, Forgotten: 1}, s.platform.Counts())
	require.EqualValues(t, 6, s.commands[1].Seq, "the latest")
	require.EqualValues(t, 3, s.commands[2].Seq, "the oldest that is remembered")
	require.Equal(t, []string{"too hot", "cool", "stop", "sweep"}, s.platform.Decisions())
}

func TestAnOrderThatComesAgainIsTheSameAndAnIdIsNotForTwo(t *testing.T) {
	s := newStage(0)
	s.hears(0, 1, 0)
	s.platform.Order(&sim.Order{ID: 5, Thing: 0, Seq: 1, Command: 0})
	s.platform.Order(&sim.Order{ID: 5, Thing: 0, Seq: 1, Command: 0})
	s.platform.Order(&sim.Order{ID: 5, Thing: 1, Seq: 1, Command: 0})
	require.Len(t, s.commands, 2)
	require.Equal(t, 2, s.commands[1].Attempt)
	s.acks(5, 0, sim.Done)
	s.platform.Order(&sim.Order{ID: 5, Thing: 1, Seq: 1, Command: 0})
	require.Len(t, s.commands, 2)
	require.Equal(t, 2, s.rejected)
	require.EqualValues(t, 2, s.platform.Counts().Clashing)
	require.Len(t, s.fired, 1)
}

func TestWhatIsNotAcknowledgedInTimeIsClosedOnce(t *testing.T) {
	s := newStage(time.Second)
	s.hears(0, 1, 0)
	s.platform.Order(&sim.Order{ID: 5, Thing: 0, Seq: 1, Command: 0})
	s.platform.Order(&sim.Order{Thing: 0, Seq: 1, Task: &sim.Task{What: "look", Skill: "any"}})
	s.at(3 * time.Second)
	s.acks(5, 0, sim.Done)
	s.acks(6, 0, sim.Done)
	require.Len(t, s.loops, 1)
	require.Equal(t, sim.TimedOut, s.loops[0].Outcome)
	require.Equal(t, external.Counts{LateAcks: 1, StrayAcks: 1}, s.platform.Counts())
	commands, tasks := s.platform.Open()
	require.Equal(t, [2]int{0, 1}, [2]int{commands, tasks}, "people take the time they take")
	s.acks(s.tasks[0].ID, 0, sim.Done)
	require.Len(t, s.loops, 2)
}

func TestAPlatformCannotFillTheReportWithNames(t *testing.T) {
	s := newStage(0)
	for i := range 200 {
		s.platform.Order(&sim.Order{ID: uint64(i + 1), Thing: 0, Command: 0, Decision: string(rune('A' + i))})
	}
	require.Len(t, s.platform.Decisions(), 65)
	require.Equal(t, "more than 64 decisions", s.platform.Decisions()[64])
}
