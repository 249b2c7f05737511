package language

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Problem is one mistake in a scenario and where it stands. Line and Column
// count from 1, columns in characters; both are 0 where there is no place.
type Problem struct {
	File    string // the file's name, or the flag: --set things.press.count=80
	Line    int
	Column  int
	Path    string // keys joined with ".", list items by number from 0
	Message string // the last key of the path, then what was read and what is possible
	Snippet string // the whole line
}

// enough is how many problems of one file are worth telling.
const enough = 100

// Headline is the problem in one line: file:line:col: message.
func (p Problem) Headline() string {
	if p.Line == 0 {
		return p.File + ": " + p.Message
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
}

// String is the headline, and below it the line with a caret at the place.
func (p Problem) String() string {
	if p.Line == 0 || p.Snippet == "" {
		return p.Headline()
	}
	before, after := cutAt(p.Snippet, p.Column-1)
	const room = 60
	if n := utf8.RuneCountInString(before); n > room {
		_, before = cutAt(before, n-room)
		before = "…" + before
	}
	if shown, rest := cutAt(after, room); rest != "" {
		after = shown + "…"
	}
	margin := fmt.Sprintf("%4d | ", p.Line)
	pad := strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, before)
	return fmt.Sprintf("%s\n%s%s%s\n%*s%s^", p.Headline(), margin, before, after, len(margin), "| ", pad)
}

// cutAt cuts a text after n characters.
func cutAt(text string, n int) (before, after string) {
	for at := range text {
		if n == 0 {
			return text[:at], text[at:]
		}
		n--
	}
	return text, ""
}

// Sorted puts problems in the order of their places, drops what is told twice
// and, after a hundred, only says how many more there are.
func Sorted(problems []Problem) []Problem {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	problems = slices.CompactFunc(problems, func(a, b Problem) bool {
		return a.File == b.File && a.Line == b.Line && a.Column == b.Column && a.Message == b.Message
	})
	if more := len(problems) - enough; more > 0 {
		problems = append(problems[:enough:enough], Problem{
			File: problems[enough].File, Message: "there are more mistakes than these, and they are not listed",
		})
	}
	return problems
}

// shown is a text as a message quotes it: in quotes, and not too long.
func shown(text string) string {
	if before, after := cutAt(text, 60); after != "" {
		text = before + "…"
	}
	return fmt.Sprintf("%q", text)
}
