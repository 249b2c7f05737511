package scenarios

import (
	"slices"
	"strings"
	"time"

	"github.com/twinbed/twinbed/scenarios/language"
	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/signals"
)

// further finds what is wrong with the meaning of a scenario whose shape is
// wrong already, so that all mistakes are told at once.
func (s *Script) further(shape []language.Problem) (more []language.Problem) {
	more = s.meaning(shape)
	if s.Variant != "" {
		return more
	}
	for _, v := range s.Variants {
		other := *s
		other.Scenario, other.document = Scenario{}, s.document.Overlay(v.Changes)
		own := other.document.Decode(&other.Scenario)
		more = append(more, own...)
		for _, m := range other.meaning(append(own, shape...)) {
			if !slices.ContainsFunc(more, func(p language.Problem) bool { return m.Path == p.Path }) {
				more = append(more, m)
			}
		}
	}
	return more
}

// meaning finds what is wrong with the meaning of a scenario whose shape is wrong.
func (s *Script) meaning(shape []language.Problem) (meaning []language.Problem) {
	// A scenario with holes may trip any room; its first mistakes are told anyway.
	defer func() { _ = recover() }()
	if len(s.Things) == 0 {
		return nil
	}
	whole := *s
	whole.Scenario = mended(s.Scenario, shape)
	run, err := whole.Stage(Staging{dry: true})
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
func mended(s Scenario, shape []language.Problem) Scenario {
	if s.Platform.external() {
		s.Clock = Speed{Factor: 1}
	}
	if s.Duration <= 0 {
		s.Duration = time.Hour
	}
	s.Things = slices.Clone(s.Things)
	for i := range s.Things {
		t := &s.Things[i]
		t.Count, t.Every = max(t.Count, 1), max(t.Every, time.Millisecond)
		t.Signals = slices.Clone(t.Signals)
		for j := range t.Signals {
			x := &t.Signals[j]
			path := "things." + t.Name + ".signals." + x.Name
			if slices.ContainsFunc(shape, func(p language.Problem) bool { return near(p.Path, path) }) {
				x.Model.SignalModel = stopgapFor(x.Model.SignalModel)
			}
		}
	}
	return s
}

// stopgap stands for a signal model with mistakes: it has the states of the real
// one, so that formulae find them.
type stopgap struct {
	signals.Constant
	states []sim.StateSpec
}

// States are those of the model it stands for.
func (s *stopgap) States() []sim.StateSpec { return s.states }

func stopgapFor(m sim.SignalModel) sim.SignalModel {
	s := &stopgap{}
	if real, ok := m.(sim.Stateful); ok {
		s.states = real.States()
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
	if len(steps) == 3 && steps[2] == "count" { // so what its things are called is not known
		return strings.Contains(m.Message, `"`+steps[1]+"-")
	}
	return strings.Contains(m.Message, `"`+steps[1]+`"`) || strings.Contains(m.Message, `"`+steps[1]+`.`)
}

// withoutEchoes leaves out mistakes that only follow from others.
func withoutEchoes(all []language.Problem) []language.Problem {
	return slices.DeleteFunc(slices.Clone(all), func(m language.Problem) bool {
		return slices.ContainsFunc(all, func(p language.Problem) bool { return echoes(m, p) })
	})
}
