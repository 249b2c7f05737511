package chance

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/twinbed/twinbed/sim/units"
)

// Open gives access to the files a scenario may name.
type Open = func(name string) (io.ReadCloser, error)

// Parse reads a distribution in words: a quantity alone is a constant; otherwise a
// name from [Names] and its parameters, each quantity with its unit, then perhaps
// "at least …" and "at most …". Where negative values make no sense (every
// dimension but a plain number), a normal distribution is cut off at zero, and
// refused if that would change more than one draw in a hundred unasked.
// Open is needed for "empirical" only.
func Parse(words string, dim units.Dimension, open Open) (Distribution, error) {
	d, err := parse(words, dim, open)
	if err != nil {
		return nil, err
	}
	return d, nil
}

// MustParse is [Parse] for words in a program: it panics on an error and opens no files.
func MustParse(words string, dim units.Dimension) Distribution {
	d, err := Parse(words, dim, nil)
	if err != nil {
		panic(err)
	}
	return d
}

func parse(text string, dim units.Dimension, open Open) (law, error) {
	words := units.Words(text)
	if len(words) == 0 {
		return nil, fmt.Errorf("a %s or a distribution is missing; possible are %s", dim, strings.Join(Names(), ", "))
	}
	wrong := func(err error) (law, error) {
		return nil, fmt.Errorf("%.100q: %w", strings.Join(words, " "), err)
	}
	g := given{words: written(strings.Join(words, " ")), dim: dim}
	head, ends, err := g.tail(words)
	if err != nil {
		return wrong(err)
	}
	d, err := g.head(head, open)
	var alone *plain
	if errors.As(err, &alone) {
		return nil, alone.error
	}
	if err == nil {
		err = g.sane(d)
	}
	if err == nil {
		d, err = g.bounded(d, ends)
	}
	if err != nil {
		return wrong(err)
	}
	return d, nil
}

// plain is an error that already quotes the whole text.
type plain struct{ error }

// head reads what stands before the tail.
func (g *given) head(words []string, open Open) (law, error) {
	if len(words) == 0 {
		return nil, fmt.Errorf("what is to be at least or at most that? possible are %s", strings.Join(Names(), ", "))
	}
	name, rest := words[0], words[1:]
	if !isWord(name) {
		x, err := units.Parse(strings.Join(words, " "), g.dim)
		if err != nil {
			return nil, &plain{err}
		}
		return &constant{g.words, x}, nil
	}
	switch name {
	case "constant":
		x, err := units.Parse(strings.Join(rest, " "), g.dim)
		if err != nil {
			return nil, err
		}
		return &constant{g.words, x}, nil
	case "empirical":
		return g.empirical(rest, open)
	}
	for _, f := range families {
		if f.name == name {
			return g.solve(f, rest)
		}
	}
	return nil, &plain{fmt.Errorf("%.30q is no distribution%s; possible are %s", name, meant(name, Names()), strings.Join(Names(), ", "))}
}

// meant is the clause of an error that names the nearest known word, or nothing.
func meant(word string, known []string) string {
	if name, ok := units.Nearest(word, known); ok {
		return fmt.Sprintf(" (did you mean %s?)", name)
	}
	return ""
}

// isWord tells a key or name from a number or a sign; inf and nan are meant as numbers.
func isWord(word string) bool {
	c := word[0]
	_, err := strconv.ParseFloat(word, 64)
	return err != nil && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z')
}

// limits are where draws are cut off; not written ends are infinite.
type limits struct{ least, most float64 }

// tail takes "at least …" and "at most …" off the end.
func (g *given) tail(words []string) (head []string, ends limits, err error) {
	ends = limits{math.Inf(-1), math.Inf(1)}
	for {
		i := lastAt(words)
		if i < 0 {
			return words, ends, nil
		}
		end := &ends.least
		if words[i+1] == "most" {
			end = &ends.most
		}
		if !math.IsInf(*end, 0) {
			return nil, ends, fmt.Errorf("at %s is written twice", words[i+1])
		}
		if *end, err = units.Parse(strings.Join(words[i+2:], " "), g.dim); err != nil {
			return nil, ends, fmt.Errorf("at %s: %w", words[i+1], err)
		}
		words = words[:i]
	}
}

// lastAt finds the last "at least" or "at most".
func lastAt(words []string) int {
	for i := len(words) - 2; i >= 0; i-- {
		if words[i] == "at" && (words[i+1] == "least" || words[i+1] == "most") {
			return i
		}
	}
	return -1
}

// bounded cuts a law off at the limits written, and at zero where there is nothing below.
func (g *given) bounded(d law, ends limits) (law, error) {
	if ends.least >= ends.most {
		return nil, fmt.Errorf("at least %s leaves nothing at most %s", g.show(ends.least), g.show(ends.most))
	}
	if g.dim != units.Number && math.IsInf(ends.least, -1) && d.Quantile(lowest) < 0 {
		if below := d.CDF(0); below > 0.01 {
			return nil, fmt.Errorf("%.2g%% of draws would be below zero, which no %s is: add \"at least 0%s\" or write lognormal",
				below*100, g.dim, strings.TrimLeft(units.Format(0, g.dim), "0"))
		}
		ends.least = 0
	}
	if math.IsInf(ends.least, -1) && math.IsInf(ends.most, 1) {
		return d, nil
	}
	if c, ok := d.(*constant); ok {
		if c.value < ends.least || c.value > ends.most {
			return nil, fmt.Errorf("the constant is outside its limits")
		}
		return c, nil
	}
	b := cut(string(g.words), d, ends.least, ends.most)
	if b == nil {
		return nil, fmt.Errorf("the limits leave less than one draw in a million of what is written before them")
	}
	return b, nil
}

// centuries is the longest duration a clock of nanoseconds can hold, in seconds.
const centuries = math.MaxInt64 / 1e9

// sane refuses laws whose figures overflow or mean nothing.
func (g *given) sane(d law) error {
	mean, variance := d.Mean(), d.Variance()
	lo, hi := d.Quantile(lowest), d.Quantile(highest)
	for _, x := range []float64{mean, variance, lo, hi} {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return errors.New("the numbers are too far apart, too large or too small to compute with")
		}
	}
	switch d.(type) {
	case *constant, *empirical:
	default:
		if lo >= hi {
			return errors.New("the numbers are too large, too small or too close together to compute with")
		}
	}
	if g.dim == units.Duration && mean > centuries {
		return fmt.Errorf("its mean would be %.2g years", mean/(365.25*24*3600))
	}
	return nil
}

// given is what was written for one distribution.
type given struct {
	words  written
	dim    units.Dimension
	value  map[string]float64 // by key, median and percentiles included
	points []point            // percentiles and the median, by share
}

// point is one percentile: the share of draws that are at most a value.
type point struct {
	name         string
	share, value float64
}

func (g given) show(x float64) string { return units.Format(x, g.dim) }

// ascending is the two percentiles, whose values must rise as their shares do.
func (g given) ascending() (a, b point, err error) {
	points := g.points
	if mean, ok := g.value["mean"]; ok {
		points = append(slices.Clone(points), point{"mean", 0.5, mean})
		slices.SortStableFunc(points, byShare)
	}
	a, b = points[0], points[1]
	if a.share == b.share {
		return a, b, fmt.Errorf("%s and %s are the same percentile: a second one is needed", a.name, b.name)
	}
	if b.value <= a.value {
		return a, b, fmt.Errorf("%s (%s) must be above %s (%s)", b.name, g.show(b.value), a.name, g.show(a.value))
	}
	return a, b, nil
}
