package scenarios_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/scenarios"
	"github.com/twinbed/twinbed/scenarios/language"
	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/units"
)

func chaos(t *testing.T, ref string, plans int, sets ...string) *scenarios.Chaos {
	t.Helper()
	s, err := scenarios.Load(ref, scenarios.Options{Sets: sets})
	require.NoError(t, err)
	defer s.Close()
	c, err := s.Chaos(context.Background(), scenarios.ChaosOptions{Plans: plans})
	require.NoError(t, err)
	require.NoError(t, c.Why, "%s", c.Least)
	require.Equal(t, plans, c.Plans)
	require.Greater(t, c.Begun, plans)
	return c
}

// What ships, and a world of all four pillars. CI plays two thousand of the first.
func TestNothingThatGoesWrongBreaksAnInvariant(t *testing.T) {
	chaos(t, "predictive-maintenance", 100, "duration=6h", "variants={}")
	chaos(t, "testdata/faults.yaml", 200)
}

func TestLiveRunsKeepTheInvariantsToo(t *testing.T) {
	chaos(t, "testdata/storm.yaml", 2, "duration=3s", "clock=realtime")
}

func TestTheSameSeedIsTheSamePlans(t *testing.T) {
	for range 2 {
		a, b := chaos(t, "testdata/faults.yaml", 30), chaos(t, "testdata/faults.yaml", 30)
		require.Equal(t, a.Faults, b.Faults)
		require.Equal(t, a.Begun, b.Begun)
	}
}

func TestAPlanIsShrunkToWhatItTakes(t *testing.T) {
	pair := func(k, v string) language.Pair { return language.Pair{Key: k, Value: v} }
	plan := scenarios.FaultPlan{
		{pair("at", "1h"), pair("for", "8m"), pair("every", "exponential mean 1h"), pair("fault", "crash"), pair("where", "pump")},
		{pair("at", "2h"), pair("for", "16m"), pair("fault", "spike"), pair("where", "pump"), pair("size", "3")},
		{pair("at", "2h"), pair("for", "5m"), pair("fault", "stall")},
	}
	least, why := plan.Shrink(func(p scenarios.FaultPlan) error {
		for _, m := range p {
			for _, p := range m {
				if p.Value == "spike" {
					return errors.New("spiked")
				}
			}
		}
		return nil
	}, 100)
	require.EqualError(t, why, "spiked")
	require.Equal(t, "faults:\n  - {for: 1s, fault: spike, where: pump}\n", least.String())
}

// What cannot be left out is made rounder.
func TestAPlanIsShrunkToRoundValues(t *testing.T) {
	pair := func(k, v string) language.Pair { return language.Pair{Key: k, Value: v} }
	value := func(m scenarios.Mishap, key string) float64 {
		for _, p := range m {
			if p.Key == key {
				x, err := units.Parse(strings.TrimPrefix(p.Value, "exponential mean "), map[bool]units.Dimension{true: units.Share, false: units.Duration}[key == "share"])
				require.NoError(t, err)
				return x
			}
		}
		return 0
	}
	plan := scenarios.FaultPlan{{pair("at", "2h37m"), pair("for", "16m13s"), pair("fault", "late"), pair("where", "pump"), pair("by", "exponential mean 47s"), pair("share", "73%")}}
	least, why := plan.Shrink(func(p scenarios.FaultPlan) error {
		if len(p) == 0 {
			return nil
		}
		m := p[0]
		if value(m, "at") > 6000 && value(m, "for") > 100 && value(m, "by") > 30 && value(m, "share") > 0.6 {
			return errors.New("too late")
		}
		return nil
	}, 200)
	require.EqualError(t, why, "too late")
	require.Equal(t, "faults:\n  - {at: 2h, for: 2m, fault: late, where: pump, by: exponential mean 50s, share: '70%'}\n", least.String())
}

// What a fault calls a key must not be one of the list's own.
func TestFaultsHaveKeysOfTheirOwn(t *testing.T) {
	own := []string{"fault"}
	for _, f := range language.Describe(&scenarios.Incident{}) {
		own = append(own, f.Key)
	}
	for _, f := range sim.Faults.Entries() {
		for _, key := range language.Describe(f.New()) {
			require.NotContains(t, own, key.Key, f.Name)
		}
	}
}
