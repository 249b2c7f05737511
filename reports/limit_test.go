package reports_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/units"
)

var goodLimits = []string{
	"p99 of alarm.loop < 1s if any", "p99.9 of reaction <= 250ms", "max of too hot.uplink < 1h30m", "mean of action > 0s",
	"lost readings < 0.1%", "lost loops <= 3", "lost commands = 0", "unexplained = 0", "unexplained == 0", "rate of readings > 900/s",
	"lateness p99 < 10ms", "p99 of lateness < 10ms", "lateness max < 1s", "median of ack < 3s", "downtime < 4h", "cost<1000", "worker_utilisation <= 90%",
	"count of alarm.loop >= 1", "  p50   of loop<1s   if   any ", "max of press.uplink < 90ms", "alarms_per_worker_hour < 6/h",
}

func TestLimitsAreReadAsWritten(t *testing.T) {
	l, err := reports.ParseLimit("p99.9 of too  hot.loop<=90 s if any")
	require.NoError(t, err)
	require.Equal(t, "p", l.Stat)
	require.InDelta(t, 0.999, l.Share, 1e-12)
	require.Equal(t, reports.Limit{Text: "p99.9 of too hot.loop<=90 s if any", Stat: "p", Share: l.Share, Of: "too hot", What: "loop",
		Than: "<=", Value: 90, Dim: units.Duration, IfAny: true}, l)
	l, err = reports.ParseLimit("lost readings < 0.1%")
	require.NoError(t, err)
	require.InDelta(t, 0.001, l.Value, 1e-12)
	pattern := regexp.MustCompile(l.WordsPattern())
	for _, text := range goodLimits {
		_, err := reports.ParseLimit(text)
		require.NoError(t, err, text)
		require.Regexp(t, pattern, text)
	}
}

func TestAWrongLimitIsAnsweredWithWhatIsPossible(t *testing.T) {
	for text, want := range map[string]string{
		"":                          `"" is not a limit: write a figure, one of < <= > >= =, and a value, as in p99 of loop < 250ms`,
		"p99 of loop":               `"p99 of loop" is not a limit: write a figure, one of < <= > >= =, and a value, as in p99 of loop < 250ms`,
		"p99 of loop <\u00a01s":     `holds a blank that is no space`,
		"p99 of loop < 250":         `"250" has no unit: a duration needs one of ns, us, ms, s, min, h, days, weeks, as in 250s`,
		"p99 of lop < 1s":           `there is no segment "lop", did you mean loop? There are uplink, twin, decision, delivery, action, ack, reaction, loop, lateness`,
		"p101 of loop < 1s":         `"p101" is no percentile: they go from above p0 to p100`,
		"average of loop < 1s":      `there is no statistic "average". There are p50, p90, p95, p99, p99.9, max, mean, count, rate`,
		"lost messages < 1%":        `there is no sort of message that can be lost "messages". There are readings, loops, commands, tasks, acks`,
		"lost readings < 1s":        `"1s" is not what readings can be compared with: a number (5), a share (0.1%)`,
		"rate of reading > 1/s":     `there is no rate of "reading", did you mean readings? There are readings, loops, commands, tasks`,
		"rate of readings > 1":      `"1" has no unit: a rate needs one of /s, /min, /h, /day, Hz, kHz, as in 1/s`,
		"mean of lateness < 1s":     `of lateness there are percentiles and max alone, for the whole run`,
		"the loop is quick < 1s":    `"the loop is quick" is no figure: write one such as p99 of loop, lost readings, unexplained, rate of readings, p99 of lateness, or the name of a KPI`,
		"unexplained < 1s":          `"1s" is not a plain number: write 1 without "s"`,
		"downtime < soon":           `"soon" is not what downtime can be compared with: a number (5), a duration (4h), a share (0.1%), a rate (10/h)`,
		"p99 of loop < 1s if many":  `"1s if many" is not`,
		"p99 of loop < 1s < 2s":     `"p99 of loop < 1s < 2s" is not a limit`,
		"count of alarm.loop >= 1h": `"1h" is not a plain number`,
	} {
		_, err := reports.ParseLimit(text)
		require.ErrorContains(t, err, want, text)
	}
}

func TestALimitIsCheckedAgainstWhatThereIs(t *testing.T) {
	names := reports.Names{
		Decisions: []string{"alarm", "too hot"}, Kinds: []string{"press"},
		KPIs: []reports.KPI{{Name: "downtime", BuiltIn: "downtime"}, {Name: "cost", Formula: "1"}, {Name: "late", Time: "x > 1", Unit: "min"}},
	}
	for text, want := range map[string]string{
		"p99 of alarm.loop < 1s":   "",
		"p99 of too hot.ack < 1s":  "",
		"p99 of loop < 1s":         "",
		"max of press.uplink < 1s": "",
		"unexplained = 0":          "",
		"downtime < 4h":            "",
		"late < 4h":                "",
		"cost < 1e6":               "",
		"p99 of alarn.loop < 1s":   `there is no decision or kind of things "alarn", did you mean alarm? There are alarm, too hot, press`,
		"max of press.loop < 1s":   "press is a kind of things, and of their readings there is uplink alone: write press.uplink",
		"downtme < 4h":             `there is no figure or KPI "downtme", did you mean downtime? There are downtime, cost, late, unexplained`,
		"downtime < 4":             `KPI downtime: "4" has no unit`,
		"cost < 4h if any":         `KPI cost: "4h" is not a plain number`,
	} {
		l, err := reports.ParseLimit(text)
		require.NoError(t, err)
		if err = l.Check(names); want == "" {
			require.NoError(t, err, text)
		} else {
			require.ErrorContains(t, err, want)
		}
	}
}

func TestLimitsAreHeldAgainstWhatWasMeasured(t *testing.T) {
	s := newStage(t, 20, sim.NewClock(), hotKPIs, nil)
	limits := []string{
		"p99 of too hot.loop < 1s", "p99 of loop < 100ms", "p50 of loop < 100ms", "max of press.uplink <= 90ms",
		"count of cool.loop >= 1000000", "lost readings < 2%", "lost readings < 5", "lost loops < 50%", "lost commands < 50%",
		"lost tasks = 0", "lost tasks = 0 if any", "unexplained = 0", "rate of readings > 1.9/s", "rate of loops > 1/s",
		"lateness p99 < 1s", "lateness p99 < 1s if any", "downtime < 1000h", "downtime < 1h", "availability > 10%",
		"worker_utilisation < 90%", "mean of gone.loop < 1s", "hot < 1000h", "cost > 100",
	}
	x := s.play(t, 5*time.Hour, limits...)
	require.Equal(t, reports.Fail, x.Verdict)
	require.Equal(t, 1, x.Exit)
	passed := map[string]bool{}
	for i, l := range x.Limits {
		require.Equal(t, limits[i], l.Limit)
		passed[l.Limit] = l.Passed
		if l.Passed {
			require.True(t, l.Measured.Known() || l.Note != "", l.Limit)
		}
	}
	for _, text := range []string{
		"p99 of loop < 100ms", "count of cool.loop >= 1000000", "lost readings < 5", "lost tasks = 0", "rate of loops > 1/s",
		"lateness p99 < 1s", "downtime < 1h", "worker_utilisation < 90%", "mean of gone.loop < 1s", "p50 of loop < 100ms",
	} {
		require.False(t, passed[text], text)
		delete(passed, text)
	}
	for text, ok := range passed {
		require.True(t, ok, text)
	}
	require.Equal(t, "too hot", x.Limits[2].Of)
	require.Contains(t, x.Reasons[1], "broken limit: p50 of loop < 100ms: measured")
	require.Contains(t, x.Reasons[1], "for too hot, from")
	require.Contains(t, x.Reasons, "broken limit: lateness p99 < 1s: only a live run is late")
	require.Contains(t, x.Reasons, "broken limit: lost tasks = 0: there were no tasks")
}

func FuzzParseLimit(f *testing.F) {
	for _, text := range goodLimits {
		f.Add(text)
	}
	f.Add("p99 of x.y.z.loop < -1s")
	f.Add("rate of < 1")
	f.Add("0=\v0")
	f.Add("0<0\n%")
	f.Add("max of loop <\u00a01s")
	pattern := regexp.MustCompile((&reports.Limit{}).WordsPattern())
	f.Fuzz(func(t *testing.T, text string) {
		l, err := reports.ParseLimit(text)
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		require.Regexp(t, pattern, text)
		again, err := reports.ParseLimit(l.Text)
		require.NoError(t, err)
		require.Equal(t, l, again)
		_ = l.Check(reports.Names{})
	})
}
