package formula

import "errors"

// Program is a compiled formula. It holds scratch memory for the rare
// operations that need some: one goroutine at a time may evaluate it.
type Program struct {
	source string
	typ    Type
}

// Compile compiles a formula that is to yield want. The error is an *[Error].
func Compile(source string, scope Scope, want Type) (*Program, error) {
	return nil, &Error{Source: source, Message: errors.ErrUnsupported.Error()}
}

// Number is the value of a formula that yields a number or a duration (in
// seconds).
func (p *Program) Number(e *Env) float64 { return 0 }

// Bool is the value of a formula that yields true or false; unknown is false.
func (p *Program) Bool(e *Env) bool { return false }

// Text is the id of the text that a formula yields.
func (p *Program) Text(e *Env) float64 { return 0 }

// Type is what the formula yields.
func (p *Program) Type() Type { return p.typ }

// Names are the names it reads, sorted, each once.
func (p *Program) Names() []string { return nil }

// Calls are the functions of the scope it calls, sorted, each once.
func (p *Program) Calls() []string { return nil }

// Slots are the places it reads, each once.
func (p *Program) Slots() []Ref { return nil }

// Constant is the value of a formula that is known without looking.
func (p *Program) Constant() (float64, bool) { return 0, false }

// Source is the text it was compiled from.
func (p *Program) Source() string { return p.source }

// Error is what is wrong with a formula: Length bytes of Source from Offset
// on, and what to tell its author. More holds further problems of the same
// source.
type Error struct {
	Source         string
	Offset, Length int
	Message        string
	More           []*Error
}

// Error is the message; of several problems, one a line.
func (e *Error) Error() string { return e.Message }
