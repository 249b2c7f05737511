package scenarios_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/scenarios"
	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/wall"
)

// firings notes which decision fired for which thing, and when it was due.
type firings struct {
	sim.Silent
	until sim.Time
	list  []firing
}

type firing struct {
	at       sim.Time
	decision string
	thing    sim.ThingID
}

func (f *firings) Noted(e sim.Event) {
	if e.What == sim.Fired && e.At <= f.until {
		f.list = append(f.list, firing{e.At, e.Subject, e.Thing})
	}
}

// decide plays a scenario in a mode and returns its decisions and turns.
func decide(t *testing.T, clock, connect string) []firing {
	s, err := scenarios.Load("testdata/modes.yaml", scenarios.Options{Sets: []string{"clock=" + clock, "things.pump.connect=" + connect}})
	require.NoError(t, err)
	defer s.Close()
	f := &firings{until: sim.Time(s.Duration)}
	run, err := s.Stage(scenarios.Staging{Wall: wall.NewTimer(), InMemory: true, Observers: []sim.Observer{f}})
	require.NoError(t, err)
	report, err := run.Play(context.Background())
	require.NoError(t, err)
	require.Equal(t, "pass", string(report.Verdict), report.Reasons)
	return f.list
}

// requireAlike holds two runs to the same decisions about the same things, at the
// same scenario times to within a nanosecond of the wall, which is 60 at 60x.
func requireAlike(t *testing.T, want, got []firing) {
	require.Len(t, got, len(want))
	for i := range want {
		require.Equal(t, want[i].decision, got[i].decision, "firing %d", i)
		require.Equal(t, want[i].thing, got[i].thing, "firing %d", i)
		require.InDelta(t, int64(want[i].at), int64(got[i].at), 60, "firing %d", i)
	}
}

func TestVirtualRealtimeAndScaledDecideAlike(t *testing.T) {
	virtual := decide(t, "virtual", "bus")
	require.Greater(t, len(virtual), 20)
	for _, clock := range []string{"realtime", "60x"} {
		t.Run(clock+" over the router", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { requireAlike(t, virtual, decide(t, clock, "bus")) })
		})
		t.Run(clock+" over MQTT sessions", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { requireAlike(t, virtual, decide(t, clock, "mqtt")) })
		})
	}
}
