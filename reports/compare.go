package reports

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// ComparisonSchema is the name and version of the shape of compare.json.
const ComparisonSchema = "twinbed.compare/1"

// Trial is what one run of a variant with one seed gives to a comparison.
type Trial struct {
	Variant string
	Seed    uint64
	Verdict Verdict
	KPIs    []KPIResult
	Quality []KPIResult // of decisions and twins
	Limits  []LimitResult
}

// Trial takes out of a report what is compared.
func (x *Report) Trial() Trial {
	return Trial{x.Variant, x.Seed, x.Verdict, x.KPIs, x.quality(), x.Limits}
}

// Comparison is many runs side by side: each figure of each variant as mean ±
// 95 % over seeds, and its difference to the first variant seed by seed. With
// common random numbers the pairs have the same luck, so the differences say
// more than the means.
type Comparison struct {
	Schema   string          `json:"schema"`
	Scenario string          `json:"scenario"`
	Seeds    []uint64        `json:"seeds"`
	Variants []VariantResult `json:"variants"`
	Rows     []Row           `json:"rows"`

	Precision *Reached `json:"precision,omitempty"` // where it was asked for
}

// VariantResult counts the verdicts of a variant's runs.
type VariantResult struct {
	Name      string `json:"name"`
	Runs      int    `json:"runs"`
	Passed    int    `json:"passed"`
	Failed    int    `json:"failed"`
	Untrusted int    `json:"untrusted"`
}

// Row is one figure over all variants.
type Row struct {
	Name    string `json:"name"` // a KPI, or a limit as it is written
	Limit   bool   `json:"limit"`
	Quality bool   `json:"quality,omitempty"` // how well a decision detects, how old what a twin knows is
	Unit    string `json:"unit"`
	Better  string `json:"better,omitempty"`
	Cells   []Cell `json:"cells"` // by variant
}

// Cell is one figure of one variant. The difference is to the first variant,
// over the seeds in which both have the figure; null for the first itself.
type Cell struct {
	Interval
	Kept       int         `json:"kept"`                 // of a limit: in how many runs it was kept
	Difference *Difference `json:"difference,omitempty"` // this variant less the first
	Says       string      `json:"says,omitempty"`       // better, worse, lower, higher, "no difference shown" or "nothing to compare"
}

// Difference is one of pairs, seed by seed. Common random numbers make the two of
// a pair alike, and the variance of their difference less than it would be with
// seeds of their own, which is the sum of both variances:
//
//	saved = 1 - Var(Y-X) / (Var(X) + Var(Y)) = 2 Cov(X,Y) / (Var(X) + Var(Y))
//
// (Law: Simulation Modeling and Analysis, on common random numbers.) Below 0 they
// have done harm. Seeds of their own would be needed 1 / (1 - saved) times as many
// for an interval as narrow.
type Difference struct {
	Interval
	Saved Number `json:"variance_saved"` // unknown where nothing varies
}

// lessPaired is the difference of values less others, by seed.
func lessPaired(values, others []float64) *Difference {
	var x, y, d []float64
	for i := range values {
		if v := values[i] - others[i]; Number(v).Known() {
			x, y, d = append(x, others[i]), append(y, values[i]), append(d, v)
		}
	}
	out := &Difference{NewInterval(d), Unknown}
	if out.N > 1 {
		if apart := stat.Variance(x, nil) + stat.Variance(y, nil); apart > 0 {
			out.Saved = Number(1 - stat.Variance(d, nil)/apart)
		}
	}
	return out
}

// Compare puts trials side by side, variants in the order given, seeds by number.
// The order in which trials come does not matter.
func Compare(scenario string, variants []string, trials []Trial) *Comparison {
	c := &Comparison{Schema: ComparisonSchema, Scenario: scenario, Seeds: []uint64{}, Variants: []VariantResult{}, Rows: []Row{}}
	trials = slices.Clone(trials)
	slices.SortStableFunc(trials, func(a, b Trial) int {
		return cmp.Or(cmp.Compare(slices.Index(variants, a.Variant), slices.Index(variants, b.Variant)), cmp.Compare(a.Seed, b.Seed))
	})
	for _, t := range trials {
		if !slices.Contains(c.Seeds, t.Seed) {
			c.Seeds = append(c.Seeds, t.Seed)
		}
	}
	slices.Sort(c.Seeds)
	for _, v := range variants {
		c.Variants = append(c.Variants, verdicts(v, trials))
	}
	for _, row := range rowsOf(trials) {
		row.compare(variants, c.Seeds, trials)
		c.Rows = append(c.Rows, row)
	}
	return c
}

func verdicts(variant string, trials []Trial) VariantResult {
	v := VariantResult{Name: variant}
	for _, t := range trials {
		if t.Variant != variant {
			continue
		}
		v.Runs++
		switch t.Verdict {
		case Pass:
			v.Passed++
		case Fail:
			v.Failed++
		default:
			v.Untrusted++
		}
	}
	return v
}

// rowsOf lists the figures of all trials, each once: KPIs, quality, then limits.
func rowsOf(trials []Trial) (rows []Row) {
	add := func(r Row) {
		if !slices.ContainsFunc(rows, func(x Row) bool { return x.Name == r.Name && x.Limit == r.Limit && x.Quality == r.Quality }) {
			rows = append(rows, r)
		}
	}
	for _, t := range trials {
		for _, k := range t.KPIs {
			add(Row{Name: k.Name, Unit: k.Unit, Better: k.Better})
		}
	}
	for _, t := range trials {
		for _, q := range t.Quality {
			add(Row{Name: q.Name, Quality: true, Unit: q.Unit, Better: q.Better})
		}
	}
	for _, t := range trials {
		for _, l := range t.Limits {
			add(Row{Name: l.Limit, Limit: true, Unit: l.Unit, Better: side(l.Limit)})
		}
	}
	return rows
}

// side is which way is good for the figure of a limit.
func side(limit string) string {
	if l, err := ParseLimit(limit); err == nil {
		return map[byte]string{'<': "lower", '>': "higher"}[l.Than[0]]
	}
	return ""
}

// value finds the row's figure in a trial.
func (r *Row) value(t *Trial) (value Number, kept bool) {
	if r.Limit {
		for _, l := range t.Limits {
			if l.Limit == r.Name {
				return l.Measured, l.Passed
			}
		}
	}
	figures := t.KPIs
	if r.Quality {
		figures = t.Quality
	}
	for _, k := range figures {
		if !r.Limit && k.Name == r.Name {
			return k.Value, false
		}
	}
	return Unknown, false
}

func (r *Row) compare(variants []string, seeds []uint64, trials []Trial) {
	var first []float64
	for n, variant := range variants {
		values := make([]float64, len(seeds)) // by seed
		var cell Cell
		for i, seed := range seeds {
			values[i] = float64(Unknown)
			for t := range trials {
				if trials[t].Variant == variant && trials[t].Seed == seed {
					value, kept := r.value(&trials[t])
					values[i] = float64(value)
					if kept {
						cell.Kept++
					}
				}
			}
		}
		cell.Interval = NewInterval(values)
		if n == 0 {
			first = values
		} else {
			cell.Difference = lessPaired(values, first)
			cell.Says = says(cell.Difference.Interval, r.Better)
		}
		r.Cells = append(r.Cells, cell)
	}
}

// says puts a difference into a word.
func says(d Interval, better string) string {
	side := d.Apart()
	switch {
	case d.N == 0:
		return "nothing to compare"
	case side == 0:
		return "no difference shown"
	case better == "":
		return map[int]string{-1: "lower", 1: "higher"}[side]
	case (better == "lower") == (side < 0):
		return "better"
	}
	return "worse"
}

// JSON is compare.json, always the same bytes for the same comparison.
func (c *Comparison) JSON() ([]byte, error) {
	b, err := json.MarshalIndent(c, "", "  ")
	return append(b, '\n'), err
}

// Verdict is the worst of all runs.
func (c *Comparison) Verdict() Verdict {
	v := Pass
	for _, x := range c.Variants {
		if x.Untrusted > 0 {
			return Untrusted
		}
		if x.Failed > 0 {
			v = Fail
		}
	}
	return v
}

// in writes a value of the row with or without its unit.
func (r *Row) in(n Number) string {
	if r.Limit {
		return (&LimitResult{Measured: n, Unit: r.Unit}).shown()
	}
	return formatKPI(n, r.Unit)
}

// signed writes a difference with its sign.
func (r *Row) signed(n Number) string {
	if n > 0 {
		return "+" + r.in(n)
	}
	return r.in(n)
}

// plusMinus writes an interval as mean ± half.
func (r *Row) plusMinus(i Interval, write func(Number) string) string {
	switch {
	case i.N == 0:
		return "-"
	case !i.Half.Known():
		return write(i.Mean)
	}
	return fmt.Sprintf("%s ± %s", write(i.Mean), r.in(i.Half))
}
