package scenarios_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/scenarios"
)

func axis(t *testing.T, text string) scenarios.Axis {
	t.Helper()
	a, err := scenarios.ParseAxis(text)
	require.NoError(t, err)
	return a
}

func TestWhatIsVariedIsAListOrARange(t *testing.T) {
	require.Equal(t, []string{"1", "2", "5"}, axis(t, "things.pump.count=1,2, 5").Values)
	require.Equal(t, []string{"f(a, b) > 1", "c"}, axis(t, "x=f(a, b) > 1|c").Values)
	require.Equal(t, []string{"uniform 0.9..1.1", "1"}, axis(t, "x=uniform 0.9..1.1|1").Values)
	require.Equal(t, []string{"1", "2", "3", "4"}, axis(t, "x=1..4/4").Values)
	require.Equal(t, []string{"1", "2"}, axis(t, "x=1..2/9").Values, "whole numbers stay whole, each once")
	require.Equal(t, []string{"10s", "20s", "30s"}, axis(t, "x=10..30s/3").Values)
	require.Equal(t, []string{"0%", "25%", "50%", "75%", "100%"}, axis(t, "x=0%..100%").Values)
	require.Equal(t, []string{"0.5", "1"}, axis(t, "x=0.5..1/2").Values)
	for text, want := range map[string]string{
		"": "nothing to vary", "x": "nothing to vary", "x=": "nothing to vary", "=1": "nothing to vary", "x=3..1": "below its high end",
		"x=1s..2h": `units "s" and "h"`, "x=a..b": "no range", "x=1..2/1": "from 2 steps", "x=1..2/0x": "no range",
	} {
		_, err := scenarios.ParseAxis(text)
		require.ErrorContains(t, err, want, text)
	}
}

func open(t *testing.T) *scenarios.Script {
	t.Helper()
	s, err := scenarios.Load("testdata/faults.yaml", scenarios.Options{Sets: []string{"duration=2h"}})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestASweepIsTheResponseAtEveryPoint(t *testing.T) {
	s := open(t)
	axes := []scenarios.Axis{axis(t, "people.fitter.count=1..3/3"), axis(t, "decisions.hot.for=20s,1m")}
	var csv [2]string
	for i := range csv {
		w, err := s.Sweep(context.Background(), axes, scenarios.SweepOptions{CompareOptions: scenarios.CompareOptions{Replications: 3, Cores: i + 1}})
		require.NoError(t, err)
		require.Len(t, w.Points, 6)
		require.Equal(t, []string{"1", "20s"}, w.Points[0])
		csv[i] = w.CSV()
		var text strings.Builder
		require.NoError(t, w.Text(&text))
		require.Contains(t, text.String(), "6 points, 3 seeds")
	}
	require.Equal(t, csv[0], csv[1], "on one core as on two")
	require.True(t, strings.HasPrefix(csv[0], "people.fitter.count,decisions.hot.for,downtime,downtime ±,"))
	require.Equal(t, 7, strings.Count(csv[0], "\n"))

	w, err := s.Sweep(context.Background(), []scenarios.Axis{axis(t, "decisions.hot.for=0s..80s")},
		scenarios.SweepOptions{CompareOptions: scenarios.CompareOptions{Replications: 2}, Latin: 8})
	require.NoError(t, err)
	strata := map[int]bool{}
	for _, p := range w.Points {
		var seconds float64
		_, err := fmt.Sscan(strings.TrimSuffix(p[0], "s"), &seconds)
		require.NoError(t, err)
		strata[int(seconds/10)] = true
	}
	require.Len(t, strata, 8, "each stratum is met once")

	_, err = s.Sweep(context.Background(), []scenarios.Axis{axis(t, "people.fiter.count=1,2")}, scenarios.SweepOptions{})
	require.ErrorContains(t, err, "did you mean fitter?")
	_, err = s.Sweep(context.Background(), []scenarios.Axis{axis(t, "seed=1..5000/5000"), axis(t, "duration=1h,2h,3h")}, scenarios.SweepOptions{})
	require.ErrorContains(t, err, "more than 10000 points")
}

func TestVariantsCanBeAnAxis(t *testing.T) {
	s, err := scenarios.Load("retail", scenarios.Options{Sets: []string{"duration=1 day"}})
	require.NoError(t, err)
	defer s.Close()
	o := scenarios.CompareOptions{Replications: 2}
	w, err := s.Sweep(context.Background(), []scenarios.Axis{axis(t, "people.associate.count=2,3"), axis(t, "variant=iot,ioe")}, scenarios.SweepOptions{CompareOptions: o})
	require.NoError(t, err)
	require.Equal(t, []string{"3", "ioe"}, w.Points[3])
	compared, err := s.Compare(context.Background(), o)
	require.NoError(t, err)
	for n, row := range compared.Rows {
		for variant := range 2 {
			require.Equal(t, row.Words(variant), w.Result.Rows[n].Words(2+variant), row.Name)
		}
	}
	_, err = s.Sweep(context.Background(), []scenarios.Axis{axis(t, "variant=iot,iof")}, scenarios.SweepOptions{CompareOptions: o})
	require.ErrorContains(t, err, `no variant "iof"`)
}

func TestAnOptimumIsHeldAgainstOtherSeeds(t *testing.T) {
	s := open(t)
	for seed := range uint64(2) {
		o, err := s.Optimise(context.Background(), []scenarios.Axis{axis(t, "people.fitter.count=1..6")},
			scenarios.OptimiseOptions{CompareOptions: scenarios.CompareOptions{Replications: 3}, KPI: "downtime", Evaluations: 6, Seed: seed})
		require.NoError(t, err)
		require.Equal(t, []string{"people.fitter.count=6"}, o.Settings, "more fitters, less downtime")
		require.True(t, o.Better())
		require.NotEqual(t, o.HeldOut.Seeds[0], uint64(s.Seed), "other seeds than the search has seen")
		require.Contains(t, o.String(), "least downtime")
	}
	_, err := s.Optimise(context.Background(), []scenarios.Axis{axis(t, "people.fitter.count=1..3")}, scenarios.OptimiseOptions{KPI: "dowtime"})
	require.ErrorContains(t, err, `"dowtime" is no KPI of the scenario; there are downtime`)
	most, err := s.Optimise(context.Background(), []scenarios.Axis{axis(t, "people.fitter.count=1..6")},
		scenarios.OptimiseOptions{CompareOptions: scenarios.CompareOptions{Replications: 2}, KPI: "downtime", Maximise: true, Evaluations: 6})
	require.NoError(t, err)
	require.Equal(t, []string{"people.fitter.count=1"}, most.Settings)
}
