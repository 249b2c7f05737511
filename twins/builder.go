package twins

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/formula"
	"github.com/twinbed/twinbed/sim/units"
)

// builder compiles a Config and collects what is wrong with it. As a probe it
// leaves no trace on the platform: it only finds out whether something fits a kind.
type builder struct {
	p        *Platform
	cfg      *Config
	probe    bool
	routines map[routineKey]*routine
	said     map[string]bool
	mistakes []error
}

type routineKey struct {
	process int
	k       *twins
}

func (b *builder) err() error { return errors.Join(b.mistakes...) }

// wrong notes a mistake, once.
func (b *builder) wrong(err error) {
	for _, w := range sim.Wrongs(err) {
		if text := fmt.Sprint(w.Path, w.Offset, w.Message); !b.said[text] {
			b.said[text] = true
			b.mistakes = append(b.mistakes, w)
		}
	}
}

func (b *builder) wrongf(path, format string, args ...any) {
	b.wrong(sim.Wrongf(path, format, args...))
}

// probing is a builder that compiles the same without leaving a trace.
func (b *builder) probing() *builder {
	return &builder{p: b.p, cfg: b.cfg, probe: true, routines: map[routineKey]*routine{}, said: map[string]bool{}}
}

// formula compiles a formula over twins of a kind; nil where it is wrong.
func (b *builder) formula(path string, k *twins, source sim.Expression, want formula.Type) *formula.Program {
	program, err := formula.Compile(string(source), &scope{p: b.p, k: k, probe: b.probe}, want)
	if err != nil {
		b.wrong(sim.WrongFormula(path, err))
		return nil
	}
	if err := program.ByZero(); err != nil {
		b.wrong(sim.WrongFormula(path, err))
		return nil
	}
	return program
}

// condition compiles a formula that is to be true at times and false at others.
func (b *builder) condition(path string, k *twins, source sim.Expression) *formula.Program {
	program := b.formula(path, k, source, formula.Bool)
	if program == nil {
		return nil
	}
	if value, constant := program.Constant(); constant {
		word := "unknown"
		switch value {
		case 0:
			word = "false"
		case 1:
			word = "true"
		}
		b.wrongf(path, "this is always %s: it names nothing that changes", word)
	}
	return program
}

// atLeast refuses a number below a least one.
func (b *builder) atLeast(path string, value, least int64, what string) {
	if value < least {
		b.wrongf(path, "%s", what)
	}
}

// sources takes over the context.
func (b *builder) sources(list []NamedSource) {
	p := b.p
	for index, n := range list {
		path := "data." + n.Name
		s := &source{NamedSource: n, p: p, index: index, groups: map[string]int{}, info: SourceInfo{Name: n.Name}}
		p.sources = append(p.sources, s)
		known := true
		if other, ok := n.Source.(*OtherTwin); ok {
			var wrong *sim.Wrong
			if s.from, s.thing, wrong = other.resolve(p, path); wrong != nil {
				b.wrong(wrong)
				known = false
			}
		}
		s.columns, s.keyed = n.Source.Columns(), n.Source.Keyed()
		if known && !b.key(path, s) {
			s.keyed = false // so that formulas that name it are not wrong as well
		}
		if !s.keyed {
			s.group("")
		}
		b.atLeast(path+".fresh", int64(n.Fresh), 0, "a duration is not negative")
		if slices.ContainsFunc(list[:index], func(o NamedSource) bool { return o.Name == n.Name }) {
			b.wrongf(path, "there are two sources of this name")
		}
		for _, k := range p.kinds {
			if kind := k.kind; kind.Signal(n.Name) >= 0 || kind.State(n.Name) >= 0 || kind.Attribute(n.Name) >= 0 {
				b.wrongf(path, "%s has a signal, state or attribute of this name: formulas could not tell them apart", kind.Name)
			}
		}
	}
}

// key says whether things find their rows.
func (b *builder) key(path string, s *source) bool {
	before := len(b.mistakes)
	switch {
	case !s.keyed && s.Key != "":
		b.wrongf(path+".join", "this source has one row for all: there is no key to look it up by")
	case s.keyed && s.Key == "":
		b.wrongf(path+".join", "this source has many rows: join must say by which attribute things find theirs (there is %s)", strings.Join(b.p.attributeNames(), ", "))
	case s.keyed && !slices.ContainsFunc(b.p.kinds, s.meets):
		b.wrongf(path+".join", "no kind has an attribute %q%s", s.Key, suggest(s.Key, b.p.attributeNames()))
	}
	if len(b.mistakes) == before && s.from != nil && !s.meets(s.from) {
		b.wrongf(path+".join", "%s has no attribute %q%s", s.from.kind.Name, s.Key, suggest(s.Key, b.p.attributeNames()))
	}
	return len(b.mistakes) == before
}

// decisions compiles all decisions.
func (b *builder) decisions() {
	for index := range b.cfg.Decisions {
		c := &b.cfg.Decisions[index]
		path := "decisions." + c.Name
		if slices.ContainsFunc(b.cfg.Decisions[:index], func(o Decision) bool { return o.Name == c.Name }) {
			b.wrongf(path, "there are two decisions of this name")
		}
		b.atLeast(path+".for", int64(c.For), 0, "a duration is not negative")
		b.atLeast(path+".again", int64(c.Again), 0, "a duration is not negative")
		b.atLeast(path+".check", int64(c.Check), 0, "a duration is not negative")
		b.atLeast(path+".ahead", int64(c.Ahead), 0, "a duration is not negative")
		if c.Ahead > 0 && c.Truth == "" {
			b.wrongf(path+".ahead", "ahead of what? Say with truth what this is to detect")
		}
		if k := b.kindOf(path, c); k != nil {
			d := b.decision(path, k, c)
			d.index, d.place = len(b.p.decisions), len(k.decisions)
			b.p.decisions, k.decisions = append(b.p.decisions, d), append(k.decisions, d)
		}
	}
}

// decision compiles a decision for a kind.
func (b *builder) decision(path string, k *twins, c *Decision) *decision {
	d := &decision{k: k, lasts: c.For, again: c.Again, check: c.Check, priority: c.Priority}
	if c.Again > 0 {
		d.latest = map[uint32]ring{}
	}
	d.info = DecisionInfo{Name: c.Name, Kind: k.kind, When: string(c.When), For: c.For, Until: string(c.Until)}
	d.when = b.condition(path+".when", k, c.When)
	if c.Until != "" {
		d.until = b.condition(path+".until", k, c.Until)
	}
	s := &stepper{builder: b, k: k, process: -1, topic: c.Name}
	if len(c.Do) == 0 {
		b.wrongf(path+".do", "there is nothing to do: name a command or a process, or list steps")
	}
	d.steps = s.steps(path+".do", c.Do, 0)
	d.info.Steps = s.infos
	return d
}

// kindOf is the kind that a decision watches: as it says, or the only one that
// it fits. Where none fits it is the one with the fewest mistakes, so that
// these are told.
func (b *builder) kindOf(path string, c *Decision) *twins {
	kinds := b.p.kinds
	if c.Of != "" {
		at := slices.Index(b.p.kindNames(), c.Of)
		if at < 0 {
			b.wrongf(path+".of", "unknown kind %q%s", c.Of, suggest(c.Of, b.p.kindNames()))
			return nil
		}
		return kinds[at]
	}
	best, fits := b.best(func(try *builder, k *twins) { try.decision(path, k, c) })
	if len(fits) > 1 {
		b.wrongf(path+".of", "this fits several kinds: say which of %s it watches", strings.Join(fits, ", "))
		return nil
	}
	return best
}

// best is the first kind with the fewest mistakes, and the names of those with none.
func (b *builder) best(try func(*builder, *twins)) (best *twins, fits []string) {
	fewest := -1
	for _, k := range b.p.kinds {
		probe := b.probing()
		try(probe, k)
		n := len(probe.mistakes)
		if n == 0 {
			fits = append(fits, k.kind.Name)
		}
		if fewest < 0 || n < fewest {
			best, fewest = k, n
		}
	}
	return best, fits
}

// suggest completes a message about an unknown word: the nearest there is, or
// all when they are few.
func suggest(word string, known []string) string {
	if near, ok := units.Nearest(word, known); ok {
		return fmt.Sprintf(", did you mean %q?", near)
	}
	if len(known) == 0 || len(known) > 12 {
		return ""
	}
	return " (there is " + strings.Join(known, ", ") + ")"
}
