package twins

import (
	"errors"
	"math"
	"time"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/formula"
)

// pageHinkley is the test of Page (1954) and Hinkley (1971) for a rise in the mean
// of readings, against the mean of all since it began instead of a known one:
//
//	m_t = Σ (x − x̄ − δ),   alarm at m_t − min(0, m_1 … m_t) > λ
//
// x̄ being the running mean at each reading, δ the change that is of no interest, all
// in the signal's unit. The difference is a cumulative sum, and kept as one,
//
//	P ← max(0, P + x − x̄ − δ)
//
// so with x̄ long settled it is a [cusum] of k = δ/σ with h = λ/σ. For a negative δ it
// finds falls. The mean is learned first, and the sum begins with the reading at which
// it has been for so long. A thing costs 24 bytes.
type pageHinkley struct {
	slot        int
	side, delta float64
	learn       time.Duration
	things      []running
}

// running is a mean of all readings since one.
type running struct {
	since   sim.Time
	n, mean float64
}

var pageHinkleyFunction = function{"page_hinkley", "rise of a signal above its own running mean, summed up where it is more than delta, in the signal's unit (Page 1954, Hinkley 1971): for a negative delta a fall; unknown while it learns the mean; learns anew when a decision that reads it has acted",
	[]formula.Param{signalParam, {Name: "delta", Kind: formula.ConstantNumber}, learnParam}, formula.Number,
	overSignal(func(k *twins, q *query) error {
		if q.level == 0 {
			return errors.New("delta is not 0: above it page_hinkley finds rises, below it falls")
		}
		err := q.learns(k)
		if err == nil {
			k.detect(q, &pageHinkley{slot: q.slot, side: math.Copysign(1, q.level), delta: math.Abs(q.level), learn: q.learn})
		}
		return err
	})}

func (f *pageHinkley) layOut(things int) { f.things = make([]running, things) }

func (f *pageHinkley) update(i int, x float64, at sim.Time, row []float64) {
	t := &f.things[i]
	if t.n == 0 {
		t.since = at
	}
	t.n++
	t.mean += (x - t.mean) / t.n
	if at.Sub(t.since) < f.learn || t.n <= fewest {
		return
	}
	p := row[f.slot]
	if p != p {
		p = 0
	}
	row[f.slot] = max(0, p+f.side*(x-t.mean)-f.delta)
}

func (f *pageHinkley) renew(i int, row []float64) {
	f.things[i] = running{}
	row[f.slot] = math.NaN()
}
