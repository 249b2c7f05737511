package language

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/twinbed/twinbed/sim"
)

// Document is a scenario as it was written, with what flags and a variant have
// changed in it. Every value knows its place.
type Document struct {
	// Folder is where the files are that the scenario names; nil: there are none.
	Folder *Folder

	name   string
	source []byte
	lines  []string
	root   *yaml.Node
	// settings are the flags that Set has applied. Nodes that come from number k have
	// Line -1-k: they have no line, and that way they keep their origin in every copy.
	settings []string
	changed  bool
}

// Name is the file's name, as problems cite it.
func (d *Document) Name() string { return d.name }

// Root is the whole scenario.
func (d *Document) Root() *Node { return &Node{doc: d, yaml: d.root} }

func (d *Document) line(n int) string {
	if n < 1 || n > len(d.lines) {
		return ""
	}
	return d.lines[n-1]
}

// place makes a problem that has a place but no path.
func (d *Document) place(line, column int, format string, args ...any) Problem {
	if last := len(d.lines); line > last || line == last && line > 1 && d.line(line) == "" {
		line, column = d.end()
	}
	return Problem{File: d.name, Line: line, Column: column, Snippet: d.line(line), Message: fmt.Sprintf(format, args...)}
}

// end is the place behind the last character that is not blank, for what the
// parser finds missing below it.
func (d *Document) end() (line, column int) {
	for n := len(d.lines); n > 0; n-- {
		if text := strings.TrimRight(d.line(n), " \t"); text != "" {
			return n, utf8.RuneCountInString(text) + 1
		}
	}
	return 0, 0
}

// problem makes a problem at a node; name is what its message begins with.
func (d *Document) problem(n *yaml.Node, path, name, format string, args ...any) Problem {
	line, column := 0, 0
	if n != nil {
		line, column = n.Line, n.Column
	}
	p := d.place(line, column, format, args...)
	if line < 0 {
		p.File, p.Line, p.Column = d.settings[-1-line], 0, 0
	}
	p.Path = path
	if name != "" {
		p.Message = name + ": " + p.Message
	}
	return p
}

// step is one part of a path: the value it leads to, and its key.
type step struct {
	parent, key, value *yaml.Node
	at                 int // place in parent's Content
	name               string
	itself             bool // item 0 of what stands without the brackets of a list
}

// follow walks a path as far as it leads and returns the rest. A key that
// contains dots is found whole; of several ways the one that leads farthest.
func follow(from *yaml.Node, name, path string) (steps []step, rest string) {
	rest = path
	for _, next := range nextSteps(from, name, path) {
		s, left := follow(next.value, next.name, next.rest)
		if len(left) < len(rest) {
			steps, rest = append([]step{next.step}, s...), left
		}
		if rest == "" {
			break
		}
	}
	return steps, rest
}

type nextStep struct {
	step
	rest string
}

func nextSteps(from *yaml.Node, name, path string) (all []nextStep) {
	switch {
	case path == "":
	case from.Kind == yaml.MappingNode:
		for i := 0; i+1 < len(from.Content); i += 2 {
			key, value := from.Content[i], from.Content[i+1]
			if rest, ok := cutKey(path, key.Value); ok {
				all = append(all, nextStep{step{from, key, value, i + 1, key.Value, false}, rest})
			}
		}
	case from.Kind == yaml.SequenceNode:
		word, rest, _ := strings.Cut(path, ".")
		if i, err := strconv.Atoi(word); err == nil && i >= 0 && i < len(from.Content) {
			all = append(all, nextStep{step{from, nil, from.Content[i], i, itemName(name, i), false}, rest})
		}
	}
	if rest, ok := cutKey(path, "0"); ok && name != "" && from.Kind != yaml.SequenceNode {
		all = append(all, nextStep{step{value: from, name: name, itself: true}, rest})
	}
	return all
}

func cutKey(path, key string) (rest string, ok bool) {
	if path == key {
		return "", true
	}
	return strings.CutPrefix(path, key+".")
}

// At is where the value of a path stands, offset bytes into its text: line and
// column from 1. A mapping or list stands where its key does. Where a path does
// not lead to its end, it is where it ceases to; 0, 0 for what a flag has set.
func (d *Document) At(path string, offset int) (line, column int) {
	p := d.at(path, offset)
	return p.Line, p.Column
}

// Problem says where a mistake stands that somebody else has found.
func (d *Document) Problem(w *sim.Wrong) Problem {
	p := d.at(w.Path, w.Offset)
	p.Path, p.Message = d.written(w.Path), w.Message
	if name := d.nameOf(w.Path); name != "" {
		p.Message = name + ": " + w.Message
	}
	return p
}

// written is a path as the file has it: without the 0 of what stands without the
// brackets of a list.
func (d *Document) written(path string) string {
	steps, rest := follow(d.root, "", path)
	var words []string
	for _, s := range steps {
		switch {
		case s.itself:
		case s.key != nil:
			words = append(words, s.key.Value)
		default:
			words = append(words, strconv.Itoa(s.at))
		}
	}
	if rest != "" {
		words = append(words, rest)
	}
	return strings.Join(words, ".")
}

// Problems are the mistakes that an error joins, placed; nil for no error.
func (d *Document) Problems(err error) (problems []Problem) {
	for _, w := range sim.Wrongs(err) {
		problems = append(problems, d.Problem(w))
	}
	return problems
}

func (d *Document) at(path string, offset int) Problem {
	if path == "" {
		return Problem{File: d.name}
	}
	steps, rest := follow(d.root, "", path)
	if len(steps) == 0 {
		return Problem{File: d.name}
	}
	last := steps[len(steps)-1]
	if last.itself && len(steps) > 1 {
		last.key = steps[len(steps)-2].key
	}
	if last.value.Kind != yaml.ScalarNode && last.key != nil {
		return d.problem(last.key, path, "", "")
	}
	p := d.problem(last.value, path, "", "")
	if p.Line > 0 && rest == "" && offset > 0 && last.value.Kind == yaml.ScalarNode {
		p.Line, p.Column = d.within(last.value, offset)
		p.Snippet = d.line(p.Line)
	}
	return p
}

// nameOf is what messages about a path begin with: its last key, with the
// number of the item in a list.
func (d *Document) nameOf(path string) string {
	steps, rest := follow(d.root, "", path)
	name := ""
	if len(steps) > 0 {
		name = steps[len(steps)-1].name
	}
	for word := range strings.SplitSeq(rest, ".") {
		if i, err := strconv.Atoi(word); err == nil {
			if i > 0 {
				name = itemName(name, i)
			}
		} else if word != "" {
			name = word
		}
	}
	return name
}
