package sim

import (
	"fmt"
	"strings"
)

// Mark says how well it is known where a formula or a value comes from.
type Mark string

// The marks.
const (
	MarkChecked   Mark = "checked"   // it has been read there, or with those who quote it, who are told then
	MarkUnchecked Mark = "unchecked" // it is said to stand there, and nobody has looked
	MarkNone      Mark = "none"      // there is no checked source: an assumption
	MarkPlain     Mark = "plain"     // needs none: a definition, or a default that changes nothing
)

// Citation says where a formula or a value comes from. It is written as a mark and
// words: "checked, EIA 2023, table 11.1", "unchecked, Law, Simulation Modeling and
// Analysis", "none, an assumption", "plain".
type Citation struct {
	Mark  Mark   `key:"-"`
	Words string `key:"-"`
}

// FromWords reads a mark and words.
func (c *Citation) FromWords(text string) error {
	mark, words, _ := strings.Cut(strings.TrimSpace(text), ",")
	c.Mark, c.Words = Mark(mark), strings.TrimSpace(words)
	switch c.Mark {
	case MarkChecked, MarkUnchecked:
		if c.Words == "" {
			return fmt.Errorf("%q says that there is a source and not which; write it behind a comma, as in \"checked, ISO 2954:2012\"", text)
		}
		return nil
	case MarkNone, MarkPlain:
		return nil
	}
	return fmt.Errorf("%.60q is no source: it begins with checked, unchecked, none or plain and a comma, as in \"checked, ISO 2954:2012\" or \"none, an assumption\"", text)
}

// WordsPattern accepts what FromWords does.
func (*Citation) WordsPattern() string {
	return `^\s*((un)?checked,\s*\S|none\s*$|none,|plain\s*$|plain,)`
}

// String is the citation as it is written: "none, an assumption".
func (c Citation) String() string {
	if c.Words == "" {
		return string(c.Mark)
	}
	return string(c.Mark) + ", " + c.Words
}
