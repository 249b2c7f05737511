// What worlds say is arithmetic on one goroutine a run, and comparisons of many are
// raced elsewhere: under the race detector these would take ten minutes for nothing.

//go:build !race

package scenarios_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/scenarios"
)

func TestWorldsBalanceAndGiveTheSameBytesTwice(t *testing.T) {
	for _, name := range []string{"patient-monitoring", "retail", "thermostat", "smart-grid", "truck-fleet"} {
		for _, variant := range []string{"iot", "ioe"} {
			o := scenarios.Options{Variant: variant, Sets: []string{"duration=1 day"}}
			r := play(t, name, o)
			require.NotEqual(t, "untrusted", r.Verdict, "%s %s", name, variant)
			require.Equal(t, settled(t, r), settled(t, play(t, name, o)), "%s %s", name, variant)
		}
	}
}

// claim is what a page in docs/worlds says of a KPI: that a variant has less (−1)
// or more (+1) of it than the first variant.
type claim struct {
	variant, kpi string
	sign         float64
}

// The figures stand on the pages; here that they differ by more than their paired
// 95 % intervals, with the seeds of the page.
func TestWhatThePagesOfTheWorldsSayHolds(t *testing.T) {
	for ref, claims := range map[string][]claim{
		"predictive-maintenance": {{"ioe", "downtime", -1}, {"ioe", "cost", -1}, {"ioe", "bearings_used", -1}, {"ioe", "false_alarms", -1}, {"reactive", "downtime", +1}},
		"cold-chain":             {{"ioe", "spoiled_value", -1}, {"ioe", "minutes_out", -1}},
		"thermostat":             {{"ioe", "discomfort", -1}, {"ioe", "paid", -1}, {"ioe", "commands", +1}},
		"retail":                 {{"ioe", "revenue", +1}},
		"patient-monitoring":     {{"ioe", "time_to_treatment", -1}, {"ioe", "false_alarms", -1}, {"ioe", "severe", -1}},
	} {
		t.Run(ref, func(t *testing.T) {
			s, err := scenarios.Load(ref, scenarios.Options{})
			require.NoError(t, err)
			defer s.Close()
			require.GreaterOrEqual(t, s.Replications, 20)
			result, err := s.Compare(context.Background(), scenarios.CompareOptions{})
			require.NoError(t, err)
			for _, c := range claims {
				require.True(t, holds(t, result, c), "%+v", c)
			}
		})
	}
}

func holds(t *testing.T, result *reports.Comparison, c claim) bool {
	t.Helper()
	for n, v := range result.Variants {
		require.Zero(t, v.Untrusted, v.Name)
		for _, row := range result.Rows {
			if v.Name == c.variant && row.Name == c.kpi && !row.Limit {
				d := row.Cells[n].Difference
				t.Logf("%s: %g ± %g", c.kpi, float64(d.Mean), float64(d.Half))
				return c.sign*float64(d.Mean) > float64(d.Half)
			}
		}
	}
	t.Fatalf("no %s of %s", c.kpi, c.variant)
	return false
}
