package reports_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/sim/chance"
	"github.com/twinbed/twinbed/sim/units"
)

func TestAPrecisionIsReadFromWords(t *testing.T) {
	for words, want := range map[string]reports.Precision{
		"5%": {Share: 0.05}, "0.5% of energy": {Share: 0.005, Of: "energy"}, " 100%  of  energy ": {Share: 1, Of: "energy"},
	} {
		var p reports.Precision
		require.NoError(t, p.FromWords(words))
		require.Equal(t, want, p)
	}
	for words, want := range map[string]string{
		"": "no precision", "5% energy": "no precision", "5% of": "no precision", "0%": "from 0.01%", "101%": "from 0.01%", "narrow": "narrow", "5s": "share",
	} {
		var p reports.Precision
		require.ErrorContains(t, p.FromWords(words), want, words)
	}
	kpis := []reports.KPI{{Name: "downtime"}, {Name: "energy"}}
	require.NoError(t, (&reports.Precision{}).Check(nil))
	require.NoError(t, (&reports.Precision{Share: 1}).Check(kpis))
	require.ErrorContains(t, (&reports.Precision{Share: 1}).Check(nil), "no KPIs")
	require.ErrorContains(t, (&reports.Precision{Share: 1, Of: "enrgy"}).Check(kpis), "did you mean energy?")
}

// luckyStudy is a study as long as is asked for: the first variant's mean is 100, the
// second's 90, and their differences are distributed as is said.
type luckyStudy struct {
	own, difference chance.Distribution
	luck            chance.Stream
	who             uint32
}

func (s *luckyStudy) play(trials []reports.Trial, seeds int) []reports.Trial {
	kpi := func(x float64) []reports.KPIResult {
		return []reports.KPIResult{{Name: "cost", Value: reports.Number(x)}}
	}
	for n := uint64(len(trials) / 2); n < uint64(seeds); n++ {
		x := s.own.Quantile(s.luck.Uniform(2*s.who, n))
		y := x + s.difference.Quantile(s.luck.Uniform(2*s.who+1, n))
		trials = append(trials, reports.Trial{Variant: "a", Seed: n, KPIs: kpi(x)}, reports.Trial{Variant: "b", Seed: n, KPIs: kpi(y)})
	}
	return trials
}

// sharpen plays until the comparison is as narrow as asked.
func (s *luckyStudy) sharpen(p reports.Precision, most int) *reports.Comparison {
	var trials []reports.Trial
	for seeds := min(reports.FewestSeeds, most); ; {
		trials = s.play(trials, seeds)
		c := reports.Compare("study", []string{"a", "b"}, trials)
		more := c.Sharpen(p, most)
		if more <= seeds {
			return c
		}
		seeds = more
	}
}

func parsed(t *testing.T, words string) chance.Distribution {
	d, err := chance.Parse(words, units.Number, nil)
	require.NoError(t, err)
	return d
}

// To stop when an interval is narrow prefers those that are narrow by luck. With
// at least 20 seeds and few looks that costs under two in a hundred, whatever
// the number of seeds that it takes; differences that are skewed cost more, as
// they do with a fixed number.
func TestAnIntervalThatWasStoppedAtHoldsTheTruth(t *testing.T) {
	const trials = 1000
	for _, x := range []struct {
		difference string
		lowest     float64
	}{
		{"normal mean -10 sd 10", 0.93},
		{"uniform -30..10", 0.93},
		{"exponential mean 10", 0.88}, // a fixed 20 seeds: 0.92
	} {
		s := luckyStudy{own: parsed(t, "normal mean 100 sd 20"), difference: parsed(t, x.difference)}
		mean := s.difference.Mean()
		for _, share := range []float64{0.08, 0.045, 0.03, 0.02} { // of some 6, 19, 43 and 96 seeds
			s.luck = chance.Seed(7).Stream(fmt.Sprint(x.difference, share))
			held, seeds := 0, 0
			for s.who = range trials {
				c := s.sharpen(reports.Precision{Share: share}, 1000)
				require.True(t, c.Precision.Held)
				require.LessOrEqual(t, float64(c.Precision.Width), share)
				d := c.Rows[0].Cells[1].Difference
				seeds += d.N
				if float64(d.Low) <= mean && mean <= float64(d.High) {
					held++
				}
			}
			coverage := float64(held) / trials
			t.Logf("%s, ± %g: %.1f %% of intervals hold the truth, %d seeds", x.difference, share, coverage*100, seeds/trials)
			require.Greater(t, coverage, x.lowest)
			require.Less(t, coverage, 0.97)
		}
	}
}

func TestAComparisonThatIsNotNarrowEndsAtTheLimit(t *testing.T) {
	s := luckyStudy{own: parsed(t, "normal mean 100 sd 20"), difference: parsed(t, "normal mean -10 sd 10"), luck: chance.Seed(1).Stream("limit")}
	for _, most := range []int{1, 2, 7, 20, 21, 70} {
		c := s.sharpen(reports.Precision{Share: 0.001, Of: "cost"}, most)
		require.Len(t, c.Seeds, most)
		require.False(t, c.Precision.Held)
		var text strings.Builder
		require.NoError(t, c.Text(&text, false))
		require.Contains(t, text.String(), "the difference of cost is ")
		require.Contains(t, strings.Join(strings.Fields(text.String()), " "), "; asked was 0.1%")
	}
}

func TestAKPIThatSomeRunsLackIsNotTakenForNarrow(t *testing.T) {
	trials := study()
	c := reports.Compare("presses", []string{"iot", "ioe"}, trials)
	require.Equal(t, 16, c.Sharpen(reports.Precision{Share: 0.5, Of: "worker_utilisation"}, 100))
	require.False(t, c.Precision.Held || c.Precision.Width.Known())
	require.Equal(t, 8, c.Sharpen(reports.Precision{Share: 0.5}, 8))
	require.True(t, c.Precision.Held)
	require.Equal(t, "downtime", c.Precision.Of)
}

// X = Z + A and Y = Z + B with the variances 9, 1 and 1: of 20 are 2 left.
func TestTheVarianceThatTheSameLuckSaves(t *testing.T) {
	luck := chance.Seed(3).Stream("saved")
	z, e := parsed(t, "normal mean 0 sd 3"), parsed(t, "normal mean 0 sd 1")
	for sign, want := range map[float64]float64{1: 0.9, -1: -0.9} {
		var trials []reports.Trial
		for n := range uint64(1000) {
			common := z.Quantile(luck.Uniform(0, n))
			for v, variant := range []string{"a", "b"} {
				x := e.Quantile(luck.Uniform(uint32(v)+1, n)) + common
				if v == 1 {
					x = e.Quantile(luck.Uniform(2, n)) + sign*common
				}
				trials = append(trials, reports.Trial{Variant: variant, Seed: n, KPIs: []reports.KPIResult{{Name: "x", Value: reports.Number(x)}, {Name: "same", Value: 4}}})
			}
		}
		c := reports.Compare("study", []string{"a", "b"}, trials)
		require.InDelta(t, want, float64(c.Rows[0].Cells[1].Difference.Saved), 0.05)
		require.False(t, c.Rows[1].Cells[1].Difference.Saved.Known(), "nothing varies")
	}
}
