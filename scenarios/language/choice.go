package language

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/twinbed/twinbed/sim"
)

// Choice is a configuration that reads itself, because what can be written
// depends on what is written. A type implements it with pointer methods. As an
// inline field it gets the keys that its struct leaves over.
type Choice interface {
	// Decode reads the node; problems are the node's own or of what it holds.
	Decode(n *Node) []Problem
	// Schema is the JSON Schema of what Decode can read: one object, or "anyOf".
	Schema(g *Generator) map[string]any
}

// Named is a mapping whose key names an entry of a registry; the other keys are
// the entry's fields: {model: thermal, ambient: 22, rise: 45}.
type Named[T any] struct {
	Key      string // "model"
	Registry *sim.Registry[T]
	// Number and Words are what a bare number or text stands for, "" for nothing: an entry
	// that is sim.Worded ("random"), or a field of one ("random.value").
	Number, Words string
}

// Decode reads the node and returns the entry it names, by name and filled. The
// name is "" when there is none; then problems say why.
func (c Named[T]) Decode(n *Node) (name string, entry T, problems []Problem) {
	switch {
	case n.IsText() && n.IsNumber() && c.Number != "":
		return c.bare(n, c.Number)
	case n.IsText() && c.Words != "":
		return c.bare(n, c.Words)
	case !n.IsMapping():
		return "", entry, []Problem{n.Problem("%s stands where a %s belongs, as in {%s: %s}", what(n.yaml), c.Registry.Sort(), c.Key, c.names()[0])}
	}
	key := n.Child(c.Key)
	if key == nil {
		return "", entry, []Problem{n.KeyProblem("the key %s is missing; it names a %s: %s", c.Key, c.Registry.Sort(), strings.Join(c.names(), ", "))}
	}
	if isNull(key.yaml) {
		return "", entry, nil
	}
	if !key.IsText() {
		return "", entry, []Problem{key.Problem("%s stands where the name of a %s belongs", what(key.yaml), c.Registry.Sort())}
	}
	found, ok := c.Registry.Find(key.Text())
	if !ok {
		return "", entry, []Problem{key.Problem("%s is no %s%s", shown(key.Text()), c.Registry.Sort(), guess(key.Text(), c.names()))}
	}
	entry = found.New()
	rest := n.Without(c.Key).In(fmt.Sprintf("in the %s %s", c.Registry.Sort(), found.Name))
	return found.Name, entry, decodeKeysOf(rest, entry)
}

// decodeKeysOf reads a mapping into an entry, even when it could be worded.
func decodeKeysOf(n *Node, entry any) []Problem {
	v := reflect.ValueOf(entry).Elem()
	return decodeKeys(n, v, planOf(v.Type(), ""))
}

// bare reads a text as an entry, or as the one field of an entry.
func (c Named[T]) bare(n *Node, as string) (name string, entry T, problems []Problem) {
	name, key, inField := strings.Cut(as, ".")
	entry = c.mustFind(name).New()
	if !inField {
		return name, entry, n.Decode(entry)
	}
	v := reflect.ValueOf(entry).Elem()
	p := planOf(v.Type(), "")
	fill(v, p)
	f := c.mustField(p, name, key)
	return name, entry, decode(n, v.FieldByIndex(f.index), f)
}

func (c Named[T]) mustFind(name string) sim.Entry[T] {
	e, ok := c.Registry.Find(name)
	if !ok {
		panic(fmt.Sprintf("language: there is no %s %q", c.Registry.Sort(), name))
	}
	return e
}

func (c Named[T]) mustField(p *plan, name, key string) *field {
	f := p.find(key)
	if f == nil {
		panic(fmt.Sprintf("language: the %s %s has no key %q", c.Registry.Sort(), name, key))
	}
	return f
}

func (c Named[T]) names() []string { return entryNames(c.Registry) }

func entryNames[T any](r *sim.Registry[T]) (names []string) {
	for _, e := range r.Entries() {
		names = append(names, e.Name)
	}
	if names == nil {
		panic("language: no " + r.Sort() + " is registered")
	}
	return names
}

// ByKey is a mapping that is told by a key it has: {file: orders.csv} is one
// thing, {stock: 6, restock: 24h} another. The registry's entries are named as
// the keys are, and each has that key among its fields.
type ByKey[T any] struct {
	Registry *sim.Registry[T]
}

// Decode reads the node and returns the entry whose key it has, filled. The name
// is "" when there is none or more than one; then problems say so.
func (c ByKey[T]) Decode(n *Node) (name string, entry T, problems []Problem) {
	names := entryNames(c.Registry)
	if !n.IsMapping() {
		return "", entry, []Problem{n.Problem("%s stands where a %s belongs: a mapping with one of the keys %s", what(n.yaml), c.Registry.Sort(), strings.Join(names, ", "))}
	}
	var found []*Node
	for _, child := range n.Children() {
		if _, ok := c.Registry.Find(child.Name()); ok {
			found = append(found, child)
		}
	}
	switch len(found) {
	case 0:
		for _, child := range n.Children() {
			if !isNull(child.yaml) && !c.knows(child.name) {
				problems = append(problems, child.KeyProblem("no such key in a %s%s", c.Registry.Sort(), guess(child.name, names)))
			}
		}
		if len(problems) == 0 {
			problems = []Problem{n.KeyProblem("a %s has one of the keys %s", c.Registry.Sort(), strings.Join(names, ", "))}
		}
		return "", entry, problems
	case 1:
		e, _ := c.Registry.Find(found[0].name)
		entry = e.New()
		return e.Name, entry, decodeKeysOf(n.In(fmt.Sprintf("in the %s with %s", c.Registry.Sort(), e.Name)), entry)
	}
	return "", entry, []Problem{found[1].KeyProblem("a %s has %s or %s, not both", c.Registry.Sort(), found[0].name, found[1].name)}
}

// knows says whether any entry has a key.
func (c ByKey[T]) knows(key string) bool {
	for _, e := range c.Registry.Entries() {
		if planOf(reflect.TypeOf(e.New()).Elem(), "").find(key) != nil {
			return true
		}
	}
	return false
}
