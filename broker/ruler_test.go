package broker

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim"
)

func TestOrdersOfAPlatformAreReadOrRejected(t *testing.T) {
	s := newStage(t, 3, time.Hour, tcp())
	var got []sim.Order
	s.gate.External("", func(o *sim.Order) {
		s.mu.Lock()
		defer s.mu.Unlock()
		got = append(got, *o)
	})
	s.play()
	c := s.stranger("platform")
	publish(t, c, commands1, 1, `{"id":3,"command":"set load","value":0.5,"seq":7,"decision":"too hot","colour":"red"}`)
	publish(t, c, "twinbed/tasks", 1, `{"id":4,"task":"look","skill":"bearings","thing":"press-02","does":"cool","priority":2}`)
	for _, broken := range []string{
		`{}`, `{"id":0,"command":"cool"}`, `{"command":"dance"}`, `{"command":7}`, `{"id":1,"command":"cool","seq":0}`, `[1]`, `cool`,
	} {
		publish(t, c, commands1, 1, broken)
	}
	for _, broken := range []string{
		`{"task":"look"}`, `{"skill":"bearings"}`, `{"task":"look","skill":"b","thing":"press-09"}`,
		`{"task":"look","skill":"b","does":"cool"}`, `{"task":"look","skill":"b","thing":"press-01","does":"dance"}`,
	} {
		publish(t, c, "twinbed/tasks", 1, broken)
	}
	publish(t, c, "twinbed/workers/mia/tasks", 1, `{"id":5,"task":"look","skill":"b"}`)
	publish(t, c, "twinbed/things/press-09/commands", 1, `{"id":5,"command":"cool"}`)
	publish(t, c, "twinbed/tasks", 1, `{"task":"rest","skill":"bearings"}`)
	s.eventually("all that can be read", func() bool { return len(got) == 3 })
	require.Equal(t, sim.Order{ID: 3, Decision: "too hot", Seq: 7, Thing: 0, Command: 1, Value: 0.5}, got[0])
	require.EqualValues(t, 1, got[1].Thing)
	require.Equal(t, "look", got[1].Task.What)
	require.Equal(t, "bearings", got[1].Task.Skill)
	require.EqualValues(t, 0, got[1].Task.Does)
	require.Equal(t, 2, got[1].Task.Priority)
	require.Equal(t, sim.NoThing, got[2].Thing)
	all := s.gate.Counts()
	require.EqualValues(t, 3, count(all, tallyWords[heardOrders]))
	require.EqualValues(t, 12, count(all, tallyWords[malformedPayloads]))
	require.EqualValues(t, 1, count(all, tallyWords[spoofedMessages]))
}
