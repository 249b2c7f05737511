package scenarios

import (
	"fmt"
	"strings"

	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/scenarios/language"
	"github.com/twinbed/twinbed/sim"
)

// Cited says where a value of the scenario comes from, and all that stands below it
// and says nothing itself.
type Cited struct {
	Path         string `key:"-"`
	sim.Citation `key:"-"`
}

// uncited finds sources of what the scenario does not have.
func (s *Script) uncited() (problems []language.Problem) {
	for _, c := range s.Sources {
		// a variant may leave out what the scenario gives a source of
		if lacks := s.document.Lacks(c.Path); lacks != "" && s.base.Lacks(c.Path) != "" {
			problems = append(problems, s.document.Problem(sim.Wrongf("sources."+c.Path, "%s", lacks)))
		}
	}
	return problems
}

// citing says where a value that the scenario gives comes from.
func (s *Script) citing(v language.Value) sim.Citation {
	var best *Cited
	for n := range s.Sources {
		if c := &s.Sources[n]; below(v.Path, c.Path) && (best == nil || len(c.Path) > len(best.Path)) {
			best = c
		}
	}
	switch {
	case best == nil:
		return sim.Citation{Mark: sim.MarkNone}
	case v.Flag != "" && s.document.Same(s.base, "sources."+best.Path): // of what stood there before
		return sim.Citation{Mark: sim.MarkNone, Words: "set by " + v.Flag}
	case s.Variant != "" && !s.document.Same(s.base, v.Path) && s.document.Same(s.base, "sources."+best.Path):
		return sim.Citation{Mark: sim.MarkNone, Words: "as the variant " + s.Variant + " has it"}
	}
	return best.Citation
}

// below says whether a path is another one or leads on from it.
func below(path, from string) bool {
	rest, ok := strings.CutPrefix(path, from)
	return ok && (rest == "" || rest[0] == '.')
}

// sources says of each model of the run what it computes, with which values, and
// where both come from; and of what else the scenario gives sources of.
func (s *Script) sources() (list []reports.Sourced) {
	told := map[string]bool{}
	add := func(path, model string, entry any) {
		x := reports.Sourced{Of: path, Model: model, Values: []reports.SourcedValue{}}
		var from sim.Citation
		x.Formula, from = language.Formula(entry)
		x.Mark, x.Source = string(from.Mark), from.Words
		for _, v := range s.document.Values(path, entry) {
			told[v.Path] = true
			x.Values = append(x.Values, s.sourced(v))
		}
		list = append(list, x)
	}
	for t := range s.Things {
		thing := &s.Things[t]
		for _, x := range thing.Signals {
			add("things."+thing.Name+".signals."+x.Name, x.Model.Name, x.Model.SignalModel)
		}
		for c := range thing.Commands {
			if x := &thing.Commands[c]; x.Takes != nil || x.Fails > 0 {
				add("things."+thing.Name+".commands."+x.Name, "command", x)
			}
		}
	}
	add("network", "link", &s.Network)
	for c := range s.People {
		if s.has("people") {
			add("people."+s.People[c].Name, "crew", &s.People[c])
		}
	}
	for n := range s.Faults {
		x := &s.Faults[n]
		add(fmt.Sprintf("faults.%d", n), x.Fault.Name, &x.Incident)
		last := &list[len(list)-1]
		for _, v := range s.document.Values(last.Of, x.Fault.Fault) {
			told[v.Path] = true
			last.Values = append(last.Values, s.sourced(v))
		}
	}
	for _, section := range [...]string{"process", "decisions"} {
		for _, v := range s.document.All(section, "takes", "wait") {
			told[v.Path] = true
			list = append(list, reports.Sourced{Of: v.Path, Values: []reports.SourcedValue{s.sourced(v)}})
		}
	}
	for _, c := range s.Sources {
		if v, ok := s.document.Value(c.Path); ok && !covers(c.Path, told) {
			list = append(list, reports.Sourced{Of: c.Path, Values: []reports.SourcedValue{s.sourced(v)}})
		}
	}
	return list
}

// covers says whether any of the paths stands below another.
func covers(from string, paths map[string]bool) bool {
	for path := range paths {
		if below(path, from) {
			return true
		}
	}
	return false
}

func (s *Script) sourced(v language.Value) reports.SourcedValue {
	x := reports.SourcedValue{Key: v.Key, Value: v.Text, Unit: v.Unit, By: "scenario"}
	from := v.Source
	switch {
	case v.Path == "":
		x.By = "default"
	case v.Flag != "":
		x.By = "flag"
		fallthrough
	default:
		from = s.citing(v)
	}
	x.Mark, x.Source = string(from.Mark), from.Words
	return x
}
