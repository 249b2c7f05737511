package chance

import (
	"fmt"
	"math"
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/twinbed/twinbed/sim/units"
)

func mustLaw(t *testing.T, words string, dim units.Dimension) law {
	t.Helper()
	d, err := parse(words, dim, nil)
	require.NoError(t, err)
	require.Equal(t, words, d.String())
	require.Regexp(t, Pattern(dim), words)
	return d
}

// wanted is what a text promises about its distribution.
type wanted struct {
	mean, sd  float64 // 0: not promised
	quantiles map[float64]float64
}

var promises = []struct {
	words string
	dim   units.Dimension
	want  wanted
}{
	{"20ms", units.Duration, wanted{mean: 0.02}},
	{"constant -3", units.Number, wanted{mean: -3}},
	{"30%", units.Share, wanted{mean: 0.3}},
	{"normal mean 65 sd 6", units.Number, wanted{mean: 65, sd: 6, quantiles: map[float64]float64{0.5: 65, 0.975: 65 + 6*1.959963984540054}}},
	{"normal median 65 sd 6", units.Number, wanted{mean: 65, sd: 6}},
	{"normal mean -5 p90 5", units.Number, wanted{mean: -5, sd: 10 / 1.2815515655446004}},
	{"normal p10 20 p90 30", units.Number, wanted{mean: 25, quantiles: map[float64]float64{0.1: 20, 0.9: 30}}},
	{"normal p95 30 median 20", units.Number, wanted{mean: 20, quantiles: map[float64]float64{0.95: 30}}},
	{"lognormal median 4m p95 15m", units.Duration, wanted{mean: 240 * math.Exp(0.5*math.Pow(math.Log(3.75)/1.6448536269514722, 2)), quantiles: map[float64]float64{0.5: 240, 0.95: 900}}},
	{"lognormal p95 15 min median 4 min", units.Duration, wanted{quantiles: map[float64]float64{0.5: 240, 0.95: 900}}},
	{"lognormal mean 10m sd 5m", units.Duration, wanted{mean: 600, sd: 300}},
	{"lognormal median 2 sigma 0.5", units.Number, wanted{mean: 2 * math.Exp(0.125), quantiles: map[float64]float64{0.5: 2}}},
	{"lognormal mean 2 sigma 0.5", units.Number, wanted{mean: 2, quantiles: map[float64]float64{0.5: 2 * math.Exp(-0.125)}}},
	{"lognormal median 10s mean 12s", units.Duration, wanted{mean: 12, quantiles: map[float64]float64{0.5: 10}}},
	{"lognormal median 10s sd 4s", units.Duration, wanted{sd: 4, quantiles: map[float64]float64{0.5: 10}}},
	{"lognormal mean 10s p99 40s", units.Duration, wanted{mean: 10, quantiles: map[float64]float64{0.99: 40}}},
	{"lognormal mean 10s p10 2s", units.Duration, wanted{mean: 10, quantiles: map[float64]float64{0.1: 2}}},
	{"lognormal p10 1 h p90 1d 2h", units.Duration, wanted{quantiles: map[float64]float64{0.1: 3600, 0.9: 26 * 3600}}},
	{"lognormal p99.9 1s p50 10ms", units.Duration, wanted{quantiles: map[float64]float64{0.5: 0.01, 0.999: 1}}},
	{"weibull shape 2.5 scale 90h", units.Duration, wanted{mean: 90 * 3600 * math.Gamma(1.4), quantiles: map[float64]float64{1 - 1/math.E: 90 * 3600}}},
	{"weibull shape 2.5 mean 80h", units.Duration, wanted{mean: 80 * 3600}},
	{"weibull shape 1 scale 2", units.Number, wanted{mean: 2, sd: 2}},
	{"weibull shape 2 p10 5h", units.Duration, wanted{quantiles: map[float64]float64{0.1: 5 * 3600}}},
	{"weibull shape 2 median 5h", units.Duration, wanted{quantiles: map[float64]float64{0.5: 5 * 3600}}},
	{"weibull mean 100h sd 30h", units.Duration, wanted{mean: 360000, sd: 108000}},
	{"weibull mean 1 sd 3", units.Number, wanted{mean: 1, sd: 3}},
	{"weibull p10 1h median 5h", units.Duration, wanted{quantiles: map[float64]float64{0.1: 3600, 0.5: 5 * 3600}}},
	{"exponential mean 2h", units.Duration, wanted{mean: 7200, sd: 7200}},
	{"exponential rate 3/h", units.Duration, wanted{mean: 1200, sd: 1200}},
	{"exponential rate 3 per hour", units.Duration, wanted{mean: 1200}},
	{"exponential rate 4", units.Number, wanted{mean: 0.25}},
	{"exponential median 10s", units.Duration, wanted{mean: 10 / math.Ln2, quantiles: map[float64]float64{0.5: 10}}},
	{"exponential p95 10s", units.Duration, wanted{quantiles: map[float64]float64{0.95: 10}}},
	{"exponential mean 200/s", units.Rate, wanted{mean: 200}},
	{"uniform 2h..4h", units.Duration, wanted{mean: 3 * 3600, sd: 7200 / math.Sqrt(12), quantiles: map[float64]float64{0.25: 2.5 * 3600}}},
	{"uniform from 2h to 4h", units.Duration, wanted{mean: 3 * 3600}},
	{"uniform to 4 from -2", units.Number, wanted{mean: 1}},
	{"uniform -2..4", units.Number, wanted{mean: 1}},
	{"uniform 1 .. .5e1", units.Number, wanted{mean: 3}},
	{"uniform 10% to 30 %", units.Share, wanted{mean: 0.2}},
	{"triangular 1m 2m 6m", units.Duration, wanted{mean: 180, sd: 60 * math.Sqrt(14.0/12), quantiles: map[float64]float64{0.2: 120}}},
	{"triangular 1 min 2 min 6 min", units.Duration, wanted{mean: 180}},
	{"triangular from 1m mode 2m to 6m", units.Duration, wanted{mean: 180}},
	{"triangular 0 0 3", units.Number, wanted{mean: 1}},
	{"triangular 0 3 3", units.Number, wanted{mean: 2}},
	{"gamma shape 2 scale 3m", units.Duration, wanted{mean: 360, sd: 180 * math.Sqrt2}},
	{"gamma shape 4 mean 8s", units.Duration, wanted{mean: 8, sd: 4}},
	{"gamma mean 10m sd 5m", units.Duration, wanted{mean: 600, sd: 300}},
	{"gamma shape 1 scale 2", units.Number, wanted{mean: 2, quantiles: map[float64]float64{0.5: 2 * math.Ln2}}},
	{"gamma p10 2s p90 9s", units.Duration, wanted{quantiles: map[float64]float64{0.1: 2, 0.9: 9}}},
	{"normal mean 0 sd 1 at least 0", units.Number, wanted{mean: math.Sqrt(2 / math.Pi), sd: math.Sqrt(1 - 2/math.Pi), quantiles: map[float64]float64{0.5: 0.6744897501960817}}},
	{"normal mean 12m sd 3m", units.Duration, wanted{quantiles: map[float64]float64{0.5: 720 + 180*4e-5}}},
	{"exponential mean 2s at least 3s", units.Duration, wanted{mean: 5, sd: 2}},
	{"exponential mean 2s at least 1s at most 4s", units.Duration, wanted{mean: (3*math.Exp(-0.5) - 6*math.Exp(-2)) / (math.Exp(-0.5) - math.Exp(-2))}},
	{"uniform 0..10 at most 6 at least 2", units.Number, wanted{mean: 4, sd: 4 / math.Sqrt(12)}},
	{"lognormal median 1s sigma 1 at least 1s", units.Duration, wanted{mean: 2*math.Exp(0.5)*mathext.NormalQuantile(0.5) + 2*math.Exp(0.5)*0.8413447460685429}},
	{"lognormal median 1 sigma 1 at least -4", units.Number, wanted{mean: math.Exp(0.5)}},
	{"5s at least 1s", units.Duration, wanted{mean: 5}},
}

func TestParametersAreSolvedFromWhatIsWritten(t *testing.T) {
	for _, c := range promises {
		d := mustLaw(t, c.words, c.dim)
		if c.want.mean != 0 {
			require.InEpsilon(t, c.want.mean, d.Mean(), 1e-7, c.words)
		}
		if c.want.sd != 0 {
			require.InEpsilon(t, c.want.sd, math.Sqrt(d.Variance()), 1e-6, c.words)
		}
		for u, x := range c.want.quantiles {
			require.InEpsilon(t, x, d.Quantile(u), 1e-5, "%s at %g", c.words, u)
		}
	}
}

func TestMomentsAreThoseOfTheQuantiles(t *testing.T) {
	for _, c := range promises {
		d := mustLaw(t, c.words, c.dim)
		mean, variance := moments(d.Quantile)
		require.InDelta(t, d.Mean(), mean, 1e-6*(math.Abs(d.Mean())+math.Sqrt(d.Variance())), c.words)
		require.InDelta(t, d.Variance(), variance, 1e-4*d.Variance()+1e-20, c.words)
	}
}

func TestQuantilesRiseAndStayInTheSupport(t *testing.T) {
	for _, c := range promises {
		d := mustLaw(t, c.words, c.dim)
		lo, hi := d.Support()
		before := math.Inf(-1)
		for _, u := range []float64{lowest, 1e-12, 1e-9, 1e-6, 1e-3, 0.01, 0.0749, 0.0751, 0.1, 0.25, 0.3, 0.5, 0.75, 0.92499, 0.92501, 0.99, 0.999, 1 - 1e-6, 1 - 1e-9, 1 - 1e-12, highest} {
			x := d.Quantile(u)
			require.GreaterOrEqual(t, x, before, "%s at %g", c.words, u)
			require.True(t, x >= lo && x <= hi, "%s at %g: %g", c.words, u, x)
			before = x
			if d.Variance() > 0 && x > lo && x < hi {
				require.InDelta(t, u, d.CDF(x), 1e-7, "%s at %g", c.words, u)
			}
		}
	}
}

// draws is a fixed stretch of luck for a text.
func draws(d law, words string, n int) []float64 {
	s := Seed(2026).Stream(words)
	xs := make([]float64, n)
	for i := range xs {
		xs[i] = d.Quantile(s.Uniform(3, uint64(i)))
	}
	return xs
}

func TestDrawsHaveTheMeanAndTheLaw(t *testing.T) {
	const n = 100_000
	for _, c := range promises {
		d := mustLaw(t, c.words, c.dim)
		xs := draws(d, c.words, n)
		sum := 0.0
		for _, x := range xs {
			sum += x
		}
		if d.Variance() == 0 {
			require.Equal(t, d.Mean(), xs[0])
			continue
		}
		// 4 standard errors: one in 16,000 texts would fail by luck, and the luck is fixed.
		require.InDelta(t, d.Mean(), sum/n, 4*math.Sqrt(d.Variance()/n), c.words)
		sort.Float64s(xs)
		worst := 0.0
		for i, x := range xs {
			f := d.CDF(x)
			worst = max(worst, f-float64(i)/n, float64(i+1)/n-f)
		}
		// Kolmogorov's distribution: 2.23/√n is exceeded with probability 1e-4.
		require.Less(t, worst, 2.23/math.Sqrt(n), c.words)
	}
}

func TestTheGammaTableIsTheGammaQuantile(t *testing.T) {
	for _, shape := range []float64{0.05, 0.3, 1, 2, 7.5, 100, 1e4} {
		d := tabulated("", distuv.Gamma{Alpha: shape, Beta: 0.5})
		for _, u := range []float64{1e-9, 1e-4, 0.01, 0.1, 0.24, 0.26, 0.5, 0.7, 0.9, 0.99, 0.9999, 1 - 1e-9} {
			x := d.Quantile(u)
			if x > 1e-8 {
				require.InEpsilon(t, d.Gamma.Quantile(u), x, 1e-7, "shape %g at %g", shape, u)
			} else { // where gonum's root is not exact, its integral is
				require.InEpsilon(t, u, d.CDF(x), 1e-8, "shape %g at %g", shape, u)
			}
		}
		require.Zero(t, d.Quantile(0))
		require.True(t, math.IsInf(d.Quantile(1), 1))
	}
}

func TestEveryFormOfTheCatalogueCanBeWritten(t *testing.T) {
	for _, f := range families {
		for _, form := range f.forms {
			require.Len(t, strings.Fields(form.keys), len(strings.Fields(f.forms[0].keys)), "the pattern counts on it")
		}
	}
	values := map[string]string{"shape": "2", "sigma": "0.5", "rate": "3/h", "from": "1s", "sd": "1s", "mode": "2s", "to": "9s", "median": "6s", "p95": "8s"}
	for _, e := range Catalogue() {
		require.NotEmpty(t, e.Doc)
		for _, form := range e.Forms {
			if e.Name == "empirical" || strings.HasPrefix(form, "at ") {
				continue
			}
			words := strings.Fields(form)
			for i, w := range words {
				if w == "…" {
					words[i] = fmt.Sprintf("%ds", i+4)
					if v, ok := values[words[max(0, i-1)]]; ok {
						words[i] = v
					}
				}
			}
			text := strings.Join(words, " ")
			_, err := Parse(text, units.Duration, nil)
			require.NoError(t, err, text)
			require.Regexp(t, Pattern(units.Duration), text)
		}
	}
	require.Equal(t, []string{"constant", "normal", "lognormal", "weibull", "exponential", "uniform", "triangular", "gamma", "empirical"}, Names())
}
