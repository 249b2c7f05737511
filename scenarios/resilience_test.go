package scenarios_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/scenarios"
)

// resilience plays testdata/faults.yaml with faults, and beside it without.
func resilience(t *testing.T, faults string) *reports.Report {
	t.Helper()
	s, err := scenarios.Load("testdata/faults.yaml", scenarios.Options{Sets: []string{"faults=[" + faults + "]"}})
	require.NoError(t, err)
	defer s.Close()
	run, err := s.Stage(scenarios.Staging{Beside: true})
	require.NoError(t, err)
	r, err := run.Play(context.Background())
	require.NoError(t, err)
	return r
}

func TestEachWindowOfAFaultHasItsAccount(t *testing.T) {
	r := resilience(t, "{at: 1h, for: 30m, fault: crash, where: 'pump-0[1-3]'}, {at: 3h, for: 1h, fault: latency, where: pump, by: 5s}, {at: 5h, for: 1m, fault: absent, where: guard}")
	x := r.Resilience
	require.Equal(t, "the same run without faults", x.Beside)
	require.Equal(t, reports.FaultCount{Fault: "crash", Where: "pump-0[1-3]", Begun: 1, Hits: 3}, x.Faults[0])
	require.Len(t, x.Blows, 3)
	crash, slow := x.Blows[0], x.Blows[1]
	require.EqualValues(t, 3600, crash.From)
	require.EqualValues(t, 5400, crash.To)
	require.InDelta(t, 120, float64(crash.Detected), 15, "silent for two minutes")
	require.Contains(t, crash.By, "silent at pump-0")
	require.LessOrEqual(t, float64(crash.Recovered), 11.0, "a reading later")
	require.Less(t, crash.Uplink.During.Count, crash.Uplink.Before.Count)
	require.NotZero(t, crash.False, "what fires because of it")
	require.Greater(t, float64(slow.Uplink.During.Middle), 4.0)
	require.Less(t, float64(slow.Uplink.Before.Middle), 1.0)
	require.Less(t, float64(slow.Uplink.After.Middle), 1.0)
	require.Greater(t, float64(slow.Recovered), 0.0, "what was on its way is late")
	require.Less(t, float64(slow.Recovered), 60.0)
	require.Len(t, x.Cost, 2)

	plain := resilience(t, "")
	require.Nil(t, plain.Resilience)
	for _, c := range x.Cost {
		for _, k := range plain.KPIs {
			if k.Name == c.KPI {
				require.Equal(t, k.Value, c.Without, "the run beside is the run without")
			}
		}
	}
	stalled := resilience(t, "{at: 1h, for: 30m, fault: stall}").Resilience.Blows[0]
	require.Greater(t, float64(stalled.Uplink.After.High), 1790.0)
	never := resilience(t, "{at: 5h, for: 3h, fault: partition, where: pump}").Resilience.Blows[0]
	require.False(t, never.To.Known())
	require.False(t, never.Recovered.Known())
}

// What is played beside must not touch the run: models are built for one of them.
func TestTheRunBesideLeavesTheRunAlone(t *testing.T) {
	faults := "faults=[{at: 1h, for: 30m, every: exponential mean 1h, fault: reboot_loop, where: pump}]"
	for _, ref := range []string{"testdata/faults.yaml", "predictive-maintenance"} {
		play := func(beside bool) *reports.Report {
			s, err := scenarios.Load(ref, scenarios.Options{Sets: []string{strings.ReplaceAll(faults, "pump", thingOf[ref]), "duration=6h"}})
			require.NoError(t, err)
			defer s.Close()
			run, err := s.Stage(scenarios.Staging{Beside: beside})
			require.NoError(t, err)
			r, err := run.Play(context.Background())
			require.NoError(t, err)
			return r
		}
		alone := play(false)
		for range 4 {
			both := play(true)
			require.Equal(t, alone.Hash, both.Hash, ref)
			require.Equal(t, "the same run without faults", both.Resilience.Beside)
		}
		a, b := play(true), play(true)
		require.Equal(t, settled(t, a), settled(t, b), "all of the report, but for what the wall clock says")
	}
}

var thingOf = map[string]string{"testdata/faults.yaml": "pump", "predictive-maintenance": "press"}

func TestComparingSaysWhatFaultsCost(t *testing.T) {
	s, err := scenarios.Load("testdata/faults.yaml", scenarios.Options{Sets: []string{"faults=[{at: 1h, for: 4h, fault: absent, where: fitter}]"}})
	require.NoError(t, err)
	defer s.Close()
	c, err := s.Compare(context.Background(), scenarios.CompareOptions{Replications: 4, NoFaults: true})
	require.NoError(t, err)
	require.Equal(t, "without faults", c.Variants[1].Name)
	require.Equal(t, 4, c.Variants[1].Runs)
}
