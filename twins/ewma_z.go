package twins

import (
	"math"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/formula"
)

// ewmaZ is the statistic of an EWMA chart (Roberts 1959) in its own standard
// deviations, with weights that follow time, so that readings may be missing or
// come when they like:
//
//	E ← (1 − λ) E + λ z,   V ← (1 − λ)² V + λ²,   λ = 1 − 2^(−step / half-life),   E = V = 0 at first
//
// and E / √V, which has mean 0 and variance 1 in independent readings, whatever the
// steps. With equal steps V = λ/(2 − λ) · (1 − (1 − λ)^2t): Roberts' exact limits.
// z is from the [baseline]. A thing costs 24 bytes.
type ewmaZ struct {
	base   *baseline
	slot   int
	things []weighted
	fade
}

type weighted struct {
	at   sim.Time
	e, v float64
}

var ewmaZFunction = function{"ewma_z", "exponentially weighted mean of what a signal is off normal by, in its own standard deviations (EWMA chart, Roberts 1959): a reading counts half after the half-life; normal is learned from the first readings, for each part of a season where there is one; 0 again when a decision that reads it has acted",
	[]formula.Param{signalParam, {Name: "half_life", Kind: formula.ConstantDuration}, learnParam, maybeSeason}, formula.Number,
	overSignal(func(k *twins, q *query) error {
		base, err := sharedBaseline(k, q)
		if err == nil {
			k.detect(q, &ewmaZ{base: base, slot: q.slot, fade: fade{halfLife: q.window.Seconds()}})
		}
		return err
	})}

func (f *ewmaZ) layOut(things int) { f.things = make([]weighted, things) }

func (f *ewmaZ) update(i int, _ float64, at sim.Time, row []float64) {
	t := &f.things[i]
	left := f.after(at - t.at)
	t.at = at
	z := f.base.z
	if z != z {
		t.e, t.v = t.e*left, t.v*left*left
		return
	}
	t.e, t.v = z+(t.e-z)*left, left*left*t.v+(1-left)*(1-left)
	if t.v > 0 {
		row[f.slot] = t.e / math.Sqrt(t.v)
	}
}

func (f *ewmaZ) renew(i int, row []float64) {
	f.things[i].e, f.things[i].v = 0, 0
	row[f.slot] -= row[f.slot] // unknown stays unknown
}
