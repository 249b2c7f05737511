//go:build !race

package scenarios_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/scenarios"
)

// judged is a world whose main decisions are held against the truth: by variant,
// their names; counted, where there is one, is the KPI that counts the same truth
// on its own.
type judged struct {
	world    string
	sets     []string
	main     map[string][]string
	counted  string
	decision map[string]string // by variant, whose truth is counted
}

var judgedWorlds = []judged{
	{world: "predictive-maintenance", main: map[string][]string{"iot": nil, "ioe": nil}},
	{
		world: "cold-chain", main: map[string][]string{"iot": {"alarm", "call"}, "ioe": {"alarm", "early", "later", "pre-cool", "quarantine"}},
		counted: "breakdowns", decision: map[string]string{"iot": "alarm", "ioe": "alarm"},
	},
	{
		world: "smart-grid", sets: []string{"duration=7 days", "things.feeder.signals.line_health.life=exponential mean 2000h"},
		main:    map[string][]string{"iot": {"outage"}, "ioe": {"outage"}},
		counted: "faults", decision: map[string]string{"iot": "outage", "ioe": "outage"},
	},
	{world: "retail", main: map[string][]string{"iot": {"somebody waits", "shelf is low"}, "ioe": {"valuable wait", "others wait", "offer", "shelf runs low"}}},
	{
		world: "patient-monitoring", main: map[string][]string{"iot": {"limit"}, "ioe": {"score", "emergency"}},
		counted: "deteriorations", decision: map[string]string{"iot": "limit", "ioe": "score"},
	},
	{world: "thermostat", main: map[string][]string{"iot": {"day", "night", "stuffy"}, "ioe": {"booked", "occupied", "nobody came", "stuffy"}}},
	{
		world: "truck-fleet", main: map[string][]string{"iot": {"lamp", "low tyres", "breakdown", "blocked"}, "ioe": {"hot for this truck", "soft tyres", "breakdown", "blocked"}},
		counted: "breakdowns", decision: map[string]string{"iot": "breakdown", "ioe": "breakdown"},
	},
}

// Ground truth belongs to the world: every shipped world tells it for its main
// decisions, in both variants, and what the report makes of it adds up.
func TestEveryWorldSaysHowGoodItsDecisionsWere(t *testing.T) {
	for _, w := range judgedWorlds {
		for variant, main := range w.main {
			t.Run(w.world+" "+variant, func(t *testing.T) {
				r := play(t, w.world, scenarios.Options{Variant: variant, Sets: w.sets})
				found := map[string]*reports.Detection{}
				for _, d := range r.Decisions {
					if d.Detection != nil {
						found[d.Name] = d.Detection
						sane(t, d.Name, d.Detection, d.Fired)
					}
				}
				require.NotEmpty(t, found, "no decision has a truth")
				for _, name := range main {
					require.Contains(t, found, name, "no truth")
					require.NotZero(t, found[name].True, "%s: the truth never came true", name)
					require.NotZero(t, found[name].Detected, "%s: nothing was ever detected", name)
				}
				if w.counted != "" {
					require.EqualValues(t, kpi(t, r, w.counted), found[w.decision[variant]].True, "%s against the KPI %s", w.decision[variant], w.counted)
				}
			})
		}
	}
}

// sane holds an account of detection to what it says it is.
func sane(t *testing.T, name string, x *reports.Detection, fired uint64) {
	t.Helper()
	require.Equal(t, x.True, x.Detected+x.Missed+x.Open, name)
	require.LessOrEqual(t, x.Detected+x.False+x.Repeated+x.Undecided, fired, name)
	require.Equal(t, x.Detected, x.Delay.Count, name)
	if x.Detected+x.False > 0 {
		require.InDelta(t, float64(x.Detected)/float64(x.Detected+x.False), float64(x.Precision), 1e-12, name)
	}
	if x.Detected+x.Missed > 0 {
		require.InDelta(t, float64(x.Detected)/float64(x.Detected+x.Missed), float64(x.Recall), 1e-12, name)
	}
	if x.Delay.Count > 0 {
		require.GreaterOrEqual(t, float64(x.Delay.Mean), 0.0, name)
	}
	if x.Lead.Count > 0 {
		require.LessOrEqual(t, float64(x.Lead.Max), float64(x.Ahead), "%s: earlier than is right", name)
	}
}
