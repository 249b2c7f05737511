package language

import (
	"errors"
	"strings"

	"go.yaml.in/yaml/v4"
)

// syntax says in our words what the YAML parser could not read.
func (d *Document) syntax(err error) *Problem {
	var load *yaml.LoadError
	if !errors.As(err, &load) {
		p := Problem{File: d.name, Message: "not YAML: " + err.Error()}
		return &p
	}
	at, message := d.explain(load)
	p := d.place(at.Line, at.Column, "%s", message)
	return &p
}

// explain finds the place where a syntax error is mended, and how.
func (d *Document) explain(e *yaml.LoadError) (yaml.Mark, string) {
	at, from := e.Mark, e.ContextMark
	if from.Line == 0 {
		from = at
	}
	before, rest := cutAt(d.line(at.Line), at.Column-1)
	switch {
	case strings.HasPrefix(e.Message, "exceeded max depth"):
		return at, "this is nested too deep"
	case e.Message == "found character that cannot start any token" && rest != "":
		return at, "a value cannot begin with " + shown(rest[:1]) + "; put it in quotes"
	case strings.HasPrefix(e.Message, "unknown anchor"):
		return at, "no anchor fits " + shown(word(rest)) + "; a text that begins with * is put in quotes"
	case e.ContextMsg == "while scanning an alias":
		return from, `a * that begins a value means an alias in YAML; put the value in quotes, as in "*"`
	case e.ContextMsg == "while scanning an anchor":
		return from, "an & that begins a value means an anchor in YAML; put the value in quotes"
	case strings.HasPrefix(e.Message, "mapping values are not allowed"):
		if strings.Contains(before, ": ") || strings.Contains(before, "{") {
			return at, `a second ":" in one value; put the value in quotes`
		}
		return at, "this line is indented as if it belonged to the value above it"
	case strings.HasPrefix(e.Message, "block sequence entries are not allowed"):
		return at, `a "-" begins an item of a list here, which needs a line of its own; a value that begins with one is put in quotes`
	case e.Message == "found unknown escape character":
		return at, `this "\" begins no escape that YAML knows; single quotes take it as it is`
	case e.ContextMsg == "while scanning a quoted scalar":
		return from, "the quote that opens here is not closed"
	case e.ContextMsg == "while parsing a flow sequence":
		return from, `the "[" that opens here is not closed, or a comma is missing in it`
	case e.ContextMsg == "while parsing a flow mapping":
		return from, `the "{" that opens here is not closed, or a comma is missing in it`
	case e.Message == "did not find expected node content":
		return at, "a value is missing here, or a closing bracket before it"
	case e.ContextMsg == "while scanning a simple key":
		_, line := cutAt(d.line(from.Line), from.Column-1)
		return from, shown(line) + ` is no key with its value; write a ":" and a space after the key`
	case e.Message == "did not find expected '-' indicator", e.Message == "did not find expected key":
		return at, "this line fits nothing above it: its indentation, or what it begins with"
	case strings.HasPrefix(e.Message, "found a comment"):
		return at, `a "#" that begins a comment needs a space before it`
	}
	return at, "not YAML: " + strings.ReplaceAll(e.Message, "\n", " ")
}

// word is the text up to the next separator.
func word(text string) string {
	if i := strings.IndexAny(text, " \t,]}"); i >= 0 {
		return text[:i]
	}
	return text
}
