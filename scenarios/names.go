package scenarios

import (
	"fmt"
	"io"
	"regexp"
	"slices"
)

// opener opens a file of the scenario's folder.
type opener func(name string) (io.ReadCloser, error)

// formulaName is what can stand in a formula.
var formulaName = regexp.MustCompile(`^\pL[\pL\pN_]*$`)

// plainName is what things, crews and the like may be called: it becomes part of
// topics and patterns.
var plainName = regexp.MustCompile(`^\pL[\pL\pN_.-]*$`)

// reserved are words that formulae and payloads give a meaning of their own.
var reserved = []string{
	"and", "or", "not", "in", "true", "false", "nil", "let", "if", "else", "contains", "matches", "startsWith", "endsWith",
	"hour", "weekday", "t", "value", "pi", "seq", "name", "hours", "minutes", "seconds", "days",
}

// badName says what is wrong with a name that formulae use; "" if nothing.
func badName(name string) string {
	switch {
	case slices.Contains(reserved, name):
		return fmt.Sprintf("%q is a word of the language and cannot be a name", name)
	case len(name) > 64:
		return fmt.Sprintf("%.20q… is longer than 64 letters", name)
	case !formulaName.MatchString(name):
		return fmt.Sprintf("%q cannot stand in a formula: names are letters, digits and _, and begin with a letter", name)
	}
	return ""
}

// badThing says what is wrong with the name of a thing, a crew, a source.
func badThing(name string) string {
	switch {
	case slices.Contains(reserved, name):
		return fmt.Sprintf("%q is a word of the language and cannot be a name", name)
	case len(name) > 64:
		return fmt.Sprintf("%.20q… is longer than 64 letters", name)
	case !plainName.MatchString(name):
		return fmt.Sprintf("%q cannot be a name: letters, digits, _ . and -, beginning with a letter", name)
	}
	return ""
}
