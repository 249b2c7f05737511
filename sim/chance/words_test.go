package chance_test

import (
	"errors"
	"io"
	"io/fs"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim/chance"
	"github.com/twinbed/twinbed/sim/units"
)

func TestWrongWordsAreExplained(t *testing.T) {
	const (
		names  = "possible are constant, normal, lognormal, weibull, exponential, uniform, triangular, gamma, empirical"
		normal = "needs mean and sd, or median and sd, or mean and p95, or median and p95"
		unit   = "has no unit: a duration needs one of ns, us, ms, s, min, h, days, weeks"
	)
	for _, c := range []struct {
		words string
		dim   units.Dimension
		want  string
	}{
		{"", units.Duration, `a duration or a distribution is missing; ` + names},
		{"soon", units.Duration, `"soon" is no distribution; ` + names},
		{"NaN", units.Number, `"NaN" is not a finite number`},
		{"lognrmal median 4m p95 15m", units.Duration, `"lognrmal" is no distribution (did you mean lognormal?); ` + names},
		{"20", units.Duration, `"20" ` + unit + `, as in 20s`},
		{"-20ms", units.Duration, `"-20ms" is negative: a duration is zero or more`},
		{"constant 5", units.Duration, `"constant 5": "5" ` + unit + `, as in 5s`},
		{"normal", units.Duration, `"normal": normal ` + normal},
		{"normal mean 65", units.Number, `"normal mean 65": normal is not written with mean alone; it ` + normal},
		{"normal mean 65 std 6", units.Number, `"normal mean 65 std 6": "std" is no parameter of normal (did you mean sd?); it ` + normal},
		{"normal mean 65 shape 6", units.Number, `"normal mean 65 shape 6": "shape" is no parameter of normal; it ` + normal},
		{"normal 65 6", units.Number, `"normal 65 6": "65" does not say what it is; normal ` + normal},
		{"normal mean 65 sd 6", units.Duration, `"normal mean 65 sd 6": mean: "65" ` + unit + `, as in 65s`},
		{"normal mean 65°C sd 6", units.Number, `"normal mean 65°C sd 6": mean: "65°C" is not a plain number: write 65 without "°C"`},
		{"normal mean inf sd 1", units.Number, `"normal mean inf sd 1": mean: "inf" is not a finite number`},
		{"normal mean 65 sd 6 sd 7", units.Number, `"normal mean 65 sd 6 sd 7": sd is written twice`},
		{"normal mean 65 sd -6", units.Number, `"normal mean 65 sd -6": sd must be above zero`},
		{"normal mean 65 sd 0", units.Number, `"normal mean 65 sd 0": sd must be above zero`},
		{"normal mean 1 sd 1e-300", units.Number, `"normal mean 1 sd 1e-300": the numbers are too large, too small or too close together to compute with`},
		{"uniform -1e308..1e308", units.Number, `"uniform -1e308..1e308": the numbers are too far apart, too large or too small to compute with`},
		{"normal mean 2m sd 2m", units.Duration, `"normal mean 2m sd 2m": 16% of draws would be below zero, which no duration is: add "at least 0s" or write lognormal`},
		{"lognormal median 4m p95 3m", units.Duration, `"lognormal median 4m p95 3m": p95 (3m) must be above median (4m)`},
		{"lognormal median 4m p50 5m", units.Duration, `"lognormal median 4m p50 5m": median and p50 are the same percentile: a second one is needed`},
		{"lognormal median 4m p100 9m", units.Duration, `"lognormal median 4m p100 9m": p100 is no percentile: they lie between p0 and p100, both excluded`},
		{"lognormal median 0s sigma 1", units.Duration, `"lognormal median 0s sigma 1": median must be above zero`},
		{"lognormal median 4m sigma 1s", units.Duration, `"lognormal median 4m sigma 1s": sigma: "1s" is not a plain number: write 1 without "s"`},
		{"lognormal median 1ms p60 1day", units.Duration, `"lognormal median 1ms p60 1day": sigma would be 72.1, above 10: the values lie too far apart for any measurement`},
		{"lognormal mean 4m p95 400m", units.Duration, `"lognormal mean 4m p95 400m": p95 can be at most 15m28s with this mean`},
		{"lognormal mean 4m p95 3m", units.Duration, `"lognormal mean 4m p95 3m": p95 (3m) must be above mean (4m)`},
		{"lognormal mean 4m p10 5m", units.Duration, `"lognormal mean 4m p10 5m": p10 (5m) must be below mean (4m)`},
		{"weibull shape -1 scale 2h", units.Duration, `"weibull shape -1 scale 2h": shape must be above zero`},
		{"weibull shape 0.01 scale 2h", units.Duration, `"weibull shape 0.01 scale 2h": the shape of 0.01 is not between 0.05 and 10000`},
		{"weibull mean 1h sd 1000000h", units.Duration, `"weibull mean 1h sd 1000000h": no shape between 0.05 and 10000 has this mean and sd`},
		{"weibull p10 1ns p90 1000 weeks", units.Duration, `"weibull p10 1ns p90 1000 weeks": its mean would be 3.8e+06 years`},
		{"exponential rate 3h", units.Duration, `"exponential rate 3h": rate: "3h": "h" is not a unit of a rate (did you mean /h?); possible are /s, /min, /h, /day, Hz, kHz`},
		{"exponential rate 5%", units.Share, `"exponential rate 5%": a rate determines how long or how far, not a share: write the mean`},
		{"uniform 4h..2h", units.Duration, `"uniform 4h..2h": to (2h) must be above from (4h)`},
		{"uniform 2h", units.Duration, `"uniform 2h": uniform is not written with from alone; it needs from and to, or uniform … .. …`},
		{"triangular 1m 9m 5m", units.Duration, `"triangular 1m 9m 5m": mode (9m) must be between from (1m) and to (5m)`},
		{"triangular 1m 2m", units.Duration, `"triangular 1m 2m": "1m" does not say what it is; triangular needs from and mode and to, or triangular … … …`},
		{"gamma p10 2s p90 2.0001s", units.Duration, `"gamma p10 2s p90 2.0001s": no shape between 0.05 and 10000 has these p10 and p90`},
		{"20ms at least 30ms", units.Duration, `"20ms at least 30ms": the constant is outside its limits`},
		{"normal mean 9 sd 1 at least 5 at least 6", units.Number, `"normal mean 9 sd 1 at least 5 at least 6": at least is written twice`},
		{"normal mean 9 sd 1 at least 9 at most 8", units.Number, `"normal mean 9 sd 1 at least 9 at most 8": at least 9 leaves nothing at most 8`},
		{"normal mean 9 sd 1 at least 100", units.Number, `"normal mean 9 sd 1 at least 100": the limits leave less than one draw in a million of what is written before them`},
		{"lognormal median 5 sigma 1 at most -3", units.Number, `"lognormal median 5 sigma 1 at most -3": the limits leave less than one draw in a million of what is written before them`},
		{"at most 5s", units.Duration, `"at most 5s": what is to be at least or at most that? ` + names},
		{"empirical", units.Duration, `"empirical": empirical needs a file, as in empirical waits.csv column wait`},
		{"empirical a.csv column", units.Duration, `"empirical a.csv column": the name of the column is missing`},
		{"empirical a\x00.csv", units.Duration, `"empirical a\x00.csv": the name of the file has characters that cannot be printed`},
		{"empirical a.csv", units.Duration, `"empirical a.csv": files such as a.csv cannot be read here`},
	} {
		d, err := chance.Parse(c.words, c.dim, nil)
		require.EqualError(t, err, c.want)
		require.Nil(t, d)
	}
}

func TestAConstantIsWrittenAsANumber(t *testing.T) {
	d := chance.Constant(2.5)
	require.Equal(t, "2.5", d.String())
	require.Equal(t, 2.5, d.Quantile(0.3))
	require.Panics(t, func() { chance.MustParse("20", units.Duration) })
}

// folder opens files from memory.
type folder map[string]string

func (f folder) open(name string) (io.ReadCloser, error) {
	text, ok := f[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return io.NopCloser(strings.NewReader(text)), nil
}

var files = folder{
	"waits.csv":    "day,wait (min),note\n1,4,a\n2,1,b\n3,2,\n",
	"seconds.csv":  "wait_s\n1\n2\n4\n",
	"units.csv":    "1s\n# measured by hand\n2000ms\n4s\n",
	"my waits.csv": "the wait\n1s\n2s\n",
	"plain.csv":    "3\n1\n2\n",
	"bom.csv":      "\ufeff3\n1\n2\n",
	"same.csv":     "5\n5\n",
	"ties.csv":     "1\n1\n1\n1\n9\n",
	"one.csv":      "wait\n1s\n",
	"empty.csv":    "",
	"bad.csv":      "wait\n1s\nsoon\n",
	"negative.csv": "wait\n1s\n-1s\n",
	"ragged.csv":   "wait,x\n1s,2\n1s\n",
	"nan.csv":      "3\nNaN\n",
	"enormous.csv": "3\n1e300\n",
}

func TestAnEmpiricalDistributionIsItsSample(t *testing.T) {
	for _, c := range []struct {
		words    string
		dim      units.Dimension
		quartile [5]float64 // at 0, 25, 50, 75, 100 %
		mean     float64
	}{
		{"empirical waits.csv column wait", units.Duration, [5]float64{60, 90, 120, 180, 240}, 135},
		{"empirical waits.csv column wait (min)", units.Duration, [5]float64{60, 90, 120, 180, 240}, 135},
		{"empirical seconds.csv", units.Duration, [5]float64{1, 1.5, 2, 3, 4}, 2.25},
		{"empirical seconds.csv column wait_s", units.Duration, [5]float64{1, 1.5, 2, 3, 4}, 2.25},
		{"empirical units.csv", units.Duration, [5]float64{1, 1.5, 2, 3, 4}, 2.25},
		{"empirical my waits.csv column the wait", units.Duration, [5]float64{1, 1.25, 1.5, 1.75, 2}, 1.5},
		{"empirical plain.csv", units.Number, [5]float64{1, 1.5, 2, 2.5, 3}, 2},
		{"empirical bom.csv", units.Number, [5]float64{1, 1.5, 2, 2.5, 3}, 2},
		{"empirical same.csv", units.Number, [5]float64{5, 5, 5, 5, 5}, 5},
		{"empirical ties.csv", units.Number, [5]float64{1, 1, 1, 1, 9}, 2},
		{"empirical ties.csv at least 1", units.Number, [5]float64{1, 1, 1, 1, 9}, 2},
		{"empirical ties.csv at most 1", units.Number, [5]float64{1, 1, 1, 1, 1}, 1},
		{"empirical plain.csv at most 2", units.Number, [5]float64{1, 1.25, 1.5, 1.75, 2}, 1.5},
	} {
		d, err := chance.Parse(c.words, c.dim, files.open)
		require.NoError(t, err, c.words)
		for i, x := range c.quartile {
			require.InDelta(t, x, d.Quantile(float64(i)/4), 1e-9, "%s at %d/4", c.words, i)
		}
		require.InDelta(t, c.mean, d.Mean(), 1e-6*c.mean, c.words)
		require.Equal(t, c.words, d.String())
		require.Regexp(t, chance.Pattern(c.dim), c.words)
		lo, hi := d.Support()
		require.InDelta(t, c.quartile[0], lo, 1e-9)
		require.InDelta(t, c.quartile[4], hi, 1e-9)
	}
}

func TestAnEmpiricalVarianceIsThatOfItsDraws(t *testing.T) {
	d, err := chance.Parse("empirical plain.csv", units.Number, files.open)
	require.NoError(t, err)
	require.InDelta(t, 4.0/12, d.Variance(), 1e-12, "1, 2, 3 is uniform from 1 to 3")
}

func TestAWrongSampleIsExplained(t *testing.T) {
	for words, want := range map[string]string{
		"empirical one.csv":                   `"empirical one.csv": one.csv: it has 1 values, and a distribution needs at least two`,
		"empirical empty.csv":                 `"empirical empty.csv": empty.csv: it has 0 values, and a distribution needs at least two`,
		"empirical bad.csv":                   `"empirical bad.csv": bad.csv: line 3: "soon" is not a duration: it begins with a number, as in 30s; the unit may also stand in the heading, as in wait_s`,
		"empirical plain.csv":                 `"empirical plain.csv": plain.csv: line 1: "3" has no unit: a duration needs one of ns, us, ms, s, min, h, days, weeks, as in 3s; the unit may also stand in the heading, as in wait_s`,
		"empirical waits.csv column wayt":     `"empirical waits.csv column wayt": waits.csv: no column "wayt"; there are "day, wait (min), note"`,
		"empirical seconds.csv column wait s": `"empirical seconds.csv column wait s": seconds.csv: no column "wait s" (did you mean wait_s?); there are "wait_s"`,
	} {
		_, err := chance.Parse(words, units.Duration, files.open)
		require.EqualError(t, err, want)
	}
	for words, want := range map[string]string{
		"empirical negative.csv": "negative",
		"empirical ragged.csv":   "wrong number of fields",
	} {
		_, err := chance.Parse(words, units.Duration, files.open)
		require.ErrorContains(t, err, want)
	}
	for words, want := range map[string]string{
		"empirical nan.csv":      "finite",
		"empirical enormous.csv": "too large",
	} {
		_, err := chance.Parse(words, units.Number, files.open)
		require.ErrorContains(t, err, want)
	}
	_, err := chance.Parse("empirical gone.csv", units.Number, files.open)
	require.True(t, errors.Is(err, fs.ErrNotExist))
}

func FuzzParse(f *testing.F) {
	for _, words := range append(timed, "normal mean 65 sd 6", "gamma p10 2 p90 9", "lognormal mean 10s p99 40s at least 1s at most 1 day",
		"triangular from 1 % mode 2 % to 5 %", "exponential rate 3 per h", "empirical plain.csv at most 2", "uniform -2 .. 4", "weibull mean 1 sd 3",
		"weibull shape 0.05 scale 1e9", "gamma shape 0.05 scale 1e-9", "at at least", "normal mean 1e17 sd 1", "p50", "uniform ..", "\xff", "normal  mean\t1 sd 1",
		"gamma p1 1 p99 1e9", "lognormal median 5e-324 sigma 9", "normal mean - sd 1", "constant", "uniform 1..2 at most 1.00001") {
		f.Add(words)
	}
	dims := []units.Dimension{units.Number, units.Duration, units.Share, units.Size, units.Rate}
	patterns := map[units.Dimension]*regexp.Regexp{}
	for _, dim := range dims {
		patterns[dim] = regexp.MustCompile(chance.Pattern(dim))
	}
	f.Fuzz(func(t *testing.T, words string) {
		for _, dim := range dims {
			d, err := chance.Parse(words, dim, files.open)
			if err != nil {
				require.NotContains(t, err.Error(), "\n")
				continue
			}
			require.True(t, patterns[dim].MatchString(words), "%q is read as a %s but the pattern refuses it", words, dim)
			lo, hi := d.Support()
			require.True(t, lo <= hi && !math.IsNaN(d.Mean()) && !math.IsInf(d.Mean(), 0) && d.Variance() >= 0, words)
			before := math.Inf(-1)
			for _, u := range []float64{0x1p-53, 1e-9, 0.001, 0.25, 0.5, 0.75, 0.999, 1 - 1e-9, 1 - 0x1p-53} {
				x := d.Quantile(u)
				require.True(t, x >= lo && x <= hi && x >= before && !math.IsInf(x, 0), "%q at %g: %g in %g..%g after %g", words, u, x, lo, hi, before)
				require.True(t, dim == units.Number || x >= 0)
				before = x
			}
		}
	})
}
