package reports

import (
	"fmt"
	"math"
	"regexp"
	"strings"

	"github.com/twinbed/twinbed/sim/units"
)

// Precision is how narrow a comparison is to be: half of the 95 % interval of a
// KPI's paired difference, as a share of the first variant's mean. So 5% lets
// one say "downtime falls by 42 % ± 5 %". It is not a share of the difference:
// where variants do not differ no number of seeds would be enough. A scenario
// without variants asks it of the mean.
type Precision struct {
	Share float64 `key:"-"`
	Of    string  `key:"-"` // a KPI; "": the first of the scenario
}

var precisionShape = regexp.MustCompile(`^\s*(\S+)(?:\s+of\s+(\S+))?\s*$`)

// FromWords reads a share, as in 5% or 5% of downtime.
func (p *Precision) FromWords(text string) error {
	m := precisionShape.FindStringSubmatch(text)
	if m == nil {
		return fmt.Errorf("%.60q is no precision: write a share, and of which KPI unless it is the first, as in 5%% or 5%% of downtime", text)
	}
	share, err := units.Parse(m[1], units.Share)
	switch {
	case err != nil:
		return err
	case !(share >= 0.0001 && share <= 1):
		return fmt.Errorf("%.60q is no precision: it goes from 0.01%% to 100%%", text)
	}
	p.Share, p.Of = share, m[2]
	return nil
}

// WordsPattern is the shape of a precision.
func (p *Precision) WordsPattern() string {
	return `^\s*` + units.Shape(units.Share) + `(?:\s+of\s+\S+)?\s*$`
}

// Check finds the KPI that is meant.
func (p *Precision) Check(kpis []KPI) error {
	if p.Share == 0 {
		return nil
	}
	var names []string
	for _, k := range kpis {
		if k.Name == p.Of || p.Of == "" {
			return nil
		}
		names = append(names, k.Name)
	}
	if p.Of == "" {
		return fmt.Errorf("precision of what? The scenario has no KPIs")
	}
	return unknownWord("KPI", p.Of, names)
}

// FewestSeeds is how many seeds are played at least before an interval is
// believed to be narrow: a few values may lie close together by luck.
const FewestSeeds = 20

// next is how many seeds to have played when the interval is looked at again; n
// when it is narrow enough, or at the limit. An interval narrows with the root of
// its seeds, so the number can be told; but each is told from a variance that is not
// known well, so it grows by a tenth at least and is doubled at most. Few looks matter:
// each is one more chance to take an interval that is narrow by luck.
func (p *Precision) next(n int, width float64, most int) int {
	if n >= most || width <= p.Share {
		return min(n, most)
	}
	want := float64(n) * math.Pow(width/p.Share, 2)
	if !(want <= float64(2*n)) {
		want = float64(2 * n)
	}
	return min(most, int(math.Ceil(max(want, 1.1*float64(n)))))
}

// Reached says how narrow a comparison has become that was asked to be.
type Reached struct {
	Asked Number `json:"asked"`   // share of the first variant's mean
	Width Number `json:"reached"` // likewise, of the widest difference
	Of    string `json:"of"`      // the KPI
	Most  int    `json:"at_most"` // seeds
	Held  bool   `json:"held"`
}

// Sharpen notes how narrow the comparison is, and says how many seeds it takes in
// all before the next look: as many as it has when that is enough, or the limit.
func (c *Comparison) Sharpen(p Precision, most int) int {
	n := len(c.Seeds)
	x := &Reached{Asked: Number(p.Share), Width: Unknown, Of: p.Of, Most: most}
	c.Precision = x
	for i := range c.Rows {
		if r := &c.Rows[i]; !r.Limit && !r.Quality && (p.Of == "" || r.Name == p.Of) {
			x.Of, x.Width = r.Name, Number(r.width(min(FewestSeeds, most)))
			break
		}
	}
	x.Held = float64(x.Width) <= p.Share
	return p.next(n, float64(x.Width), most)
}

// width is half of the widest interval of the row's differences, or of its mean
// where there is one variant, as a share of the first variant's mean; NaN where
// one has fewer values than are enough.
func (r *Row) width(fewest int) float64 {
	widest := 0.0
	for i, cell := range r.Cells {
		x := cell.Interval
		switch {
		case i > 0:
			x = cell.Difference.Interval
		case len(r.Cells) > 1:
			continue
		}
		if x.N < max(fewest, 2) {
			return math.NaN()
		}
		widest = max(widest, float64(x.Half))
	}
	if widest == 0 {
		return 0
	}
	return widest / math.Abs(float64(r.Cells[0].Mean))
}

// words says it in a line.
func (x *Reached) words(c *Comparison) string {
	what, of := "the mean of "+x.Of+" is", ""
	switch {
	case len(c.Variants) > 2:
		what = "the differences of " + x.Of + " are"
	case len(c.Variants) > 1:
		what = "the difference of " + x.Of + " is"
	}
	if len(c.Variants) > 1 {
		of = " of the mean of " + strings.TrimSpace(c.Variants[0].Name)
	}
	known := "not known"
	if x.Width.Known() {
		known = "known to ± " + percent(x.Width) + of
	}
	if x.Held {
		return fmt.Sprintf("%s %s: as narrow as asked (%s), so no more seeds were played", what, known, percent(x.Asked))
	}
	return fmt.Sprintf("%s %s at the limit of %s; asked was %s", what, known, counted(int64(x.Most), "seed"), percent(x.Asked))
}
