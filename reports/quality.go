package reports

import (
	"fmt"

	"github.com/twinbed/twinbed/sim/units"
)

// quality is what a comparison shows of how well decisions detect and of how old
// is what the twins know.
func (x *Report) quality() []KPIResult {
	var list []KPIResult
	for _, d := range x.Decisions {
		q := d.Detection
		if q == nil {
			continue
		}
		add := func(what, unit, better string, v Number) {
			list = append(list, KPIResult{Name: what + " of " + d.Name, Value: v, Unit: unit, Better: better})
		}
		add("recall", "%", "higher", q.Recall)
		add("precision", "%", "higher", q.Precision)
		add("missed", "", "lower", Number(q.Missed))
		add("false alarms", "", "lower", Number(q.False))
		add("detection delay", "s", "lower", q.Delay.Mean)
	}
	for _, a := range x.Ages {
		list = append(list, KPIResult{Name: "age of information of " + a.Kind, Value: a.Mean, Unit: "s", Better: "lower"})
	}
	return list
}

// detections says how good the decisions were that have a truth to detect.
func (t *text) detections() {
	rows := [][]string{{"", "true", "detected", "missed", "open", "recall", "false", "precision", "delay p50", "p95", "max", "before"}}
	var notes []string
	for _, d := range t.x.Decisions {
		q := d.Detection
		if q == nil {
			continue
		}
		rows = append(rows, []string{d.Name, grouped(q.True), grouped(q.Detected), grouped(q.Missed), grouped(q.Open), percent(q.Recall),
			grouped(q.False), percent(q.Precision), seconds(q.Delay.P50), seconds(q.Delay.P95), seconds(q.Delay.Max), grouped(q.Lead.Count)})
		note := d.Name + ": " + q.Truth
		if q.Ahead > 0 {
			note += fmt.Sprintf("; alarms up to %s before count", seconds(q.Ahead))
		}
		if q.Repeated > 0 {
			note += "; " + counted(int64(q.Repeated), "alarm") + " repeated"
		}
		if q.Undecided > 0 {
			note += "; " + counted(int64(q.Undecided), "alarm") + " undecided at the end"
		}
		notes = append(notes, note)
	}
	if len(notes) == 0 {
		return
	}
	t.title("decisions against the truth")
	table(&t.Builder, "  ", "< > > > > > > > > > > >", rows)
	for _, note := range notes {
		t.WriteString("  ")
		folded(&t.Builder, note, "    ", width)
	}
}

// ages says how old is what the twins know.
func (t *text) ages() {
	rows := [][]string{{"age of information of", "things", "mean", "mean peak", "max"}}
	for _, a := range t.x.Ages {
		if a.Mean.Known() {
			rows = append(rows, []string{a.Kind, grouped(a.Things), seconds(a.Mean), seconds(a.Peak), seconds(a.Max)})
		}
	}
	if len(rows) > 1 {
		table(&t.Builder, "  ", "< > > > >", rows)
	}
}

func percent(n Number) string {
	if !n.Known() {
		return "-"
	}
	return formatLimit(float64(n), units.Share)
}
