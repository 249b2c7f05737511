package formula

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
)

// Error is what is wrong with a formula: Length bytes of Source from Offset
// on, and what to tell its author. More holds further problems of the same
// source, in the order of their offsets.
type Error struct {
	Source         string
	Offset, Length int
	Message        string
	More           []*Error
}

// Error is the message; of several problems, all messages.
func (e *Error) Error() string {
	all := e.Message
	for _, more := range e.More {
		all += "; " + more.Message
	}
	return all
}

// span is a range of runes of the source, as the library counts.
type span = file.Location

// at makes an error of a span of the source.
func at(source string, where span, format string, args ...any) *Error {
	from := byteOffset(source, where.From)
	to := closed(source, from, max(from, byteOffset(source, where.To)))
	return &Error{Source: source, Offset: from, Length: to - from, Message: fmt.Sprintf(format, args...)}
}

func byteOffset(source string, runes int) int {
	for i := range source {
		if runes <= 0 {
			return i
		}
		runes--
	}
	return len(source)
}

// closed moves the end of a part of the source behind the brackets that it
// opens: the library's nodes end with their last word.
func closed(source string, from, to int) int {
	depth, quote := 0, byte(0)
	for i := from; i < len(source) && (i < to || depth > 0); i++ {
		switch b := source[i]; {
		case quote != 0:
			if b == quote {
				quote = 0
			}
		case b == '"' || b == '\'' || b == '`':
			quote = b
		case b == '(' || b == '[' || b == '{':
			depth++
		case b == ')' || b == ']' || b == '}':
			depth--
		case i >= to && b != ' ' && b != ',':
			return to
		}
		if i >= to && depth == 0 {
			return i + 1
		}
	}
	return to
}

// whole is the source without the blanks around it.
func whole(source string) span {
	trimmed := strings.TrimSpace(source)
	from := utf8.RuneCountInString(source[:strings.Index(source, trimmed)])
	return span{From: from, To: from + utf8.RuneCountInString(trimmed)}
}

// extent is the span of a node and all below it: the library gives an
// operation the span of its operator.
func extent(node ast.Node) span {
	var e extents
	ast.Walk(&node, &e)
	return e.span
}

type extents struct {
	span
	seen bool
}

func (e *extents) Visit(node *ast.Node) {
	if _, late := (*node).(*ast.ConditionalNode); late {
		return // its location is the token that follows it
	}
	where := (*node).Location()
	if !e.seen {
		e.span, e.seen = where, true
		return
	}
	e.From, e.To = min(e.From, where.From), max(e.To, where.To)
}

// syntax puts an error of the library's parser into our words.
func syntax(source string, err error) *Error {
	var problem *file.Error
	if !errors.As(err, &problem) {
		return at(source, whole(source), "this is not a formula: %v", err)
	}
	message, where := problem.Message, problem.Location
	token, isToken := strings.CutPrefix(message, "unexpected token ")
	switch {
	case token == "EOF" && isToken, strings.HasPrefix(message, "unexpected end"):
		end := whole(source).To
		return at(source, span{From: end, To: end}, "the formula ends too early")
	case isToken:
		return at(source, where, "%s", unexpected(token))
	case strings.HasPrefix(message, "bad number syntax: "):
		word, _ := strconv.Unquote(strings.TrimPrefix(message, "bad number syntax: "))
		where.From = where.To - utf8.RuneCountInString(word)
		return at(source, where, "%q is not a number (a duration is written hours(12), minutes(5), seconds(30))", word)
	case strings.HasPrefix(message, "unrecognized character"):
		return at(source, where, "unexpected character %q", []rune(source)[where.From])
	case message == "literal not terminated":
		return at(source, where, "a text is not closed: its second quote is missing")
	case strings.Contains(message, "literal") && strings.Contains(message, "invalid"),
		strings.Contains(message, "too large"):
		return at(source, where, "this number is too large")
	case strings.Contains(message, "coalesce"):
		return at(source, where, "%s", noNil)
	case strings.Contains(message, "maximum allowed nodes"):
		return at(source, whole(source), tooLong)
	}
	return at(source, where, "%s", plain(message))
}

const noNil = "there is no nil: what is not known makes a comparison not true"

const tooLong = "the formula is too long: split it up"

// unexpected is the message for a token written by the library as Kind("x").
func unexpected(token string) string {
	kind, quoted, _ := strings.Cut(token, "(")
	word, err := strconv.Unquote(strings.TrimSuffix(quoted, ")"))
	if err != nil {
		word = strings.TrimSuffix(quoted, ")")
	}
	switch word {
	case "=":
		return `unexpected "=": to compare, write "=="`
	case "AND", "OR", "NOT", "IN":
		return fmt.Sprintf("unexpected %q: write it small, %q", word, strings.ToLower(word))
	case "&", "|":
		return fmt.Sprintf("unexpected %q: write %q", word, strings.Repeat(word, 2))
	}
	if kind == "String" {
		return fmt.Sprintf("unexpected text %q", word)
	}
	return fmt.Sprintf("unexpected %q", word)
}

var goTypes = regexp.MustCompile(`(?:to call|for|builtin) \w+|\[\][\w.]+(?: ?\{\})?|map\[\w+\][\w.]+(?: ?\{\})?|interface ?\{\}|\btime\.Duration\b|\btime\.Time\b|\bu?int(?:8|16|32|64)?\b|\bfloat(?:32|64)\b|\bstring\b|\bbool\b|\bunknown$`)

// plain takes the names of Go's types out of a message of the library.
func plain(message string) string {
	message, _, _ = strings.Cut(message, "\n")
	return strings.TrimSpace(goTypes.ReplaceAllStringFunc(message, func(word string) string {
		switch {
		case strings.Contains(word, " ") && !strings.ContainsAny(word, "[{"):
			return word
		case strings.HasPrefix(word, "[]"):
			return "a list"
		case strings.HasPrefix(word, "map"):
			return "a map"
		case word == "time.Duration":
			return "a duration"
		case word == "time.Time":
			return "a time"
		case word == "string":
			return "a text"
		case word == "bool":
			return "true or false"
		case word == "unknown", strings.HasPrefix(word, "interface"):
			return "anything"
		}
		return "a number"
	}))
}
