package formula

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/parser"
)

// Limits on a formula: bytes of its source, nodes of its tree with every let
// written out, and how deep they nest.
const (
	maxSource = 4096
	maxNodes  = 1000
	maxDepth  = 500
)

// Program is a compiled formula. It is evaluated by one goroutine at a time.
type Program struct {
	source       string
	result       operand
	number       func(*Env) float64
	holds        func(*Env) bool
	names, calls []string
	slots        []Ref
	zero         *Error
}

// Compile compiles a formula that is to give want. The error is an *[Error]
// that holds all problems found.
func Compile(source string, scope Scope, want Type) (program *Program, err error) {
	defer func() {
		if recover() != nil {
			program, err = nil, at(source, whole(source), "this cannot be read as a formula")
		}
	}()
	c := &compilation{source: source, scope: scope}
	program = c.program(want)
	if len(c.problems) > 0 {
		return nil, c.all()
	}
	return program, nil
}

func (c *compilation) program(want Type) *Program {
	if problem := unreadable(c.source); problem != nil {
		c.problems = append(c.problems, problem)
		return nil
	}
	// The functions of the scope hide the library's of the same name.
	config := conf.CreateNew()
	config.MaxNodes = 10 * maxNodes
	for _, name := range c.scope.Functions() {
		config.Functions[name] = &builtin.Function{Name: name}
	}
	tree, err := parser.ParseWithConfig(c.source, config)
	if err != nil {
		c.problems = append(c.problems, syntax(c.source, err))
		return nil
	}
	root := c.resolve(tree.Node, nil)
	if c.full {
		return nil
	}
	result := c.operand(root)
	if !result.bad && want != Any && result.typ != want {
		c.wrong(whole(c.source), "this gives %v where %v is wanted", result.typ, want)
	}
	if len(c.problems) > 0 {
		return nil
	}
	return &Program{
		source: c.source, result: result, number: result.asNumber(), holds: result.holds,
		names: sorted(c.names), calls: sorted(c.calls), slots: c.slots(), zero: c.zero,
	}
}

func unreadable(source string) *Error {
	switch {
	case len(source) > maxSource:
		return &Error{Source: source, Length: len(source), Message: tooLong}
	case strings.TrimSpace(source) == "":
		return &Error{Source: source, Length: len(source), Message: "the formula is empty"}
	case !utf8.ValidString(source):
		offset := 0
		for r, n := utf8.DecodeRuneInString(source); r != utf8.RuneError || n != 1; r, n = utf8.DecodeRuneInString(source[offset:]) {
			offset += n
		}
		return &Error{Source: source, Offset: offset, Length: 1, Message: "this is not UTF-8"}
	}
	return nil
}

// all is the first problem by its place with the others behind it, each said once.
func (c *compilation) all() *Error {
	problems := slices.Clone(c.problems)
	slices.SortStableFunc(problems, func(a, b *Error) int { return cmp.Compare(a.Offset, b.Offset) })
	problems = slices.CompactFunc(problems, func(a, b *Error) bool { return a.Offset == b.Offset && a.Message == b.Message })
	first := *problems[0]
	first.More = problems[1:]
	return &first
}

func sorted(names []string) []string {
	names = slices.Clone(names)
	slices.Sort(names)
	return slices.Compact(names)
}

// Number is the value as it would stand in a slot: a number, a duration's
// seconds, 1 or 0 for true or false, a text's id, and NaN when it is unknown.
func (p *Program) Number(e *Env) float64 { return p.number(e) }

// Bool says whether a formula of type Bool is true; unknown is not.
func (p *Program) Bool(e *Env) bool { return p.holds != nil && p.holds(e) }

// Text is the id of the text that the formula gives, NaN when it is unknown.
func (p *Program) Text(e *Env) float64 { return p.number(e) }

// Type is what the formula gives.
func (p *Program) Type() Type { return p.result.typ }

// Names are the names it reads, also those that stand as arguments of
// functions, sorted, each once.
func (p *Program) Names() []string { return p.names }

// Calls are the functions of the scope it calls, sorted, each once.
func (p *Program) Calls() []string { return p.calls }

// Slots are the places it reads, each once, in the order of the source.
func (p *Program) Slots() []Ref { return p.slots }

// Edge is a value of a slot: what steps there is one thing below it and may be
// another from it on.
type Edge struct {
	Ref Ref
	At  float64
}

// Edges are where a formula that does nothing but compare slots with constants can
// change; between them it is what it was, unless one of its slots becomes unknown.
// False for any other formula.
func (p *Program) Edges() ([]Edge, bool) {
	return p.result.edges, p.result.steps || p.result.known
}

// Constant is the value of a formula that is known without looking, as
// Number gives it: NaN says that it will always be unknown.
func (p *Program) Constant() (float64, bool) {
	if !p.result.known {
		return 0, false
	}
	return p.result.value, true
}

// ByZero is where it divides by a constant 0; nil where it does not. That is no
// error of the language, but hardly what anybody means.
func (p *Program) ByZero() error {
	if p.zero == nil {
		return nil
	}
	return p.zero
}

// Source is the text it was compiled from.
func (p *Program) Source() string { return p.source }
