package scenarios

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/twinbed/twinbed/hardware"
	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/scenarios/language"
	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
	"github.com/twinbed/twinbed/sim/people"
	"github.com/twinbed/twinbed/sim/sources"
	"github.com/twinbed/twinbed/sim/units"
	"github.com/twinbed/twinbed/twins"
)

// Schema is the JSON Schema of scenario files.
func Schema() ([]byte, error) { return language.Schema(&Scenario{}) }

// section is one sort of what scenarios can name.
type section struct {
	name, doc string
	entries   []listed
}

// listed is one entry of the catalogue.
type listed struct {
	name, doc string
	forms     []string // ways to write it, in words
	fields    []language.FieldDoc
	formula   string
	source    sim.Citation // of the formula
}

// configured is an entry that is written as a configuration.
func configured(name, doc string, entry any) listed {
	l := listed{name: name, doc: doc, fields: language.Describe(entry)}
	l.formula, l.source = language.Formula(entry)
	return l
}

func registered[T any](name, doc string, r *sim.Registry[T]) section {
	s := section{name: name, doc: doc}
	for _, e := range r.Entries() {
		s.entries = append(s.entries, configured(e.Name, e.Doc, e.New()))
	}
	return s
}

// catalogue is all that scenarios can name.
func catalogue() []section {
	words := section{name: "distributions", doc: "where a number that varies may stand"}
	for _, d := range chance.Catalogue() {
		words.entries = append(words.entries, listed{name: d.Name, doc: d.Doc, forms: d.Forms})
	}
	features := section{name: "features", doc: "what a condition can ask of a twin, besides its signals, states, attributes and context"}
	for _, f := range twins.Features() {
		features.entries = append(features.entries, listed{name: f.Name, doc: f.Doc, forms: []string{f.Form}})
	}
	figures := section{name: "figures", doc: "what a limit can hold to"}
	for _, f := range reports.Measures() {
		figures.entries = append(figures.entries, listed{name: f.Name, doc: f.Doc, forms: []string{f.Form}})
	}
	kpis := registered("kpis", "what a run is worth: built-in ones by their names, or your own", reports.KPIs)
	kpis.entries = append(kpis.entries, configured("own KPI", "a mapping with a name and one of time, count, rate, integral, sum, mean, max, min and formula", &reports.KPI{}))
	return []section{
		{name: "scenario", doc: "the keys of a scenario file", entries: []listed{configured("scenario", "a world of four pillars and how it is played", &Scenario{})}},
		registered("signals", "models of measured quantities: {model: NAME, …}", sim.Signals),
		words,
		registered("data", "sources of context, told by their key", sources.Sources),
		{name: "people", doc: "crews of workers", entries: []listed{configured("crew", "workers with the same skills and hours", &people.Crew{})}},
		{name: "network", doc: "what lies between things and platform", entries: []listed{configured("link", "one for each thing, both ways", &sim.Network{})}},
		{name: "process", doc: "steps of processes and decisions, each one of command, task, wait, if, parallel, notify and process", entries: []listed{{name: "step", doc: "a mapping with these keys, or one word: a command or a process", fields: language.Describe(&twins.Step{})}}},
		features,
		registered("faults", "what can go wrong: {at: TIME, for: TIME, fault: NAME, where: PATTERN, …}", sim.Faults),
		registered("adapters", "wires to real devices: {adapter: NAME, …}", hardware.Adapters),
		kpis,
		figures,
	}
}

// List prints the catalogue: all of it, one section or one entry.
func List(w io.Writer, what string) error {
	var names, sections []string
	var b strings.Builder
	for _, s := range catalogue() {
		names, sections = append(names, s.name), append(sections, s.name)
		if what == "" || what == s.name {
			s.print(&b)
			continue
		}
		for _, e := range s.entries {
			names = append(names, e.name)
			if what == e.name {
				e.print(&b)
			}
		}
	}
	if b.Len() == 0 {
		meant := ""
		if near, ok := units.Nearest(what, names); ok {
			meant = fmt.Sprintf(", did you mean %q?", near)
		}
		return notFound("there is no %q in the catalogue%s Its sections are %s", what, cmp.Or(meant, "."), strings.Join(sections, ", "))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (s *section) print(b *strings.Builder) {
	fmt.Fprintf(b, "%s: %s\n\n", strings.ToUpper(s.name), s.doc)
	for _, e := range s.entries {
		e.print(b)
	}
}

func (e *listed) print(b *strings.Builder) {
	fmt.Fprintf(b, "  %s\n      %s\n", e.name, e.doc)
	if e.formula != "" {
		fmt.Fprintf(b, "      formula: %s\n      source: %s\n", e.formula, e.source)
	}
	for _, f := range e.forms {
		fmt.Fprintf(b, "      %s\n", f)
	}
	printFields(b, e.fields, 6)
	b.WriteByte('\n')
}

// printFields prints keys, with those of mappings indented below them.
func printFields(b *strings.Builder, fields []language.FieldDoc, indent int) {
	for _, f := range fields {
		fmt.Fprintf(b, "%*s%-*s %s\n", indent, "", max(24-indent, len(f.Key)), f.Key, about(&f))
		if len(f.Keys) > 0 && indent < 14 {
			printFields(b, f.Keys, indent+4)
		}
	}
}

// about is what there is to say of a key, on one line.
func about(f *language.FieldDoc) string {
	parts := []string{f.Doc + " (" + f.Type}
	if f.Required {
		parts = append(parts, "needed")
	}
	if f.Range != "" {
		parts = append(parts, f.Range)
	}
	if f.Default != "" {
		parts = append(parts, "default "+f.Default)
	}
	line := strings.Join(parts, ", ") + ")"
	if f.Source.Mark != "" && f.Default != "" && f.Source.String() != string(sim.MarkPlain) {
		line += " [" + f.Source.String() + "]"
	}
	return line
}
