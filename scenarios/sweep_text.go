package scenarios

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/twinbed/twinbed/reports"
)

// Text writes the response for people: a line a point.
func (w *Sweep) Text(out io.Writer) error {
	c := w.Result
	fmt.Fprintf(out, "%s, %d points, %d seeds, in virtual time; mean ± 95%%\n\n", c.Scenario, len(w.Points), len(c.Seeds))
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	head := append([]string{}, w.Axes...)
	for _, r := range c.Rows {
		if !r.Limit {
			head = append(head, r.Name)
		}
	}
	fmt.Fprintln(t, strings.Join(append(head, "passed"), "\t")+"\t")
	for n, p := range w.Points {
		cells := append([]string{}, p...)
		for _, r := range c.Rows {
			if !r.Limit {
				cells = append(cells, r.Words(n))
			}
		}
		fmt.Fprintln(t, strings.Join(append(cells, fmt.Sprintf("%d of %d", c.Variants[n].Passed, c.Variants[n].Runs)), "\t")+"\t")
	}
	return t.Flush()
}

// Text writes for people what was found, and what it is worth on other seeds.
func (o *Optimum) Text(out io.Writer, colour bool) error {
	fmt.Fprintf(out, "%s\n\non seeds that the search has not seen: ", o)
	return o.HeldOut.Text(out, colour)
}

// Better says whether what was found is better than the scenario as it is, on
// seeds that the search has not seen and by more than the interval.
func (o *Optimum) Better() bool {
	for _, r := range o.HeldOut.Rows {
		if d := r.Cells[1].Difference; r.Name == o.KPI && !r.Limit && d != nil {
			low, high := d.Low, d.High
			if o.Maximised {
				low, high = -high, -low
			}
			return high < reports.Number(0) && low < reports.Number(0)
		}
	}
	return false
}
