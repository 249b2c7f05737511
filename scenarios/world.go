package scenarios

import (
	"time"

	"github.com/twinbed/twinbed/scenarios/language"
	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/faults"
	"github.com/twinbed/twinbed/sim/sources"
	"github.com/twinbed/twinbed/twins"
)

// Data is one piece of context.
type Data struct {
	Name   string        `key:"-"`
	Join   string        `doc:"the attribute whose value a row is looked up by, or name for the thing's own name; without it all things see the same row"`
	Fresh  time.Duration `min:"0s" doc:"older values count as unknown; default: they never age"`
	Source Source        `key:",inline"`
}

// Source is what a piece of context comes from, told by the key it has.
type Source struct {
	Name string
	sources.Config
}

var sourceChoice = language.ByKey[sources.Config]{Registry: sources.Sources}

// Decode reads the source and its settings.
func (s *Source) Decode(n *language.Node) (problems []language.Problem) {
	s.Name, s.Config, problems = sourceChoice.Decode(n)
	return problems
}

// Schema accepts what Decode does.
func (s *Source) Schema(g *language.Generator) map[string]any { return sourceChoice.Schema(g) }

func init() {
	sources.Sources.Add("twin", "what another thing's twin shows", func() sources.Config { return &OtherTwin{} })
}

// OtherTwin is another thing's twin as a piece of context.
type OtherTwin struct {
	twins.OtherTwin `key:",inline"`
}

// Open is the twin itself; the platform feeds it.
func (o *OtherTwin) Open(sources.Site) (sim.Source, error) { return &o.OtherTwin, nil }

// Incident is one fault on the timeline.
type Incident struct {
	faults.Incident `key:",inline"`
	Fault           Fault `key:",inline"`
}

// Fault is {fault: NAME, …}.
type Fault struct {
	Name string
	sim.Fault
}

var faultChoice = language.Named[sim.Fault]{Key: "fault", Registry: sim.Faults}

// Decode reads the fault and its settings.
func (f *Fault) Decode(n *language.Node) (problems []language.Problem) {
	f.Name, f.Fault, problems = faultChoice.Decode(n)
	return problems
}

// Schema accepts what Decode does.
func (f *Fault) Schema(g *language.Generator) map[string]any { return faultChoice.Schema(g) }

// Variants are versions of a scenario, each a mapping of what it changes.
type Variants []Variant

// Variant is one version.
type Variant struct {
	Name    string         `key:"-"`
	Changes *language.Node `key:"-"`
}

// Decode keeps each variant's mapping for later.
func (v *Variants) Decode(n *language.Node) (problems []language.Problem) {
	if !n.IsMapping() {
		return []language.Problem{n.Problem("variants are a mapping: each name with what it changes, such as iot: {pillars: [things]}")}
	}
	for _, child := range n.Children() {
		if !child.IsMapping() {
			problems = append(problems, child.Problem("a variant is a mapping of what it changes, such as {pillars: [things]}"))
			continue
		}
		for _, change := range child.Children() {
			if key := change.Name(); key == "name" || key == "variants" {
				problems = append(problems, change.Problem("a variant changes what is played, and has no %s of its own", key))
			}
		}
		*v = append(*v, Variant{child.Name(), child})
	}
	return problems
}

// Schema is, for each variant, a part of a scenario.
func (v *Variants) Schema(g *language.Generator) map[string]any {
	return map[string]any{"type": "object", "additionalProperties": g.Partial(&Scenario{}, "variants", "name")}
}

// find looks a variant up by name.
func (v Variants) find(name string) (Variant, bool) {
	for _, x := range v {
		if x.Name == name {
			return x, true
		}
	}
	return Variant{}, false
}

func (v Variants) names() (names []string) {
	for _, x := range v {
		names = append(names, x.Name)
	}
	return names
}
