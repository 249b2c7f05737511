package chance

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/twinbed/twinbed/sim/units"
)

// Distribution is how a number varies. Values are in the units of [units.Parse]:
// durations in seconds, shares as fractions of one, sizes in bytes, rates per second.
type Distribution interface {
	// Quantile is the value that a share u of all draws does not exceed, 0 < u < 1.
	// It never falls when u rises, and allocates nothing.
	Quantile(u float64) float64
	// Mean is what the draws average to.
	Mean() float64
	// Variance is the mean squared distance from the mean.
	Variance() float64
	// Support is the interval all draws lie in; its ends may be infinite.
	Support() (lo, hi float64)
	// String is the distribution in words, as it was written.
	String() string
}

// law is a distribution that can also be asked what share of its draws is at most x.
type law interface {
	Distribution
	CDF(x float64) float64
}

// The uniform numbers a stream can draw lie between these two.
const (
	lowest  = 0x1p-53
	highest = 1 - 0x1p-53
)

// written is a distribution's own words.
type written string

func (w written) String() string { return string(w) }

// Constant is the distribution of a number that does not vary.
func Constant(value float64) Distribution {
	return &constant{written(units.Format(value, units.Number)), value}
}

type constant struct {
	written
	value float64
}

func (c *constant) Quantile(float64) float64  { return c.value }
func (c *constant) Mean() float64             { return c.value }
func (c *constant) Variance() float64         { return 0 }
func (c *constant) Support() (lo, hi float64) { return c.value, c.value }

func (c *constant) CDF(x float64) float64 {
	if x < c.value {
		return 0
	}
	return 1
}

type uniform struct {
	written
	distuv.Uniform
}

func (d *uniform) Support() (lo, hi float64) { return d.Min, d.Max }

type triangular struct {
	written
	distuv.Triangle
	from, to float64
}

func (d *triangular) Support() (lo, hi float64) { return d.from, d.to }

type normal struct {
	written
	distuv.Normal
}

func (d *normal) Quantile(u float64) float64 { return d.Mu + d.Sigma*score(u) }
func (d *normal) Support() (lo, hi float64)  { return math.Inf(-1), math.Inf(1) }

type lognormal struct {
	written
	distuv.LogNormal
}

func (d *lognormal) Quantile(u float64) float64 {
	return Exp(d.Mu + d.Sigma*score(u))
}
func (d *lognormal) Support() (lo, hi float64) { return 0, math.Inf(1) }

func (d *lognormal) Variance() float64 {
	v := d.Sigma * d.Sigma
	return math.Expm1(v) * math.Exp(2*d.Mu+v)
}

type exponential struct {
	written
	distuv.Exponential
}

func (d *exponential) Support() (lo, hi float64) { return 0, math.Inf(1) }

type weibull struct {
	written
	distuv.Weibull
}

// Quantile takes the power by logarithms: twice as fast as math.Pow. For the
// numbers that streams draw, 1-u is exact.
func (d *weibull) Quantile(u float64) float64 {
	return d.Lambda * math.Exp(math.Log(-math.Log(1-u))/d.K)
}
func (d *weibull) Support() (lo, hi float64) { return 0, math.Inf(1) }

// Variance is by log-gammas, exact also for shapes where gonum's difference cancels.
func (d *weibull) Variance() float64 {
	mean := d.Mean()
	return mean * mean * weibullSpread(d.K)
}

// weibullSpread is the squared coefficient of variation, Γ(1+2/k)/Γ(1+1/k)² - 1, which falls as k rises.
func weibullSpread(k float64) float64 {
	second, _ := math.Lgamma(1 + 2/k)
	first, _ := math.Lgamma(1 + 1/k)
	return math.Expm1(second - 2*first)
}
