package broker

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim"
)

// diary writes down what passes, in order.
type diary struct {
	name  string
	lines *[]string
}

func (l diary) Reading(*sim.Reading) { *l.lines = append(*l.lines, l.name+" reading") }
func (l diary) Command(*sim.Command) { *l.lines = append(*l.lines, l.name+" command") }
func (l diary) Task(*sim.Task)       { *l.lines = append(*l.lines, l.name+" task") }
func (l diary) Ack(*sim.Ack)         { *l.lines = append(*l.lines, l.name+" ack") }
func (l diary) Obey(*sim.Command)    { *l.lines = append(*l.lines, l.name+" obeys") }
func (l diary) Take(*sim.Task)       { *l.lines = append(*l.lines, l.name+" takes") }
func (l diary) Withdraw(uint64)      { *l.lines = append(*l.lines, l.name+" withdraws") }

func (diary) Disturbed() int                                   { return 0 }
func (diary) Disturb(string, *sim.Disturbance) (func(), error) { return func() {}, nil }
func (diary) Use(sim.Time) []sim.CrewUse                       { return nil }

func TestMessagesGoWhereTheyBelongAndTapsSeeThemInOrder(t *testing.T) {
	s := newStage(t, 3, time.Second, GateOptions{})
	r, lines := s.router, []string{}
	logs := func(name string) diary { return diary{name, &lines} }
	s.onRead = func(*sim.Reading) { lines = append(lines, "platform") }
	s.onAck = func(*sim.Ack) { lines = append(lines, "platform") }
	r.Tap(logs("a"))
	r.Tap(logs("b"))
	r.RouteKind(s.press, logs("kind"))
	r.Route(1, logs("adapter"))
	r.Route(2, nil)

	r.Reading(&sim.Reading{Thing: 0, Values: []float64{1, 2}})
	r.Ack(&sim.Ack{ID: 1})
	r.Command(&sim.Command{Thing: 0})
	r.Command(&sim.Command{Thing: 1})
	r.Command(&sim.Command{Thing: 2, Decided: sim.Stamp{At: 5}})
	r.Command(&sim.Command{Thing: 99, Decided: sim.Stamp{At: 6}})
	r.Task(&sim.Task{ID: 8, Thing: 1, Decided: sim.Stamp{At: 7}})
	r.Withdraw(8)
	s.world.Workforce = logs("crew")
	r.Task(&sim.Task{ID: 7, Thing: 1})
	r.Withdraw(7)

	require.Equal(t, []string{
		"a reading", "b reading", "platform", "a ack", "b ack", "platform",
		"a command", "b command", "kind obeys", "a command", "b command", "adapter obeys",
		"a command", "b command", "a command", "b command",
		"a task", "b task", "a task", "b task", "crew takes", "crew withdraws",
	}, lines)
	require.Equal(t, []lostMessage{
		{sim.CommandMessage, 2, 5, sim.LostNobody}, {sim.CommandMessage, 99, 6, sim.LostNobody},
		{sim.TaskMessage, 1, 7, sim.LostNobody},
	}, s.lost)
}

func TestAnArrivalIsStampedOnce(t *testing.T) {
	s := newStage(t, 1, time.Second, GateOptions{})
	x := sim.Reading{Values: []float64{1, 2}}
	s.router.Reading(&x)
	first := x.Arrived
	require.NotZero(t, first.Wall)
	s.router.Reading(&x)
	require.Equal(t, first, x.Arrived)
}

// deaf is a platform that keeps nothing.
type deaf struct{}

func (deaf) Reading(*sim.Reading) {}
func (deaf) Ack(*sim.Ack)         {}

func TestRoutingAReadingAllocatesNothing(t *testing.T) {
	s := newStage(t, 1, time.Second, GateOptions{})
	s.world.Platform = deaf{}
	x := &sim.Reading{Values: []float64{1, 2}}
	require.Zero(t, testing.AllocsPerRun(100, func() { x.Arrived = sim.Stamp{}; s.router.Reading(x) }))
}
