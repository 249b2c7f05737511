package scenarios_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/scenarios"
	"github.com/twinbed/twinbed/sim"
)

// written is a scenario that a test has written.
func written(t *testing.T, text string) *scenarios.Script {
	t.Helper()
	name := filepath.Join(t.TempDir(), "written.yaml")
	require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	s, err := scenarios.Load(name, scenarios.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func staged(t *testing.T, text string, o scenarios.Staging) *reports.Report {
	t.Helper()
	run, err := written(t, text).Stage(o)
	require.NoError(t, err)
	report, err := run.Play(t.Context())
	require.NoError(t, err)
	return report
}

func TestARealThingThatIsNeverHeardIsToldInTheFirstLines(t *testing.T) {
	r := staged(t, `
name: silent
clock: realtime
duration: 1s
things:
  press:
    count: 7
    connect: outside
    every: 100ms
    signals: {heat: 1}
    hardware:
      press-01: {adapter: mqtt, broker: "tcp://127.0.0.1:1", signals: {heat: {topic: nowhere}}}
  lamp: {every: 100ms, signals: {light: 1}}
`, scenarios.Staging{})
	require.Contains(t, r.Remarks, "press-01 by mqtt was never heard, in 1s")
	require.Contains(t, r.Remarks, "nothing came from 6 of 6 press that outside clients play, in 1s: press-02, press-03, press-04, press-05, press-06, …")
	require.Len(t, r.Remarks, 2, "of the lamp there is nothing to say")
	var text strings.Builder
	require.NoError(t, r.Text(&text, false))
	head, _, _ := strings.Cut(text.String(), "\n\n")
	require.Contains(t, head, "note: press-01 by mqtt was never heard, in 1s")
}

// ear closes heard with the first reading.
type ear struct {
	sim.Silent
	heard chan struct{}
	once  sync.Once
}

func (e *ear) Mirrored(*sim.Reading, sim.Arrival) { e.once.Do(func() { close(e.heard) }) }

func TestARealThingThatFallsSilentIsToldWithHowLong(t *testing.T) {
	m := newMosquitto(t)
	c := mqtt.NewClient(mqtt.NewClientOptions().AddBroker("tcp://" + m.address))
	require.NoError(t, wait(c.Connect()))
	defer c.Disconnect(0)
	e := &ear{heard: make(chan struct{})}
	said := make(chan error, 1)
	go func() {
		for {
			select {
			case <-e.heard:
				said <- nil
				return
			default:
				if err := wait(c.Publish("somewhere", 1, false, "20")); err != nil {
					said <- err
					return
				}
			}
		}
	}()
	r := staged(t, fmt.Sprintf(`
name: silent
clock: realtime
duration: 3s
things:
  press:
    every: 100ms
    signals: {heat: 1}
    hardware:
      press: {adapter: mqtt, broker: "tcp://%s", signals: {heat: {topic: somewhere}}}
`, m.address), scenarios.Staging{Observers: []sim.Observer{e}})
	require.NoError(t, <-said)
	require.Len(t, r.Remarks, 1)
	require.Regexp(t, "^press by mqtt was silent for the last [0-9.]+ ?m?s$", r.Remarks[0])
}
