package scenarios

import (
	"fmt"
	"strings"
	"time"

	"github.com/twinbed/twinbed/hardware"
	"github.com/twinbed/twinbed/scenarios/language"
	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
	"github.com/twinbed/twinbed/sim/units"
)

// Thing is a kind of things: what they sense, what they can be told, who plays them.
type Thing struct {
	Name       string        `key:"-"`
	Count      int           `default:"1" min:"1" max:"10000000" doc:"how many there are"`
	Every      time.Duration `default:"10s" min:"1ms" doc:"between two readings of one thing"`
	Signals    []Signal      `required:"true" map:"Name" doc:"what is measured, by name: a number, a distribution in words, or a model"`
	State      []State       `map:"Name" doc:"states besides those that commands and models bring, with the values they begin with"`
	Attributes []Attribute   `map:"Name" doc:"what is known of each thing beforehand: a value, a list dealt round, words to draw from, or a column of a file: {file: sites.csv, column: site, key: name}; without key its rows are dealt round"`
	Commands   []Command     `map:"Name" doc:"what things can be told to do, by name: the states it sets"`
	Unattended time.Duration `min:"0s" doc:"a thing that is down and that nobody has been sent to is found after so long and made as new; default: never"`
	Connect    string        `default:"mqtt" oneof:"mqtt|bus|outside" doc:"in live runs: each thing is an MQTT client (mqtt), or the router alone is between (bus), or clients that are not ours play them (outside)"`
	Over       string        `default:"tcp" oneof:"tcp|pipe|gateway" doc:"what MQTT runs over: a socket a thing (tcp), memory where sockets would be the limit (pipe), or a few sockets for all things together (gateway)"`
	QoS        int           `key:"qos" default:"0" min:"0" max:"2" doc:"MQTT quality of service of readings and acks"`
	MQTT       Client        `key:"mqtt" doc:"how each thing, or gateway, is an MQTT client"`
	Hardware   []Real        `map:"Thing" doc:"things that are real devices in live runs, by name"`
}

// State is a state of a thing and what it begins with.
type State struct {
	Name    string  `key:"-"`
	Initial Setting `key:",inline"`
}

// Signal is one measured quantity and the model that makes it.
type Signal struct {
	Name  string `key:"-"`
	Unit  string `doc:"what it is measured in, for people"`
	Model Model  `key:",inline"`
}

// Model is a signal model: a number, the words of a distribution, or {model: NAME, …}.
type Model struct {
	Name string
	sim.SignalModel
}

var modelChoice = language.Named[sim.SignalModel]{Key: "model", Registry: sim.Signals, Number: "constant.value", Words: "random.value"}

// Decode reads one of the three forms.
func (m *Model) Decode(n *language.Node) (problems []language.Problem) {
	m.Name, m.SignalModel, problems = modelChoice.Decode(n)
	return problems
}

// Schema accepts what Decode does.
func (m *Model) Schema(g *language.Generator) map[string]any { return modelChoice.Schema(g) }

// Command is what things can be told to do.
type Command struct {
	Name  string              `key:"-"`
	Takes chance.Distribution `unit:"s" doc:"time to act; default: none"`
	Fails float64             `unit:"%" min:"0" max:"1" doc:"share of the attempts that fail"`
	Sets  []Put               `key:",inline" map:"State" doc:"states and what they are set to: a number, a share such as 50%, or value for the command's argument"`
}

// Put is one state that a command sets.
type Put struct {
	State string  `key:"-"`
	To    Setting `key:",inline"`
}

// Setting is a number, a share, or the word value.
type Setting struct {
	Value    float64
	Argument bool
}

// Decode reads 0.5, 50% or value.
func (s *Setting) Decode(n *language.Node) []language.Problem {
	if !n.IsText() {
		return []language.Problem{n.Problem("a state is set to a number, a share such as 50%%, or value")}
	}
	text := n.Text()
	var err error
	switch {
	case text == "value":
		s.Argument = true
	case strings.HasSuffix(text, "%"):
		s.Value, err = units.Parse(text, units.Share)
	default:
		s.Value, err = units.Parse(text, units.Number)
	}
	if err != nil {
		return []language.Problem{n.Problem("a state is set to a number, a share such as 50%%, or value: %v", err)}
	}
	return nil
}

// Schema accepts what Decode does.
func (s *Setting) Schema(*language.Generator) map[string]any {
	return map[string]any{"anyOf": []map[string]any{
		{"type": "number"},
		{"type": "string", "pattern": units.Pattern(units.Share)},
		{"type": "string", "pattern": units.Pattern(units.Number)},
		{"const": "value"},
	}}
}

// Attribute is what is known of each thing beforehand.
type Attribute struct {
	Name   string
	Text   string   // one value for all, or words to draw from
	List   []string // dealt round, thing by thing
	File   string   // a CSV with a column of values
	Column string
	Key    string // the column with the things' names; without it row by row
	path   string
}

// columnOf is the mapping form of an attribute.
type columnOf struct {
	File   string `required:"true" doc:"CSV file with a header, in the scenario's folder"`
	Column string `doc:"the column with the values; default: the attribute's name"`
	Key    string `doc:"the column with the things' names; without it the rows are dealt thing by thing"`
}

// Decode reads a value, a list or a column of a file.
func (a *Attribute) Decode(n *language.Node) (problems []language.Problem) {
	a.path = n.Path()
	switch {
	case n.IsText():
		a.Text = n.Text()
	case n.IsList():
		for _, item := range n.Items() {
			if !item.IsText() {
				problems = append(problems, item.Problem("a list of attributes holds numbers or words"))
				continue
			}
			a.List = append(a.List, item.Text())
		}
		if len(a.List)+len(problems) == 0 {
			problems = append(problems, n.Problem("the list is empty; it needs at least one value"))
		}
	default:
		var c columnOf
		problems = n.Decode(&c)
		a.File, a.Column, a.Key = c.File, c.Column, c.Key
	}
	return problems
}

// Schema accepts what Decode does.
func (a *Attribute) Schema(g *language.Generator) map[string]any {
	plain := []string{"string", "number", "boolean"}
	return map[string]any{"anyOf": []map[string]any{
		{"type": plain},
		{"type": "array", "minItems": 1, "items": map[string]any{"type": plain}},
		g.Of(&columnOf{}),
	}}
}

// Real is a thing that is a real device in live runs.
type Real struct {
	Thing   string  `key:"-"`
	Adapter Adapter `key:",inline"`
}

// Adapter is {adapter: NAME, …}.
type Adapter struct {
	Name string
	hardware.Config
}

var adapterChoice = language.Named[hardware.Config]{Key: "adapter", Registry: hardware.Adapters}

// Decode reads the adapter and its settings.
func (a *Adapter) Decode(n *language.Node) (problems []language.Problem) {
	a.Name, a.Config, problems = adapterChoice.Decode(n)
	return problems
}

// Schema accepts what Decode does.
func (a *Adapter) Schema(g *language.Generator) map[string]any { return adapterChoice.Schema(g) }

// kind makes the things' kind with so many of them; attributes come later.
func (t *Thing) kind(count int) (*sim.Kind, []*sim.Wrong) {
	k := &sim.Kind{Name: t.Name, Count: count, Declared: t.Count, Every: t.Every}
	var wrongs []*sim.Wrong
	for _, s := range t.Signals {
		k.Signals = append(k.Signals, sim.SignalSpec{Name: s.Name, Unit: s.Unit})
	}
	for _, s := range t.State {
		if s.Initial.Argument {
			wrongs = append(wrongs, sim.Wrongf("things."+t.Name+".state."+s.Name, "a state begins with a number or a share"))
		}
		k.NeedState(s.Name, s.Initial.Value)
	}
	for _, s := range t.Signals {
		if m, ok := s.Model.SignalModel.(sim.Stateful); ok {
			for _, state := range m.States() {
				k.NeedState(state.Name, state.Initial)
			}
		}
	}
	for _, c := range t.Commands {
		spec := sim.CommandSpec{Name: c.Name, Takes: c.Takes, Fails: c.Fails}
		for _, p := range c.Sets {
			spec.Sets = append(spec.Sets, sim.Setting{State: k.NeedState(p.State, 0), Value: p.To.Value, FromValue: p.To.Argument})
		}
		k.Commands = append(k.Commands, spec)
	}
	return k, append(wrongs, t.names()...)
}

// names refuses a name that would mean two things in a formula.
func (t *Thing) names() (wrongs []*sim.Wrong) {
	means := map[string]string{}
	check := func(where, name, what string) {
		path := fmt.Sprintf("things.%s.%s.%s", t.Name, where, name)
		if problem := badName(name); problem != "" {
			wrongs = append(wrongs, sim.Wrongf(path, "%s", problem))
		} else if before, twice := means[name]; twice {
			wrongs = append(wrongs, sim.Wrongf(path, "%q is already a %s of %s", name, before, t.Name))
		}
		means[name] = what
	}
	for _, s := range t.Signals {
		check("signals", s.Name, "signal")
	}
	for _, s := range t.State {
		check("state", s.Name, "state")
	}
	for _, a := range t.Attributes {
		check("attributes", a.Name, "attribute")
	}
	return wrongs
}
