//go:build !race

package scenarios_test

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/scenarios"
)

func kpi(t *testing.T, r *reports.Report, name string) float64 {
	for _, k := range r.KPIs {
		if k.Name == name {
			return float64(k.Value)
		}
	}
	t.Fatalf("no KPI %s", name)
	return 0
}

// The claim of docs/worlds/smart-grid.md, with more faults and fewer days than are shipped.
func TestSmartGridLeavesLessUnserved(t *testing.T) {
	s, err := scenarios.Load("smart-grid", scenarios.Options{Sets: []string{
		"duration=7 days", "things.feeder.signals.line_health.life=exponential mean 2000h",
	}})
	require.NoError(t, err)
	defer s.Close()
	result, err := s.Compare(context.Background(), scenarios.CompareOptions{Replications: 8, Cores: 1})
	require.NoError(t, err)
	better := map[string]bool{}
	for _, row := range result.Rows {
		if d := row.Cells[1].Difference; d != nil {
			better[row.Name] = d.Mean+d.Half < 0
		}
	}
	for _, name := range []string{"energy_not_served", "imbalance", "crew_travel"} {
		require.True(t, better[name], name)
	}
}

// Energy not served is lines · time · r/(MTTF + r) · load, for lines that fail at a constant rate and are out for r.
func TestEnergyNotServedIsThatOfAnAlternatingRenewalProcess(t *testing.T) {
	const mttf, repair, hours, lines = 48.0, 2.0, 14 * 24.0, 24
	r := play(t, "smart-grid", scenarios.Options{Variant: "iot", Sets: []string{
		"duration=14 days", "faults=[]", "network={latency: 0s}",
		"things.feeder.signals.line_health.life=exponential mean 48h",
		"people={crew: {count: 24, skills: [lines], answers: 0s}}",
		"process={patrol and repair: [{task: repair the line, skill: lines, takes: 2h, does: repair}]}",
		"limits=unexplained = 0",
		"kpis=[{name: unserved, integral: dark * demand, of: feeder}, {name: demand, mean: demand, of: feeder}, {name: faults, count: broken > 0, of: feeder}]",
	}})
	out := repair + 2.5/60 // a fault is seen with the next reading
	theory := lines * hours * out / (mttf + out) * kpi(t, r, "demand")
	expected := lines * hours / (mttf + out)
	require.InDelta(t, expected, kpi(t, r, "faults"), 3.3*math.Sqrt(expected))
	require.InEpsilon(t, theory, kpi(t, r, "unserved"), 3.3/math.Sqrt(expected)*1.1)
}

// 800 W/m², 25 °C: cells at 50 °C, 11.75 % less by temperature, 14 % losses, inverter 96 %.
func TestPVIsThatOfPVWatts(t *testing.T) {
	r := play(t, "smart-grid", scenarios.Options{Variant: "iot", Sets: []string{
		"duration=1h", "faults=[]", "things.pv.signals.sun=800", "things.pv.signals.outside=25",
		"limits=unexplained = 0", "kpis=[{name: power, mean: power, of: pv}]",
	}})
	require.InDelta(t, 500*0.8*(1-0.0047*25)*0.86*0.96, kpi(t, r, "power"), 1e-9)
}

// What demand response puts off is drawn later.
func TestDemandResponseOnlyPutsOff(t *testing.T) {
	play := func(when string) (energy, putOff float64) {
		r := play(t, "smart-grid", scenarios.Options{Variant: "ioe", Sets: []string{
			"duration=2 days", "faults=[]", "things.meter.commands.cut.fails=0%", "decisions.demand response.when=" + when, "decisions.demand response.until=hour < 17",
			"limits=unexplained = 0", "kpis=[{name: energy, integral: demand, of: meter}, {name: put_off, integral: 'cut > 0 ? 0.05 * homes : 0', of: meter}]",
		}})
		return kpi(t, r, "energy"), kpi(t, r, "put_off")
	}
	without, none := play("hour > 99")
	with, putOff := play("weekday == 1 and hour > 17 and hour < 19")
	require.Zero(t, none)
	require.InDelta(t, 24000*0.05*1.5, putOff, 150, "all homes, an hour and a half")
	require.InDelta(t, without, with, 0.01*putOff)
}
