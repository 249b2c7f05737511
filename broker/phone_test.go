package broker

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim"
)

func TestAWorkersPhoneTakesAndEndsTasks(t *testing.T) {
	s := newStage(t, 2, time.Hour, tcp())
	p := s.gate.Phone("mia")
	s.router.RouteTasks(func(*sim.Task) Worker { return p })
	s.play()
	c := s.stranger("phone")
	granted, in := subscribe(t, c, "twinbed/workers/mia/tasks", 1)
	require.EqualValues(t, 1, granted)
	send := func(id uint64) {
		s.on(func() {
			s.router.Task(&sim.Task{ID: id, Thing: 1, What: "look", Skill: "eyes", Does: 1, Value: 0.25, Attempt: 1, Decided: s.world.Clock.Stamp()})
		})
	}
	say := func(payload string) { publish(t, c, "twinbed/workers/mia/acks", 1, payload) }
	load := func() (v float64) { s.on(func() { v = *s.fleet().State(1, 0) }); return v }

	send(7)
	require.JSONEq(t, `{"id":7,"task":"look","skill":"eyes","thing":"press-02","does":"set load","value":0.25,"priority":0,"attempt":1}`, receive(t, in))
	say(`{"id":7,"outcome":"taken"}`)
	say(`{"id":7,"outcome":"done","note":"it was loose"}`)
	s.eventually("the ack", func() bool { return len(s.acks) == 1 })
	a := s.acks[0]
	require.True(t, a.Foreign && a.Delivered.At < a.Done.At && a.By == "mia" && a.Note == "it was loose" && a.Thing == 1)
	require.Equal(t, 0.25, load(), "the worker's hands changed the press")

	say(`{"id":7,"outcome":"done"}`)
	s.eventually("a stray ack", func() bool { return hasNote(s.notes, "not open") })
	send(8)
	receive(t, in)
	s.on(func() { s.router.Withdraw(8) })
	require.JSONEq(t, `{"id":8,"withdrawn":true}`, receive(t, in))
	send(9)
	receive(t, in)
	say(`{"id":9,"outcome":"taken"}`)
	say(`{"id":9,"outcome":"refused"}`)
	s.eventually("the refusal", func() bool { return len(s.acks) == 2 })
	require.Equal(t, sim.Refused, s.acks[1].Outcome)
	s.on(func() { require.Zero(t, p.Open()) })
	c.Disconnect(0)
	require.Eventually(t, func() bool { return s.gate.Connections() == 0 }, 10*time.Second, time.Millisecond)
	send(10)
	s.eventually("a phone that is off", func() bool { return s.lostFor(sim.LostNobody) == 1 })
	require.Equal(t, sim.TaskMessage, s.lost[0].medium)
}
