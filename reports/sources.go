package reports

import (
	"fmt"
	"io"
	"strings"

	"github.com/twinbed/twinbed/sim"
)

// Sourced is a part of the world that was played: what it computes, with which
// values, and where both come from.
type Sourced struct {
	Of      string         `json:"of"`      // its path in the scenario
	Model   string         `json:"model"`   // "wear", "crew", a fault; "" for what has none
	Formula string         `json:"formula"` // in the keys of the values; "" for none
	Mark    string         `json:"mark"`    // of the formula, as sim.Mark
	Source  string         `json:"source"`
	Values  []SourcedValue `json:"values"`
}

// SourcedValue is a value in effect.
type SourcedValue struct {
	Key    string `json:"key"` // "" for the whole of the part
	Value  string `json:"value"`
	Unit   string `json:"unit"`
	By     string `json:"by"`   // scenario, flag or default
	Mark   string `json:"mark"` // checked, unchecked, none or plain
	Source string `json:"source"`
}

// sources says how many values have which mark.
func (t *text) sources() {
	if len(t.x.Sources) == 0 {
		return
	}
	count, values, formulae, checked := map[string]int{}, 0, 0, 0
	for _, x := range t.x.Sources {
		if x.Formula != "" {
			formulae++
			if x.Mark == string(sim.MarkChecked) || x.Mark == string(sim.MarkPlain) {
				checked++
			}
		}
		for _, v := range x.Values {
			values++
			count[v.Mark]++
		}
	}
	t.title("sources")
	fmt.Fprintf(t, "  %d values: %d from checked sources, %d from unchecked ones, %d without a checked source, %d that need none\n",
		values, count[string(sim.MarkChecked)], count[string(sim.MarkUnchecked)], count[string(sim.MarkNone)], count[string(sim.MarkPlain)])
	fmt.Fprintf(t, "  %d of %d formulae are checked or definitions; each of both: run --sources, report.json\n", checked, formulae)
}

// SourcesText writes for people what each part of the world was made by and where
// that comes from.
func (x *Report) SourcesText(w io.Writer) error {
	var b strings.Builder
	for _, s := range x.Sources {
		b.WriteString(strings.TrimSpace(s.Of+"  "+s.Model) + "\n")
		if s.Formula != "" {
			b.WriteString("    ")
			folded(&b, s.Formula, "      ", width)
			b.WriteString("    ")
			folded(&b, "source of the formula: "+mark(s.Mark, s.Source), "      ", width)
		}
		for _, v := range s.Values {
			b.WriteString("    ")
			folded(&b, v.words(), "      ", width)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// words is a value in a line: "tau = 25m [no checked source]".
func (v *SourcedValue) words() string {
	line := v.Value
	if v.Key != "" {
		line = v.Key + " = " + line
	}
	if v.Unit != "" && v.Unit != "s" && v.Unit != "%" {
		line += " " + v.Unit
	}
	if v.By != "scenario" {
		line += ", by " + v.By
	}
	return line + " [" + mark(v.Mark, v.Source) + "]"
}

// mark says in words how well a source is known.
func mark(mark, source string) string {
	switch sim.Mark(mark) {
	case sim.MarkPlain:
		mark = "needs no source"
	case sim.MarkNone, "":
		mark = "no checked source"
	}
	if source == "" {
		return mark
	}
	return mark + ": " + source
}
