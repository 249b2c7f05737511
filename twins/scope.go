package twins

import (
	"fmt"
	"math"
	"slices"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/formula"
)

// use is what a slot of a row or of the World stands for.
type use struct {
	sort useSort
	of   int // the signal, state, attribute or source
	part int // the column of a source
}

type useSort uint8

const (
	signalUse useSort = iota
	stateUse
	desiredUse
	attributeUse
	featureUse
	contextUse
	presentUse // whether a source has a row that is fresh
	asOfUse    // when a source's row became true, in seconds
	ageUse     // how old it is
	silentUse
	hourUse
	weekdayUse
)

// timed says whether the value changes though nothing happens.
func (u use) timed() bool { return u.sort >= ageUse }

// initial is what stands in a slot before anything is known.
func (u use) initial(k *sim.Kind, i int) float64 {
	switch u.sort {
	case stateUse, desiredUse:
		return k.States[u.of].Initial
	case attributeUse:
		return k.Attributes[u.of].Values[i]
	case presentUse:
		return 0
	}
	return math.NaN()
}

// slotOf finds the slot of a use; -1 if no formula needs it.
func (k *twins) slotOf(u use) int { return slices.Index(k.uses, u) }

// scope is what formulas over twins of one kind can name. Looking a name up
// gives it a slot, unless it is a probe that only wants to know what fits.
type scope struct {
	p     *Platform
	k     *twins
	probe bool
}

// slot finds the slot of a use or makes it; none can be made after the start.
func (s *scope) slot(u use) (int, bool) {
	if at := s.k.slotOf(u); at >= 0 || s.probe {
		return max(at, 0), true
	}
	if s.p.started {
		return 0, false
	}
	s.k.uses = append(s.k.uses, u)
	return len(s.k.uses) - 1, true
}

func (s *scope) worldSlot(u use) (int, bool) {
	if at := slices.Index(s.p.worldUses, u); at >= 0 || s.probe {
		return max(at, 0), true
	}
	if s.p.started {
		return 0, false
	}
	s.p.worldUses = append(s.p.worldUses, u)
	return len(s.p.worldUses) - 1, true
}

// Name finds a signal, reported state, attribute, hour, weekday, or a source's
// column.
func (s *scope) Name(name string) (formula.Ref, bool) {
	k := s.k.kind
	if at := k.Signal(name); at >= 0 {
		return formula.Ref{Type: formula.Number, Slot: at}, true
	}
	if at := k.State(name); at >= 0 {
		slot, ok := s.slot(use{sort: stateUse, of: at})
		return formula.Ref{Type: formula.Number, Slot: slot}, ok
	}
	if at := k.Attribute(name); at >= 0 {
		slot, ok := s.slot(use{sort: attributeUse, of: at})
		return formula.Ref{Type: k.Attributes[at].Type, Slot: slot}, ok
	}
	switch name {
	case "hour":
		slot, ok := s.worldSlot(use{sort: hourUse})
		return formula.Ref{Type: formula.Number, Space: formula.World, Slot: slot}, ok
	case "weekday":
		slot, ok := s.worldSlot(use{sort: weekdayUse})
		return formula.Ref{Type: formula.Number, Space: formula.World, Slot: slot}, ok
	}
	if src, column := s.p.column(name); src != nil && src.meets(s.k) {
		return s.column(src, column)
	}
	return formula.Ref{}, false
}

// column is where a source's column stands for this kind.
func (s *scope) column(src *source, column int) (formula.Ref, bool) {
	ref, u := formula.Ref{Type: formula.Number}, use{sort: contextUse, of: src.index, part: column}
	switch {
	case column == len(src.columns):
		ref.Type, u = formula.Bool, use{sort: presentUse, of: src.index}
	case src.columns[column].Text:
		ref.Type = formula.Text
	}
	var ok bool
	ref.Space, ref.Slot, ok = s.joined(src, u)
	return ref, ok
}

// joined is a slot that a source fills, in the row or in the World.
func (s *scope) joined(src *source, u use) (formula.Space, int, bool) {
	if !src.keyed {
		slot, ok := s.worldSlot(u)
		return formula.World, slot, ok
	}
	slot, ok := s.slot(u)
	if ok && !s.probe {
		src.target(s.k)
	}
	return formula.Row, slot, ok
}

// Function finds a feature.
func (s *scope) Function(name string) (formula.Function, bool) {
	for i := range functions {
		if f := &functions[i]; f.name == name {
			return formula.Function{Doc: f.doc, Params: f.params, Result: f.result, Bind: func(args []formula.Arg) (formula.Ref, error) {
				return f.bind(s, f, args)
			}}, true
		}
	}
	return formula.Function{}, false
}

// Names lists what there is.
func (s *scope) Names() []string {
	k := s.k.kind
	var names []string
	for _, x := range k.Signals {
		names = append(names, x.Name)
	}
	for _, x := range k.States {
		names = append(names, x.Name)
	}
	for _, x := range k.Attributes {
		names = append(names, x.Name)
	}
	for _, src := range s.p.sources {
		if !src.meets(s.k) {
			continue
		}
		names = append(names, src.Name)
		for _, c := range src.columns {
			names = append(names, src.Name+"."+c.Name)
		}
	}
	return append(names, "hour", "weekday")
}

// Functions lists the features.
func (s *scope) Functions() []string {
	var names []string
	for _, f := range functions {
		names = append(names, f.name)
	}
	return names
}

// Symbols are the texts of the run.
func (s *scope) Symbols() *formula.Symbols { return s.p.world.Symbols }

// Env is what formulas over a thing's twin are evaluated over, as of now; it is
// good until the next event. False for a thing that is not there.
func (p *Platform) Env(id sim.ThingID) (*formula.Env, bool) {
	k := p.twinsOf(id)
	if k == nil {
		return nil, false
	}
	return p.over(k, int(id-k.kind.First)), true
}

// Scope is what formulas over the twins of a kind can name. What they use must
// be compiled before [Platform.Start]; later only what is in use already is found.
func (p *Platform) Scope(kind string) (formula.Scope, error) {
	for _, k := range p.kinds {
		if k.kind.Name == kind {
			return &scope{p: p, k: k}, nil
		}
	}
	return nil, fmt.Errorf("unknown kind %q%s", kind, suggest(kind, p.kindNames()))
}
