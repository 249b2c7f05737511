package reports

import (
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Interval is a mean with the interval that holds the true one in 95 % of cases,
// by Student's t. From one value there is a mean and no interval.
type Interval struct {
	N    int    `json:"n"`
	Mean Number `json:"mean"`
	Half Number `json:"half"` // mean ± half
	Low  Number `json:"low"`
	High Number `json:"high"`
}

// confidence is the share of intervals that hold the truth.
const confidence = 0.95

// NewInterval works the interval of independent values out; values that are not
// known are left out.
func NewInterval(values []float64) Interval {
	known := make([]float64, 0, len(values))
	for _, v := range values {
		if Number(v).Known() {
			known = append(known, v)
		}
	}
	i := Interval{N: len(known), Mean: Unknown, Half: Unknown, Low: Unknown, High: Unknown}
	if i.N == 0 {
		return i
	}
	mean, deviation := stat.MeanStdDev(known, nil)
	i.Mean = Number(mean)
	if i.N > 1 {
		n := float64(i.N)
		t := distuv.StudentsT{Sigma: 1, Nu: n - 1}.Quantile((1 + confidence) / 2)
		half := t * deviation / math.Sqrt(n)
		i.Half, i.Low, i.High = Number(half), Number(mean-half), Number(mean+half)
	}
	return i
}

// Apart says on which side of 0 the whole interval lies: -1, +1, or 0 where it
// holds 0 or is not known.
func (i Interval) Apart() int {
	switch {
	case i.Low > 0:
		return 1
	case i.High < 0:
		return -1
	}
	return 0
}
