package scenarios

import (
	"fmt"
	"io"
	"time"
)

// YAML is the smallest plan that fails, to be put into the scenario, and how it is played
// again without that.
func (c *Chaos) YAML() string { return "# played again by:\n# " + c.Again + "\n" + c.Least.String() }

// Text writes for people what came of it.
func (c *Chaos) Text(w io.Writer, _ bool) error {
	word := "PASS"
	if c.Failed > 0 {
		word = "FAIL"
	}
	_, err := fmt.Fprintf(w, "%s  %d plans, %d faults that struck %d times, in %s: ", word, c.Plans, c.Faults, c.Begun, c.Took.Round(100*time.Millisecond))
	if err != nil {
		return err
	}
	if c.Failed == 0 {
		_, err = fmt.Fprintln(w, "no invariant was broken")
		return err
	}
	_, err = fmt.Fprintf(w, "%d broke an invariant\n\nplan %d, shrunk to %s: %v\n\n%s", c.Failed, c.Number, c.Least.describe(), c.Why, c.YAML())
	return err
}
