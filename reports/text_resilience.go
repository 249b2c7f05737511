package reports

import (
	"cmp"
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
	t.faults(r)
	t.blows(r)
	t.storms(r)
	if len(r.Cost) > 0 {
		t.title("what they cost, beside " + r.Beside)
		rows := [][]string{{"", "with", "without", "difference"}}
		for _, c := range r.Cost {
			rows = append(rows, []string{c.KPI, formatKPI(c.With, c.Unit), formatKPI(c.Without, c.Unit), formatKPI(c.With-c.Without, c.Unit)})
		}
		table(&t.Builder, "  ", "< > > >", rows)
		t.WriteString("  one run each: luck is in it as well; compare --no-faults says it with an interval\n")
	}
}

// faults lists what the scenario has go wrong, and what it did harm to.
func (t *text) faults(r *Resilience) {
	strangers := slices.ContainsFunc(r.Faults, func(f FaultCount) bool { return f.LetIn > 0 })
	rows, form := [][]string{{"", "of", "times", "hits"}}, "< < > >"
	if strangers {
		rows[0], form = append(rows[0], "let in", "got through"), form+" > >"
	}
	rows[0], form = append(rows[0], ""), form+" <"
	for _, f := range r.Faults {
		word := ""
		if f.Hits == 0 {
			word = "did no harm to anything"
		}
		row := []string{f.Fault, f.Where, strconv.Itoa(f.Begun), grouped(f.Hits)}
		if strangers {
			row = append(row, grouped(f.LetIn), grouped(f.Through))
		}
		rows = append(rows, append(row, word))
	}
	table(&t.Builder, "  ", form, rows)
}

// worst are the windows that lost most, in their order.
func (r *Resilience) worst() []Blow {
	const shown = 12
	blows := slices.Clone(r.Blows)
	slices.SortStableFunc(blows, func(a, b Blow) int { return int(min(max(int64(b.harm())-int64(a.harm()), -1), 1)) })
	blows = blows[:min(shown, len(blows))]
	slices.SortStableFunc(blows, func(a, b Blow) int { return cmp.Compare(a.From, b.From) })
	return blows
}

// blows tells of the worst windows.
func (t *text) blows(r *Resilience) {
	blows := r.worst()
	if len(blows) == 0 {
		return
	}
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
	t.loopsEachTime(blows)
}

// loopsEachTime tells of whole loops in the same windows, if any closed.
func (t *text) loopsEachTime(blows []Blow) {
	blows = slices.DeleteFunc(slices.Clone(blows), func(b Blow) bool {
		return b.Loops.Before.Count+b.Loops.During.Count+b.Loops.After.Count == 0
	})
	if len(blows) == 0 {
		return
	}
	t.title("loops each time")
	rows := [][]string{{"fault", "from", "before", "p50", "p99", "during", "p50", "p99", "after", "p50", "p99", "back", "within"}}
	for _, b := range blows {
		row := []string{strings.TrimSpace(b.Fault + " " + b.Where), edge(b.From)}
		for _, p := range []Phase{b.Loops.Before, b.Loops.During, b.Loops.After} {
			row = append(row, grouped(p.Count), seconds(p.Middle), seconds(p.High))
		}
		rows = append(rows, append(row, seconds(b.LoopsBack), b.Against))
	}
	table(&t.Builder, "  ", "< > > > > > > > > > > > <", rows)
}

func (t *text) storms(r *Resilience) {
	const shown = 12
	for _, s := range r.Storms {
		fmt.Fprintf(t, "  connections: %s broke at %s", grouped(s.Down), edge(s.From))
		if s.First.Known() {
			fmt.Fprintf(t, "; the first was back after %s, half after %s, all after %s, at most %s in a second", seconds(s.First), seconds(s.Half), seconds(s.Back), grouped(s.Peak))
		}
		if !s.Back.Known() {
			t.WriteString("; not all were back at the end")
		}
		if len(s.Rates) > 1 {
			t.WriteString("\n    each second came back:")
			for _, n := range s.Rates[:min(shown, len(s.Rates))] {
				t.WriteString(" " + grouped(n))
			}
			if len(s.Rates) > shown {
				t.WriteString(" …")
			}
		}
		t.WriteString("\n")
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
