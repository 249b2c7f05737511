package reports

import (
	"fmt"
	"io"
	"math"
	"strings"
)

// Text writes the comparison for people: each figure of each variant as mean ±
// 95 %, below it what the difference to the first variant says.
func (c *Comparison) Text(w io.Writer, colour bool) error {
	t := &text{colour: colour}
	fmt.Fprintf(t, "%s, %s, %s, in virtual time\n", c.Scenario, counted(int64(len(c.Variants)), "variant"), counted(int64(len(c.Seeds)), "seed"))
	if c.Precision != nil {
		folded(&t.Builder, c.Precision.words(c), "  ", width)
	}
	rows := [][]string{{"runs", "passed", "failed", "untrusted"}}
	for _, v := range c.Variants {
		rows = append(rows, []string{v.Name, grouped(v.Passed), grouped(v.Failed), grouped(v.Untrusted)})
	}
	table(&t.Builder, "  ", "< > > >", rows)
	c.figures(t, "KPIs, mean ± 95%", func(r *Row) bool { return !r.Limit && !r.Quality })
	c.figures(t, "decisions against the truth and age of information, mean ± 95%", func(r *Row) bool { return r.Quality })
	c.figures(t, "limits, mean of what was measured ± 95%, kept in so many runs", func(r *Row) bool { return r.Limit })
	if len(c.Variants) > 1 {
		t.WriteString("\n  ")
		folded(&t.Builder, "saved: what the same luck for all variants took off the variance of the difference, which else is the sum of both", "    ", width)
	}
	_, err := io.WriteString(w, t.String())
	return err
}

// figures is the table of some of the rows.
func (c *Comparison) figures(t *text, title string, which func(*Row) bool) {
	heads := []string{""}
	for i, v := range c.Variants {
		heads = append(heads, v.Name)
		if i > 0 {
			heads = append(heads, "less "+c.Variants[0].Name, "", "saved")
		}
	}
	rows := [][]string{heads}
	for _, r := range c.Rows {
		if which(&r) {
			rows = append(rows, r.cells())
		}
	}
	if len(rows) == 1 {
		return
	}
	t.title(title)
	columns := "<" + strings.Repeat(" >", 1) + strings.Repeat(" > > < >", max(len(c.Variants)-1, 0))
	table(&t.Builder, "  ", columns, rows)
}

// Words are the figure of a variant, by its place, as people read it.
func (r *Row) Words(n int) string { return r.plusMinus(r.Cells[n].Interval, r.in) }

// cells are a row as text: the name, then for each variant its figure and, from
// the second on, the difference, what it says and the variance saved.
func (r *Row) cells() []string {
	list := []string{r.Name}
	for i, cell := range r.Cells {
		figure := r.Words(i)
		if r.Limit {
			figure += fmt.Sprintf("  %d", cell.Kept)
		}
		list = append(list, figure)
		if i > 0 {
			list = append(list, r.plusMinus(cell.Difference.Interval, r.signed), cell.Says, wholePercent(cell.Difference.Saved))
		}
	}
	return list
}

// wholePercent writes a share that is not known better.
func wholePercent(n Number) string {
	if !n.Known() {
		return "-"
	}
	return fmt.Sprintf("%d%%", int(math.Round(float64(n)*100)))
}
