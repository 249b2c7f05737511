package reports

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/units"
)

// LimitResult is what became of a limit: the figure, from how many samples, and
// whether it kept.
type LimitResult struct {
	Limit    string `json:"limit"`
	Passed   bool   `json:"passed"`
	Measured Number `json:"measured"` // seconds, shares of one, per second, or a number
	Unit     string `json:"unit"`     // s, share, /s, or what the KPI says
	Samples  uint64 `json:"samples"`
	Of       string `json:"of,omitempty"`   // the decision that came off worst, where the limit names none
	Note     string `json:"note,omitempty"` // why nothing was measured, and what did not count
	text     string // the measured value as people read it
}

// sample is one figure that a limit holds for.
type sample struct {
	of    string
	value float64
	count uint64
}

// judge holds a limit against what was measured.
func (r *Recorder) judge(l Limit) LimitResult {
	result := LimitResult{Limit: l.Text, Measured: Unknown, Unit: l.unit()}
	samples, dim, factor, note := r.samplesFor(l, &result)
	result.Note = note
	if len(samples) == 0 {
		result.Passed = l.IfAny
		if note == "" {
			result.Note = "nothing was measured"
		}
		result.text = "-"
		return result
	}
	worst := samples[0]
	result.Passed = true
	for _, s := range samples {
		result.Passed = result.Passed && l.holds(s.value*factor)
		if l.worse(s.value*factor, worst.value*factor) {
			worst = s
		}
	}
	result.Measured, result.Samples = Number(worst.value), worst.count
	if l.Of == "" {
		result.Of = worst.of
	}
	if result.text == "" {
		result.text = formatLimit(worst.value*factor, dim)
	}
	return result
}

func formatLimit(x float64, dim units.Dimension) string {
	switch dim {
	case units.Number:
		return short(x)
	case units.Share:
		return short(x*100) + "%"
	}
	return units.Format(x, dim)
}

func (l *Limit) unit() string {
	switch {
	case l.Stat == "p", l.Stat == "max", l.Stat == "mean":
		return "s"
	case l.Stat == "rate":
		return "/s"
	case l.Stat == "lost" && l.Dim == units.Share:
		return "share"
	}
	return ""
}

func (l *Limit) holds(x float64) bool {
	switch l.Than {
	case "<":
		return x < l.Value
	case "<=":
		return x <= l.Value
	case ">":
		return x > l.Value
	case ">=":
		return x >= l.Value
	}
	return x == l.Value
}

func (l *Limit) worse(x, than float64) bool {
	switch l.Than[0] {
	case '<':
		return x > than
	case '>':
		return x < than
	}
	return math.Abs(x-l.Value) > math.Abs(than-l.Value)
}

// samplesFor finds the figures a limit is about; factor makes them what the
// limit's value is measured in.
func (r *Recorder) samplesFor(l Limit, result *LimitResult) (list []sample, dim units.Dimension, factor float64, note string) {
	dim, factor = l.Dim, 1
	switch {
	case l.What == unexplained && l.Stat == "":
		n, of := r.unexplained()
		return []sample{{"", float64(n), of}}, dim, 1, ""
	case l.Stat == "":
		return r.kpiSample(l, result)
	case l.Stat == "lost":
		list, note = r.lostSample(l)
	case l.Stat == "rate":
		list = r.rateSample(l.What)
	case l.What == lateness:
		lag := r.lag()
		if lag.Count() == 0 {
			return nil, dim, 1, "only a live run is late"
		}
		late := lag.Max()
		if l.Stat == "p" {
			late = lag.Quantile(l.Share)
		}
		list = []sample{{"", late.Seconds(), lag.Count()}}
	default:
		list, note = r.segmentSamples(l)
	}
	return list, dim, factor, note
}

func (r *Recorder) segmentSamples(l Limit) (list []sample, note string) {
	part := segment(slices.Index(segmentNames, l.What))
	if l.Of != "" && !slices.Contains(r.setup.Decisions, l.Of) {
		for i, k := range r.setup.Roster.Kinds {
			if k.Name == l.Of && part == uplinkSegment {
				return l.sample(k.Name, &r.kinds[i].uplink), ""
			}
		}
		return nil, l.Of + " is not part of this variant"
	}
	var silent []string
	for i, name := range r.setup.Decisions {
		if l.Of != "" && l.Of != name {
			continue
		}
		more := l.sample(name, &r.decisions[i].segments[part])
		if len(more) == 0 {
			silent = append(silent, name)
		}
		list = append(list, more...)
	}
	if len(silent) > 0 {
		note = "nothing was measured of " + strings.Join(silent, ", ")
	}
	return list, note
}

// sample is one figure of some durations; there is none of nothing, except how many.
func (l *Limit) sample(of string, d *durations) []sample {
	s := sample{of: of, count: d.count}
	switch {
	case l.Stat == "count":
		s.value = float64(d.count)
		return []sample{s}
	case d.count == 0:
		return nil
	case l.Stat == "max":
		s.value = d.max.Seconds()
	case l.Stat == "mean":
		s.value = d.mean().Seconds()
	default:
		s.value = d.quantile(l.Share).Seconds()
	}
	return []sample{s}
}

// lostSample is how much of a sort of message was lost: for readings with what
// is unexplained, for loops what timed out or is not accounted for.
func (r *Recorder) lostSample(l Limit) ([]sample, string) {
	var lost, of uint64
	switch l.What {
	case "readings":
		for k := range r.kinds {
			b := r.total(k)
			lost, of = lost+b.lost+missing(b.open()-int64(r.inFlight(k))), of+b.sent
		}
	case "loops":
		for i := range r.decisions {
			t := &r.decisions[i]
			lost, of = lost+t.lost, of+t.fired
		}
		lost += missing(r.turnsBook().Unexplained)
	case "commands":
		lost, of = total(r.lost[sim.CommandMessage]), r.deeds.commands.issued+r.deeds.commands.resent
	case "tasks":
		lost, of = total(r.lost[sim.TaskMessage]), r.deeds.tasks.issued+r.deeds.tasks.resent
	case "acks":
		lost = total(r.lost[sim.AckMessage])
		of = lost + r.deeds.commands.outcomes.Total() - r.deeds.commands.outcomes.TimedOut
	}
	if of == 0 {
		return nil, fmt.Sprintf("there were no %s", l.What)
	}
	value := float64(lost)
	if l.Dim == units.Share {
		value /= float64(of)
	}
	return []sample{{"", value, of}}, ""
}

func missing(n int64) uint64 { return uint64(max(n, 0)) }

func total(counts []uint64) (sum uint64) {
	for _, n := range counts {
		sum += n
	}
	return sum
}

// rateSample is how many a second arrived or were closed or sent: a second of
// scenario time in a virtual run, of wall time in a live one.
func (r *Recorder) rateSample(what string) []sample {
	seconds := r.seconds()
	if seconds == 0 {
		return nil
	}
	n := r.achieved()[slices.Index(rated, what)]
	return []sample{{"", float64(n) / seconds, n}}
}

func (r *Recorder) kpiSample(l Limit, result *LimitResult) ([]sample, units.Dimension, float64, string) {
	for _, k := range r.kpis.results() {
		if k.Name != l.What {
			continue
		}
		dim, factor := dimension(k.Unit)
		result.Unit = k.Unit
		if !k.Value.Known() {
			return nil, dim, factor, ""
		}
		result.text = formatKPI(k.Value, k.Unit)
		return []sample{{"", float64(k.Value), 1}}, dim, factor, ""
	}
	return nil, units.Number, 1, "there is no such KPI in this run"
}
