package twins

import (
	"fmt"
	"slices"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/formula"
)

// stepper compiles the steps of one process, or of a decision, for one kind.
type stepper struct {
	*builder
	k       *twins
	process int // -1 for a decision's own
	topic   string
	places  int
	infos   []StepInfo
}

// steps compiles a list; depth is how many steps enclose it.
func (s *stepper) steps(path string, list []Step, depth int) []step {
	var compiled []step
	for n := range list {
		compiled = append(compiled, s.step(fmt.Sprintf("%s.%d", path, n), &list[n], depth))
	}
	return compiled
}

func (s *stepper) step(path string, c *Step, depth int) step {
	x := step{process: s.process, place: s.places, timeout: c.Timeout}
	s.places++
	s.infos = append(s.infos, StepInfo{Depth: depth})
	sort, what := s.sortOf(path, c)
	s.infos[x.place].Sort, s.infos[x.place].What, s.infos[x.place].Skill = sort, what, c.Skill
	s.misplaced(path, c, sort)
	s.atLeast(path+".timeout", int64(c.Timeout), 0, "a duration is not negative")
	if c.Retry != nil {
		x.retries, x.backoff = c.Retry.Times, c.Retry.Backoff
		s.atLeast(path+".retry.times", int64(x.retries), 1, "it is tried again once at least")
		s.atLeast(path+".retry.backoff", int64(x.backoff), 0, "a duration is not negative")
	}
	switch sort {
	case "command":
		x.action = s.command(path, what, c)
	case "task":
		x.action = s.task(path, c)
	case "wait":
		luck := fmt.Sprintf("%s wait %s %d", s.k.kind.Name, s.topic, x.place)
		x.action = &wait{c.Wait, s.p.world.Seed.Stream(luck)}
	case "if":
		b := &branch{cond: s.condition(path+".if", s.k, c.If)}
		if len(c.Then) == 0 && len(c.Else) == 0 {
			s.wrongf(path, "a branch needs steps in then or else")
		}
		b.yes = s.steps(path+".then", c.Then, depth+1)
		b.no = s.steps(path+".else", c.Else, depth+1)
		x.action = b
	case "parallel":
		p := &parallel{}
		for n, list := range c.Parallel {
			if len(list) == 0 {
				s.wrongf(fmt.Sprintf("%s.parallel.%d", path, n), "there is nothing to do side by side here")
			}
			p.lists = append(p.lists, s.steps(fmt.Sprintf("%s.parallel.%d", path, n), list, depth+1))
		}
		x.action = p
	case "notify":
		topic := c.Topic
		if topic == "" {
			topic = s.topic
		}
		x.action = &notify{topic, c.Notify}
	case "process":
		x.action = s.routine(s.processNamed(what), s.k)
	}
	x.onFailure = s.steps(path+".on_failure", c.OnFailure, depth+1)
	return x
}

// sorts are the sorts of steps in the order in which errors list them.
var sorts = []string{"command", "task", "wait", "if", "parallel", "notify", "process"}

// sortOf says what a step is, and the name or words it has; "" where that is wrong.
func (s *stepper) sortOf(path string, c *Step) (sort, what string) {
	texts := []string{c.Command, c.Task, "", string(c.If), "", c.Notify, c.Process}
	given := []bool{c.Command != "", c.Task != "", c.Wait != nil, c.If != "", len(c.Parallel) > 0, c.Notify != "", c.Process != ""}
	var found []string
	for n, is := range given {
		if is {
			found, sort, what = append(found, sorts[n]), sorts[n], texts[n]
		}
	}
	switch {
	case c.Word != "" && len(found) == 0:
		return s.word(path, c.Word)
	case len(found) == 0:
		s.wrongf(path, "a step is one of command, task, wait, if, parallel, notify and process, and this is none")
	case len(found) > 1:
		s.wrongf(path, "a step is one thing, and this is %s and %s", found[0], found[1])
		return "", ""
	}
	if sort == "wait" {
		what = c.Wait.String()
	}
	if sort == "process" && s.processNamed(what) < 0 {
		s.wrongf(path+".process", "unknown process %q%s", what, suggest(what, s.processNames()))
		return "", what
	}
	return sort, what
}

// word says whether one word is a command or a process.
func (s *stepper) word(path, word string) (sort, what string) {
	isCommand, isProcess := s.k.kind.Command(word) != sim.NoCommand, s.processNamed(word) >= 0
	switch {
	case isCommand && isProcess:
		s.wrongf(path, "%q is both a command of %s and a process: write {command: %s} or {process: %s}", word, s.k.kind.Name, word, word)
		return "", word
	case isCommand:
		return "command", word
	case isProcess:
		return "process", word
	}
	s.wrongf(path, "%q is neither a command of %s nor a process%s", word, s.k.kind.Name,
		suggest(word, slices.Concat(s.k.commandNames(), s.processNames())))
	return "", word
}

// misplaced refuses what belongs to another sort of step.
func (s *stepper) misplaced(path string, c *Step, sort string) {
	for _, f := range []struct {
		key   string
		given bool
		of    []string
	}{
		{"value", c.Value != "", []string{"command", "task"}},
		{"skill", c.Skill != "", []string{"task"}},
		{"takes", c.Takes != nil, []string{"task"}},
		{"uses", c.Uses != "", []string{"task"}},
		{"does", c.Does != "", []string{"task"}},
		{"finds", len(c.Finds) > 0, []string{"task"}},
		{"priority", c.Priority != nil, []string{"task"}},
		{"escalate", c.Escalate != nil, []string{"task"}},
		{"topic", c.Topic != "", []string{"notify"}},
		{"then", len(c.Then) > 0, []string{"if"}},
		{"else", len(c.Else) > 0, []string{"if"}},
	} {
		if f.given && sort != "" && !slices.Contains(f.of, sort) {
			s.wrongf(path+"."+f.key, "%s belongs to %s, and this step is %s", f.key, f.of[0], sort)
		}
	}
}

func (s *stepper) command(path, name string, c *Step) *command {
	at := path
	if c.Word == "" {
		at = path + ".command"
	}
	return &command{id: s.commandNamed(at, name), name: name, value: s.argument(path, name, c.Value)}
}

// commandNamed finds a command of the kind.
func (s *stepper) commandNamed(path, name string) sim.CommandID {
	id := s.k.kind.Command(name)
	if id == sim.NoCommand {
		s.wrongf(path, "unknown command %q of %s%s", name, s.k.kind.Name, suggest(name, s.k.commandNames()))
	}
	return id
}

// argument compiles the value that a command is given.
func (s *stepper) argument(path, name string, value sim.Expression) *formula.Program {
	id := s.k.kind.Command(name)
	takes := id != sim.NoCommand && s.k.kind.Commands[id].TakesValue()
	switch {
	case id == sim.NoCommand:
		return nil
	case takes && value == "":
		s.wrongf(path, "%s needs a value", name)
		return nil
	case !takes && value != "":
		s.wrongf(path+".value", "%s takes no value", name)
		return nil
	case value == "":
		return nil
	}
	return s.formula(path+".value", s.k, value, formula.Number)
}

func (s *stepper) task(path string, c *Step) *task {
	x := &task{urgent: c.Priority, uses: c.Uses, count: max(c.Count, 1)}
	x.template = sim.Task{What: c.Task, Skill: c.Skill, Takes: c.Takes, Does: sim.NoCommand}
	s.skill(path, path+".skill", c.Skill)
	s.atLeast(path+".count", int64(c.Count), 0, "a count is not negative")
	switch {
	case c.Does != "":
		x.template.Does = s.commandNamed(path+".does", c.Does)
		x.value = s.argument(path, c.Does, c.Value)
	case c.Value != "":
		s.wrongf(path+".value", "a value is for what the task does, and it does nothing")
	}
	for n, name := range c.Finds {
		signal := s.k.kind.Signal(name)
		if signal < 0 {
			s.wrongf(fmt.Sprintf("%s.finds.%d", path, n), "unknown signal %q of %s%s", name, s.k.kind.Name, suggest(name, s.k.signalNames()))
		}
		x.template.Finds = append(x.template.Finds, signal)
	}
	if c.Uses != "" {
		x.stock = s.stock(path+".uses", c.Uses)
	}
	if e := c.Escalate; e != nil {
		x.template.Patience, x.template.Escalate = e.After, e.To
		s.skill(path+".escalate", path+".escalate.to", e.To)
		s.atLeast(path+".escalate.after", int64(e.After), 1, "escalation comes after some time")
	}
	return x
}

// skill refuses one that nobody has; step is named where it is missing.
func (s *stepper) skill(step, path, skill string) {
	known := s.cfg.Skills
	switch {
	case len(known) == 0:
		s.wrongf(step, "there are no people who could do this")
	case skill == "":
		s.wrongf(step, "a skill must say who can do this%s", suggest("", known))
	case !slices.Contains(known, skill):
		s.wrongf(path, "nobody has the skill %q%s", skill, suggest(skill, known))
	}
}

// stock finds a source that can be used up.
func (s *stepper) stock(path, name string) sim.Stock {
	var stocks []string
	for _, src := range s.p.sources {
		stock, ok := src.Source.(sim.Stock)
		switch {
		case ok && src.Name == name:
			return stock
		case ok:
			stocks = append(stocks, src.Name)
		case src.Name == name:
			s.wrongf(path, "%q is data, not a stock%s", name, suggest(name, stocks))
			return nil
		}
	}
	s.wrongf(path, "unknown stock %q%s", name, suggest(name, stocks))
	return nil
}
