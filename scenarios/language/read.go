package language

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/twinbed/twinbed/sim/units"
)

// MaxSize is the largest scenario, in bytes.
const MaxSize = 1 << 20

// Read parses a scenario. Without a document the problems are of a sort that
// makes the rest unreadable; with one, [Document.Decode] finds the others.
func Read(name string, source []byte) (*Document, []Problem) {
	d := &Document{name: name}
	if len(source) > MaxSize {
		return nil, []Problem{d.problem(nil, "", "",
			"%s is more than a scenario may have: %s", units.Format(float64(len(source)), units.Size), "1 MiB")}
	}
	source = bytes.TrimPrefix(source, []byte("\uFEFF"))
	d.source = source
	for line := range strings.SplitSeq(string(source), "\n") {
		d.lines = append(d.lines, strings.TrimSuffix(line, "\r"))
	}
	if problems := d.checkText(); len(problems) > 0 {
		return nil, problems
	}
	root, problem := d.parse(source)
	if problem != nil {
		return nil, []Problem{*problem}
	}
	if isNull(root) {
		return nil, []Problem{{File: name, Message: "the scenario is empty"}}
	}
	c := cleaner{doc: d}
	d.root = c.document(root)
	if d.root != nil && d.root.Kind != yaml.MappingNode {
		c.tell(d.root, "", "", "%s stands where a scenario's keys belong; write a key, a colon, a space and the value, as in name: hello", what(d.root))
		d.root = nil
	}
	if d.root == nil {
		return nil, Sorted(c.problems)
	}
	return d, Sorted(c.problems)
}

// checkText refuses what is no text or would be shown otherwise than it is read.
func (d *Document) checkText() (problems []Problem) {
	if !utf8.Valid(d.source) {
		for n, line := range d.lines {
			if !utf8.ValidString(line) {
				column := 1
				for _, r := range line {
					if r == utf8.RuneError {
						break
					}
					column++
				}
				return []Problem{{File: d.name, Line: n + 1, Column: column, Message: "this is not UTF-8 text; save the file as UTF-8"}}
			}
		}
	}
	for n, line := range d.lines {
		indent := strings.TrimLeft(line, " \t")
		if tab := strings.IndexByte(line[:len(line)-len(indent)], '\t'); tab >= 0 && indent != "" && indent[0] != '#' {
			problems = append(problems, d.place(n+1, tab+1, "a tab cannot indent; use spaces"))
		}
		column := 0
		for _, r := range line {
			column++
			if r < ' ' && r != '\t' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' || r == '\uFEFF' {
				problems = append(problems, d.place(n+1, column, "the control character %U cannot stand in a scenario", r))
				break
			}
		}
		if len(problems) >= enough {
			break
		}
	}
	return problems
}

// parse reads the one YAML document of a source; nil of both where it is empty.
func (d *Document) parse(source []byte) (*yaml.Node, *Problem) {
	loader, err := yaml.NewLoader(bytes.NewReader(source), yaml.WithUniqueKeys(false))
	var first, second yaml.Node
	if err == nil {
		err = loader.Load(&first)
	}
	switch {
	case errors.Is(err, io.EOF):
		p := Problem{File: d.name, Message: "the scenario is empty"}
		return nil, &p
	case err != nil:
		return nil, d.syntax(err)
	}
	switch err = loader.Load(&second); {
	case err == nil:
		p := d.place(second.Line, second.Column, "a second document begins here; a file holds one scenario")
		return nil, &p
	case !errors.Is(err, io.EOF):
		return nil, d.syntax(err)
	}
	return first.Content[0], nil
}

// what names what stands at a node.
func what(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	return shown(n.Value)
}
