package units

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// unit is one unit with all its spellings; the first is the one shown.
type unit struct {
	factor float64
	names  []string
}

// durations are in nanoseconds.
var durations = []unit{
	{float64(time.Nanosecond), []string{"ns"}},
	{float64(time.Microsecond), []string{"us", "µs", "μs"}},
	{float64(time.Millisecond), []string{"ms"}},
	{float64(time.Second), []string{"s", "sec", "secs", "second", "seconds"}},
	{float64(time.Minute), []string{"min", "m", "mins", "minute", "minutes"}},
	{float64(time.Hour), []string{"h", "hr", "hrs", "hour", "hours"}},
	{float64(24 * time.Hour), []string{"days", "d", "day"}},
	{float64(Week), []string{"weeks", "w", "week"}},
}

// sizes are in bytes.
var sizes = []unit{
	{1, []string{"B", "byte", "bytes"}},
	{1e3, []string{"kB", "KB"}}, {1e6, []string{"MB"}}, {1e9, []string{"GB"}}, {1e12, []string{"TB"}},
	{1 << 10, []string{"KiB"}}, {1 << 20, []string{"MiB"}}, {1 << 30, []string{"GiB"}}, {1 << 40, []string{"TiB"}},
}

// frequencies are per second.
var frequencies = []unit{{1, []string{"Hz"}}, {1e3, []string{"kHz"}}}

var percentages = []unit{{0.01, []string{"%"}}}

const unsigned = `(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?`

// grammar is what can be written in one dimension.
type grammar struct {
	name     string
	shape    string // regular expression, no anchors, no groups
	possible string // units as an error lists them
	example  string // what follows the number in an example
	known    []string
}

var grammars = [...]grammar{
	Number: {name: "number", shape: `-?` + unsigned, possible: "no unit"},
	Duration: {name: "duration", possible: shown(durations), example: "s", known: spelled(durations),
		shape: measured(durations) + `(?: *` + measured(durations) + `)*`},
	Share: {name: "share", possible: "%", example: "%", known: spelled(percentages),
		shape: `(?:[01]|` + measured(percentages) + `)`},
	Size: {name: "size", possible: shown(sizes), example: "kB", known: spelled(sizes),
		shape: measured(sizes)},
	Rate: {name: "rate", possible: "/s, /min, /h, /day, Hz, kHz", example: "/s", known: rates(),
		shape: `(?:` + measured(frequencies) + `|` + unsigned + ` *(?:/ *|per +)` + either(durations) + `)`},
}

// Shape is the regular expression of a quantity within a longer text, without
// anchors and without capturing groups.
func Shape(dim Dimension) string { return grammars[dim].shape }

// Pattern is the regular expression of a whole text that holds one quantity, for JSON Schema.
func Pattern(dim Dimension) string { return `^ *` + Shape(dim) + ` *$` }

// Words splits a text at its spaces; tabs and line ends are no spaces here.
func Words(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ' ' })
}

func spelled(table []unit) (names []string) {
	for _, u := range table {
		names = append(names, u.names...)
	}
	return names
}

func rates() []string {
	names := spelled(frequencies)
	for _, name := range spelled(durations) {
		names = append(names, "/"+name)
	}
	return names
}

func shown(table []unit) string {
	var names []string
	for _, u := range table {
		names = append(names, u.names[0])
	}
	return strings.Join(names, ", ")
}

func either(table []unit) string { return `(?:` + strings.Join(spelled(table), "|") + `)` }

func measured(table []unit) string { return unsigned + ` *` + either(table) }

// factor is 0 when the table has no unit of that name.
func factor(table []unit, name string) float64 {
	for _, u := range table {
		for _, n := range u.names {
			if n == name {
				return u.factor
			}
		}
	}
	return 0
}

// quantity is a number as written and the unit that follows it.
type quantity struct {
	text         string // the whole text, for errors
	number, unit string
	dim          Dimension
}

var (
	leading   = regexp.MustCompile(`^(-?` + unsigned + `)? *((?:per +|/ *)?[^-+0-9. ]*) *`)
	notFinite = regexp.MustCompile(`^[-+]?\.?(?i:nan|inf|infinity)\b`)
)

// cut takes the first number and its unit off a text.
func cut(text string, dim Dimension) (q quantity, rest string) {
	m := leading.FindStringSubmatch(text)
	return quantity{text: text, number: m[1], unit: m[2], dim: dim}, text[len(m[0]):]
}

// single reads a text that holds one number with at most one unit the dimension knows.
func single(text string, dim Dimension) (quantity, error) {
	text = strings.Trim(text, " ")
	q, rest := cut(text, dim)
	if err := q.sound(); err != nil {
		return q, err
	}
	if rest != "" {
		return q, fmt.Errorf("%.60q is not one %s: after %.40q comes %.20q; write it as in %s",
			text, dim, strings.TrimSpace(strings.TrimSuffix(text, rest)), rest, q.sample())
	}
	return q, nil
}

// sound is an error when the quantity has no number, a negative one where there is none, or an unknown unit.
func (q quantity) sound() error {
	g := grammars[q.dim]
	switch {
	case q.text == "":
		return fmt.Errorf("a %s is missing: write it as in %s", g.name, q.sample())
	case notFinite.MatchString(q.text):
		return fmt.Errorf("%.60q is not a finite number", q.text)
	case q.number == "":
		return fmt.Errorf("%.60q is not a %s: it begins with a number, as in %s", q.text, g.name, q.sample())
	case len(q.number) > 40:
		return fmt.Errorf("%.60q has more digits than a number can hold", q.text)
	case q.unit == "" || q.dim == Number:
		return nil
	case !q.known():
		meant := q.unit
		if q.dim == Rate && factor(durations, q.unit) > 0 {
			meant = "/" + q.unit
		}
		return fmt.Errorf("%.60q: %.20q is not a unit of a %s%s; possible are %s",
			q.text, q.unit, g.name, suggestion(meant, g.known), g.possible)
	case q.number[0] == '-':
		return fmt.Errorf("%.60q is negative: a %s is zero or more", q.text, g.name)
	}
	return nil
}

func (q quantity) known() bool {
	if q.dim == Rate {
		return factor(frequencies, q.unit) > 0 || factor(durations, perUnit(q.unit)) > 0
	}
	return IsUnit(q.unit, q.dim)
}

// IsUnit says whether a word is by itself a unit of a dimension, such as "min" of a duration.
func IsUnit(word string, dim Dimension) bool { return slices.Contains(grammars[dim].known, word) }

// perUnit is the unit after "/" or "per", or "" when there is neither.
func perUnit(unit string) string {
	if name, ok := strings.CutPrefix(unit, "/"); ok {
		return strings.TrimLeft(name, " ")
	}
	if name, ok := strings.CutPrefix(unit, "per "); ok {
		return strings.TrimLeft(name, " ")
	}
	return ""
}

func (q quantity) bare() error {
	g := grammars[q.dim]
	return fmt.Errorf("%.60q has no unit: a %s needs one of %s, as in %s", q.text, g.name, g.possible, q.sample())
}

// sample is the number that was written with a unit, or any good quantity.
func (q quantity) sample() string {
	if number := strings.TrimPrefix(q.number, "-"); number != "" {
		return number + grammars[q.dim].example
	}
	return "30" + grammars[q.dim].example
}

func (q quantity) value() (float64, error) {
	x, err := strconv.ParseFloat(q.number, 64)
	if err != nil || math.IsInf(x, 0) {
		return 0, fmt.Errorf("%.60q is too large for a number", q.text)
	}
	if q.dim != Number && q.number[0] == '-' {
		return 0, fmt.Errorf("%.60q is negative: a %s is zero or more", q.text, q.dim)
	}
	return x, nil
}
