package scenarios

import (
	"errors"
	"fmt"
	"slices"

	"github.com/twinbed/twinbed/scenarios/language"
	"github.com/twinbed/twinbed/sim"
)

// Check stages the script as it is and with each of its variants, in virtual
// time, and returns what is worth knowing, or all mistakes.
func (s *Script) Check() (told []string, err error) {
	var all Mistakes
	variants := []string{s.Variant}
	if s.Variant == "" {
		variants = append(variants, s.Variants.names()...)
	}
	for _, name := range variants {
		lines, err := s.check(name)
		if m, ok := errors.AsType[Mistakes](err); ok {
			all = append(all, m...)
		} else if err != nil {
			return nil, err
		}
		told = append(told, lines...)
	}
	if len(all) == 0 {
		return told, nil
	}
	return nil, once(all)
}

// once is mistakes in order, each of them once: variants share most of theirs.
func once(all []language.Problem) Mistakes {
	return slices.CompactFunc(language.Sorted(all), func(a, b language.Problem) bool { return a.String() == b.String() })
}

func (s *Script) check(variant string) (told []string, err error) {
	v, err := s.WithVariant(variant)
	if err != nil {
		return nil, err
	}
	run, err := v.Stage(Staging{dry: true})
	if err != nil {
		return nil, err
	}
	for _, line := range run.Casting() {
		if variant != "" {
			line = "variant " + variant + ": " + line
		}
		told = append(told, line)
	}
	return told, run.Close()
}

// Casting says who plays whom and who is left out, a line each.
func (r *Run) Casting() (lines []string) {
	real, simulated := r.players()
	for _, x := range real {
		lines = append(lines, "real: "+x)
	}
	for _, x := range simulated {
		lines = append(lines, "simulated: "+x)
	}
	if r.live != nil {
		lines = append(lines, "broker: "+r.brokers())
	}
	lines = append(lines, r.Script.unused()...)
	lines = append(lines, r.Script.tooLate()...)
	return append(lines, r.leftOut()...)
}

func (r *Run) leftOut() (lines []string) {
	for _, x := range r.LeftOut {
		lines = append(lines, fmt.Sprintf("decision %q is left out: the pillar %s is off", x.Decision, x.Pillar))
	}
	if r.live == nil && slices.ContainsFunc(r.Script.Load, func(s sim.LoadStage) bool { return s.Reconnect > 0 }) {
		lines = append(lines, "reconnect storms happen in live runs alone: in virtual time there are no connections")
	}
	return lines
}
