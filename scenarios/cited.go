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

// applied are the sources that hold in the variant that is played, by the paths that
// their values have in it: variants.ioe.decisions.early is decisions.early of ioe.
func (s *Script) applied() (list []applied) {
	for _, c := range s.Sources {
		rest, varied := strings.CutPrefix(c.Path, "variants.")
		if !varied {
			list = append(list, applied{c, c.Path, !s.document.Same(s.base, "sources."+c.Path), false})
		} else if path, own := strings.CutPrefix(rest, s.Variant+"."); own && s.Variant != "" {
			list = append(list, applied{c, path, true, false})
		} else {
			continue
		}
		last := &list[len(list)-1]
		if v, ok := s.document.Value("sources." + c.Path); ok {
			last.flagged = v.Flag != ""
		}
	}
	return list
}

type applied struct {
	Cited
	path    string
	fresh   bool // a variant brings it, or it speaks of one
	flagged bool // a flag has set it
}

// citing says where a value that the scenario gives comes from.
func (s *Script) citing(v language.Value, sources []applied) sim.Citation {
	var best *applied
	for n := range sources {
		if c := &sources[n]; below(v.Path, c.path) && (best == nil || len(c.path) >= len(best.path)) {
			best = c
		}
	}
	switch {
	case best == nil:
		return sim.Citation{Mark: sim.MarkNone}
	case best.Mark == sim.MarkNone || best.flagged || best.fresh && v.Flag == "":
		return best.Citation
	case v.Flag != "": // it was a source of what stood there before
		return sim.Citation{Mark: sim.MarkNone, Words: "set by " + v.Flag}
	case !s.document.Same(s.base, v.Path):
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
	told, from := map[string]bool{}, s.applied()
	add := func(path, model string, entry any) {
		x := reports.Sourced{Of: path, Model: model, Values: []reports.SourcedValue{}}
		formula, of := language.Formula(entry)
		x.Formula, x.Mark, x.Source = formula, string(of.Mark), of.Words
		for _, v := range s.document.Values(path, entry) {
			told[v.Path] = true
			x.Values = append(x.Values, s.sourced(v, from))
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
			last.Values = append(last.Values, s.sourced(v, from))
		}
	}
	for _, section := range [...]string{"process", "decisions"} {
		for _, v := range s.document.All(section, "takes", "wait") {
			told[v.Path] = true
			list = append(list, reports.Sourced{Of: v.Path, Values: []reports.SourcedValue{s.sourced(v, from)}})
		}
	}
	for _, c := range from {
		if v, ok := s.document.Value(c.path); ok && !covers(c.path, told) {
			list = append(list, reports.Sourced{Of: c.path, Values: []reports.SourcedValue{s.sourced(v, from)}})
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

func (s *Script) sourced(v language.Value, sources []applied) reports.SourcedValue {
	x := reports.SourcedValue{Key: v.Key, Value: v.Text, Unit: v.Unit, By: "default"}
	from := v.Source
	if v.Path != "" {
		x.By, from = "scenario", s.citing(v, sources)
		if v.Flag != "" {
			x.By = "flag"
		}
	}
	x.Mark, x.Source = string(from.Mark), from.Words
	return x
}
