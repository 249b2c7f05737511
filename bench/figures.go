//go:build unix

package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// figure is what one run of one way to load a broker showed. NaN is what it does
// not tell.
type figure struct {
	rate        float64 // messages heard a second
	share       float64 // of the ceiling of the same round
	perCore     float64 // messages a core-second that the generator's process spent
	p50, p99    float64 // seconds from when a reading was due until its twin had it
	unexplained float64 // messages
	verdict     string
}

func unknown() figure {
	return figure{rate: math.NaN(), share: math.NaN(), perCore: math.NaN(), p50: math.NaN(), p99: math.NaN(), unexplained: math.NaN()}
}

// row is the figures of one way over all rounds, and the latest reason why there
// is none.
type row struct {
	name    string
	qos     byte
	peer    bool // somebody else's way to load a broker
	figures []figure
	why     error
}

// spread is a median and what it lies between.
type spread struct{ low, median, high float64 }

func (r *row) spread(of func(figure) float64) spread {
	var all []float64
	for _, f := range r.figures {
		if x := of(f); !math.IsNaN(x) {
			all = append(all, x)
		}
	}
	if len(all) == 0 {
		return spread{math.NaN(), math.NaN(), math.NaN()}
	}
	slices.Sort(all)
	n := len(all)
	return spread{all[0], (all[(n-1)/2] + all[n/2]) / 2, all[n-1]}
}

func rateOf(f figure) float64        { return f.rate }
func shareOf(f figure) float64       { return f.share }
func perCoreOf(f figure) float64     { return f.perCore }
func p50Of(f figure) float64         { return f.p50 }
func p99Of(f figure) float64         { return f.p99 }
func unexplainedOf(f figure) float64 { return f.unexplained }

// table writes all rows of one QoS as markdown. What a core-second yields is
// compared with the best peer's median.
func table(rows []*row) string {
	var b strings.Builder
	b.WriteString("| what | messages/s (min–max) | of the ceiling | a core-second of the generator | to the best peer | p50 | p99 | unexplained | verdicts |\n")
	b.WriteString("|---|---|---|---|---|---|---|---|---|\n")
	best := math.NaN()
	for _, r := range rows {
		if m := r.spread(perCoreOf).median; r.peer && !math.IsNaN(m) && !(best >= m) {
			best = m
		}
	}
	for _, r := range rows {
		if len(r.figures) == 0 {
			fmt.Fprintf(&b, "| %s | none: %v ||||||||\n", r.name, r.why)
			continue
		}
		rate, perCore := r.spread(rateOf), r.spread(perCoreOf)
		fmt.Fprintf(&b, "| %s | %s (%s–%s) | %s | %s | %s | %s | %s | %s | %s |\n", r.name,
			thousands(rate.median), thousands(rate.low), thousands(rate.high), percent(r.spread(shareOf).median),
			thousands(perCore.median), times(perCore.median/best),
			duration(r.spread(p50Of).median), duration(r.spread(p99Of).median),
			thousands(r.spread(unexplainedOf).high), r.verdicts())
	}
	return b.String()
}

// verdicts counts what the rounds came to.
func (r *row) verdicts() string {
	n := map[string]int{}
	for _, f := range r.figures {
		if f.verdict != "" {
			n[f.verdict]++
		}
	}
	var all []string
	for v, times := range n {
		all = append(all, fmt.Sprintf("%d %s", times, v))
	}
	slices.SortFunc(all, cmp.Compare[string])
	return strings.Join(all, ", ")
}

func thousands(x float64) string {
	if math.IsNaN(x) {
		return ""
	}
	digits := strconv.FormatInt(int64(math.Round(x)), 10)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

func percent(x float64) string {
	if math.IsNaN(x) {
		return ""
	}
	return fmt.Sprintf("%.0f %%", 100*x)
}

func times(x float64) string {
	if math.IsNaN(x) {
		return ""
	}
	return fmt.Sprintf("%.1f×", x)
}

func duration(seconds float64) string {
	if math.IsNaN(seconds) {
		return ""
	}
	d, step := time.Duration(seconds*float64(time.Second)), time.Duration(1)
	for d/step >= 1000 {
		step *= 10
	}
	return d.Round(step).String()
}
