package chance

import "strings"

// family is one sort of distribution and the ways its parameters can be written.
type family struct {
	name, doc string
	forms     []form
	positive  bool   // all its values are above zero
	short     string // how its values stand without keys
}

// form is one set of parameters that determines a distribution.
type form struct {
	keys  string // separated by spaces; pNN stands for any percentile and for the median
	solve func(g given) (law, error)
}

// families in the order people should consider them.
var families = []family{
	{
		name: "normal", doc: "symmetric around its mean, as measurement noise is",
		forms: []form{
			{"mean sd", normalOf}, {"median sd", normalOf},
			{"mean pNN", normalThrough}, {"pNN pNN", normalThrough},
		},
	},
	{
		name: "lognormal", doc: "above zero with a long tail: times people and networks take", positive: true,
		forms: []form{
			{"median sigma", lognormalSigma}, {"mean sigma", lognormalMeanSigma}, {"mean sd", lognormalMeanSd}, {"median sd", lognormalMedianSd},
			{"mean pNN", lognormalMean}, {"pNN pNN", lognormalThrough},
		},
	},
	{
		name: "weibull", doc: "lives of parts: shape above 1 wears out, below 1 fails early", positive: true,
		forms: []form{
			{"shape scale", weibullScale}, {"shape mean", weibullMean}, {"shape pNN", weibullPoint},
			{"mean sd", weibullMeanSd}, {"pNN pNN", weibullThrough},
		},
	},
	{
		name: "exponential", doc: "waits for what happens at any moment alike: arrivals, random failures", positive: true,
		forms: []form{{"mean", exponentialMean}, {"rate", exponentialRate}, {"pNN", exponentialPoint}},
	},
	{
		name: "uniform", doc: "anywhere between two ends alike", short: "… .. …",
		forms: []form{{"from to", uniformBetween}},
	},
	{
		name: "triangular", doc: "an estimate: least, most likely, most", short: "… … …",
		forms: []form{{"from mode to", triangularOf}},
	},
	{
		name: "gamma", doc: "sums of exponential waits: several steps one after another", positive: true,
		forms: []form{
			{"shape scale", gammaScale}, {"shape mean", gammaMean}, {"mean sd", gammaMeanSd}, {"pNN pNN", gammaThrough},
		},
	},
}

// Entry is one distribution as `twinbed list` prints it.
type Entry struct {
	Name  string
	Doc   string   // one clause
	Forms []string // each way to write it, with an ellipsis for every quantity
}

// Catalogue lists every distribution and the ways to write it.
func Catalogue() []Entry {
	entries := []Entry{{"constant", "always the same; the word may be left out", []string{"…", "constant …"}}}
	for _, f := range families {
		e := Entry{Name: f.name, Doc: f.doc}
		if f.short != "" {
			e.Forms = append(e.Forms, f.name+" "+f.short)
		}
		for _, form := range f.forms {
			e.Forms = append(e.Forms, f.name+" "+shownKeys(form.keys, " … ", " …"))
		}
		entries = append(entries, e)
	}
	return append(entries,
		Entry{"p95", "stands for any percentile, such as p10 or p99.9; the median is p50", []string{"normal p10 … p90 …"}},
		Entry{"empirical", "drawn from a CSV column of measured values, with straight lines between neighbours",
			[]string{"empirical FILE.csv", "empirical FILE.csv column NAME"}},
		Entry{"at least, at most", "after any of these: draws beyond do not occur", []string{"at least …", "at most …", "at least … at most …"}})
}

// Names lists the words a distribution can begin with.
func Names() []string {
	names := []string{"constant"}
	for _, f := range families {
		names = append(names, f.name)
	}
	return append(names, "empirical")
}

// shownKeys writes a form's keys with a separator; of two percentiles the first is the median.
func shownKeys(keys, between, after string) string {
	keys = strings.Replace(keys, "pNN pNN", "median p95", 1)
	keys = strings.Replace(keys, "pNN", "p95", 1)
	return strings.ReplaceAll(keys, " ", between) + after
}

// possible lists a family's forms for an error.
func (f family) possible() string {
	var ways []string
	for _, form := range f.forms {
		ways = append(ways, shownKeys(form.keys, " and ", ""))
	}
	if f.short != "" {
		ways = append(ways, f.name+" "+f.short)
	}
	return strings.Join(ways, ", or ")
}

// keys lists the parameter words of a family once each.
func (f family) keys() (keys []string) {
	seen := map[string]bool{}
	add := func(key string) {
		if !seen[key] {
			seen[key] = true
			keys = append(keys, key)
		}
	}
	for _, form := range f.forms {
		for _, key := range strings.Fields(form.keys) {
			add(key)
			if key == "pNN" {
				add("median")
			}
		}
	}
	return keys
}
