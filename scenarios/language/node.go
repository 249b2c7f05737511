package language

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Node is a value in a scenario and its place: a text (as every scalar is
// called), a list or a mapping. It is what a [Choice] decodes itself from, and a
// field of type *Node takes any value as it is.
type Node struct {
	doc   *Document
	yaml  *yaml.Node
	key   *yaml.Node // nil for the root and for items
	path  string
	name  string
	aside []string // keys of the mapping that somebody else takes
	of    string   // "in the signal model wear": whose keys these are, for messages
}

// Path is where the node stands: keys joined with ".", items by number from 0.
func (n *Node) Path() string { return n.path }

// Name is the last key of the path; "" for the root.
func (n *Node) Name() string { return n.name }

// IsText says that one word, number or text stands here.
func (n *Node) IsText() bool { return n.yaml.Kind == yaml.ScalarNode }

// IsList says that a list stands here.
func (n *Node) IsList() bool { return n.yaml.Kind == yaml.SequenceNode }

// IsMapping says that keys with values stand here.
func (n *Node) IsMapping() bool { return n.yaml.Kind == yaml.MappingNode }

// IsNumber says that a plain number stands here, without quotes or unit.
func (n *Node) IsNumber() bool {
	tag := n.yaml.ShortTag()
	return n.IsText() && (tag == "!!int" || tag == "!!float")
}

// Text is a text as it was written, without its quotes.
func (n *Node) Text() string { return strings.TrimSpace(n.yaml.Value) }

// Keys are the keys of a mapping in the order they were written.
func (n *Node) Keys() (keys []string) {
	for _, child := range n.Children() {
		keys = append(keys, child.name)
	}
	return keys
}

// Children are the values of a mapping in the order they were written; each
// has its key as Name.
func (n *Node) Children() (children []*Node) {
	if !n.IsMapping() {
		return nil
	}
	for i := 0; i+1 < len(n.yaml.Content); i += 2 {
		key, value := n.yaml.Content[i], n.yaml.Content[i+1]
		if !slices.Contains(n.aside, key.Value) {
			children = append(children, &Node{doc: n.doc, yaml: value, key: key, path: join(n.path, key.Value), name: key.Value})
		}
	}
	return children
}

// Child is the value of a key; nil if there is none.
func (n *Node) Child(key string) *Node {
	for _, child := range n.Children() {
		if child.name == key {
			return child
		}
	}
	return nil
}

// Items are the values of a list; anything else is its own one item.
func (n *Node) Items() (items []*Node) {
	if !n.IsList() {
		return []*Node{n}
	}
	for i, item := range n.yaml.Content {
		items = append(items, &Node{doc: n.doc, yaml: item, path: join(n.path, strconv.Itoa(i)), name: itemName(n.name, i)})
	}
	return items
}

// Without is the same mapping without some keys, present or not: they are
// somebody else's, and messages list them among the possible ones.
func (n *Node) Without(keys ...string) *Node {
	rest := *n
	rest.aside = append(slices.Clip(n.aside), keys...)
	return &rest
}

// In is the same node whose keys messages call those of something:
// "in the signal model wear".
func (n *Node) In(something string) *Node {
	named := *n
	named.of = something
	return &named
}

// Problem is a mistake in the value: one sentence, lower case, what was read and
// what is possible. A mistake in a mapping or list points at its key.
func (n *Node) Problem(format string, args ...any) Problem {
	at := n.yaml
	if n.key != nil && !n.IsText() {
		at = n.key
	}
	return n.doc.problem(at, n.path, n.name, format, args...)
}

// KeyProblem is a mistake in the key under which the node stands.
func (n *Node) KeyProblem(format string, args ...any) Problem {
	at := n.yaml
	if n.key != nil {
		at = n.key
	}
	return n.doc.problem(at, n.path, n.name, format, args...)
}

// Decode reads the node into what a pointer points to, by the convention that
// is written down beside sim.Registry. What stands there before are the defaults
// of keys that neither the scenario nor a tag gives.
func (n *Node) Decode(into any) []Problem {
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		panic("language: Decode needs a pointer to a configuration")
	}
	return decode(n, v.Elem(), &field{kind: v.Type().Elem()})
}

// Decode reads the whole scenario into what a pointer points to and returns
// all that is wrong with it.
func (d *Document) Decode(into any) []Problem { return Sorted(d.Root().Decode(into)) }

// Find is the node of a path; nil if the scenario does not have it.
func (d *Document) Find(path string) *Node {
	n := d.Root()
	steps, rest := follow(d.root, "", path)
	if rest != "" {
		return nil
	}
	for _, s := range steps {
		switch {
		case s.itself:
		case s.key == nil:
			n = &Node{doc: d, yaml: s.value, path: join(n.path, strconv.Itoa(s.at)), name: s.name}
		default:
			n = &Node{doc: d, yaml: s.value, key: s.key, path: join(n.path, s.name), name: s.name}
		}
	}
	return n
}
