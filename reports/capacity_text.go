package reports

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/twinbed/twinbed/sim/units"
)

// Text writes the capacity for people: what it is, the curve, the law.
func (c *Capacity) Text(w io.Writer, colour bool) error {
	t := &text{colour: colour}
	name := c.Scenario
	if c.Variant != "" {
		name += " / " + c.Variant
	}
	verdict := c.Verdict()
	shade := map[Verdict]paint{Pass: green, Fail: red, Untrusted: yellow}[verdict]
	fmt.Fprintf(t, "%s  capacity of %s, %s, seed %d\n", t.paint(shade, strings.ToUpper(string(verdict))), name, c.Clock, c.Seed)
	for _, line := range c.findings() {
		t.WriteString("  ")
		folded(&t.Builder, line, "  ", width)
	}
	c.curve(t)
	c.law(t)
	t.title("how")
	for _, line := range c.manner() {
		t.WriteString("  ")
		folded(&t.Builder, line, "    ", width)
	}
	_, err := io.WriteString(w, t.String())
	return err
}

// findings are the result in sentences.
func (c *Capacity) findings() (lines []string) {
	second := "a second"
	if c.Time != WallTime {
		second = "a second of scenario time"
	}
	switch {
	case !c.Sustained.Known():
		lines = append(lines, "no rate held that was tried")
	case c.AtLeast:
		lines = append(lines, fmt.Sprintf("sustained: at least %s readings %s; no higher rate was tried", short(float64(c.Sustained)), second))
	default:
		lines = append(lines, fmt.Sprintf("sustained: %s readings %s", short(float64(c.Sustained)), second))
	}
	if c.Sustained.Known() && !c.Confirmed {
		lines[0] += ", not confirmed"
	}
	switch {
	case c.Knee.At.Known():
		lines = append(lines, fmt.Sprintf("knee: %s, where half of the runs hold", c.Knee.words("/s")))
	case c.Sustained.Known() && !c.AtLeast:
		lines = append(lines, "knee: beyond what the runs tell")
	}
	if c.Ended != "" {
		lines = append(lines, "ended early: "+c.Ended)
	}
	return lines
}

// words are an estimate with its interval.
func (e Estimate) words(unit string) string {
	low, high := "?", "?"
	if e.Low.Known() {
		low = short(float64(e.Low))
	}
	if e.High.Known() {
		high = short(float64(e.High))
	}
	return fmt.Sprintf("%s%s (95%%: %s to %s)", short(float64(e.At)), unit, low, high)
}

// curve is a line for each rate: medians of its runs, how many held, why not all.
func (c *Capacity) curve(t *text) {
	if len(c.Steps) == 0 {
		return
	}
	of := ""
	for _, s := range c.Steps {
		for _, r := range s.Runs {
			if r.Of != "" {
				of = "loop " + r.Of
			}
		}
	}
	if of == "" {
		of = "uplink"
	}
	t.title("readings a second, and " + of)
	rows := [][]string{{"rate", "achieved", "p50", "p99", "held", ""}}
	for _, s := range c.Steps {
		rows = append(rows, []string{
			short(float64(s.Rate)), short(s.median(func(r *Sample) Number { return r.Achieved })),
			seconds(Number(s.median(func(r *Sample) Number { return r.P50 }))), seconds(Number(s.median(func(r *Sample) Number { return r.P99 }))),
			fmt.Sprintf("%d of %d", s.held(), len(s.Runs)), clipped(s.Reason, 52),
		})
	}
	table(&t.Builder, "  ", "> > > > > <", rows)
}

// median of a figure over a step's runs, of those that have it.
func (s *LoadStep) median(of func(*Sample) Number) float64 {
	var values []float64
	for i := range s.Runs {
		if v := of(&s.Runs[i]); v.Known() {
			values = append(values, float64(v))
		}
	}
	if len(values) == 0 {
		return math.NaN()
	}
	slices.Sort(values)
	return (values[len(values)/2] + values[(len(values)-1)/2]) / 2
}

// clipped is the beginning of a text.
func clipped(text string, most int) string {
	letters := []rune(text)
	if len(letters) <= most {
		return text
	}
	return string(letters[:most-1]) + "…"
}

func (c *Capacity) law(t *text) {
	t.title("universal scalability law")
	l := c.Law
	if l == nil {
		fmt.Fprintf(t, "  none: %s\n", c.Why)
		return
	}
	percent := func(e Estimate) Estimate { return Estimate{e.At * 100, e.Low * 100, e.High * 100} }
	table(&t.Builder, "  ", "< <", [][]string{
		{"one reading at a time", l.Lambda.words("/s")},
		{"contention", percent(l.Sigma).words("%")},
		{"coherency", percent(l.Kappa).words("%")},
		{"peak", l.Peak.words("/s") + l.where()},
	})
	fit := fmt.Sprintf("it misses %s by %s%% on average", counted(int64(len(l.Points)), "run"), short(float64(l.Miss)*100))
	if len(l.Remarks) > 0 {
		fit = "not to be relied on: " + strings.Join(l.Remarks, "; ")
	}
	t.WriteString("  ")
	folded(&t.Builder, fit, "  ", width)
}

// where says at which concurrency the peak is.
func (s *Scalability) where() string {
	if !s.Concurrency.Known() {
		return ", approached and never passed"
	}
	return fmt.Sprintf(", with %s readings on their way", short(float64(s.Concurrency)))
}

// manner says how the capacity was looked for.
func (c *Capacity) manner() (lines []string) {
	runs := 0
	for _, s := range c.Steps {
		runs += len(s.Runs)
	}
	by := "more things"
	if c.By == ByRate {
		by = "shorter times between the readings of a thing"
	}
	lines = append(lines, fmt.Sprintf("%s of %s after %s of warm-up (%s time), by %s, to within %s%%",
		counted(int64(runs), "run"), seconds(c.StepTime), seconds(c.WarmUp), c.Time, by, short(float64(c.Tolerance)*100)))
	holds := append([]string{"the books balance, nothing piles up, the clock is in time"}, c.Limits...)
	lines = append(lines, "holds: "+strings.Join(holds, "; "))
	for _, n := range c.Notes {
		lines = append(lines, "left out: "+n)
	}
	if c.Wall.Took.Known() && c.Wall.Took > 0 {
		if c.Wall.ClockFirst {
			lines = append(lines, "the clock's thread went before others")
		}
		lines = append(lines, fmt.Sprintf("%s, %s, in %s", c.Wall.Machine, c.Wall.Go, units.Format(float64(c.Wall.Took), units.Duration)))
	}
	return lines
}

// What a search varies the rate by.
const (
	ByThings = "things"
	ByRate   = "rate"
)
