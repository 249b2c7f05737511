package scenarios

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"gonum.org/v1/gonum/optimize"

	"github.com/twinbed/twinbed/reports"
)

// OptimiseOptions say what is looked for.
type OptimiseOptions struct {
	CompareOptions
	KPI         string
	Maximise    bool
	Evaluations int    // settings that are tried at most; 0: 60
	Seed        uint64 // of the search, not of the world
}

// heldOut is the first replica of the seeds that the search has not seen.
const heldOut = 1_000_000

// Optimum is what a search came to.
type Optimum struct {
	KPI       string              `json:"kpi"`
	Maximised bool                `json:"maximised"`
	Settings  []string            `json:"settings"` // PATH=VALUE
	Tried     int                 `json:"tried"`
	Trained   reports.Number      `json:"trained"`  // the KPI's mean over the seeds of the search: flattering
	HeldOut   *reports.Comparison `json:"held_out"` // the scenario as it is, and with the settings, on seeds the search has not seen
}

// Optimise looks for the settings with the best mean of a KPI: CMA-ES (Hansen and
// Ostermeier 2001; gonum's CmaEsChol) over the axes, every setting played with the
// same seeds, so that they differ by what was set and not by luck. What it finds is
// held against the scenario as it is on other seeds: a search takes the luck of its
// own seeds for merit.
func (s *Script) Optimise(ctx context.Context, axes []Axis, o OptimiseOptions) (*Optimum, error) {
	if len(axes) == 0 {
		return nil, notFound("there is nothing to vary: say --over PATH=LOW..HIGH")
	}
	for _, a := range axes {
		if !a.ranged && len(a.Values) < 2 {
			return nil, notFound("%s has one value: there is nothing to choose", a.Path)
		}
	}
	if o.Evaluations <= 0 {
		o.Evaluations = 60
	}
	x := &optimisation{Script: s, ctx: ctx, axes: axes, options: o, known: map[string]float64{}}
	if err := x.check(); err != nil {
		return nil, err
	}
	start := make([]float64, len(axes))
	for i := range start {
		start[i] = 0.5
	}
	_, err := optimize.Minimize(optimize.Problem{Func: x.worth, Status: x.status}, start,
		&optimize.Settings{Converger: optimize.NeverTerminate{}},
		&optimize.CmaEsChol{InitStepSize: 0.3, Population: 4 + int(3*math.Log(float64(len(axes)+1))), Src: rand.NewPCG(o.Seed, 1)})
	switch {
	case x.failure != nil:
		return nil, x.failure
	case err != nil && !errors.Is(err, errEnough):
		return nil, err
	case x.best == nil:
		return nil, notFound("%s had no value in any run", o.KPI)
	}
	trained := x.bestWorth
	if o.Maximise {
		trained = -trained
	}
	out := &Optimum{KPI: o.KPI, Maximised: o.Maximise, Settings: x.best, Tried: len(x.known), Trained: reports.Number(trained)}
	o.First = heldOut
	out.HeldOut, err = s.compare(ctx, []side{{name: "as it is", variant: s.Variant}, {name: "found", variant: s.Variant, sets: x.best}}, o.CompareOptions)
	return out, err
}

// optimisation is a search under way.
type optimisation struct {
	*Script
	ctx       context.Context
	axes      []Axis
	options   OptimiseOptions
	known     map[string]float64 // what settings are worth
	best      []string
	bestWorth float64
	failure   error
}

var errEnough = errors.New("enough has been tried")

// check plays nothing: it sees that the KPI is one of the scenario's, and that the
// axes are of values that it has.
func (x *optimisation) check() error {
	names := []string{}
	for _, k := range x.KPIs {
		names = append(names, k.Name)
	}
	if !slices.Contains(names, x.options.KPI) {
		return notFound("%q is no KPI of the scenario%s", x.options.KPI, oneOf(names))
	}
	for _, share := range []float64{0, 1} {
		if _, err := x.with(x.Variant, x.settings(slices.Repeat([]float64{share}, len(x.axes)))); err != nil {
			return err
		}
	}
	return nil
}

// settings are those at a place in the unit cube; what lies outside is mirrored
// into it.
func (x *optimisation) settings(at []float64) (sets []string) {
	for i, a := range x.axes {
		share := math.Abs(math.Mod(at[i], 2))
		if share > 1 {
			share = 2 - share
		}
		v := ""
		if a.ranged {
			v = a.at(share)
		} else {
			v = a.Values[min(int(share*float64(len(a.Values))), len(a.Values)-1)]
		}
		sets = append(sets, a.Path+"="+v)
	}
	return sets
}

func (x *optimisation) status() (optimize.Status, error) {
	switch {
	case x.failure != nil:
		return optimize.Failure, x.failure
	case len(x.known) >= x.options.Evaluations:
		return optimize.FunctionEvaluationLimit, errEnough
	}
	return optimize.NotTerminated, nil
}

// worth is the KPI's mean over the seeds of the search, less being better.
func (x *optimisation) worth(at []float64) float64 {
	sets := x.settings(at)
	key := strings.Join(sets, " ")
	if w, ok := x.known[key]; ok || x.failure != nil || len(x.known) >= x.options.Evaluations {
		if !ok {
			return math.Inf(1)
		}
		return w
	}
	c, err := x.compare(x.ctx, []side{{name: key, variant: x.Variant, sets: sets}}, x.options.CompareOptions)
	if err != nil {
		x.failure = err
		return math.Inf(1)
	}
	w := math.Inf(1)
	for _, r := range c.Rows {
		if r.Name == x.options.KPI && !r.Limit && r.Cells[0].Mean.Known() {
			if w = float64(r.Cells[0].Mean); x.options.Maximise {
				w = -w
			}
		}
	}
	x.known[key] = w
	if w < x.bestWorth || x.best == nil && !math.IsInf(w, 1) {
		x.best, x.bestWorth = sets, w
	}
	return w
}

// String says what was found.
func (o *Optimum) String() string {
	word := "least"
	if o.Maximised {
		word = "most"
	}
	return fmt.Sprintf("%s %s, of %d settings tried: %s", word, o.KPI, o.Tried, strings.Join(o.Settings, " "))
}
