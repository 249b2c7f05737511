package twins

import (
	"fmt"
	"math"
	"time"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/formula"
	"github.com/twinbed/twinbed/sim/units"
)

// baseline is what is normal for each thing, learned from its first readings and
// kept from then on (phase I and phase II of a control chart; Shewhart 1931,
// Montgomery, Introduction to Statistical Quality Control): a mean for each part
// of the season and one standard deviation of what is left,
//
//	z = (x − mean of the part) / sd,   sd² = Σ (x − mean of the part)² / (n − parts seen)
//
// by Welford's recursion in each part, pooled over the parts as in the analysis of
// variance. Without a season there is one part. In independent normal readings
// z / √(1 + 1/n of the part) has Student's t distribution with n − parts degrees of
// freedom. Learning takes as long as it is told, [fewest] readings at least, and
// goes on while nothing has varied. A thing costs 32 bytes and 16 a part.
type baseline struct {
	learn  time.Duration
	width  sim.Time // of a part of the season
	parts  int
	slot   int // of z, -1 for none
	things []norm
	levels []level // parts a thing

	z float64 // of the reading under way, for the detectors behind; NaN while it is not known
}

// norm is how a thing's readings spread.
type norm struct {
	since   sim.Time // of the first reading
	n, seen uint32   // readings learned from, parts they fell into
	squares float64  // of their deviations
	perSD   float64  // 1/sd, 0 while learning
}

// level is the mean of a part and the readings it is of.
type level struct{ mean, n float64 }

// fewest is how many readings are learned from at the least: as many as MOA's
// Page-Hinkley waits for (min_n_instances).
const fewest = 30

var (
	learnParam  = formula.Param{Name: "learn", Kind: formula.ConstantDuration}
	maybeSeason = formula.Param{Name: "season", Kind: formula.ConstantDuration, Optional: true}
)

var residualFunction = function{"residual", "how far a signal is from what is normal for the thing and, with a season, for the time in it: in standard deviations, both learned from the first readings; unknown while it learns",
	[]formula.Param{signalParam, learnParam, maybeSeason}, formula.Number,
	overSignal(func(k *twins, q *query) error {
		f, err := sharedBaseline(k, q)
		if err == nil {
			f.slot = q.slot
		}
		return err
	})}

// sharedBaseline finds what the detectors of a signal that learn alike have in common.
func sharedBaseline(k *twins, q *query) (*baseline, error) {
	if err := q.learns(k); err != nil {
		return nil, err
	}
	f := &baseline{learn: q.learn, parts: 1, width: sim.Time(sim.Week), slot: -1}
	if q.season > 0 {
		if q.learn < 2*q.season {
			return nil, fmt.Errorf("a season of %s is learned from two of them at least, not from %s", units.FormatDuration(q.season), units.FormatDuration(q.learn))
		}
		f.parts = partsOf(q.season, k.kind.Every)
		f.width = sim.Time(q.season) / sim.Time(f.parts)
	}
	return shared(k, q, fmt.Sprint("baseline ", q.learn, q.season), func() *baseline { return f }), nil
}

// learns refuses to learn from too few readings.
func (q *query) learns(k *twins) error {
	if every := k.kind.Every; q.learn < fewest*every {
		return fmt.Errorf("what is normal is learned from %d readings at least: that takes %s here, not %s", fewest, units.FormatDuration(fewest*every), units.FormatDuration(q.learn))
	}
	return nil
}

// partsOf is into how many parts a season is divided: hours, but 24 at least and
// 168 at most, and none shorter than from one reading to the next.
func partsOf(season, every time.Duration) int {
	parts := min(max(season/time.Hour, 24), 168)
	if every > 0 {
		parts = min(parts, max(season/every, 1))
	}
	return int(parts)
}

func (f *baseline) layOut(things int) {
	f.things = make([]norm, things)
	f.levels = make([]level, things*f.parts)
}

func (f *baseline) update(i int, x float64, at sim.Time, row []float64) {
	t, part := &f.things[i], 0
	if f.parts > 1 {
		part = int(at / f.width % sim.Time(f.parts))
	}
	l := &f.levels[i*f.parts+part]
	if t.perSD == 0 {
		f.absorb(t, l, x, at)
	}
	f.z = math.NaN()
	if t.perSD > 0 && l.n > 0 {
		f.z = (x - l.mean) * t.perSD
	}
	if f.slot >= 0 {
		row[f.slot] = f.z
	}
}

// absorb learns from a reading, or finds that enough has been learned before it.
func (f *baseline) absorb(t *norm, l *level, x float64, at sim.Time) {
	if t.n == 0 {
		t.since = at
	}
	if at.Sub(t.since) >= f.learn && t.n >= fewest && t.n > t.seen && t.squares > 0 {
		t.perSD = math.Sqrt(float64(t.n-t.seen) / t.squares)
		return
	}
	if l.n == 0 {
		t.seen++
	}
	t.n++
	l.n++
	d := x - l.mean
	l.mean += d / l.n
	t.squares += d * (x - l.mean)
}
