package reports

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/formula"
)

// plan is one KPI compiled for a run.
type plan struct {
	KPI
	place   int // in the scenario's list; -1 for one that only a formula reads
	builtIn BuiltIn
	how     how
	terms   [][]*term // by Watch, or one list: by kind
	kinds   []int     // that are followed
	program *formula.Program
}

// kpis are all KPIs of a run in the order of the scenario, then those that only
// formulae read; order is the one to compute them in.
type kpis struct {
	plans  []*plan
	order  []int
	row    []float64 // their values, then the hours the run lasted
	scopes []formula.Scope
}

// planKPIs compiles KPIs and what decisions are to detect, by decision; truths are
// by kind, nil for a kind that none reads.
func planKPIs(s Setup) (q kpis, truths []*truth, detections []*detection, err error) {
	truths = make([]*truth, len(s.Roster.Kinds))
	for i, k := range s.Roster.Kinds {
		t, scope := newTruth(k, s)
		truths[i] = t
		q.scopes = append(q.scopes, scope)
	}
	var wrongs []error
	for i, k := range s.KPIs {
		path := fmt.Sprintf("kpis.%d", i)
		err := k.check()
		if err == nil && slices.ContainsFunc(q.plans, func(p *plan) bool { return p.Name == k.Name }) {
			err = sim.Wrongf("name", "KPI %s is there twice", k.Name)
		}
		if entry, ok := KPIs.Find(k.Name); err == nil && ok && k.BuiltIn != entry.Name {
			err = sim.Wrongf("name", "%s is the name of a built-in KPI", k.Name)
		}
		p := &plan{KPI: k, place: i}
		if err == nil {
			err = q.ground(p, s, truths)
		}
		q.plans = append(q.plans, p)
		wrongs = append(wrongs, below(path, err))
	}
	detections, err = q.planTargets(s, truths)
	if err := errors.Join(append(wrongs, err)...); err != nil {
		return q, nil, nil, err
	}
	if err := q.formulae(s, truths); err != nil {
		return q, nil, nil, err
	}
	for i, t := range truths {
		if !t.followed() {
			truths[i] = nil
			continue
		}
		t.layOut()
	}
	return q, truths, detections, nil
}

// below puts the mistakes of an error below a path.
func below(path string, err error) error {
	var all []error
	for _, w := range sim.Wrongs(err) {
		at := strings.TrimSuffix(path+"."+w.Path, ".")
		all = append(all, &sim.Wrong{Path: at, Offset: w.Offset, Message: w.Message})
	}
	return errors.Join(all...)
}

// ground compiles what a KPI reads of the ground truth.
func (q *kpis) ground(p *plan, s Setup, truths []*truth) error {
	roster := s.Roster
	if p.BuiltIn != "" {
		entry, _ := KPIs.Find(p.BuiltIn)
		p.builtIn = entry.New()
		if _, ok := p.builtIn.(*crewFigure); ok {
			return knownCrew(p.Of, s.Workforce)
		}
	}
	kinds, err := kindsOf(p.Of, roster)
	if err != nil {
		return err
	}
	if p.BuiltIn != "" {
		for _, i := range kinds {
			if err := q.watch(p, i, p.builtIn.Watch(roster.Kinds[i]), truths[i]); err != nil {
				return err
			}
		}
		return nil
	}
	h, source, key, _ := p.measure()
	if key == "" {
		return nil
	}
	p.how, p.terms = h, [][]*term{nil}
	fits, err := q.fitting(source, key, h, kinds, roster)
	for _, f := range fits {
		p.terms[0] = append(p.terms[0], truths[f.kind].follow(h, f.program))
		p.kinds = append(p.kinds, f.kind)
	}
	return err
}

// fit is a formula compiled for a kind.
type fit struct {
	kind    int
	program *formula.Program
}

// fitting compiles a formula over ground truth for those of some kinds that have
// what it reads. It is an error when none does.
func (q *kpis) fitting(source sim.Expression, key string, h how, kinds []int, roster *sim.Roster) (fits []fit, err error) {
	for _, i := range kinds {
		program, wrong := compile(string(source), q.scopes[i], h)
		if wrong != nil {
			err = errors.Join(err, sim.WrongFormula(key, wrong))
			continue
		}
		fits = append(fits, fit{i, program})
	}
	switch {
	case len(fits) > 0:
		return fits, nil
	case len(kinds) > 1:
		return nil, sim.Wrongf(key, "this fits none of the kinds; say with of which one is meant. For %s: %s",
			roster.Kinds[kinds[0]].Name, sim.Wrongs(err)[0].Message)
	}
	return nil, err
}

func kindsOf(name string, roster *sim.Roster) (places []int, err error) {
	var names []string
	for i, k := range roster.Kinds {
		names = append(names, k.Name)
		if name == "" || name == k.Name {
			places = append(places, i)
		}
	}
	if len(places) == 0 && name != "" {
		return nil, sim.Wrongf("of", "%s", unknownWord("kind of things", name, names))
	}
	return places, nil
}

// knownCrew sees that a crew is there; where there are no people nobody knows.
func knownCrew(name string, workforce sim.Workforce) error {
	if name == "" || workforce == nil {
		return nil
	}
	var crews []string
	for _, c := range workforce.Use(0) {
		crews = append(crews, c.Crew)
	}
	if slices.Contains(crews, name) {
		return nil
	}
	return sim.Wrongf("of", "%s", unknownWord("crew", name, crews))
}

func compile(source string, scope formula.Scope, h how) (*formula.Program, error) {
	want := formula.Any
	if h.condition() {
		want = formula.Bool
	}
	program, err := formula.Compile(source, scope, want)
	if err == nil && program.Type() == formula.Text {
		err = &formula.Error{Source: source, Length: len(source), Message: "this gives a text where a number is wanted"}
	}
	return program, err
}

var hows = map[string]how{
	"time": timeWhile, "count": countOf, "integral": integralOf, "sum": sumAtEnd,
	"mean": meanOf, "max": maxOf, "min": minOf, "spells": spells,
}

func (q *kpis) watch(p *plan, kind int, list []Watch, t *truth) error {
	for n, w := range list {
		h, ok := hows[w.How]
		if !ok {
			return fmt.Errorf("KPI %s watches %q, which is no way to watch", p.BuiltIn, w.How)
		}
		program, err := compile(w.Formula, q.scopes[kind], h)
		if err != nil {
			return fmt.Errorf("KPI %s of %s: %w", p.BuiltIn, t.kind.Name, err)
		}
		if n == len(p.terms) {
			p.terms = append(p.terms, nil)
		}
		p.terms[n] = append(p.terms[n], t.follow(h, program))
	}
	if len(list) > 0 {
		p.kinds = append(p.kinds, kind)
	}
	return nil
}

// formulae compiles the KPIs over other KPIs, adds the built-in ones that they
// read, and finds the order to compute all in.
func (q *kpis) formulae(s Setup, truths []*truth) error {
	names := formula.NewTable(s.Symbols)
	given := len(q.plans)
	for i, p := range q.plans {
		names.Add(p.Name, formula.Ref{Slot: i})
	}
	extra := map[string]int{}
	slot := given
	for _, e := range KPIs.Entries() {
		if _, there := names.Name(e.Name); !there {
			names.Add(e.Name, formula.Ref{Slot: slot})
			extra[e.Name] = slot
			slot++
		}
	}
	names.Add("played", formula.Ref{Slot: slot})
	q.row = make([]float64, slot+1)
	var wrongs []error
	for _, p := range q.plans[:given] {
		if p.Formula == "" {
			continue
		}
		program, err := formula.Compile(string(p.Formula), names, formula.Number)
		if err != nil {
			wrongs = append(wrongs, sim.WrongFormula(fmt.Sprintf("kpis.%d.formula", p.place), err))
			continue
		}
		p.program = program
		for _, name := range program.Names() {
			if at, hidden := extra[name]; hidden {
				for len(q.plans) <= at {
					q.plans = append(q.plans, nil)
				}
				if q.plans[at] != nil {
					continue
				}
				q.plans[at] = &plan{KPI: KPI{Name: name, BuiltIn: name}, place: -1}
				if err := q.ground(q.plans[at], s, truths); err != nil {
					wrongs = append(wrongs, err)
				}
			}
		}
	}
	if err := errors.Join(wrongs...); err != nil {
		return err
	}
	return q.sort()
}

// sort puts each KPI after those that its formula reads.
func (q *kpis) sort() error {
	state := make([]int, len(q.plans)) // 1: under way, 2: placed
	var visit func(i int) error
	visit = func(i int) error {
		p := q.plans[i]
		if p == nil || state[i] == 2 {
			return nil
		}
		if state[i] == 1 {
			return sim.Wrongf(fmt.Sprintf("kpis.%d.formula", p.place), "KPI %s reads itself, through others or at once", p.Name)
		}
		state[i] = 1
		if p.program != nil {
			for _, ref := range p.program.Slots() {
				if ref.Slot < len(q.plans) {
					if err := visit(ref.Slot); err != nil {
						return err
					}
				}
			}
		}
		state[i] = 2
		q.order = append(q.order, i)
		return nil
	}
	for i := range q.plans {
		if err := visit(i); err != nil {
			return err
		}
	}
	return nil
}
