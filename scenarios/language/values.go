package language

import (
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/twinbed/twinbed/sim"
)

// Value is a quantity of a configuration as it is in effect: a number, a duration,
// a distribution, a formula, a list of these or a file, but no name of something.
type Value struct {
	Key    string // below the configuration, as in "artefact.share"; "" for one that is written as one text
	Path   string // where it stands in the scenario; "" for a default
	Text   string // as it was written
	Unit   string
	Flag   string       // the flag that has set it; "" for none
	Source sim.Citation // of a default
}

// Values lists the quantities of a configuration, which is a pointer to a struct, as
// they are in effect where the scenario has it: those that are written, then
// defaults, each in the order of its fields.
func (d *Document) Values(path string, entry any) []Value {
	return d.values(d.Find(path), planOf(reflect.TypeOf(entry).Elem(), ""), "")
}

func (d *Document) values(n *Node, p *plan, prefix string) (written []Value) {
	var defaults []Value
	text := n != nil && !n.IsMapping() // stands for the first key that is needed
	for i := range p.fields {
		f := &p.fields[i]
		var at *Node
		switch {
		case text && f.required:
			at, text = n, false
		case n != nil && n.IsMapping():
			at = n.Child(f.key)
		}
		t := f.base()
		switch {
		case at != nil && at.IsMapping() && plainStruct(t):
			written = append(written, d.values(at, planOf(t, ""), prefix+f.key+".")...)
		case !f.measured():
		case at != nil:
			v := at.value()
			v.Key, v.Unit = prefix+f.key, f.unit
			if at == n {
				v.Key = ""
			}
			written = append(written, v)
		case f.hasDef:
			defaults = append(defaults, Value{Key: prefix + f.key, Text: f.fallback, Unit: f.unit, Source: f.source})
		}
	}
	return append(written, defaults...)
}

// Value is what stands at a path; ok says whether there is one.
func (d *Document) Value(path string) (v Value, ok bool) {
	n := d.Find(path)
	if n == nil {
		return v, false
	}
	return n.value(), true
}

// All are the values of some keys, however deep below a path.
func (d *Document) All(path string, keys ...string) (values []Value) {
	if n := d.Find(path); n != nil {
		n.all(keys, &values)
	}
	return values
}

func (n *Node) all(keys []string, values *[]Value) {
	for _, child := range n.Children() {
		if slices.Contains(keys, child.name) && child.IsText() {
			*values = append(*values, child.value())
		}
		child.all(keys, values)
	}
	if n.IsList() {
		for _, item := range n.Items() {
			item.all(keys, values)
		}
	}
}

func (n *Node) value() Value {
	v := Value{Path: n.path, Text: flow(n.yaml)}
	if line := n.yaml.Line; line < 0 {
		v.Flag = n.doc.settings[-1-line]
	}
	return v
}

// Same says whether two documents have the very same value at a path: neither a
// variant nor a flag stands between them there.
func (d *Document) Same(other *Document, path string) bool {
	a, b := d.Find(path), other.Find(path)
	return a != nil && b != nil && a.yaml == b.yaml
}

// Lacks says in words how far a path leads and what there is; "" where it leads to
// its end.
func (d *Document) Lacks(path string) string {
	steps, rest := follow(d.root, "", path)
	if rest == "" {
		return ""
	}
	at, n := "the scenario", d.root
	if len(steps) > 0 {
		n = steps[len(steps)-1].value
		at = strings.TrimSuffix(strings.TrimSuffix(path, rest), ".")
	}
	word, _, _ := strings.Cut(rest, ".")
	switch {
	case n.Kind == yaml.MappingNode:
		keys := keysOf(n)
		slices.Sort(keys)
		return at + " has no " + shown(word) + guess(word, keys)
	case n.Kind == yaml.SequenceNode:
		return at + " is a list, whose items are numbered from 0"
	}
	return at + " is " + what(n) + " and has no keys"
}

// measured says whether a key holds a quantity and not a name.
func (f *field) measured() bool {
	t := f.base()
	if t.Kind() == reflect.Struct || t == nodeType {
		return reflect.PointerTo(t).Implements(wordedType)
	}
	if t.Kind() == reflect.String && t != expressionType {
		return f.source.Mark != ""
	}
	return t.Kind() != reflect.Bool
}

// flow is a value on one line.
func flow(n *yaml.Node) string {
	var parts []string
	switch n.Kind {
	case yaml.SequenceNode:
		for _, item := range n.Content {
			parts = append(parts, flow(item))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			parts = append(parts, n.Content[i].Value+": "+flow(n.Content[i+1]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return strings.Join(strings.Fields(n.Value), " ")
}
