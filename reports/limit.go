package reports

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/twinbed/twinbed/sim/units"
)

// Limit is what a figure of a run must keep to. One that nothing was measured
// for is broken, unless it says "if any".
//
//	p99 of alarm.loop < 1s if any      a decision's segment; without the decision, each of them
//	max of press.uplink <= 250ms       all readings of a kind
//	count of alarm.loop >= 1
//	lost readings < 0.1%               also loops, commands, tasks, acks; a share or a number
//	unexplained = 0                    what is missing in the books
//	rate of readings > 900/s           also loops, commands, tasks
//	p99 of lateness < 10ms             how late the clock was; live runs
//	downtime < 4h                      a KPI, by its name
type Limit struct {
	Text  string          `key:"-"`
	Stat  string          `key:"-"` // "p", "max", "mean", "count", "lost", "rate" or "" for a figure by its name
	Share float64         `key:"-"` // of "p": 0.99
	Of    string          `key:"-"` // the decision or kind, "" for each decision
	What  string          `key:"-"` // a segment, lateness, unexplained, a medium, or a KPI's name
	Than  string          `key:"-"` // < <= > >= =
	Value float64         `key:"-"` // as units.Parse gives it
	Dim   units.Dimension `key:"-"`
	IfAny bool            `key:"-"`
}

const (
	lateness    = "lateness"
	unexplained = "unexplained"
)

var (
	countable  = []string{"readings", "loops", "commands", "tasks", "acks"}
	rated      = []string{"readings", "loops", "commands", "tasks"}
	statistics = []string{"p50", "p90", "p95", "p99", "p99.9", "max", "mean", "count", "rate"}
	measurable = append(slices.Clone(segmentNames), lateness)

	limitShape  = regexp.MustCompile(`^\s*([^<>=]*?)\s*(<=|>=|==|=|<|>)\s*([^<>=]*?)(\s+if\s+any)?\s*$`)
	percentile  = regexp.MustCompile(`^p([0-9]+(?:\.[0-9]+)?)$`)
	latenessAlt = regexp.MustCompile(`^lateness\s+(\S+)$`)
)

// ParseLimit reads a limit. Its error is one sentence that says what is possible.
func ParseLimit(text string) (Limit, error) {
	var l Limit
	err := l.FromWords(text)
	return l, err
}

// FromWords reads a limit.
func (l *Limit) FromWords(text string) error {
	if strings.ContainsFunc(text, oddBlank) {
		return fmt.Errorf("%.80q holds a blank that is no space: it was perhaps copied with the text; write a space", text)
	}
	parts := limitShape.FindStringSubmatch(text)
	if parts == nil || parts[1] == "" || parts[3] == "" {
		return fmt.Errorf("%.80q is not a limit: write a figure, one of < <= > >= =, and a value, as in p99 of loop < 250ms", text)
	}
	*l = Limit{Text: strings.Join(strings.Fields(text), " "), Than: strings.Replace(parts[2], "==", "=", 1), IfAny: parts[4] != ""}
	if err := l.subject(strings.Join(strings.Fields(parts[1]), " ")); err != nil {
		return err
	}
	return l.value(parts[3])
}

// oddBlank is what counts as space in some places and not in others.
func oddBlank(r rune) bool { return unicode.IsSpace(r) && !strings.ContainsRune(" \t\n\r\f", r) }

// WantsRate says whether the limit asks for a rate, instead of bounding one.
func (l *Limit) WantsRate() bool { return l.Stat == "rate" && l.Than != "<" && l.Than != "<=" }

// WordsPattern is the shape of a limit: some figure, a comparison, a quantity.
func (l *Limit) WordsPattern() string {
	var shapes []string
	for _, d := range []units.Dimension{units.Duration, units.Rate, units.Share, units.Number} {
		shapes = append(shapes, units.Shape(d))
	}
	return `^\s*[^<>=\s][^<>=]*(?:<=|>=|==|=|<|>)\s*(?:` + strings.Join(shapes, "|") + `)(?:\s+if\s+any)?\s*$`
}

// subject reads what stands before the comparison.
func (l *Limit) subject(text string) error {
	if m := latenessAlt.FindStringSubmatch(text); m != nil {
		text = m[1] + " of lateness"
	}
	if text == unexplained {
		l.What = unexplained
		return nil
	}
	if what, ok := strings.CutPrefix(text, "lost "); ok {
		l.Stat, l.What = "lost", what
		return oneOf("sort of message that can be lost", what, countable)
	}
	stat, what, of := strings.Cut(text, " of ")
	if !of {
		l.What = text
		if strings.Contains(text, " ") {
			return fmt.Errorf("%.60q is no figure: write one such as p99 of loop, lost readings, unexplained, rate of readings, p99 of lateness, or the name of a KPI", text)
		}
		return nil
	}
	if err := l.statistic(stat); err != nil {
		return err
	}
	if l.Stat == "rate" {
		l.What = what
		return oneOf("rate of", what, rated)
	}
	l.What = what
	if dot := strings.LastIndex(what, "."); dot >= 0 {
		l.Of, l.What = what[:dot], what[dot+1:]
	}
	if err := oneOf("segment", l.What, measurable); err != nil {
		return err
	}
	if l.What == lateness && (l.Stat == "mean" || l.Stat == "count" || l.Of != "") {
		return fmt.Errorf("of lateness there are percentiles and max alone, for the whole run")
	}
	return nil
}

func (l *Limit) statistic(text string) error {
	if m := percentile.FindStringSubmatch(text); m != nil {
		p, err := strconv.ParseFloat(m[1], 64)
		if err != nil || !(p > 0 && p <= 100) {
			return fmt.Errorf("%.20q is no percentile: they go from above p0 to p100", text)
		}
		l.Stat, l.Share = "p", p/100
		return nil
	}
	switch text {
	case "max", "mean", "count", "rate":
		l.Stat = text
		return nil
	case "median":
		l.Stat, l.Share = "p", 0.5
		return nil
	}
	return unknownWord("statistic", text, statistics)
}

func oneOf(sort, word string, known []string) error {
	if slices.Contains(known, word) {
		return nil
	}
	return unknownWord(sort, word, known)
}

// value reads what stands after the comparison, in the dimensions that fit.
func (l *Limit) value(text string) error {
	var err error
	for n, d := range l.dimensions() {
		value, wrong := units.Parse(text, d)
		if wrong == nil {
			l.Value, l.Dim = value, d
			return nil
		}
		if n == 0 {
			err = wrong
		}
	}
	if dims := l.dimensions(); len(dims) > 1 {
		return fmt.Errorf("%.60q is not what %s can be compared with: %s", text, l.What, possible(dims))
	}
	return err
}

// dimensions are what a limit's value may be measured in.
func (l *Limit) dimensions() []units.Dimension {
	switch {
	case l.Stat == "p", l.Stat == "max", l.Stat == "mean":
		return []units.Dimension{units.Duration}
	case l.Stat == "rate":
		return []units.Dimension{units.Rate}
	case l.Stat == "count", l.What == unexplained:
		return []units.Dimension{units.Number}
	case l.Stat == "lost":
		return []units.Dimension{units.Number, units.Share}
	}
	return []units.Dimension{units.Number, units.Duration, units.Share, units.Rate}
}

func possible(dims []units.Dimension) string {
	examples := map[units.Dimension]string{
		units.Number: "a number (5)", units.Share: "a share (0.1%)", units.Duration: "a duration (4h)", units.Rate: "a rate (10/h)",
	}
	var list []string
	for _, d := range dims {
		list = append(list, examples[d])
	}
	return strings.Join(list, ", ")
}

// Names are what the limits of a scenario can be about.
type Names struct {
	Decisions []string // all that are written, also those that a variant leaves out
	Kinds     []string
	KPIs      []KPI
}

// Check finds what a limit names that does not exist.
func (l Limit) Check(n Names) error {
	switch {
	case l.Stat == "" && l.What != unexplained:
		return l.checkKPI(n)
	case l.Of == "":
		return nil
	case slices.Contains(n.Decisions, l.Of):
		return nil
	case slices.Contains(n.Kinds, l.Of):
		if l.What != uplinkSegment.String() {
			return fmt.Errorf("%s is a kind of things, and of their readings there is uplink alone: write %s.uplink", l.Of, l.Of)
		}
		return nil
	}
	return unknownWord("decision or kind of things", l.Of, append(slices.Clone(n.Decisions), n.Kinds...))
}

func (l Limit) checkKPI(n Names) error {
	names := make([]string, 0, len(n.KPIs)+1)
	for _, k := range n.KPIs {
		names = append(names, k.Name)
		if k.Name != l.What || k.check() != nil {
			continue
		}
		dim, _ := dimension(k.Unit)
		if _, err := units.Parse(l.valueText(), dim); err != nil {
			return fmt.Errorf("KPI %s: %w", k.Name, err)
		}
		return nil
	}
	if slices.Contains(names, l.What) {
		return nil // what is wrong with it is told where it stands
	}
	if _, builtIn := KPIs.Find(l.What); builtIn {
		return fmt.Errorf("the KPI %s is built in; list it under kpis to hold the run to it", l.What)
	}
	return unknownWord("figure or KPI", l.What, append(names, unexplained))
}

// valueText is the value as it was written.
func (l *Limit) valueText() string {
	m := limitShape.FindStringSubmatch(l.Text)
	if m == nil {
		return ""
	}
	return m[3]
}
