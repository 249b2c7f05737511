package reports

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// resilience tells what faults did.
func (t *text) resilience() {
	r := t.x.Resilience
	if r == nil {
		return
	}
	t.title("faults")
	rows := [][]string{{"", "of", "times", "hits", ""}}
	for _, f := range r.Faults {
		word := ""
		if f.Hits == 0 {
			word = "did no harm to anything"
		}
		rows = append(rows, []string{f.Fault, f.Where, strconv.Itoa(f.Begun), grouped(f.Hits), word})
	}
	table(&t.Builder, "  ", "< < > > <", rows)
	t.blows(r)
	t.storms(r)
	if len(r.Cost) > 0 {
		t.title("what they cost, beside " + r.Beside)
		rows = [][]string{{"", "with", "without", "difference"}}
		for _, c := range r.Cost {
			rows = append(rows, []string{c.KPI, formatKPI(c.With, c.Unit), formatKPI(c.Without, c.Unit), formatKPI(c.With-c.Without, c.Unit)})
		}
		table(&t.Builder, "  ", "< > > >", rows)
		t.WriteString("  one run each: luck is in it as well; compare --no-faults says it with an interval\n")
	}
}

// blows tells of the worst windows: those that lost most.
func (t *text) blows(r *Resilience) {
	const shown = 12
	blows := slices.Clone(r.Blows)
	if len(blows) == 0 {
		return
	}
	slices.SortStableFunc(blows, func(a, b Blow) int { return int(min(max(int64(b.harm())-int64(a.harm()), -1), 1)) })
	blows = blows[:min(shown, len(blows))]
	slices.SortStableFunc(blows, func(a, b Blow) int {
		switch {
		case a.From < b.From:
			return -1
		case a.From > b.From:
			return 1
		}
		return 0
	})
	t.title("each time")
	rows := [][]string{{"fault", "from", "to", "detected", "recovered", "lost", "given up", "missed", "false", "uplink before", "during", "after"}}
	for _, b := range blows {
		missed, false_ := "-", "-"
		if r.Beside != "" {
			missed, false_ = grouped(b.Missed), grouped(b.False)
		}
		to := "-"
		if b.To.Known() {
			to = edge(b.To)
		}
		rows = append(rows, []string{strings.TrimSpace(b.Fault + " " + b.Where), edge(b.From), to, seconds(b.Detected), seconds(b.Recovered),
			grouped(b.lost()), grouped(b.TimedOut), missed, false_, seconds(b.Uplink.Before.Middle), seconds(b.Uplink.During.Middle), seconds(b.Uplink.After.Middle)})
	}
	table(&t.Builder, "  ", "< > > > > > > > > > > >", rows)
	if more := len(r.Blows) - len(blows); more > 0 {
		fmt.Fprintf(t, "  and %s more in report.json\n", grouped(more))
	}
}

func (t *text) storms(r *Resilience) {
	for _, s := range r.Storms {
		back := "were not all back at the end"
		if s.Back.Known() {
			back = "all were back after " + seconds(s.Back)
		}
		fmt.Fprintf(t, "  connections: %s broke at %s; %s, at most %s a second\n", grouped(s.Down), edge(s.From), back, grouped(s.Peak))
	}
}

// lost is all messages that were lost in the window.
func (b *Blow) lost() (n uint64) {
	for _, l := range b.Lost {
		n += l.Count
	}
	return n
}

func (b *Blow) harm() uint64 { return b.lost() + b.TimedOut + b.Missed + b.False }
