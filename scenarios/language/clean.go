package language

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Bounds on what aliases and nesting can make of a small file.
const (
	maxDepth   = 100
	maxAliased = 10_000 // values, all aliases together
)

// cleaner makes a tree that holds nothing but mappings with distinct words as
// keys, lists and scalars: it replaces aliases by what they stand for and tells
// and drops what has no meaning here. Null values stay, so that the key counts
// as given, but are told.
type cleaner struct {
	doc      *Document
	problems []Problem
	open     []*yaml.Node       // anchored nodes that the walk is inside of
	sizes    map[*yaml.Node]int // nodes in an anchored tree, what its aliases stand for included
	nodes    int
	aliased  int
	bomb     bool // the aliases have become too many
}

func (c *cleaner) tell(n *yaml.Node, path, name, format string, args ...any) {
	if len(c.problems) <= enough {
		c.problems = append(c.problems, c.doc.problem(n, path, name, format, args...))
	}
}

// document cleans from the root; nil if nothing usable is left.
func (c *cleaner) document(root *yaml.Node) *yaml.Node {
	c.sizes = map[*yaml.Node]int{}
	return c.node(root, nil, "", "", 0)
}

// node cleans a node that stands at a path; key is where to point when there is nothing.
func (c *cleaner) node(n, key *yaml.Node, path, name string, depth int) *yaml.Node {
	if key == nil {
		key = n
	}
	if depth > maxDepth {
		c.tell(key, path, "", "this is nested more than %d deep", maxDepth)
		return nil
	}
	if n.Kind == yaml.AliasNode {
		return c.alias(n, key, path, name, depth)
	}
	before := c.nodes
	c.nodes++
	c.untag(n, path, name)
	anchored := n.Anchor != ""
	if anchored {
		c.open = append(c.open, n)
	}
	switch n.Kind {
	case yaml.MappingNode:
		c.mapping(n, path, depth)
	case yaml.SequenceNode:
		c.list(n, path, name, depth)
	default:
		if isNull(n) {
			c.tell(key, path, name, "%s", nothing(n))
		}
	}
	if anchored {
		c.open = c.open[:len(c.open)-1]
		c.sizes[n] = c.nodes - before
		n.Anchor = ""
	}
	return n
}

// alias is what an alias stands for: the same nodes once more, so that a
// mistake in them is told where they are written.
func (c *cleaner) alias(n, key *yaml.Node, path, name string, depth int) *yaml.Node {
	size, known := c.sizes[n.Alias]
	switch {
	case slices.Contains(c.open, n.Alias):
		c.tell(n, path, name, "the alias *%s stands inside of what it stands for", n.Value)
		return nil
	case !known:
		return nil
	case c.bomb:
		return nil
	case c.aliased+size > maxAliased:
		c.bomb = true
		c.tell(n, path, name, "the aliases up to *%s stand for more than %d values", n.Value, maxAliased)
		return nil
	}
	c.nodes += size
	c.aliased += size
	return n.Alias
}

func (c *cleaner) untag(n *yaml.Node, path, name string) {
	if n.Style&yaml.TaggedStyle != 0 {
		c.tell(n, path, name, "the tag %s has no meaning here; leave it out", shown(n.Tag))
		n.Style &^= yaml.TaggedStyle
		n.Tag = ""
	}
}

func (c *cleaner) list(n *yaml.Node, path, name string, depth int) {
	kept := n.Content[:0]
	for i, item := range n.Content {
		if item = c.node(item, nil, join(path, strconv.Itoa(i)), itemName(name, i), depth+1); item != nil {
			kept = append(kept, item)
		}
	}
	n.Content = kept
}

func (c *cleaner) mapping(n *yaml.Node, path string, depth int) {
	firsts := make(map[string]*yaml.Node, len(n.Content)/2)
	kept := n.Content[:0]
	var previous *yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		at := join(path, key.Value)
		switch first := firsts[key.Value]; {
		case !c.word(key, path):
		case first != nil:
			c.tell(key, at, key.Value, "this key stands here a second time%s", inLine(first))
		case isNull(value) && c.afterComma(n, key, value, previous):
			c.tell(key, at, key.Value, "a comma in braces begins a new key; if this belongs to the value before it, put that in quotes: %s",
				shown(previous.Value+", "+key.Value))
			if len(kept) > 0 && kept[len(kept)-1] == previous {
				kept[len(kept)-1] = value // not the whole of what was meant, so nothing more is told of it
			}
			kept = append(kept, key, value)
		default:
			firsts[key.Value] = key
			if value = c.node(value, key, at, key.Value, depth+1); value != nil {
				kept = append(kept, key, value)
			}
		}
		previous = value
	}
	n.Content = kept
}

// word says whether a key is a word, and tells what it is else.
func (c *cleaner) word(key *yaml.Node, path string) bool {
	c.untag(key, path, "")
	switch {
	case key.Kind == yaml.AliasNode:
		c.tell(key, path, "", "a key is a word; an alias cannot be one")
	case key.Kind != yaml.ScalarNode:
		c.tell(key, path, "", "a key is a word; %s cannot be one", what(key))
	case key.Anchor != "":
		c.tell(key, path, "", "a key cannot have an anchor; put &%s before the value", key.Anchor)
	case key.ShortTag() == "!!merge":
		c.tell(key, path, "", "merge keys (<<) are not understood; write the keys out, or an alias as a whole value")
	case isNull(key) && key.Value != "":
		c.tell(key, path, "", "%s means nothing in YAML; put it in quotes to make it a key", shown(key.Value))
	case key.Value == "":
		c.tell(key, path, "", "a key is missing before the colon")
	default:
		return true
	}
	return false
}

func inLine(first *yaml.Node) string {
	if first.Line <= 0 {
		return ""
	}
	return fmt.Sprintf("; the first is in line %d", first.Line)
}

// afterComma says whether a key without value is rather the rest of a text that
// a comma has split: {value: uniform 2, 3}.
func (c *cleaner) afterComma(n, key, value, previous *yaml.Node) bool {
	if n.Style&yaml.FlowStyle == 0 || previous == nil || previous.Kind != yaml.ScalarNode || previous.Style != 0 ||
		value.Value != "" || key.Style != 0 {
		return false
	}
	_, rest := cutAt(c.doc.line(key.Line), key.Column-1)
	rest, ok := strings.CutPrefix(rest, key.Value)
	return ok && !strings.HasPrefix(strings.TrimLeft(rest, " "), ":")
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// nothing says that there is no value where one belongs.
func nothing(n *yaml.Node) string {
	if n.Value == "" {
		return "there is no value; write one, or {} or [] for nothing"
	}
	return shown(n.Value) + " means no value in YAML; write one, or leave the key out, or put it in quotes"
}

// join puts a key behind a path.
func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// itemName is how messages call an item of a list.
func itemName(list string, at int) string {
	number := strconv.Itoa(at + 1)
	if strings.Contains(list, " item ") {
		return list + "." + number
	}
	return strings.TrimSpace(list + " item " + number)
}
