package reports

import (
	"math"
	"slices"
	"sort"
	"strings"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/units"
)

// between are the loops that were decided in a part of the run.
func (a *Aftermath) between(from, to sim.Time) []turned {
	place := func(t sim.Time) int {
		return sort.Search(len(a.loops), func(i int) bool { return a.loops[i].decided >= t })
	}
	return a.loops[place(from):max(place(from), place(to))]
}

// loop is the loops that were decided in a part of the run and acknowledged.
func (a *Aftermath) loop(from, to sim.Time) Phase {
	var took []float64
	for _, l := range a.between(from, to) {
		if l.known {
			took = append(took, l.took)
		}
	}
	if len(took) == 0 {
		return Phase{0, Unknown, Unknown}
	}
	slices.Sort(took)
	at := func(p float64) Number { return Number(took[int(math.Ceil(p*float64(len(took))))-1]) }
	return Phase{uint64(len(took)), at(0.5), at(0.99)}
}

// Loops are back when of the next so many no more than one is beyond its bound.
const runOfLoops = 20

// leastSpread is how many loops of a decision there have to be in the window before for
// their spread to be a bound.
const leastSpread = 5

// loopsBack is the time from the end of a window until loops keep within their bound: the
// limit that the scenario states for them, else the longest of their decision in the
// window before. It is when the first of a run of loops was decided of which all but one in
// twenty keep to it; none where that was the first loop of all. A loop whose end is not
// known is beyond any bound; of a decision without a bound none counts.
func (a *Aftermath) loopsBack(s *strike, decisions []Decision, limits []Limit) (Number, string) {
	if s.to == sim.Never {
		return Unknown, ""
	}
	before, _, _ := a.phases(s)
	bounds, against := a.bounds(a.between(before, s.from), decisions, limits)
	var after []turned
	for _, l := range a.between(s.to, sim.Never) {
		if bounds[l.decision] < math.Inf(1) {
			after = append(after, l)
		}
	}
	beyond := func(l turned) bool { return !l.known || l.took > bounds[l.decision] }
	for i, l := range after {
		if beyond(l) {
			continue
		}
		bad, next := 0, after[i:min(i+runOfLoops, len(after))]
		for _, l := range next {
			if beyond(l) {
				bad++
			}
		}
		switch {
		case bad > len(next)/runOfLoops:
		case i == 0:
			return 0, against
		default:
			return Number(l.decided.Sub(s.to).Seconds()), against
		}
	}
	return Unknown, against
}

// bounds are how long loops of each decision may take, infinite where nothing says so,
// and in words what does.
func (a *Aftermath) bounds(before []turned, decisions []Decision, limits []Limit) (bounds []float64, against string) {
	spread := make([]float64, len(decisions))
	counts := make([]int, len(decisions))
	for _, l := range before {
		if l.known {
			spread[l.decision] = max(spread[l.decision], l.took)
			counts[l.decision]++
		}
	}
	var words []string
	say := func(word string) {
		if !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	for i, d := range decisions {
		bound := math.Inf(1)
		word := ""
		for _, l := range limits {
			if l.What == "loop" && l.Dim == units.Duration && strings.HasPrefix(l.Than, "<") && (l.Of == "" || l.Of == d.Name) && l.Value < bound {
				bound, word = l.Value, l.Text
			}
		}
		if word == "" && counts[i] >= leastSpread {
			bound, word = spread[i], "the longest before"
		}
		if word != "" {
			say(word)
		}
		bounds = append(bounds, bound)
	}
	return bounds, strings.Join(words, ", ")
}
