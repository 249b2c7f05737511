package chance

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/twinbed/twinbed/sim/units"
)

// empirical is a sorted sample with straight lines between its order statistics
// (Hyndman and Fan 1996, definition 7: what spreadsheets and R do).
type empirical struct {
	written
	sorted         []float64
	mean, variance float64
}

func newEmpirical(words written, sample []float64) *empirical {
	slices.Sort(sample)
	e := &empirical{written: words, sorted: sample}
	e.mean, e.variance = e.moments(0, 1)
	return e
}

// moments are those of the draws for which u lies between two shares, summed line by line.
func (e *empirical) moments(from, to float64) (mean, variance float64) {
	gaps := float64(len(e.sorted) - 1)
	each := func(do func(weight, a, b float64)) {
		for i := range len(e.sorted) - 1 {
			left, right := max(from, float64(i)/gaps), min(to, float64(i+1)/gaps)
			if left < right {
				do((right-left)/(to-from), e.Quantile(left), e.Quantile(right))
			}
		}
	}
	each(func(w, a, b float64) { mean += w * (a + b) / 2 })
	each(func(w, a, b float64) {
		a, b = a-mean, b-mean
		variance += w * (a*a + a*b + b*b) / 3
	})
	return mean, variance
}

func (e *empirical) Quantile(u float64) float64 {
	at := u * float64(len(e.sorted)-1)
	i := min(int(at), len(e.sorted)-2)
	return e.sorted[i] + (at-float64(i))*(e.sorted[i+1]-e.sorted[i])
}

func (e *empirical) Mean() float64     { return e.mean }
func (e *empirical) Variance() float64 { return e.variance }

func (e *empirical) Support() (lo, hi float64) { return e.sorted[0], e.sorted[len(e.sorted)-1] }

func (e *empirical) CDF(x float64) float64 {
	above := sort.Search(len(e.sorted), func(i int) bool { return e.sorted[i] > x })
	switch above {
	case 0:
		return 0
	case len(e.sorted):
		return 1
	}
	a, b := e.sorted[above-1], e.sorted[above]
	return (float64(above-1) + (x-a)/(b-a)) / float64(len(e.sorted)-1)
}

// empirical reads "FILE [column NAME]".
func (g *given) empirical(words []string, open Open) (law, error) {
	file, column := words, ""
	if i := slices.Index(words, "column"); i >= 0 {
		file, column = words[:i], strings.Join(words[i+1:], " ")
		if column == "" {
			return nil, errors.New("the name of the column is missing")
		}
	}
	name := strings.Join(file, " ")
	if name == "" {
		return nil, errors.New("empirical needs a file, as in empirical waits.csv column wait")
	}
	if strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }) {
		return nil, errors.New("the name of the file has characters that cannot be printed")
	}
	if open == nil {
		return nil, fmt.Errorf("files such as %s cannot be read here", name)
	}
	f, err := open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	sample, err := g.sample(f, column)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return newEmpirical(g.words, sample), nil
}

// mostValues bounds the memory a sample takes to 80 MB.
const mostValues = 10_000_000

// sample reads one column of a CSV: the one named, or the first. A first row whose
// cell is no number is the heading.
func (g *given) sample(file io.Reader, column string) (sample []float64, err error) {
	rows := csv.NewReader(file)
	rows.ReuseRecord, rows.TrimLeadingSpace, rows.Comment = true, true, '#'
	at, unit := 0, ""
	for first := true; ; first = false {
		row, err := rows.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		if first && (column != "" || heading(row[0])) {
			if at, unit, err = g.column(row, column); err != nil {
				return nil, err
			}
			continue
		}
		x, err := g.cell(strings.TrimPrefix(row[at], "\ufeff"), unit)
		if err != nil {
			line, _ := rows.FieldPos(at)
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		if sample = append(sample, x); len(sample) > mostValues {
			return nil, fmt.Errorf("it has more than %d values", mostValues)
		}
	}
	if len(sample) < 2 {
		return nil, fmt.Errorf("it has %d values, and a distribution needs at least two", len(sample))
	}
	return sample, nil
}

func heading(cell string) bool {
	cell = strings.TrimPrefix(cell, "\ufeff")
	return cell != "" && !strings.ContainsAny(cell[:1], "-.0123456789")
}

// unitInHeading finds the unit in "wait (ms)", "wait [ms]" and "wait_ms".
var unitInHeading = regexp.MustCompile(`^(.*?)(?: *\(([^()]+)\)| *\[([^\[\]]+)\]|_([A-Za-zµ]+))$`)

// column finds a column by its heading, with or without the unit in it.
func (g *given) column(row []string, name string) (at int, unit string, err error) {
	var known []string
	for i, cell := range row {
		title := strings.TrimSpace(strings.TrimPrefix(cell, "\ufeff"))
		bare, unit := title, ""
		if m := unitInHeading.FindStringSubmatch(title); m != nil && units.IsUnit(m[2]+m[3]+m[4], g.dim) {
			bare, unit = m[1], m[2]+m[3]+m[4]
		}
		if name == "" || name == title || name == bare {
			return i, unit, nil
		}
		known = append(known, title)
	}
	return 0, "", fmt.Errorf("no column %.60q%s; there are %.200q", name, meant(name, known), strings.Join(known, ", "))
}

// cell reads one value, whose unit may stand in the heading.
func (g *given) cell(text, unit string) (float64, error) {
	text = strings.TrimSpace(text)
	if _, err := units.ParseNumber(text); err == nil {
		text += unit
	}
	x, err := units.Parse(text, g.dim)
	if err != nil && unit == "" && g.dim != units.Number {
		return 0, fmt.Errorf("%w; the unit may also stand in the heading, as in wait_%s", err, strings.TrimLeft(units.Format(0, g.dim), "0"))
	}
	if math.Abs(x) > math.MaxFloat32 {
		return 0, fmt.Errorf("%s is too large", text)
	}
	return x, err
}
