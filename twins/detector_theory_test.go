package twins_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// siegmund is his approximation of a cumulative sum's average run length (1985).
func siegmund(k, h, shift float64) float64 {
	drift, b := shift-k, h+1.166
	if drift == 0 {
		return b * b
	}
	return (math.Exp(-2*drift*b) + 2*drift*b - 1) / (2 * drift * drift)
}

// page is the average run length of a cumulative sum of independent normal
// readings from 0, by his integral equation (1954):
//
//	L(s) = 1 + L(0) Φ(k − δ − s) + ∫₀ʰ L(x) φ(x + k − δ − s) dx
func page(k, h, shift float64) float64 {
	const n = 60
	x, w := make([]float64, n+1), make([]float64, n+1)
	quad.Legendre{}.FixedLocations(x[1:], w[1:], 0, h)
	a, one := mat.NewDense(n+1, n+1, nil), mat.NewVecDense(n+1, nil)
	for i, s := range x {
		for j := range x {
			a.Set(i, j, -w[j]*distuv.UnitNormal.Prob(x[j]+k-shift-s))
		}
		a.Set(i, 0, a.At(i, 0)-distuv.UnitNormal.CDF(k-shift-s))
		a.Set(i, i, a.At(i, i)+1)
		one.SetVec(i, 1)
	}
	var run mat.VecDense
	if err := run.SolveVec(a, one); err != nil {
		panic(err)
	}
	return run.AtVec(0)
}

func TestPagesEquationGivesPublishedRunLengths(t *testing.T) {
	// Two-sided charts of k = 0.5 in Montgomery's table 9.3; a side has twice the length where nothing has happened.
	require.InDelta(t, 168, page(0.5, 4, 0)/2, 0.5)
	require.InDelta(t, 465, page(0.5, 5, 0)/2, 0.5)
	require.InDelta(t, 8.38, page(0.5, 4, 1), 0.01)
	require.InDelta(t, 10.4, page(0.5, 5, 1), 0.05)
}

// TestTheRunLengthsOfCUSUMAreThoseOfTheory plays the whole platform: the decision
// fires, acts, and the next run begins.
func TestTheRunLengthsOfCUSUMAreThoseOfTheory(t *testing.T) {
	for _, x := range []struct{ k, h, shift float64 }{
		{0.5, 4, 0}, {0.5, 5, 0}, {0.25, 8, 0}, // false alarms
		{0.5, 4, 1}, {0.5, 5, 1}, {0.25, 8, 0.5}, {0.5, 5, 0.5}, // delays
		{-0.5, 5, -1}, // a fall
	} {
		t.Run(fmt.Sprint(x.k, x.h, x.shift), func(t *testing.T) {
			const things, runs = 1000, 5
			c := newChart(t, things, fmt.Sprintf("cusum(x, %v, minutes(5)) > %v", x.k, x.h))
			luck := rand.New(rand.NewPCG(5, uint64(100*x.h+10*x.shift)))
			var lengths []float64
			for i := range things {
				c.learn(i)
				for length := 1.0; c.fired[i] < runs; length++ {
					before := c.fired[i]
					c.read(i, x.shift+luck.NormFloat64())
					if c.fired[i] > before {
						lengths = append(lengths, length)
						length = 0
					}
				}
			}
			mean, half := stat.Mean(lengths, nil), 2.58*stat.StdDev(lengths, nil)/math.Sqrt(float64(len(lengths)))
			side := math.Copysign(1, x.k)
			exact, near := page(side*x.k, x.h, side*x.shift), siegmund(side*x.k, x.h, side*x.shift)
			t.Logf("k %v, h %v, shift %v: %.2f ± %.2f readings; by Page's equation %.2f, by Siegmund's approximation %.2f", x.k, x.h, x.shift, mean, half, exact, near)
			require.InDelta(t, exact, mean, half)
			require.InDelta(t, near, mean, half+0.01*near, "the approximation is good to a hundredth here")
		})
	}
}

// TestTheVarianceOfEWMAIsThatOfTheory holds the mean to λ/(2−λ) σ² (Roberts 1959)
// and its chart to 1, with equal steps and with others.
func TestTheVarianceOfEWMAIsThatOfTheory(t *testing.T) {
	const things, lambda = 20_000, 0.2
	halfLife := -10 * math.Ln2 / math.Log1p(-lambda)
	life := fmt.Sprintf("seconds(%.12g)", halfLife)
	for _, equal := range []bool{true, false} {
		c := newChart(t, things, "x > 1000", "ewma(x, "+life+")", "ewma_z(x, "+life+", minutes(5))")
		luck := rand.New(rand.NewPCG(6, 7))
		at := make([]time.Duration, things)
		for i := range things {
			c.learn(i)
			at[i] = (phase1 + 1) * 10 * time.Second // learned from then on, whatever the step
		}
		for n := 1; n <= 60; n++ {
			mean, score := make([]float64, things), make([]float64, things)
			for i := range things {
				step := 10.0
				if !equal {
					step *= luck.ExpFloat64()
				}
				at[i] += time.Duration(step * 1e9)
				c.seq[i]++
				c.readAt(i, at[i], luck.NormFloat64())
				mean[i], score[i] = c.see(0, i), c.see(1, i)
			}
			if n == 1 || n == 2 || n == 5 || n == 60 {
				holdVariance(t, score, 1)
			}
			if n == 60 && equal {
				holdVariance(t, mean, lambda/(2-lambda))
			}
		}
	}
}

// holdVariance finds a variance within the 99.9 % interval of a sample's, by χ², and
// its mean within that of 0: there are some thirty of these, of which none is to miss.
func holdVariance(t *testing.T, sample []float64, want float64) {
	t.Helper()
	n := float64(len(sample))
	chi := distuv.ChiSquared{K: n - 1}
	squares := stat.Variance(sample, nil) * (n - 1)
	require.Less(t, squares/chi.Quantile(0.9995), want)
	require.Greater(t, squares/chi.Quantile(0.0005), want)
	require.InDelta(t, 0, stat.Mean(sample, nil), 3.29*math.Sqrt(want/n))
}

// TestTheResidualIsStudents has each thing learn its own level, spread and day, and
// finds the residuals of what comes next where Student's t distribution has them.
func TestTheResidualIsStudents(t *testing.T) {
	const things = 10_000
	for _, x := range []struct {
		call         string
		learned, per float64 // readings in all, in a part
		parts        float64
		season       float64
	}{
		{"residual(x, minutes(5))", phase1, phase1, 1, 0},
		{"residual(x, minutes(6), minutes(2))", 36, 3, 12, 50}, // a part a reading: 12 parts, three of each
	} {
		c := newChart(t, things, "x > 1e9", x.call)
		luck := rand.New(rand.NewPCG(8, 9))
		var z []float64
		for i := range things {
			level, sd := 100*luck.NormFloat64(), math.Exp(luck.NormFloat64())
			for n := range int(x.learned) + 1 {
				c.read(i, level+x.season*math.Sin(2*math.Pi*float64(n)/12)+sd*luck.NormFloat64())
			}
			z = append(z, c.see(0, i)/math.Sqrt(1+1/x.per))
		}
		student := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: x.learned - x.parts}
		for _, p := range []float64{0.01, 0.1, 0.5, 0.9, 0.99} {
			below := 0.0
			for _, v := range z {
				if v < student.Quantile(p) {
					below++
				}
			}
			require.InDelta(t, p, below/things, 2.58*math.Sqrt(p*(1-p)/things), "%s at %v", x.call, p)
		}
	}
}
