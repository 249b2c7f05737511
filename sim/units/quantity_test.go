package units_test

import (
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim/units"
)

var all = []units.Dimension{units.Number, units.Duration, units.Share, units.Size, units.Rate}

func TestQuantitiesAreReadAsPeopleWriteThem(t *testing.T) {
	for _, c := range []struct {
		text string
		dim  units.Dimension
		want float64
	}{
		{"65", units.Number, 65},
		{" -3.5 ", units.Number, -3.5},
		{".5", units.Number, 0.5},
		{"1e6", units.Number, 1e6},
		{"250ms", units.Duration, 0.25},
		{"90 s", units.Duration, 90},
		{"10 min", units.Duration, 600},
		{"10m", units.Duration, 600},
		{"12h", units.Duration, 12 * 3600},
		{"1 day", units.Duration, 86400},
		{"5 days", units.Duration, 5 * 86400},
		{"2 weeks", units.Duration, 14 * 86400},
		{"1h30m", units.Duration, 5400},
		{"3d 4h", units.Duration, 76 * 3600},
		{"1.5 hours", units.Duration, 5400},
		{"20µs", units.Duration, 20e-6},
		{"20 us", units.Duration, 20e-6},
		{"0s", units.Duration, 0},
		{"1e3 ms", units.Duration, 1},
		{"30%", units.Share, 0.3},
		{"0.1 %", units.Share, 0.001},
		{"150%", units.Share, 1.5},
		{"0", units.Share, 0},
		{"1", units.Share, 1},
		{"512B", units.Size, 512},
		{"4kB", units.Size, 4000},
		{"1.5 MB", units.Size, 1.5e6},
		{"2MiB", units.Size, 2 << 20},
		{"200/s", units.Rate, 200},
		{"10/min", units.Rate, 1.0 / 6},
		{"3/h", units.Rate, 3.0 / 3600},
		{"3 per hour", units.Rate, 3.0 / 3600},
		{"5 / day", units.Rate, 5.0 / 86400},
		{"50 Hz", units.Rate, 50},
		{"2kHz", units.Rate, 2000},
	} {
		got, err := units.Parse(c.text, c.dim)
		require.NoError(t, err, "%q", c.text)
		require.InEpsilon(t, c.want+1, got+1, 1e-12, "%q as %s", c.text, c.dim)
		require.Regexp(t, units.Pattern(c.dim), c.text)
	}
}

func TestWhatCannotBeReadIsExplained(t *testing.T) {
	const possible = "possible are ns, us, ms, s, min, h, days, weeks"
	for _, c := range []struct {
		text string
		dim  units.Dimension
		want string
	}{
		{"", units.Duration, `a duration is missing: write it as in 30s`},
		{"90", units.Duration, `"90" has no unit: a duration needs one of ns, us, ms, s, min, h, days, weeks, as in 90s`},
		{"-90", units.Duration, `"-90" has no unit: a duration needs one of ns, us, ms, s, min, h, days, weeks, as in 90s`},
		{"1h30", units.Duration, `"1h30": 30 has no unit; ` + possible},
		{"-5s", units.Duration, `"-5s" is negative: a duration is zero or more`},
		{"5 Days", units.Duration, `"5 Days": "Days" is not a unit of a duration (did you mean days?); ` + possible},
		{"5 hurs", units.Duration, `"5 hurs": "hurs" is not a unit of a duration (did you mean hrs?); ` + possible},
		{"5 parsecs", units.Duration, `"5 parsecs": "parsecs" is not a unit of a duration; ` + possible},
		{"soon", units.Duration, `"soon" is not a duration: it begins with a number, as in 30s`},
		{"NaN s", units.Duration, `"NaN s" is not a finite number`},
		{"300 years", units.Duration, `"300 years": "years" is not a unit of a duration; ` + possible},
		{"16000 weeks", units.Duration, `"16000 weeks" is longer than 292 years, the longest duration`},
		{"1e400s", units.Duration, `"1e400s" is too large for a number`},
		{"12 kg", units.Number, `"12 kg" is not a plain number: write 12 without "kg"`},
		{"inf", units.Number, `"inf" is not a finite number`},
		{"-.inf", units.Number, `"-.inf" is not a finite number`},
		{"1e999", units.Number, `"1e999" is too large for a number`},
		{"1 2", units.Number, `"1 2" is not one number: after "1" comes "2"; write it as in 1`},
		{"0.3", units.Share, `"0.3" has no unit: a share is a percentage, as in 30%`},
		{"30", units.Share, `"30" has no unit: a share is a percentage, as in 30%`},
		{"-1%", units.Share, `"-1%" is negative: a share is zero or more`},
		{"5 percent", units.Share, `"5 percent": "percent" is not a unit of a share; possible are %`},
		{"64", units.Size, `"64" has no unit: a size needs one of B, kB, MB, GB, TB, KiB, MiB, GiB, TiB, as in 64kB`},
		{"4kb", units.Size, `"4kb": "kb" is not a unit of a size (did you mean kB?); possible are B, kB, MB, GB, TB, KiB, MiB, GiB, TiB`},
		{"0.5B", units.Size, `"0.5B" is not a whole number of bytes`},
		{"1e9 TB", units.Size, `"1e9 TB" is larger than 8 EiB, the largest size`},
		{"200", units.Rate, `"200" has no unit: a rate needs one of /s, /min, /h, /day, Hz, kHz, as in 200/s`},
		{"200s", units.Rate, `"200s": "s" is not a unit of a rate (did you mean /s?); possible are /s, /min, /h, /day, Hz, kHz`},
		{"3/fortnight", units.Rate, `"3/fortnight": "/fortnight" is not a unit of a rate; possible are /s, /min, /h, /day, Hz, kHz`},
	} {
		_, err := units.Parse(c.text, c.dim)
		require.EqualError(t, err, c.want, "%q as %s", c.text, c.dim)
	}
}

func TestASignedDurationMayBeNegative(t *testing.T) {
	d, err := units.ParseSignedDuration("-1h30m")
	require.NoError(t, err)
	require.Equal(t, -90*time.Minute, d)
	_, err = units.ParseSignedDuration("1h-30m")
	require.ErrorContains(t, err, "negative")
}

func TestDurationsAreWrittenShort(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                            "0s",
		17:                           "17ns",
		1234:                         "1.23µs",
		20 * time.Millisecond:        "20ms",
		250 * time.Millisecond:       "250ms",
		999_600 * time.Microsecond:   "1.00s",
		1500 * time.Millisecond:      "1.50s",
		12_340 * time.Millisecond:    "12.3s",
		20 * time.Second:             "20s",
		59_960 * time.Millisecond:    "1m",
		250 * time.Second:            "4m10s",
		time.Hour - time.Second/4:    "1h",
		15*time.Hour + 4*time.Minute: "15h04m",
		24*time.Hour - time.Second:   "1d",
		76 * time.Hour:               "3d 4h",
		-90 * time.Minute:            "-1h30m",
		math.MinInt64:                "-106752d",
		math.MaxInt64:                "106752d",
	} {
		require.Equal(t, want, units.FormatDuration(d))
		if d >= 0 && d < math.MaxInt64 {
			back, err := units.ParseDuration(want)
			require.NoError(t, err)
			require.InEpsilon(t, float64(d)+1, float64(back)+1, 0.03, want)
		}
	}
}

func TestValuesAreWrittenInTheirUnits(t *testing.T) {
	for _, c := range []struct {
		value float64
		dim   units.Dimension
		want  string
	}{
		{65.25, units.Number, "65.25"},
		{0.25, units.Duration, "250ms"},
		{1e12, units.Duration, "1000000000000s"},
		{0.3, units.Share, "30%"},
		{0.29, units.Share, "29%"},
		{1.5e6, units.Size, "1.5MB"},
		{512, units.Size, "512B"},
		{200, units.Rate, "200/s"},
		{3.0 / 3600, units.Rate, "3/h"},
		{0.5 / 86400, units.Rate, "0.5/day"},
	} {
		got := units.Format(c.value, c.dim)
		require.Equal(t, c.want, got)
		back, err := units.Parse(got, c.dim)
		if c.value < 1e10 {
			require.NoError(t, err)
			require.InDelta(t, c.value, back, 1e-3*c.value)
		}
	}
}

func TestNothingASecondIsWrittenPerSecond(t *testing.T) {
	require.Equal(t, "0/s", units.Format(0, units.Rate))
}

func TestTheNearestWordIsFound(t *testing.T) {
	known := []string{"normal", "lognormal", "weibull", "sd", "at", "rate"}
	for word, want := range map[string]string{
		"rat":      "rate",
		"lognrmal": "lognormal", "Normal": "normal", "wiebull": "weibull", "sdd": "sd",
		"gauss": "", "x": "", "": "", strings.Repeat("n", 1000): "",
	} {
		got, ok := units.Nearest(word, known)
		require.Equal(t, want, got, word)
		require.Equal(t, want != "", ok)
	}
}

// aboutValue are the only complaints about a text of the right shape.
var aboutValue = regexp.MustCompile(`too large|more digits|longer than|larger than|whole number of bytes|not a time of day: these|24:00 can only|same time`)

func FuzzParsersAndPatternsAgree(f *testing.F) {
	for _, seed := range []string{"", "65", "-1", "1e9s", "1h30m", "3d 4h", "30%", "0", "4 kB", "200/s", "3 per  hour", "5 / day", "1..2s", "-.5", "µs", "1 µs", "１s", "9e999s", "5\ts", "-"} {
		f.Add(seed)
	}
	patterns := map[units.Dimension]*regexp.Regexp{}
	for _, dim := range all {
		patterns[dim] = regexp.MustCompile(units.Pattern(dim))
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, dim := range all {
			x, err := units.Parse(text, dim)
			shaped := patterns[dim].MatchString(text)
			if err == nil {
				require.True(t, shaped, "%q is read as a %s but the pattern refuses it", text, dim)
				require.False(t, math.IsNaN(x) || math.IsInf(x, 0))
				require.True(t, dim == units.Number || x >= 0)
				continue
			}
			require.NotContains(t, err.Error(), "\n")
			require.Less(t, len(err.Error()), 1000)
			if shaped {
				require.Regexp(t, aboutValue, err.Error(), "%q has the shape of a %s", text, dim)
			}
		}
	})
}
