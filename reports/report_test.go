package reports_test

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/sim"
)

var hotLimits = []string{"p99 of too hot.loop < 1s", "p50 of reaction < 100ms if any", "lost readings < 20%", "downtime < 1h",
	"lateness p99 < 1ms if any", "rate of readings > 1/s"}

func hotReport(t testing.TB) *reports.Report {
	s := newStage(t, 20, sim.NewClock(), hotKPIs, nil)
	s.storm(time.Hour, 20*time.Minute, 0.4)
	return s.play(t, 5*time.Hour+33*time.Millisecond, hotLimits...)
}

func text(t testing.TB, x *reports.Report, colour bool) string {
	var b strings.Builder
	require.NoError(t, x.Text(&b, colour))
	return b.String()
}

func TestTheReportReadsAtAGlance(t *testing.T) {
	x := hotReport(t)
	plain := text(t, x, false)
	golden(t, "virtual.txt", []byte(plain))
	for _, line := range strings.Split(plain, "\n") {
		require.LessOrEqual(t, len([]rune(line)), 104, line)
	}
	coloured := text(t, x, true)
	require.True(t, strings.HasPrefix(coloured, "\x1b[31mFAIL\x1b[0m  hot presses"))
	for _, code := range []string{"\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[1m", "\x1b[0m"} {
		coloured = strings.ReplaceAll(coloured, code, "")
	}
	require.Equal(t, plain, coloured)
}

func TestTheReportOfALiveRunWithPeople(t *testing.T) {
	roster := lathes()
	wall := &still{}
	clock := sim.NewLiveClock(60, wall)
	r, err := reports.NewRecorder(reports.Setup{
		Clock: clock, Roster: roster, Decisions: []string{"worn"}, Processes: []string{"change bearing"},
		KPIs:      []reports.KPI{{Name: "worker_utilisation", BuiltIn: "worker_utilisation"}, {Name: "task_wait", BuiltIn: "task_wait"}},
		Workforce: crew{[]sim.CrewUse{{Crew: "fitter", Workers: 2, OnShift: 16 * time.Hour, Busy: 4 * time.Hour, Tasks: 1, Waiting: 1, Waited: 10 * time.Minute, Taken: 1, Escalated: 1}}},
	})
	require.NoError(t, err)
	live := func(seconds float64) sim.Stamp {
		return sim.Stamp{At: sim.Time(seconds * 60e9), Wall: time.Duration(seconds * 1e9)}
	}
	clock.At(sim.Time(time.Hour), func() {
		r.Sent(&sim.Reading{Thing: 1, Seq: 1, Sensed: live(59.9)})
		r.Mirrored(&sim.Reading{Thing: 1, Seq: 1, Sensed: live(59.9)}, sim.Fresh)
		r.Mirrored(&sim.Reading{Thing: 1, Seq: 1, Sensed: live(59.9)}, sim.Late)
		r.Sent(&sim.Reading{Thing: 3, Seq: 41, Foreign: true, Sensed: live(60)})
		r.Mirrored(&sim.Reading{Thing: 3, Seq: 41, Foreign: true, Sensed: live(60)}, sim.Fresh)
		r.Noted(sim.Event{At: clock.Now(), What: sim.Fired, Subject: "worn", Thing: 1, ID: 1})
	})
	require.NoError(t, clock.Run(sim.Time(2*time.Hour)))
	task := &sim.Deed{ID: 1, Task: true, Thing: 1, Name: "fit a new bearing", Process: 0, Issued: sim.Time(time.Hour)}
	r.Issued(task)
	r.Took(sim.TaskMessage, 1, 1)
	r.Took(sim.TaskMessage, 1, 2)
	r.Issued(&sim.Deed{ID: 2, Task: true, Thing: 1, Name: "look at it", Process: 0, Step: 1, Issued: sim.Time(time.Hour)})
	ack := &sim.Ack{ID: 1, Delivered: live(70), Done: live(110), By: "fitter-1"}
	r.Closed(task, sim.Done, ack)
	r.Turned(&sim.Loop{ID: 1, Manned: true, Stamps: [sim.Stages]sim.Stamp{live(59.9), live(59.99), live(60), live(60.001), live(70), live(110), live(110.02)}})
	r.Noted(sim.Event{What: sim.Rejected})
	r.Close(sim.Time(2*time.Hour), reports.Flights{Open: &reports.Open{Tasks: 1}})
	e := environment(t, 2*time.Hour, "p99 of worn.reaction < 1h", "max of lathe.uplink < 1s", "lateness p99 < 10ms")
	e.Clock, e.Real, e.Variant = "60x", []string{"lamp by mqtt"}, "ioe"
	e.Counts = []reports.Count{{Words: "malformed payloads", Count: 2}, {Words: "wills ignored"}}
	e.Wall = reports.Wall{Started: "2026-01-01T06:00:00Z", Took: 120, Machine: "linux/amd64, 2 cores", Go: "go1.26", Version: "0.1"}
	x := r.Report(e)
	require.Equal(t, reports.Pass, x.Verdict, x.Reasons)
	golden(t, "live.txt", []byte(text(t, x, false)))
	b, err := x.JSON()
	require.NoError(t, err)
	golden(t, "live.json", b)
}

func TestTwoVirtualRunsDifferInNothingButTheWall(t *testing.T) {
	a, b := hotReport(t), hotReport(t)
	b.Wall = reports.Wall{Started: "later", Took: 7}
	one, err := a.JSON()
	require.NoError(t, err)
	other, err := b.JSON()
	require.NoError(t, err)
	require.NotEqual(t, string(one), string(other))
	cut := func(x []byte) string { before, _, _ := bytes.Cut(x, []byte(`"wall": {`)); return string(before) }
	require.Equal(t, cut(one), cut(other))
	require.NotContains(t, string(one), "NaN")
}

func TestAReportReadFromItsFileReadsTheSame(t *testing.T) {
	x := hotReport(t)
	b, err := x.JSON()
	require.NoError(t, err)
	var again reports.Report
	require.NoError(t, json.Unmarshal(b, &again))
	c, err := again.JSON()
	require.NoError(t, err)
	require.Equal(t, string(b), string(c))
	require.Equal(t, text(t, x, false), text(t, &again, false))
	require.Equal(t, x.Seed, again.Trial().Seed)
}

func TestTheShapeIsWrittenDownInFull(t *testing.T) {
	page, err := os.ReadFile("SHAPE.md")
	require.NoError(t, err)
	require.Contains(t, string(page), reports.Schema)
	require.Contains(t, string(page), reports.ComparisonSchema)
	seen := map[reflect.Type]bool{}
	var walk func(reflect.Type)
	walk = func(x reflect.Type) {
		for x.Kind() == reflect.Slice || x.Kind() == reflect.Pointer {
			x = x.Elem()
		}
		if x.Kind() != reflect.Struct || seen[x] {
			return
		}
		seen[x] = true
		for i := range x.NumField() {
			f := x.Field(i)
			if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
				require.Contains(t, string(page), "`"+name+"`", "%s.%s", x.Name(), f.Name)
			}
			walk(f.Type)
		}
	}
	walk(reflect.TypeFor[reports.Report]())
	walk(reflect.TypeFor[reports.Comparison]())
}

func TestTheEventsFileIsTheSameForTheSameRun(t *testing.T) {
	play := func() string {
		var file bytes.Buffer
		var events *reports.Events
		clock := sim.NewClock()
		s := newStage(t, 3, clock, nil, nil)
		events = reports.NewEvents(&file, clock, s.Roster, []string{"too hot", "cool"})
		s.Observers = append(s.Observers, events)
		s.storm(10*time.Minute, 10*time.Minute, 0.5)
		s.play(t, time.Hour)
		require.NoError(t, events.Flush())
		return file.String()
	}
	first := play()
	require.Equal(t, first, play())
	golden(t, "events.jsonl", []byte(first))
}

func TestProgressIsOneLineThatFits(t *testing.T) {
	s := newStage(t, 20, sim.NewClock(), nil, nil)
	s.fleet.Switch(20)
	require.NoError(t, s.Clock.Run(sim.Time(time.Hour)))
	p := reports.Progress{Moment: s.recorder.Moment(), Offered: reports.Unknown, Achieved: reports.Unknown}
	require.Equal(t, "1h  7 117 readings  86 lost  loop p50 653ms p99 729ms  0 open", p.String())
	p.Planned, p.Offered, p.Achieved = 5*time.Hour, 1000, 999
	p.Sessions = []reports.SessionsMoment{{Kind: "press", Up: 19, Of: 20}, {Kind: "lamp", Up: 5, Of: 5}}
	p.Lateness[0] = 230 * time.Microsecond
	require.Equal(t, " 20%  1h of 5h  999/s of 1 000/s  86 lost  loop p50 653ms p99 729ms  0 open  24 of 25 up", p.String())
	p.Played, p.Planned, p.Offered = 49*time.Hour+59*time.Minute, 3650*24*time.Hour, 1.5e9
	require.LessOrEqual(t, utf8.RuneCountInString(p.String()), 100)
}
