package language

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/twinbed/twinbed/sim/units"
)

// Trees are never changed in place: a change copies the way from the root, so
// that documents and variants share what they have in common.

// Copy is a document of its own, to be changed while the other stays.
func (d *Document) Copy() *Document {
	other := *d
	return &other
}

// Set changes one value, as --set things.press.count=80 does. Missing mappings
// are made; the number behind a list's last item appends to it. Problems, now
// and later, cite the flag.
func (d *Document) Set(setting string) []Problem {
	flag := "--set " + setting
	path, text, ok := strings.Cut(setting, "=")
	path = strings.TrimSpace(path)
	if !ok || path == "" {
		return []Problem{{File: flag, Message: "this is not a path and its value, as in --set things.press.count=80"}}
	}
	if len(setting) > MaxSize {
		return []Problem{{File: "--set", Message: "the value is too long: a scenario has at most 1 MiB"}}
	}
	scratch := &Document{name: "--set " + shown(setting), source: []byte(setting), lines: strings.Split(setting, "\n")}
	if problems := scratch.checkText(); len(problems) > 0 {
		return placeless(problems)
	}
	if strings.Count(path, ".") >= maxDepth {
		return []Problem{{File: flag, Message: fmt.Sprintf("this is nested more than %d deep", maxDepth)}}
	}
	d.settings = append(slices.Clip(d.settings), flag)
	value, problems := d.parseSetting(flag, text, path)
	if value == nil {
		return problems
	}
	root, err := put(d.root, "", path, value)
	if err != nil {
		return append(problems, Problem{File: flag, Path: path, Message: err.Error()})
	}
	d.root, d.changed = root, true
	return problems
}

func (d *Document) parseSetting(flag, text, path string) (*yaml.Node, []Problem) {
	scratch := &Document{name: flag, source: []byte(text), lines: strings.Split(text, "\n"), settings: d.settings}
	value := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}
	if strings.TrimSpace(text) != "" {
		var problem *Problem
		if value, problem = scratch.parse(scratch.source); problem != nil {
			return nil, placeless([]Problem{*problem})
		}
	}
	mark(value, -len(d.settings))
	name := path[strings.LastIndexByte(path, '.')+1:]
	c := cleaner{doc: scratch, sizes: map[*yaml.Node]int{}}
	value = c.node(value, nil, path, name, strings.Count(path, "."))
	return value, c.problems
}

// placeless takes the places off problems of a text that is in no file.
func placeless(problems []Problem) []Problem {
	for i := range problems {
		problems[i].Line, problems[i].Column, problems[i].Snippet = 0, 0, ""
	}
	return problems
}

// mark gives a tree the origin of a setting.
func mark(n *yaml.Node, line int) {
	n.Line, n.Column = line, 0
	for _, child := range n.Content {
		mark(child, line)
	}
}

// put is a tree with a value at a path.
func put(n *yaml.Node, name, path string, value *yaml.Node) (*yaml.Node, error) {
	steps, rest := follow(n, name, path)
	if rest != "" {
		end, at := n, "the scenario"
		if len(steps) > 0 {
			last := steps[len(steps)-1]
			end, at = last.value, last.name
		}
		longer, err := grow(end, at, rest, value)
		if err != nil {
			return nil, err
		}
		value = longer
	}
	for _, s := range slices.Backward(steps) {
		if s.itself {
			continue
		}
		parent := *s.parent
		parent.Content = slices.Clone(parent.Content)
		parent.Content[s.at] = value
		value = &parent
	}
	return value, nil
}

// grow is a node with a value added under a path that it does not have.
func grow(n *yaml.Node, name, path string, value *yaml.Node) (*yaml.Node, error) {
	word, rest, deeper := strings.Cut(path, ".")
	if word == "" || deeper && rest == "" {
		return nil, fmt.Errorf("%s is no path: a key is missing beside a dot", shown(path))
	}
	if deeper && n.Kind == yaml.MappingNode {
		if meant, ok := units.Nearest(word, keysOf(n)); ok {
			return nil, fmt.Errorf("%s has no %s, did you mean %s? A new one is set as a whole", name, shown(word), meant)
		}
	}
	if deeper {
		inner, err := grow(&yaml.Node{Kind: yaml.MappingNode, Line: value.Line}, word, rest, value)
		if err != nil {
			return nil, err
		}
		value = inner
	}
	longer := *n
	switch n.Kind {
	case yaml.MappingNode:
		key := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: word, Line: value.Line}
		longer.Content = append(slices.Clip(n.Content), key, value)
	case yaml.SequenceNode:
		if i, err := strconv.Atoi(word); err != nil || i != len(n.Content) {
			return nil, fmt.Errorf("%s is a list of %d items, numbered from 0; %s is none of them, and %d adds one",
				name, len(n.Content), shown(word), len(n.Content))
		}
		longer.Content = append(slices.Clip(n.Content), value)
	default:
		return nil, fmt.Errorf("%s is %s here and has no keys; set the whole of it", name, what(n))
	}
	return &longer, nil
}

func keysOf(mapping *yaml.Node) (keys []string) {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		keys = append(keys, mapping.Content[i].Value)
	}
	return keys
}

// Overlay is the document with a mapping of overrides merged into it, such as
// one of its variants: mappings are merged key by key, anything else is replaced.
// The values it brings keep their places.
func (d *Document) Overlay(overrides *Node) *Document {
	merged := *d
	merged.root = merge(d.root, overrides.visible())
	merged.changed = true
	return &merged
}

// visible is the node's mapping without the keys that are set aside.
func (n *Node) visible() *yaml.Node {
	if len(n.aside) == 0 || !n.IsMapping() {
		return n.yaml
	}
	only := *n.yaml
	only.Content = nil
	for _, child := range n.Children() {
		only.Content = append(only.Content, child.key, child.yaml)
	}
	return &only
}

func merge(base, over *yaml.Node) *yaml.Node {
	if base.Kind != yaml.MappingNode || over.Kind != yaml.MappingNode {
		return over
	}
	merged := *base
	merged.Content = slices.Clone(base.Content)
	for i := 0; i+1 < len(over.Content); i += 2 {
		key, value := over.Content[i], over.Content[i+1]
		at := keyIndex(merged.Content, key.Value)
		if at < 0 {
			merged.Content = append(merged.Content, key, value)
			continue
		}
		merged.Content[at+1] = merge(merged.Content[at+1], value)
		if merged.Content[at+1] == value {
			merged.Content[at] = key
		}
	}
	return &merged
}

func keyIndex(content []*yaml.Node, key string) int {
	for i := 0; i+1 < len(content); i += 2 {
		if content[i].Value == key {
			return i
		}
	}
	return -1
}

// Bytes is the scenario as it is played: the file itself, or what flags and a
// variant have made of it, with its comments.
func (d *Document) Bytes() ([]byte, error) {
	if !d.changed {
		return d.source, nil
	}
	var b bytes.Buffer
	w, err := yaml.NewDumper(&b, yaml.WithIndent(2), yaml.WithLineWidth(-1), yaml.WithCompactSeqIndent(false))
	if err != nil {
		return nil, err
	}
	document := &yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{copied(d.root)}}
	if err := w.Dump(document); err != nil {
		return nil, err
	}
	return b.Bytes(), w.Close()
}

// copied is a tree of its own: the dumper changes what it writes.
func copied(n *yaml.Node) *yaml.Node {
	c := *n
	c.Content = make([]*yaml.Node, len(n.Content))
	for i, child := range n.Content {
		c.Content[i] = copied(child)
	}
	return &c
}
