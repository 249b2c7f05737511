package scenarios_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"github.com/stretchr/testify/require"
)

// task is what a phone is told.
type task struct {
	ID        uint64 `json:"id"`
	Withdrawn bool   `json:"withdrawn"`
}

func next(t *testing.T, in <-chan mqtt.Message) (x task) {
	t.Helper()
	select {
	case m := <-in:
		require.NoError(t, json.Unmarshal(m.Payload(), &x))
	case <-time.After(20 * time.Second):
		require.Fail(t, "the phone was told nothing")
	}
	return x
}

func TestATaskThatAPhoneDoesNotAnswerGoesToAnother(t *testing.T) {
	run := playOutside(t, "phones.yaml")
	boiler, stoker, chief := run.connect(t, "boiler"), run.connect(t, "stoker"), run.connect(t, "chief")
	first, second := follow(t, stoker, "twinbed/workers/stoker/tasks"), follow(t, chief, "twinbed/workers/chief/tasks")
	require.NoError(t, wait(boiler.Publish("twinbed/things/boiler/readings", 1, false, `{"pressure":12}`)))
	offered := next(t, first)
	require.Equal(t, offered, next(t, second))
	for _, outcome := range []string{"taken", "done"} {
		require.NoError(t, wait(chief.Publish("twinbed/workers/chief/acks", 1, false, fmt.Sprintf(`{"id":%d,"outcome":%q}`, offered.ID, outcome))))
	}
	require.Equal(t, task{offered.ID, true}, next(t, first))
	report := run.end()
	requireBalanced(t, report)
	require.EqualValues(t, 1, report.Decisions[0].Closed.Done)
	for i, name := range []string{"stoker", "chief"} {
		c := report.People[i]
		require.Equal(t, name, c.Name)
		require.Equal(t, []int{1 - i, i, 0, 0, 0}, []int{c.Escalated, c.Done, c.Waiting, c.Working, c.Unreached}, name)
	}
	require.Zero(t, float64(report.People[0].Busy))
	require.Positive(t, float64(report.People[1].Utilisation))
	require.GreaterOrEqual(t, float64(report.People[1].MeanWait), 0.3, "it waited for the patience of the first")
}

// A phone that is not there when its task comes gets it when it is.
func TestATaskThatNobodyWasThereForIsTold(t *testing.T) {
	run := playOutside(t, "phones.yaml")
	boiler, observer, stoker := run.connect(t, "boiler"), run.connect(t, "observer"), run.connect(t, "stoker")
	events := follow(t, observer, "twinbed/#")
	require.NoError(t, wait(boiler.Publish("twinbed/things/boiler/readings", 1, false, `{"pressure":12}`)))
	for found := false; !found; {
		select {
		case m := <-events:
			found = strings.Contains(string(m.Payload()), `"unreached"`) && strings.Contains(string(m.Payload()), `"chief"`)
		case <-time.After(20 * time.Second):
			require.Fail(t, "nobody told")
		}
	}
	id := next(t, follow(t, stoker, "twinbed/workers/stoker/tasks")).ID
	require.NoError(t, wait(stoker.Publish("twinbed/workers/stoker/acks", 1, false, fmt.Sprintf(`{"id":%d,"outcome":"done"}`, id))))
	report := run.end()
	requireBalanced(t, report)
	require.EqualValues(t, 1, report.Decisions[0].Closed.Done)
	require.Equal(t, 2, report.People[0].Unreached)
	remarks := strings.Join(report.Remarks, "\n")
	require.Contains(t, remarks, "stoker: tasks that found nobody at the phone: 2")
	require.Contains(t, remarks, "at the end nobody has subscribed to the tasks of chief")
}
