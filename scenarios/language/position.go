package language

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// within is the place of a byte of a scalar's text in the file. In a text that
// is folded over several lines it is where the text begins.
func (d *Document) within(n *yaml.Node, offset int) (line, column int) {
	offset = min(offset, len(n.Value))
	_, rest := cutAt(d.line(n.Line), n.Column-1)
	source := -1
	switch {
	case n.Style&yaml.LiteralStyle != 0:
		return d.withinBlock(n, offset)
	case n.Style&yaml.DoubleQuotedStyle != 0:
		source = inDoubleQuotes(rest, offset)
	case n.Style&yaml.SingleQuotedStyle != 0:
		source = inSingleQuotes(rest, offset)
	case n.Style&yaml.FoldedStyle == 0 && strings.HasPrefix(rest, n.Value):
		source = offset
	}
	if source < 0 || source > len(rest) {
		return n.Line, n.Column
	}
	return n.Line, n.Column + utf8.RuneCountInString(rest[:source])
}

// withinBlock is a place in a block scalar, which keeps its lines.
func (d *Document) withinBlock(n *yaml.Node, offset int) (line, column int) {
	above := strings.Count(n.Value[:offset], "\n")
	line = n.Line + 1 + above
	start := strings.LastIndexByte(n.Value[:offset], '\n') + 1
	text, _, _ := strings.Cut(n.Value[start:], "\n")
	indent := len(d.line(line)) - len(text)
	if indent < 0 || d.line(line)[indent:] != text {
		return n.Line, n.Column
	}
	return line, indent + utf8.RuneCountInString(n.Value[start:offset]) + 1
}

// inSingleQuotes is how far into its source a byte of a quoted text stands; -1
// if the text does not end in this line.
func inSingleQuotes(source string, offset int) int {
	found := -1
	for at, value := 1, 0; at < len(source); at, value = at+1, value+1 {
		if value == offset {
			found = at
		}
		if source[at] != '\'' {
			continue
		}
		if !strings.HasPrefix(source[at:], "''") {
			return found
		}
		at++
	}
	return -1
}

// escaped is how many digits follow the letter of an escape.
var escaped = map[byte]int{'x': 2, 'u': 4, 'U': 8}

func inDoubleQuotes(source string, offset int) int {
	found := -1
	for at, value := 1, 0; at < len(source); {
		if value >= offset && found < 0 {
			found = at
		}
		switch {
		case source[at] == '"':
			return found
		case source[at] != '\\':
			at, value = at+1, value+1
		case at+1 >= len(source):
			return -1
		default:
			digits := escaped[source[at+1]]
			end := min(at+2+digits, len(source))
			value += escapeWidth(source[at+1], source[at+2:end])
			at = end
		}
	}
	return -1
}

// escapeWidth is how many bytes of text an escape stands for.
func escapeWidth(letter byte, digits string) int {
	switch letter {
	case 'N', '_': // next line, no-break space
		return 2
	case 'L', 'P': // line and paragraph separator
		return 3
	case 'x', 'u', 'U':
		code, err := strconv.ParseUint(digits, 16, 32)
		if width := utf8.RuneLen(rune(code)); err == nil && width > 0 {
			return width
		}
	}
	return 1
}
