package scenarios

import (
	"slices"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/twins"
)

// LeftOut is a decision that does not take part, because a pillar is off.
type LeftOut struct {
	Decision, Pillar string
}

// cast is what of processes and decisions takes part under the pillars that are on.
func (s *Scenario) cast() (cfg twins.Config, left []LeftOut) {
	cfg = s.Config
	cfg.Decisions = nil
	if !s.has("process") {
		cfg.Processes = nil
	}
	for _, c := range s.People {
		if s.has("people") {
			cfg.Skills = append(append(cfg.Skills, c.Name), c.Skills...)
		}
	}
	for _, d := range s.Decisions {
		if pillar := s.missing(&d); pillar != "" {
			left = append(left, LeftOut{d.Name, pillar})
			continue
		}
		cfg.Decisions = append(cfg.Decisions, d)
	}
	if !s.has("people") {
		cfg.Processes = slices.DeleteFunc(slices.Clone(cfg.Processes), func(p twins.Process) bool {
			n := needs{scenario: s}
			n.process(p.Name)
			return n.found("people")
		})
	}
	return cfg, left
}

// missing is a pillar that a decision needs and that is off; "" if there is none.
func (s *Scenario) missing(d *twins.Decision) string {
	n := needs{scenario: s}
	n.expression(d.When)
	n.expression(d.Until)
	n.steps(d.Do)
	for _, pillar := range [...]string{"data", "people", "process"} {
		if n.found(pillar) && !s.has(pillar) {
			return pillar
		}
	}
	return ""
}

// needs collects the pillars that a decision or a process needs.
type needs struct {
	scenario *Scenario
	pillars  []string
	visited  []string
}

func (n *needs) found(pillar string) bool { return slices.Contains(n.pillars, pillar) }

func (n *needs) expression(e sim.Expression) {
	for _, word := range e.Names() {
		for _, d := range n.scenario.Data {
			if d.Name == word {
				n.pillars = append(n.pillars, "data")
			}
		}
	}
}

func (n *needs) process(name string) {
	for _, p := range n.scenario.Processes {
		if p.Name == name {
			n.pillars = append(n.pillars, "process")
			if !slices.Contains(n.visited, name) {
				n.visited = append(n.visited, name)
				n.steps(p.Steps)
			}
		}
	}
}

func (n *needs) steps(steps []twins.Step) {
	for _, s := range steps {
		if s.Task != "" {
			n.pillars = append(n.pillars, "people")
		}
		if s.Uses != "" {
			n.pillars = append(n.pillars, "data")
		}
		n.expression(s.If)
		n.expression(s.Value)
		n.process(s.Word)
		n.process(s.Process)
		n.steps(s.Then)
		n.steps(s.Else)
		n.steps(s.OnFailure)
		for _, side := range s.Parallel {
			n.steps(side)
		}
	}
}
