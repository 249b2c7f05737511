package scenarios

import (
	"slices"
	"strings"
	"time"

	"github.com/twinbed/twinbed/scenarios/language"
	"github.com/twinbed/twinbed/sim/signals"
)

// further finds what is wrong with the meaning of a scenario whose shape is
// wrong already, so that all mistakes are told at once.
func (s *Script) further(shape []language.Problem) (meaning []language.Problem) {
	// A scenario with holes may trip any room; its first mistakes are told anyway.
	defer func() { _ = recover() }()
	if len(s.Things) == 0 {
		return nil
	}
	whole := *s
	whole.Scenario = mended(s.Scenario)
	run, err := whole.Stage(Staging{})
	if err == nil {
		_ = run.Close()
		return nil
	}
	mistakes, _ := err.(Mistakes)
	for _, m := range mistakes {
		if !slices.ContainsFunc(shape, func(p language.Problem) bool { return near(m.Path, p.Path) || echoes(m, p) }) {
			meaning = append(meaning, m)
		}
	}
	return meaning
}

// mended fills the holes that mistakes have left with something that can be built.
func mended(s Scenario) Scenario {
	s.Clock = Speed{}
	if s.Duration <= 0 {
		s.Duration = time.Hour
	}
	s.Things = slices.Clone(s.Things)
	for i := range s.Things {
		t := &s.Things[i]
		t.Count, t.Every = max(t.Count, 1), max(t.Every, time.Millisecond)
		t.Signals = slices.Clone(t.Signals)
		for j := range t.Signals {
			if t.Signals[j].Model.SignalModel == nil {
				t.Signals[j].Model.SignalModel = &signals.Constant{}
			}
		}
	}
	return s
}

// near says whether two paths are the same or one is within the other.
func near(a, b string) bool {
	return a == b || strings.HasPrefix(a, b+".") || strings.HasPrefix(b, a+".") || b == ""
}

// echoes says whether a mistake only follows from another: something by that name
// could not be made, and now it is missing.
func echoes(m, first language.Problem) bool {
	steps := strings.Split(first.Path, ".")
	if len(steps) < 2 || !slices.Contains([]string{"data", "people", "process", "things"}, steps[0]) || near(m.Path, first.Path) {
		return false
	}
	return strings.Contains(m.Message, `"`+steps[1]+`"`)
}

// withoutEchoes leaves out mistakes that only follow from others.
func withoutEchoes(all []language.Problem) []language.Problem {
	return slices.DeleteFunc(slices.Clone(all), func(m language.Problem) bool {
		return slices.ContainsFunc(all, func(p language.Problem) bool { return echoes(m, p) })
	})
}
