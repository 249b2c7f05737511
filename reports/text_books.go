package reports

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/twinbed/twinbed/sim/units"
)

func (t *text) books() {
	l := &t.x.Ledger
	if l.Balanced {
		t.title("ledger, balanced")
	} else {
		t.title("ledger, NOT BALANCED")
	}
	rows := [][]string{{"messages", "sent", "delivered", "lost", "in flight", "unexplained", "duplicates", "late"}}
	for _, b := range l.Readings {
		rows = append(rows, []string{b.Kind, grouped(b.Sent), grouped(b.Delivered), grouped(b.lost()), grouped(b.InFlight),
			grouped(b.Unexplained), grouped(b.Duplicates), grouped(b.Late)})
	}
	for _, b := range l.Messages {
		if b.Sent+b.Came > 0 {
			rows = append(rows, []string{b.Medium + "s", grouped(b.Sent), grouped(b.Came), grouped(sumOf(b.Lost)), grouped(b.InFlight), grouped(b.Unexplained)})
		}
	}
	table(&t.Builder, "  ", "< > > > > > > >", rows)
	for _, b := range l.Readings {
		t.losses(b.Kind, b.Lost)
	}
	for _, b := range l.Messages {
		t.losses("", b.Lost)
	}
	rows = [][]string{{"deeds", "issued", "done", "failed", "refused", "timed out", "withdrawn", "open", "unexplained", "resent"}}
	for _, x := range []struct {
		name string
		b    DeedsBook
	}{{"turns", l.Turns}, {"commands", l.Commands}, {"tasks", l.Tasks}} {
		c := x.b.Closed
		if x.b.Issued > 0 || x.b.Unexplained != 0 {
			rows = append(rows, []string{x.name, grouped(x.b.Issued), grouped(c.Done), grouped(c.Failed), grouped(c.Refused),
				grouped(c.TimedOut), grouped(c.Withdrawn), grouped(x.b.Open), grouped(x.b.Unexplained), grouped(x.b.Resent)})
		}
	}
	if len(rows) > 1 {
		table(&t.Builder, "  ", "< > > > > > > > > >", rows)
	}
	for _, s := range l.Suspects {
		fmt.Fprintf(t, "  missing: %s number %d, %s\n", s.Thing, s.Seq, s.Why)
	}
}

func (t *text) losses(kind string, list []Loss) {
	var words []string
	for _, l := range list {
		words = append(words, fmt.Sprintf("%s %ss by %s", grouped(l.Count), l.Medium, l.Cause))
	}
	if len(words) == 0 {
		return
	}
	if kind != "" {
		kind += " "
	}
	t.WriteString("  ")
	folded(&t.Builder, kind+"lost "+strings.Join(words, ", "), "    ", width)
}

func (t *text) windows() {
	if len(t.x.Windows) == 0 {
		return
	}
	t.title("windows")
	rows := [][]string{{"from", "to", "sent", "delivered", "lost", "in flight", "unexplained", "faults"}}
	for _, w := range t.x.Windows {
		var b ReadingsBook
		lost := uint64(0)
		for _, k := range w.Readings {
			b.Sent += k.Sent
			b.Delivered += k.Delivered
			lost += k.lost()
			b.InFlight += k.InFlight
			b.Unexplained += k.Unexplained
		}
		rows = append(rows, []string{edge(w.From), edge(w.To), grouped(b.Sent), grouped(b.Delivered), grouped(lost),
			grouped(b.InFlight), grouped(b.Unexplained), strings.Join(w.Faults, ", ")})
	}
	const shown = 25
	if more := len(rows) - 1 - shown; more > 0 {
		rows = rows[:shown+1]
		defer fmt.Fprintf(t, "  and %s more in report.json\n", grouped(more))
	}
	table(&t.Builder, "  ", "> > > > > > > <", rows)
}

// edge writes when a window begins or ends, in full: rounded, a short window late in
// a run would end when it begins.
func edge(n Number) (text string) {
	rest := time.Duration(math.Round(float64(n) * float64(time.Second)))
	for _, x := range []struct {
		unit time.Duration
		name string
	}{{24 * time.Hour, "d "}, {time.Hour, "h "}, {time.Minute, "m "}} {
		if rest >= x.unit {
			text += strconv.FormatInt(int64(rest/x.unit), 10) + x.name
			rest %= x.unit
		}
	}
	if rest > 0 || text == "" {
		text += units.FormatDuration(rest)
	}
	return strings.TrimSpace(text)
}

func (t *text) steps() {
	if len(t.x.Steps) == 0 {
		return
	}
	t.title("steps")
	rows := [][]string{{"of", "step", "", "issued", "open", "wait p50", "p99", "work p50", "p99", ""}}
	for _, s := range t.x.Steps {
		of := s.Process
		if of == "" {
			of = s.Decision
		}
		rows = append(rows, []string{of, strconv.Itoa(s.Step), s.Name, grouped(s.Issued), grouped(s.Open),
			seconds(s.Wait.P50), seconds(s.Wait.P99), seconds(s.Work.P50), seconds(s.Work.P99), s.Closed.words()})
	}
	table(&t.Builder, "  ", "< > < > > > > > > <", rows)
}

func (t *text) people() {
	if len(t.x.People) == 0 {
		return
	}
	t.title("people")
	rows := [][]string{{"crew", "workers", "on shift", "busy", "utilisation", "done", "mean wait", "waiting", "under way", "escalated"}}
	for _, c := range t.x.People {
		rows = append(rows, []string{c.Name, strconv.Itoa(c.Workers), seconds(c.OnShift), seconds(c.Busy), formatKPI(c.Utilisation, "%"),
			strconv.Itoa(c.Done), seconds(c.MeanWait), strconv.Itoa(c.Waiting), strconv.Itoa(c.Working), strconv.Itoa(c.Escalated)})
	}
	table(&t.Builder, "  ", "< > > > > > > > > >", rows)
}

func (t *text) kpis() {
	if len(t.x.KPIs) == 0 {
		return
	}
	t.title("KPIs")
	rows := [][]string{}
	for _, k := range t.x.KPIs {
		rows = append(rows, []string{k.Name, formatKPI(k.Value, k.Unit), k.Doc})
	}
	table(&t.Builder, "  ", "< > <", rows)
}
