package reports_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/sim/chance"
	"github.com/twinbed/twinbed/sim/units"
)

func TestTheIntervalIsStudents(t *testing.T) {
	// Gosset's own: the extra sleep of ten patients, second drug less first.
	i := reports.NewInterval([]float64{1.2, 2.4, 1.3, 1.3, 0, 1.0, 1.8, 0.8, 4.6, 1.4, math.NaN()})
	require.Equal(t, 10, i.N)
	require.InDelta(t, 1.58, float64(i.Mean), 1e-9)
	require.InDelta(t, 0.7001, float64(i.Low), 1e-4)
	require.InDelta(t, 2.4599, float64(i.High), 1e-4)
	require.Equal(t, 1, i.Apart())
	one := reports.NewInterval([]float64{3})
	require.Equal(t, reports.Number(3), one.Mean)
	require.False(t, one.Half.Known())
	require.Zero(t, one.Apart())
	require.Zero(t, reports.NewInterval(nil).N)
}

func TestTheIntervalHoldsTheTruthIn95Percent(t *testing.T) {
	for _, x := range []struct {
		words string
		n     int
	}{{"normal mean 10 sd 3", 3}, {"normal mean 10 sd 3", 10}, {"uniform 5..15", 20}} {
		d, err := chance.Parse(x.words, units.Number, nil)
		require.NoError(t, err)
		luck := chance.Seed(11).Stream("coverage " + x.words)
		const trials = 4000
		held := 0
		for trial := range uint32(trials) {
			values := make([]float64, x.n)
			for n := range values {
				values[n] = d.Quantile(luck.Uniform(trial, uint64(n)))
			}
			if i := reports.NewInterval(values); float64(i.Low) <= 10 && 10 <= float64(i.High) {
				held++
			}
		}
		// 95 % of 4000, within four standard errors.
		require.InDelta(t, 0.95*trials, held, 4*math.Sqrt(trials*0.95*0.05), "%s, %d", x.words, x.n)
	}
}

// study is two variants with the same luck: the second saves two hours of
// downtime, whatever the seed brings.
func study() []reports.Trial {
	luck := chance.Seed(5).Stream("study")
	var trials []reports.Trial
	for v, variant := range []string{"iot", "ioe"} {
		for seed := range uint64(8) {
			hours := 10 + 6*luck.Uniform(0, seed) - 2*float64(v) + 0.4*luck.Uniform(uint32(v)+1, seed)
			verdict := reports.Pass
			if hours > 14 {
				verdict = reports.Fail
			}
			trials = append(trials, reports.Trial{
				Variant: variant, Seed: seed, Verdict: verdict,
				KPIs: []reports.KPIResult{
					{Name: "downtime", Value: reports.Number(hours), Unit: "h", Better: "lower"},
					{Name: "breakdowns", Value: reports.Number(math.Floor(8 * luck.Uniform(uint32(v)+7, seed)))},
					{Name: "worker_utilisation", Value: reports.Unknown, Unit: "%"},
				},
				Limits: []reports.LimitResult{{Limit: "p99 of loop < 1s", Passed: verdict == reports.Pass, Measured: reports.Number(hours / 15), Unit: "s"}},
			})
		}
	}
	return trials
}

func TestPairedSeedsShowADifferenceThatTheMeansDoNot(t *testing.T) {
	c := reports.Compare("presses", []string{"iot", "ioe"}, study())
	iot, ioe := c.Rows[0].Cells[0], c.Rows[0].Cells[1]
	require.Less(t, float64(iot.Low), float64(ioe.High), "the intervals of the means overlap")
	require.Equal(t, "better", ioe.Says)
	require.InDelta(t, -2, float64(ioe.Difference.Mean), 0.2)
	require.InDelta(t, float64(ioe.Mean-iot.Mean), float64(ioe.Difference.Mean), 1e-9)
	require.Less(t, float64(ioe.Difference.Half), float64(iot.Half)/4)
	require.Equal(t, "no difference shown", c.Rows[1].Cells[1].Says)
	require.Zero(t, c.Rows[2].Cells[1].Difference.N)
	require.Equal(t, reports.Fail, c.Verdict())
}

func TestAComparisonDoesNotDependOnTheOrderInWhichRunsEnd(t *testing.T) {
	trials := study()
	want, err := reports.Compare("presses", []string{"iot", "ioe"}, trials).JSON()
	require.NoError(t, err)
	slices.Reverse(trials)
	got, err := reports.Compare("presses", []string{"iot", "ioe"}, trials).JSON()
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
	golden(t, "compare.json", got)
	var text strings.Builder
	require.NoError(t, reports.Compare("presses", []string{"iot", "ioe"}, trials).Text(&text, false))
	golden(t, "compare.txt", []byte(text.String()))
}
