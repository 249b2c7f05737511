package reports

import (
	"fmt"
	"io"
	"strings"

	"github.com/twinbed/twinbed/sim/units"
)

// width is how wide the text is at most, where words can be folded.
const width = 100

// text writes a report for people.
type text struct {
	strings.Builder
	colour bool
	x      *Report
}

// Text writes the report for people: the verdict first, 100 columns wide.
func (x *Report) Text(w io.Writer, colour bool) error {
	t := &text{colour: colour, x: x}
	t.head()
	t.limits()
	t.devices()
	t.loops()
	t.detections()
	t.flow()
	t.books()
	t.windows()
	t.resilience()
	t.durable()
	t.steps()
	t.people()
	t.kpis()
	t.sources()
	t.trust()
	_, err := io.WriteString(w, t.String())
	return err
}

func (t *text) title(words string) { t.WriteString("\n" + t.paint(bold, words) + "\n") }

func (t *text) head() {
	x := t.x
	shade := map[Verdict]paint{Pass: green, Fail: red, Untrusted: yellow}[x.Verdict]
	name := x.Scenario
	if x.Variant != "" {
		name += " / " + x.Variant
	}
	fmt.Fprintf(t, "%s  %s, %s, seed %d\n", t.paint(shade, strings.ToUpper(string(x.Verdict))), name, x.Clock, x.Seed)
	if x.Question != "" {
		t.WriteString("  ")
		folded(&t.Builder, x.Question, "  ", width)
	}
	for _, why := range x.Reasons {
		t.WriteString("  ")
		folded(&t.Builder, "- "+why, "    ", width)
	}
	for _, what := range x.Remarks {
		t.WriteString("  ")
		folded(&t.Builder, "note: "+what, "    ", width)
	}
	t.WriteByte('\n')
	rows := [][]string{}
	for _, list := range []struct {
		name  string
		words []string
	}{{"real", x.Real}, {"simulated", x.Simulated}} {
		if len(list.words) == 0 {
			list.words = []string{"nothing"}
		}
		rows = append(rows, []string{list.name, strings.Join(list.words, ", ")})
	}
	played := seconds(x.Played)
	if x.Played != x.Planned {
		played += " of " + seconds(x.Planned)
	}
	rows = append(rows, []string{"played", played}, []string{"event hash", fmt.Sprintf("%s (%s events)", x.Hash, grouped(x.Events))})
	table(&t.Builder, "  ", "< <", rows)
}

func (t *text) limits() {
	if len(t.x.Limits) == 0 {
		return
	}
	t.title("limits")
	rows := [][]string{}
	for _, l := range t.x.Limits {
		mark := "ok"
		if !l.Passed {
			mark = "BROKEN"
		}
		measured, of := "-", l.Note
		if l.Measured.Known() {
			measured, of = l.shown(), l.Of
		}
		rows = append(rows, []string{mark, l.Limit, measured, "n " + grouped(l.Samples), of})
	}
	table(&t.Builder, "  ", "< < > > <", rows)
}

// shown is the measured value as people read it, also of a report that was read
// from a file.
func (l *LimitResult) shown() string {
	switch {
	case l.text != "":
		return l.text
	case l.Unit == "s":
		return seconds(l.Measured)
	case l.Unit == "share":
		return formatLimit(float64(l.Measured), units.Share)
	case l.Unit == "/s":
		return units.Format(float64(l.Measured), units.Rate)
	}
	return formatKPI(l.Measured, l.Unit)
}

func seconds(n Number) string {
	if !n.Known() {
		return "-"
	}
	return units.Format(float64(n), units.Duration)
}

var durationHeads = []string{"count", "p50", "p90", "p95", "p99", "p99.9", "max", "mean"}

func (d *Durations) cells() []string {
	cells := []string{grouped(d.Count)}
	for _, n := range []Number{d.P50, d.P90, d.P95, d.P99, d.P999, d.Max, d.Mean} {
		cells = append(cells, seconds(n))
	}
	return cells
}

func (t *text) loops() {
	for _, d := range t.x.Decisions {
		t.title(fmt.Sprintf("loop %s", d.Name))
		line := fmt.Sprintf("fired %s, %s, open %s", grouped(d.Fired), d.Closed.words(), grouped(d.Open))
		if d.Foreign > 0 {
			line += fmt.Sprintf(", %s with stamps of others", grouped(d.Foreign))
		}
		t.WriteString("  " + line + "\n")
		rows := [][]string{append(append([]string{""}, durationHeads...), "")}
		for _, s := range d.Segments {
			if s.Count > 0 {
				rows = append(rows, append(append([]string{s.Name}, s.cells()...), s.basis()))
			}
		}
		if len(rows) > 1 {
			table(&t.Builder, "  ", "< > > > > > > > > <", rows)
		}
	}
}

// basis says how figures came about and in whose time, in as many words as needed.
func (f *Figures) basis() string {
	if f.Base == Mixed {
		return Mixed
	}
	return f.Base + ", " + f.Time
}

// words lists the outcomes that there were.
func (o Outcomes) words() string {
	list := []string{"done " + grouped(o.Done)}
	for _, x := range []struct {
		words string
		n     uint64
	}{{"failed", o.Failed}, {"refused", o.Refused}, {"timed out", o.TimedOut}, {"withdrawn", o.Withdrawn}} {
		if x.n > 0 {
			list = append(list, x.words+" "+grouped(x.n))
		}
	}
	return strings.Join(list, ", ")
}

func (t *text) flow() {
	x := &t.x.Throughput
	t.title("throughput")
	per := "a second of scenario time"
	if x.Time == WallTime {
		per = "a second of wall time"
	}
	fmt.Fprintf(t, "  readings %s offered, %s achieved; loops %s, commands %s, tasks %s: %s\n",
		short(float64(x.Offered)), short(float64(x.Readings)), short(float64(x.Loops)), short(float64(x.Commands)), short(float64(x.Tasks)), per)
	if r := t.x.Wall.ReadingsPS; r.Known() {
		spread := ""
		if n := t.x.Wall.Cores; n > 1 {
			spread = fmt.Sprintf(" on %d cores", n)
		}
		fmt.Fprintf(t, "  %s readings and %s events a second of wall time, %s times as fast as life, in %s%s\n",
			short(float64(r)), short(float64(t.x.Wall.EventsPS)), short(float64(t.x.Wall.Speed)), seconds(t.x.Wall.Took), spread)
	}
	rows := [][]string{append(append([]string{"uplink of"}, durationHeads...), "")}
	for _, u := range t.x.Uplinks {
		if u.Count > 0 {
			rows = append(rows, append(append([]string{u.Name}, u.cells()...), u.basis()))
		}
	}
	if len(rows) > 1 {
		table(&t.Builder, "  ", "< > > > > > > > > <", rows)
	}
	t.ages()
}

func (t *text) trust() {
	x := &t.x.Trust
	t.title("trust")
	if x.Lateness.Count > 0 {
		first := ""
		if t.x.Wall.ClockFirst {
			first = "; its thread went before others"
		}
		fmt.Fprintf(t, "  lateness of the clock p50 %s, p99 %s, max %s over %s events%s\n", seconds(x.Lateness.P50),
			seconds(x.Lateness.P99), seconds(x.Lateness.Max), grouped(x.Lateness.Count), first)
	} else if t.x.Clock == "virtual" {
		t.WriteString("  virtual time: no clock to be late, all durations are modelled\n")
	} else {
		t.WriteString("  no event was due, so the clock had nothing to be late for\n")
	}
	fmt.Fprintf(t, "  foreign readings %s, foreign loops %s, disagreements about arrivals %s, rejected %s, posts refused %s\n",
		grouped(x.Foreign), grouped(x.ForeignLoops), grouped(x.Disagreements), grouped(x.Rejected), grouped(x.PostsRefused))
	for _, c := range x.Counts {
		fmt.Fprintf(t, "  %s %s\n", grouped(c.Count), c.Words)
	}
}
