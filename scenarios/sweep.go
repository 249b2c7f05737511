package scenarios

import (
	"context"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/sim/chance"
)

// Axis is a value of a scenario that is varied: a list, or a range.
type Axis struct {
	Path     string
	Values   []string // of a list, or the steps of a range
	low, top float64  // of a range
	unit     string
	whole    bool // a range of whole numbers
	ranged   bool
}

var rangeShape = regexp.MustCompile(`^(-?[0-9.]+)([^0-9.,/]*)\.\.(-?[0-9.]+)([^0-9.,/]*)(?:/([0-9]+))?$`)

// mostPoints bounds a sweep.
const mostPoints = 10_000

// ParseAxis reads PATH=a,b,c (or a|b|c, where values have commas) or
// PATH=LOW..HIGH/STEPS, as in people.mechanic.count=1..4/4 or
// decisions.alarm.for=10s..60s/6.
func ParseAxis(text string) (Axis, error) {
	path, values, ok := strings.Cut(text, "=")
	a := Axis{Path: strings.TrimSpace(path)}
	if !ok || a.Path == "" || values == "" {
		return a, notFound("%q is nothing to vary: write a path and its values, as in people.mechanic.count=1,2,3 or decisions.alarm.for=10s..60s/6", text)
	}
	m := rangeShape.FindStringSubmatch(values)
	if m == nil {
		if strings.Contains(values, "..") && !strings.Contains(values, "|") {
			return a, notFound("%q is no range: write LOW..HIGH/STEPS, both ends with the same unit, as in 10s..60s/6", values)
		}
		between := ","
		if strings.Contains(values, "|") {
			between = "|"
		}
		for _, v := range strings.Split(values, between) {
			a.Values = append(a.Values, strings.TrimSpace(v))
		}
		return a, nil
	}
	low, err1 := strconv.ParseFloat(m[1], 64)
	top, err2 := strconv.ParseFloat(m[3], 64)
	steps := 5
	if m[5] != "" {
		steps, _ = strconv.Atoi(m[5])
	}
	switch {
	case err1 != nil || err2 != nil || !(low < top):
		return a, notFound("%q is no range: its low end has to be below its high end", values)
	case m[2] != "" && m[2] != m[4]:
		return a, notFound("%q is no range: its ends have the units %q and %q", values, m[2], m[4])
	case steps < 2 || steps > mostPoints:
		return a, notFound("%q is no range: from 2 steps to %d are possible", values, mostPoints)
	}
	a.low, a.top, a.unit, a.ranged = low, top, m[4], true
	a.whole = !strings.Contains(m[1]+m[3], ".") && low == math.Trunc(low) && top == math.Trunc(top) && m[4] == ""
	for n := range steps {
		if v := a.at(float64(n) / float64(steps-1)); len(a.Values) == 0 || v != a.Values[len(a.Values)-1] {
			a.Values = append(a.Values, v)
		}
	}
	return a, nil
}

// at is the value a share of the way from the low end to the high one.
func (a *Axis) at(share float64) string {
	x := a.low + (a.top-a.low)*share
	if a.whole {
		x = math.Round(x)
	}
	return strconv.FormatFloat(x, 'g', 6, 64) + a.unit
}

// SweepOptions say how a response is measured.
type SweepOptions struct {
	CompareOptions
	Latin int // so many points of a Latin hypercube instead of the whole grid; 0: the grid
}

// Sweep is a response over points of a scenario.
type Sweep struct {
	Axes   []string            `json:"axes"`
	Points [][]string          `json:"points"` // values by axis
	Result *reports.Comparison `json:"result"` // its variants are the points, in order
}

// Sweep plays the scenario at every point of a grid over the axes, or of a Latin
// hypercube, with the same seeds at each.
func (s *Script) Sweep(ctx context.Context, axes []Axis, o SweepOptions) (*Sweep, error) {
	if len(axes) == 0 {
		return nil, notFound("there is nothing to vary: say --over PATH=VALUES")
	}
	points, err := grid(axes)
	if o.Latin > 0 {
		points, err = latin(axes, o.Latin, chance.Seed(s.Seed).Stream("latin hypercube"))
	}
	if err != nil {
		return nil, err
	}
	w := &Sweep{}
	for _, p := range points { // a hypercube over whole numbers may meet some twice
		if !slices.ContainsFunc(w.Points, func(q []string) bool { return slices.Equal(p, q) }) {
			w.Points = append(w.Points, p)
		}
	}
	for _, a := range axes {
		w.Axes = append(w.Axes, a.Path)
	}
	var sides []side
	for _, p := range w.Points {
		x := side{name: strings.Join(p, ", "), variant: s.Variant}
		for n, a := range axes {
			if a.Path == "variant" {
				x.variant = p[n]
				continue
			}
			x.sets = append(x.sets, a.Path+"="+p[n])
		}
		if _, err := s.with(x.variant, x.sets); err != nil {
			return nil, err
		}
		sides = append(sides, x)
	}
	w.Result, err = s.compare(ctx, sides, o.CompareOptions)
	return w, err
}

// with is the script with another variant and further settings.
func (s *Script) with(variant string, sets []string) (*Script, error) {
	other := *s
	other.Variant = variant
	other.options.Sets = append(append([]string{}, s.options.Sets...), sets...)
	return &other, other.read()
}

// grid is every combination, the last axis fastest.
func grid(axes []Axis) (points [][]string, err error) {
	points = [][]string{nil}
	for _, a := range axes {
		var longer [][]string
		for _, p := range points {
			for _, v := range a.Values {
				longer = append(longer, append(append([]string{}, p...), v))
			}
		}
		if points = longer; len(points) > mostPoints {
			return nil, notFound("the grid has more than %d points: fewer steps, or a Latin hypercube (--latin N)", mostPoints)
		}
	}
	return points, nil
}

// latin is a Latin hypercube (McKay, Beckman and Conover 1979): each axis is cut
// into as many strata as there are points, and each stratum is met once.
func latin(axes []Axis, n int, luck chance.Stream) (points [][]string, err error) {
	if n < 2 || n > mostPoints {
		return nil, notFound("a Latin hypercube has from 2 points to %d", mostPoints)
	}
	points = make([][]string, n)
	for k, a := range axes {
		order := make([]int, n)
		for i := range order {
			order[i] = i
		}
		for i := n - 1; i > 0; i-- {
			j := int(luck.Uniform(uint32(2*k), uint64(i)) * float64(i+1))
			order[i], order[j] = order[j], order[i]
		}
		for i := range points {
			share := (float64(order[i]) + luck.Uniform(uint32(2*k+1), uint64(i))) / float64(n)
			v := a.Values[int(share*float64(len(a.Values)))]
			if a.ranged {
				v = a.at(share)
			}
			points[i] = append(points[i], v)
		}
	}
	return points, nil
}

// CSV is the response as a table for other programs: a line a point, of each KPI
// and limit mean and half of the 95 % interval.
func (w *Sweep) CSV() string {
	var b strings.Builder
	head := append([]string{}, w.Axes...)
	for _, r := range w.Result.Rows {
		head = append(head, r.Name, r.Name+" ±")
	}
	line := func(cells []string) {
		for i, c := range cells {
			if strings.ContainsAny(c, ",\"\n") {
				c = `"` + strings.ReplaceAll(c, `"`, `""`) + `"`
			}
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(c)
		}
		b.WriteByte('\n')
	}
	line(head)
	for n, p := range w.Points {
		cells := append([]string{}, p...)
		for _, r := range w.Result.Rows {
			cells = append(cells, plain(r.Cells[n].Mean), plain(r.Cells[n].Half))
		}
		line(cells)
	}
	return b.String()
}

func plain(n reports.Number) string {
	if !n.Known() {
		return ""
	}
	return fmt.Sprintf("%g", float64(n))
}
