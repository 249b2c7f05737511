package reports

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/units"
)

// KPI is one figure of what a run was worth, as a scenario writes it: a built-in
// by its name alone, or a name and one formula. Formulae but the last read the
// ground truth of the things of a kind: signals, states, attributes, hour (0 to
// 24) and weekday (Monday 1 to Sunday 7). A thing counts from the first time
// its truth is told to the end of the run.
type KPI struct {
	Name     string         `doc:"how reports, limits and other KPIs call it; that of the built-in one if it is left out"`
	BuiltIn  string         `doc:"a KPI there is already, under another name or for one kind alone"`
	Of       string         `doc:"the kind of things; all that have what the formula reads if it is left out. Of a built-in KPI of people: the crew"`
	Time     sim.Expression `doc:"a condition: how long it holds, summed over things"`
	Count    sim.Expression `doc:"a condition: how often it becomes true"`
	Rate     sim.Expression `doc:"a condition: how often it becomes true an hour, all things together"`
	Integral sim.Expression `doc:"a value: its integral over time in hours, summed over things; kW make kWh"`
	Sum      sim.Expression `doc:"a value: summed over things at the end"`
	Mean     sim.Expression `doc:"a value or condition: its mean over time and things"`
	Max      sim.Expression `doc:"a value: the largest of all things at any time"`
	Min      sim.Expression `doc:"a value: the smallest of all things at any time"`
	Formula  sim.Expression `doc:"over other KPIs, such as 120 * downtime + 40 * hours_worked; times are in their KPI's unit, hours unless it says otherwise; played is how many hours the run lasted"`
	Unit     string         `doc:"what it is measured in; of a time s, min, h or d; default: h for a time, /h for a rate"`
	Doc      string         `doc:"what it says, in a sentence"`
	Better   string         `oneof:"lower|higher" doc:"which way is good, for comparisons"`
}

// FromWords reads the name of a built-in KPI.
func (k *KPI) FromWords(text string) error {
	name := strings.TrimSpace(text)
	if _, ok := KPIs.Find(name); !ok {
		return unknownWord("KPI", name, builtInNames())
	}
	k.BuiltIn = name
	if k.Name == "" {
		k.Name = name
	}
	return nil
}

// WordsPattern matches the names of the built-in KPIs.
func (k *KPI) WordsPattern() string {
	return `^\s*(?:` + strings.Join(builtInNames(), "|") + `)\s*$`
}

// unknownWord says that there is no such name, which it may have been, and what there is.
func unknownWord(sort, word string, known []string) error {
	hint := ""
	if near, ok := units.Nearest(word, known); ok {
		hint = fmt.Sprintf(", did you mean %s?", near)
	}
	if len(known) == 0 {
		return fmt.Errorf("there is no %s %.60q, nor any other", sort, word)
	}
	return fmt.Errorf("there is no %s %.60q%s There are %s", sort, word, orStop(hint), strings.Join(known, ", "))
}

func orStop(hint string) string {
	if hint == "" {
		return "."
	}
	return hint
}

// how says what a term does with the values of its formula.
type how uint8

const (
	timeWhile how = iota
	countOf
	rateOf
	integralOf
	sumAtEnd
	meanOf
	maxOf
	minOf
	spells // how long a condition holds each time, mean
)

// condition says whether the formula must be true or false.
func (h how) condition() bool {
	return h == timeWhile || h == countOf || h == rateOf || h == spells
}

// measure is the one formula over ground truth that a KPI has; key "" for none.
func (k *KPI) measure() (h how, source sim.Expression, key string, several bool) {
	for i, x := range [...]sim.Expression{k.Time, k.Count, k.Rate, k.Integral, k.Sum, k.Mean, k.Max, k.Min} {
		if x != "" {
			several = several || key != ""
			h, source = how(i), x
			key = [...]string{"time", "count", "rate", "integral", "sum", "mean", "max", "min"}[i]
		}
	}
	return h, source, key, several
}

var kpiName = regexp.MustCompile(`^[\pL_][\pL\pN_]*$`)

// check finds what is wrong with a KPI by itself and fills in what follows.
func (k *KPI) check() error {
	_, _, key, several := k.measure()
	ways := 0
	for _, given := range []bool{k.BuiltIn != "", key != "", k.Formula != ""} {
		if given {
			ways++
		}
	}
	if k.Name == "" {
		k.Name = k.BuiltIn
	}
	switch {
	case !kpiName.MatchString(k.Name):
		return sim.Wrongf("name", "%.60q cannot be the name of a KPI: it is made of letters, digits and _", k.Name)
	case ways == 0:
		return sim.Wrongf("", "KPI %s needs one of built_in, time, count, rate, integral, sum, mean, max, min and formula", k.Name)
	case ways > 1 || several:
		return sim.Wrongf("", "KPI %s has several of built_in, time, count, rate, integral, sum, mean, max, min and formula; it takes one", k.Name)
	case k.Better != "" && k.Better != "lower" && k.Better != "higher":
		return sim.Wrongf("better", "%.60q: lower or higher is better", k.Better)
	}
	if k.BuiltIn != "" {
		return k.checkBuiltIn()
	}
	switch key {
	case "time":
		if k.Unit == "" {
			k.Unit = "h"
		}
		if hoursIn[k.Unit] == 0 {
			return sim.Wrongf("unit", "%.60q is no unit of a time here: s, min, h or d", k.Unit)
		}
	case "rate":
		if k.Unit != "" && k.Unit != "/h" {
			return sim.Wrongf("unit", "a rate is counted an hour: its unit is /h")
		}
		k.Unit = "/h"
	}
	return nil
}

func (k *KPI) checkBuiltIn() error {
	entry, ok := KPIs.Find(k.BuiltIn)
	if !ok {
		return sim.Wrongf("built_in", "%s", unknownWord("KPI", k.BuiltIn, builtInNames()))
	}
	unit, better := entry.New().About()
	if k.Unit != "" && k.Unit != unit {
		return sim.Wrongf("unit", "%s is in %q", k.BuiltIn, unit)
	}
	k.Unit = unit
	if k.Better == "" {
		k.Better = better
	}
	if k.Doc == "" {
		k.Doc = entry.Doc
	}
	return nil
}

// hoursIn are the units of time of a KPI.
var hoursIn = map[string]float64{"s": 1. / 3600, "min": 1. / 60, "h": 1, "d": 24}

// dimension is what values of a KPI are compared with, and the factor that
// makes them what units.Parse gives.
func dimension(unit string) (units.Dimension, float64) {
	if h := hoursIn[unit]; h > 0 {
		return units.Duration, h * 3600
	}
	if rest, ok := strings.CutPrefix(unit, "/"); ok && hoursIn[rest] > 0 {
		return units.Rate, 1 / (hoursIn[rest] * 3600)
	}
	if unit == "%" {
		return units.Share, 1
	}
	return units.Number, 1
}

// formatKPI writes a value with its unit: times as durations, shares as
// percentages, other numbers with four digits.
func formatKPI(value Number, unit string) string {
	if !value.Known() {
		return "-"
	}
	dim, factor := dimension(unit)
	x := float64(value)
	switch dim {
	case units.Duration:
		return units.Format(x*factor, dim)
	case units.Share:
		return short(x*100) + "%"
	case units.Rate:
		return short(x) + unit
	}
	return strings.TrimSpace(short(x) + " " + unit)
}

// KPIResult is a KPI of one run. Shares (unit %) are fractions of one.
type KPIResult struct {
	Name   string `json:"name"`
	Value  Number `json:"value"`
	Unit   string `json:"unit"`
	Better string `json:"better,omitempty"`
	Doc    string `json:"doc,omitempty"`
}
