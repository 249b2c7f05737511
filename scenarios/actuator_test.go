package scenarios_test

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/hardware"
	"github.com/twinbed/twinbed/scenarios"
	"github.com/twinbed/twinbed/scenarios/language"
	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/units"
)

// valve is a real actuator that takes down what it is told to do.
type valve struct {
	hardware.Binding
	mu   sync.Mutex
	acts []act
	heat float64
}

type act struct {
	at    time.Time
	value float64
}

func (v *valve) Open(context.Context, hardware.Site) (hardware.Adapter, error) { return v, nil }
func (v *valve) Close() error                                                  { return nil }

func (v *valve) Sense(_ context.Context, values []float64) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.heat = 100 - v.heat // hot, cold, hot, …
	values[0] = v.heat
	return nil
}

func (v *valve) Act(_ context.Context, _ string, value float64) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.acts = append(v.acts, act{time.Now(), value})
	return nil
}

const boilers = `
name: valve
clock: realtime
duration: 1s
things:
  boiler:
    count: 3
    every: 10ms
    signals: {heat: {model: random, value: normal mean 50 sd 20}}
    state: {opening: 0}
    commands: {set: {opening: value}}
    hardware:
      boiler-01: {adapter: host, signals: {heat: load1}}
decisions:
  hot: {when: heat > 50, until: heat < 50, do: {command: set, value: heat + 1, timeout: 50ms, retry: 2}}
  cold: {when: heat < 50, until: heat > 50, do: {command: set, value: heat * 3, timeout: 50ms, retry: 2}}
limits: [unexplained = 0]
`

// whatCanGoWrong is one of each fault that this scenario takes, one after the other; last
// those after which what they have held up is still in the way.
func whatCanGoWrong(t *testing.T, apart time.Duration) (plan scenarios.FaultPlan) {
	luck := rand.New(rand.NewPCG(1, 2)).Float64
	slow := []string{"bandwidth", "jitter", "latency", "poison", "slow_decision"}
	entries := slices.SortedStableFunc(slices.Values(sim.Faults.Entries()), func(a, b sim.Entry[sim.Fault]) int {
		return cmp.Compare(slices.Index(slow, a.Name), slices.Index(slow, b.Name))
	})
	for _, f := range entries {
		m := scenarios.Mishap{
			{Key: "at", Value: units.FormatDuration(time.Duration(len(plan)) * apart)}, {Key: "for", Value: units.FormatDuration(apart)}, {Key: "fault", Value: f.Name},
		}
		if f.New().Area().Names() {
			m = append(m, language.Pair{Key: "where", Value: "boiler"})
		}
		m = append(m, language.Draw(f.New(), luck, func(key string) string {
			if key == "signal" {
				return "heat"
			}
			return ""
		})...)
		s, err := scenarios.Parse("valve.yaml", []byte(boilers), language.NewFolder(nil), scenarios.Options{Sets: []string{"faults=[" + m.String() + "]"}})
		require.NoError(t, err)
		if _, err := s.Check(); err == nil {
			plan = append(plan, m)
		}
	}
	return plan
}

// Whatever is injected, a real actuator is told nothing beyond its limits: neither a
// value, nor too fast a change, nor too soon.
func TestARealActuatorNeverLeavesItsLimitsWhateverGoesWrong(t *testing.T) {
	plan := whatCanGoWrong(t, 100*time.Millisecond)
	require.Greater(t, len(plan), 35)
	limit := hardware.Limit{Command: "set", Range: &hardware.Range{Min: 10, Max: 90}, MaxRate: 2000, MinInterval: 5 * time.Millisecond}
	v := &valve{heat: 20, Binding: hardware.Binding{Limits: []hardware.Limit{limit}}}
	var items []string
	for _, m := range plan {
		items = append(items, m.String())
	}
	length := units.FormatDuration(time.Duration(len(plan)+3) * 100 * time.Millisecond)
	s, err := scenarios.Parse("valve.yaml", []byte(boilers), language.NewFolder(nil), scenarios.Options{Sets: []string{"duration=" + length, "faults=[" + strings.Join(items, ", ") + "]"}})
	require.NoError(t, err)
	s.Things[0].Hardware[0].Adapter.Config = v
	run, err := s.Stage(scenarios.Staging{Armed: true})
	require.NoError(t, err)
	r, err := run.Play(t.Context())
	require.NoError(t, err)
	require.True(t, r.Ledger.Balanced, "%v", r.Reasons)
	for _, f := range r.Resilience.Faults {
		require.Equal(t, 1, f.Begun, f.Fault)
	}

	v.mu.Lock()
	defer v.mu.Unlock()
	require.Greater(t, len(v.acts), 20, "it is told something")
	require.NotZero(t, r.Ledger.Commands.Closed.Refused, "and something that is refused")
	for i, a := range v.acts {
		require.GreaterOrEqual(t, a.value, limit.Range.Min)
		require.LessOrEqual(t, a.value, limit.Range.Max)
		if i == 0 {
			continue
		}
		// The interlock looks at the time before the device does, by a little.
		since, slack := a.at.Sub(v.acts[i-1].at), 20*time.Millisecond
		require.Greater(t, since+slack, limit.MinInterval)
		require.LessOrEqual(t, max(a.value-v.acts[i-1].value, v.acts[i-1].value-a.value), limit.MaxRate*(since+slack).Seconds())
	}
}
