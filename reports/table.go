package reports

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// table writes rows in columns: a column's name in the format begins with "<" to
// stand left, else right. The first row may be the heads. Trailing blanks are cut.
func table(b *strings.Builder, indent string, columns string, rows [][]string) {
	sides := strings.Fields(columns)
	widths := make([]int, len(sides))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		line := indent
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i > 0 {
				line += "  "
			}
			if sides[i] == "<" {
				line += cell + pad
			} else {
				line += pad + cell
			}
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
}

// folded writes a text in lines of at most width characters, all after the first
// with the indent.
func folded(b *strings.Builder, text, indent string, width int) {
	column := 0
	for i, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case column+1+n > width:
			b.WriteString("\n" + indent)
			column = utf8.RuneCountInString(indent)
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += n
	}
	b.WriteByte('\n')
}

// paint is a colour of terminals, "" for none.
type paint string

const (
	green  paint = "\x1b[32m"
	red    paint = "\x1b[31m"
	yellow paint = "\x1b[33m"
	bold   paint = "\x1b[1m"
)

func (t *text) paint(p paint, words string) string {
	if !t.colour {
		return words
	}
	return fmt.Sprintf("%s%s\x1b[0m", string(p), words)
}
