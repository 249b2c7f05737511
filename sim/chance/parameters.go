package chance

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/twinbed/twinbed/sim/units"
)

const percentile = `p[0-9]+(?:\.[0-9]+)?`

var wholePercentile = regexp.MustCompile(`^` + percentile + `$`)

func byShare(a, b point) int { return cmp.Compare(a.share, b.share) }

// solve reads a family's parameters and finds the form they make up.
func (g *given) solve(f family, words []string) (law, error) {
	words = f.spelledOut(words)
	if err := g.read(f, words); err != nil {
		return nil, err
	}
	for _, form := range f.forms {
		if g.fits(form) {
			return form.solve(*g)
		}
	}
	if len(g.value) == 0 {
		return nil, fmt.Errorf("%s needs %s", f.name, f.possible())
	}
	keys := strings.Join(g.written(f), " and ")
	if len(g.value) == 1 {
		keys += " alone"
	}
	return nil, fmt.Errorf("%s is not written with %s; it needs %s", f.name, keys, f.possible())
}

// spelledOut puts keys before values that stand without: "2h..4h", "2h to 4h", "1m 2m 5m".
func (f family) spelledOut(words []string) []string {
	if len(words) == 0 || isWord(words[0]) {
		return words
	}
	switch f.name {
	case "uniform":
		text := strings.Join(words, " ")
		if from, to, ok := strings.Cut(text, ".."); ok {
			text = from + " to " + to
		}
		return units.Words("from " + text)
	case "triangular":
		var values []string
		for _, w := range words {
			if len(values) > 0 && (isWord(w) || w == "%") {
				values[len(values)-1] += " " + w
			} else {
				values = append(values, w)
			}
		}
		if len(values) == 3 {
			return units.Words("from " + values[0] + " mode " + values[1] + " to " + values[2])
		}
	}
	return words
}

// read takes pairs of key and quantity.
func (g *given) read(f family, words []string) error {
	g.value = map[string]float64{}
	for len(words) > 0 {
		key := words[0]
		if err := g.accept(f, key); err != nil {
			return err
		}
		n := 1
		for n < len(words) && g.continues(words[n], words[n-1], n) {
			n++
		}
		x, err := units.Parse(strings.Join(words[1:n], " "), g.measure(key))
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		if x <= 0 && (f.positive || key == "sd") {
			return fmt.Errorf("%s must be above zero", key)
		}
		if err := g.add(key, x); err != nil {
			return err
		}
		words = words[n:]
	}
	slices.SortStableFunc(g.points, byShare)
	return nil
}

// accept refuses words that are no parameter of the family, or were there before.
func (g *given) accept(f family, key string) error {
	known := f.keys()
	if !isWord(key) {
		return fmt.Errorf("%.30q does not say what it is; %s needs %s", key, f.name, f.possible())
	}
	if _, twice := g.value[key]; twice {
		return fmt.Errorf("%s is written twice", key)
	}
	if key == "pNN" || !slices.Contains(known, key) && !(slices.Contains(known, "pNN") && wholePercentile.MatchString(key)) {
		return fmt.Errorf("%.30q is no parameter of %s%s; it needs %s", key, f.name, meant(key, known), f.possible())
	}
	if key == "rate" && g.dim != units.Duration && g.dim != units.Number {
		return fmt.Errorf("a rate determines how long or how far, not a %s: write the mean", g.dim)
	}
	return nil
}

// continues says whether a word belongs to the quantity that began after a key: numbers and units do, other keys do not.
func (g *given) continues(word, before string, n int) bool {
	if n > 1 && (before == "per" || before == "/") {
		return true
	}
	return !isWord(word) || n > 1 && (word == "per" || units.IsUnit(word, g.dim) && !isWord(before))
}

// measure is the dimension of a parameter.
func (g *given) measure(key string) units.Dimension {
	switch {
	case key == "shape" || key == "sigma":
		return units.Number
	case key == "rate" && g.dim == units.Duration:
		return units.Rate
	}
	return g.dim
}

func (g *given) add(key string, x float64) error {
	g.value[key] = x
	share := 0.5
	if wholePercentile.MatchString(key) {
		percent, _ := strconv.ParseFloat(key[1:], 64)
		if share = percent / 100; share <= 0 || share >= 1 {
			return fmt.Errorf("%s is no percentile: they lie between p0 and p100, both excluded", key)
		}
	} else if key != "median" {
		return nil
	}
	g.points = append(g.points, point{key, share, x})
	return nil
}

// fits says whether what is given is exactly what a form needs; the median counts as a percentile where pNN stands.
func (g *given) fits(f form) bool {
	keys := strings.Fields(f.keys)
	if len(keys) != len(g.value) {
		return false
	}
	points := len(g.points)
	for _, key := range keys {
		if key == "pNN" {
			points--
			continue
		}
		if _, ok := g.value[key]; !ok {
			return false
		}
		if key == "median" {
			points--
		}
	}
	return points == 0
}

// written lists the keys that were given, in the family's order.
func (g *given) written(f family) (keys []string) {
	for _, key := range f.keys() {
		if _, ok := g.value[key]; ok && key != "median" {
			keys = append(keys, key)
		}
	}
	for _, p := range g.points {
		keys = append(keys, p.name)
	}
	return keys
}

// Pattern is the regular expression of what [Parse] accepts, for JSON Schema. It
// knows names, parameters and units; whether the parameters belong together is for Parse.
func Pattern(dim units.Dimension) string {
	quantity, number := units.Shape(dim), units.Shape(units.Number)
	ways := []string{`(?:constant +)?` + quantity, `empirical(?: +[^ ]+)+`}
	for _, f := range families {
		ways = append(ways, f.pattern(dim, quantity, number))
	}
	ways = append(ways, `uniform +`+quantity+`(?: *\.\. *| +to +)`+quantity,
		`triangular +`+quantity+` +`+quantity+` +`+quantity)
	return `^ *(?:` + strings.Join(ways, "|") + `)(?: +at +(?:least|most) +` + quantity + `){0,2} *$`
}

// pattern is the family's name and as many pairs of key and quantity as its forms have.
func (f family) pattern(dim units.Dimension, quantity, number string) string {
	var keys, pairs []string
	for _, key := range f.keys() {
		switch key {
		case "shape", "sigma":
			pairs = append(pairs, key+` +`+number)
		case "rate":
			if dim == units.Duration {
				pairs = append(pairs, key+` +`+units.Shape(units.Rate))
			} else if dim == units.Number {
				keys = append(keys, key)
			}
		case "pNN":
			keys = append(keys, percentile)
		default:
			keys = append(keys, key)
		}
	}
	pairs = append(pairs, `(?:`+strings.Join(keys, "|")+`) +`+quantity)
	count := len(strings.Fields(f.forms[0].keys))
	return fmt.Sprintf(`%s(?: +(?:%s)){%d}`, f.name, strings.Join(pairs, "|"), count)
}
