package twins

import (
	"errors"
	"math"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/formula"
)

// cusum is the one-sided cumulative sum of what a signal is off by (Page 1954),
//
//	S ← max(0, S + z − k),   S = 0 at first,   alarm at S > h
//
// with z from the [baseline] and k half of the shift in standard deviations that
// should be found; for a negative k it is max(0, S − z − |k|) and finds falls. A
// sustained shift of δ (0: none) is found after
//
//	ARL ≈ (exp(−2Δb) + 2Δb − 1) / (2Δ²),   Δ = δ − k,   b = h + 1.166   (b² where Δ = 0)
//
// readings on average (Siegmund 1985), and no test with as many false alarms finds
// it sooner in the worst case (Lorden 1971, Moustakides 1986). A reading that is
// missing adds nothing. The sum itself stands in the row: no other memory.
type cusum struct {
	base    *baseline
	slot    int
	side, k float64
}

var cusumFunction = function{"cusum", "cumulative sum of what a signal is above normal by more than k, in standard deviations (Page 1954): k is half the shift to be found, negative for falls; normal is learned from the first readings, for each part of a season where there is one; 0 again when a decision that reads it has acted",
	[]formula.Param{signalParam, {Name: "k", Kind: formula.ConstantNumber}, learnParam, maybeSeason}, formula.Number,
	overSignal(func(k *twins, q *query) error {
		if q.level == 0 {
			return errors.New("k is not 0: above it cusum finds rises, below it falls")
		}
		base, err := sharedBaseline(k, q)
		if err == nil {
			k.detect(q, &cusum{base: base, slot: q.slot, side: math.Copysign(1, q.level), k: math.Abs(q.level)})
		}
		return err
	})}

func (f *cusum) layOut(int) {}

func (f *cusum) update(_ int, _ float64, _ sim.Time, row []float64) {
	z := f.base.z
	if z != z {
		return
	}
	s := row[f.slot]
	if s != s {
		s = 0
	}
	row[f.slot] = max(0, s+f.side*z-f.k)
}

func (f *cusum) renew(_ int, row []float64) { row[f.slot] -= row[f.slot] } // unknown stays unknown
