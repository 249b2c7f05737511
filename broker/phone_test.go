package broker

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim"
)

// office is a foreman who writes down what he is told.
type office struct{ s *stage }

func (o office) write(format string, args ...any) {
	o.s.mu.Lock()
	o.s.told = append(o.s.told, fmt.Sprintf(format, args...))
	o.s.mu.Unlock()
}

func (o office) Began(worker string, task uint64) { o.write("%s began %d", worker, task) }
func (o office) Ended(worker string, task uint64, x sim.Outcome, note string) {
	o.write("%s ended %d %s %s", worker, task, x, note)
}
func (o office) Unreached(worker string, task uint64, why sim.Cause) {
	o.write("%s has not got %d: %s", worker, task, why)
}
func (o office) Reached(worker string) { o.write("%s is there", worker) }

// tells waits until the foreman has been told a line, and forgets it and what was before.
func (s *stage) tells(line string) {
	s.t.Helper()
	s.eventually(line, func() bool {
		for i, x := range s.told {
			if x == line {
				s.told = s.told[i+1:]
				return true
			}
		}
		return false
	})
}

func look(id uint64, s *stage) *sim.Task {
	return &sim.Task{ID: id, Thing: 1, What: "look", Skill: "eyes", Does: 1, Value: 0.25, Attempt: 1, Decided: s.world.Clock.Stamp()}
}

func TestAWorkersPhoneTakesAndEndsTasks(t *testing.T) {
	s := newStage(t, 2, time.Hour, tcp())
	p := s.gate.Phone("mia", office{s})
	s.play()
	c := s.stranger("phone")
	granted, in := subscribe(t, c, "twinbed/workers/mia/tasks", 1)
	require.EqualValues(t, 1, granted)
	s.tells("mia is there")
	send := func(id uint64) { s.on(func() { p.Take(look(id, s)) }) }
	say := func(payload string) { publish(t, c, "twinbed/workers/mia/acks", 1, payload) }

	send(7)
	require.JSONEq(t, `{"id":7,"task":"look","skill":"eyes","thing":"press-02","does":"set load","value":0.25,"priority":0,"attempt":1}`, receive(t, in))
	say(`{"id":7,"outcome":"taken"}`)
	s.tells("mia began 7")
	s.on(func() { p.Withdraw(7) }) // too late
	say(`{"id":7,"outcome":"done","note":"it was loose"}`)
	s.tells("mia ended 7 done it was loose")
	say(`{"id":7,"outcome":"done"}`)
	s.eventually("a stray ack", func() bool { return hasNote(s.notes, "not open") })
	send(8)
	receive(t, in)
	s.on(func() { p.Withdraw(8) })
	require.JSONEq(t, `{"id":8,"withdrawn":true}`, receive(t, in))
	send(9)
	receive(t, in)
	say(`{"id":9,"outcome":"refused"}`)
	s.tells("mia ended 9 refused ")
	require.Empty(t, s.lost, "the books of tasks are the workforce's")
}

func TestAPhoneThatNobodyReadsIsTold(t *testing.T) {
	for name, subscribed := range map[string][]string{
		"nobody": nil, "observers": {"twinbed/#", "#", "twinbed/workers/mia/#"}, "another": {"twinbed/workers/bo/tasks"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, 2, time.Hour, tcp())
			p := s.gate.Phone("mia", office{s})
			s.gate.Phone("bo", office{s})
			s.play()
			c := s.stranger("phone")
			for _, filter := range subscribed {
				subscribe(t, c, filter, 1)
			}
			s.on(func() { p.Take(look(7, s)) })
			s.tells("mia has not got 7: nobody there to take it")
			subscribe(t, c, "twinbed/workers/+/tasks", 1)
			s.tells("mia is there")
			s.on(func() { p.Take(look(7, s)) })
			publish(t, c, "twinbed/workers/mia/acks", 1, `{"id":7,"outcome":"done"}`)
			s.tells("mia ended 7 done ")
		})
	}
}

func TestACommandThatOnlyAnObserverSeesIsLost(t *testing.T) {
	for _, filter := range []string{"#", "twinbed/#", "twinbed/things/press-01/#"} {
		t.Run(filter, func(t *testing.T) {
			s := newStage(t, 2, time.Hour, tcp())
			s.outside(0)
			s.play()
			c := s.stranger("observer", func(o *paho.ClientOptions) { o.SetCleanSession(false) })
			_, in := subscribe(t, c, filter, 1)
			s.order(1, 0, "cool", noValue)
			receive(t, in)
			s.eventually("it is lost", func() bool { return s.lostFor(sim.LostNobody) == 1 && s.took == 0 })
			subscribe(t, c, "twinbed/things/press-01/commands", 1)
			s.order(2, 0, "cool", noValue)
			s.eventually("it has come", func() bool { return s.took == 1 })
			require.Equal(t, 1, s.lostFor(sim.LostNobody))
		})
	}
}

// What is lost on the way to a phone that somebody reads does not keep its worker away for ever.
func TestAPhoneWhoseLettersDoNotGetThroughIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, 2, time.Hour, GateOptions{Postbox: 1})
		p := s.gate.Phone("mia", office{s})
		s.world.Clock.At(0, func() {
			require.True(t, s.gate.postbox.put(letter{}), "now it is full, and nobody carries yet")
			p.Take(look(7, s))
		})
		require.NoError(t, s.world.Clock.Run(sim.Time(triedAgain-time.Second)))
		require.Equal(t, []string{"mia has not got 7: broker queue full"}, s.told)
		require.NoError(t, s.world.Clock.Run(sim.Time(triedAgain+time.Second)))
		require.Equal(t, []string{"mia has not got 7: broker queue full", "mia is there"}, s.told)
	})
}
