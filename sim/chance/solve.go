package chance

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"
)

// Shapes and sigmas beyond these say nothing anyone has measured.
const (
	leastShape, mostShape = 0.05, 1e4
	mostSigma             = 10
)

func newNormal(g given, mu, sigma float64) (law, error) {
	return &normal{g.words, distuv.Normal{Mu: mu, Sigma: sigma}}, nil
}

func normalOf(g given) (law, error) {
	if mean, ok := g.value["mean"]; ok {
		return newNormal(g, mean, g.value["sd"])
	}
	return newNormal(g, g.value["median"], g.value["sd"])
}

func normalThrough(g given) (law, error) {
	a, b, err := g.ascending()
	if err != nil {
		return nil, err
	}
	sigma := (b.value - a.value) / (mathext.NormalQuantile(b.share) - mathext.NormalQuantile(a.share))
	return newNormal(g, a.value-sigma*mathext.NormalQuantile(a.share), sigma)
}

func newLognormal(g given, mu, sigma float64) (law, error) {
	if sigma > mostSigma {
		return nil, fmt.Errorf("sigma would be %.3g, above %d: the values lie too far apart for any measurement", sigma, mostSigma)
	}
	return &lognormal{g.words, distuv.LogNormal{Mu: mu, Sigma: sigma}}, nil
}

func lognormalSigma(g given) (law, error) {
	return newLognormal(g, math.Log(g.value["median"]), g.value["sigma"])
}

func lognormalMeanSigma(g given) (law, error) {
	sigma := g.value["sigma"]
	return newLognormal(g, math.Log(g.value["mean"])-sigma*sigma/2, sigma)
}

func lognormalMeanSd(g given) (law, error) {
	mean, sd := g.value["mean"], g.value["sd"]
	v := math.Log1p(sd / mean * (sd / mean))
	return newLognormal(g, math.Log(mean)-v/2, math.Sqrt(v))
}

// lognormalMedianSd solves sd² = m²·w(w-1) for w = exp σ².
func lognormalMedianSd(g given) (law, error) {
	median, sd := g.value["median"], g.value["sd"]
	r := 2 * sd / median
	root := math.Hypot(1, r)
	return newLognormal(g, math.Log(median), math.Sqrt(math.Log1p(r*r/(1+root)/2)))
}

// lognormalMean solves σ²/2 - zσ + ln(p/mean) = 0 and takes the narrower of two solutions.
func lognormalMean(g given) (law, error) {
	mean, p := g.value["mean"], g.points[0]
	z, l := mathext.NormalQuantile(p.share), math.Log(p.value/mean)
	root := math.Sqrt(z*z - 2*l)
	if math.IsNaN(root) {
		return nil, fmt.Errorf("%s can be at most %s with this mean", p.name, g.show(mean*math.Exp(z*z/2)))
	}
	sigma := z - root
	if sigma <= 0 {
		sigma = z + root
	}
	if sigma <= 0 || p.share >= 0.75 && p.value <= mean {
		side := "below"
		if p.share >= 0.75 {
			side = "above"
		}
		return nil, fmt.Errorf("%s (%s) must be %s mean (%s)", p.name, g.show(p.value), side, g.show(mean))
	}
	return newLognormal(g, math.Log(mean)-sigma*sigma/2, sigma)
}

func lognormalThrough(g given) (law, error) {
	a, b, err := g.ascending()
	if err != nil {
		return nil, err
	}
	sigma := math.Log(b.value/a.value) / (mathext.NormalQuantile(b.share) - mathext.NormalQuantile(a.share))
	return newLognormal(g, math.Log(a.value)-sigma*mathext.NormalQuantile(a.share), sigma)
}

func newWeibull(g given, shape, scale float64) (law, error) {
	if err := soundShape(shape); err != nil {
		return nil, err
	}
	return &weibull{g.words, distuv.Weibull{K: shape, Lambda: scale}}, nil
}

func soundShape(shape float64) error {
	if shape < leastShape || shape > mostShape {
		return fmt.Errorf("the shape of %.3g is not between %g and %g", shape, leastShape, mostShape)
	}
	return nil
}

func weibullScale(g given) (law, error) { return newWeibull(g, g.value["shape"], g.value["scale"]) }

func weibullMean(g given) (law, error) {
	k := g.value["shape"]
	return newWeibull(g, k, g.value["mean"]/math.Gamma(1+1/k))
}

func weibullPoint(g given) (law, error) {
	k, p := g.value["shape"], g.points[0]
	return newWeibull(g, k, p.value*math.Exp(-math.Log(p.exponents())/k))
}

// exponents is how many mean lives of an exponential the percentile lies at: -ln(1-share).
func (p point) exponents() float64 { return -math.Log1p(-p.share) }

func weibullMeanSd(g given) (law, error) {
	mean, sd := g.value["mean"], g.value["sd"]
	k := falling(leastShape, mostShape, sd/mean*(sd/mean), weibullSpread)
	if math.IsNaN(k) {
		return nil, fmt.Errorf("no shape between %g and %g has this mean and sd", leastShape, mostShape)
	}
	return newWeibull(g, k, mean/math.Gamma(1+1/k))
}

func weibullThrough(g given) (law, error) {
	a, b, err := g.ascending()
	if err != nil {
		return nil, err
	}
	k := math.Log(b.exponents()/a.exponents()) / math.Log(b.value/a.value)
	return newWeibull(g, k, a.value*math.Exp(-math.Log(a.exponents())/k))
}

func newExponential(g given, rate float64) (law, error) {
	return &exponential{g.words, distuv.Exponential{Rate: rate}}, nil
}

func exponentialMean(g given) (law, error) { return newExponential(g, 1/g.value["mean"]) }
func exponentialRate(g given) (law, error) { return newExponential(g, g.value["rate"]) }
func exponentialPoint(g given) (law, error) {
	return newExponential(g, g.points[0].exponents()/g.points[0].value)
}

func uniformBetween(g given) (law, error) {
	from, to := g.value["from"], g.value["to"]
	if to <= from {
		return nil, fmt.Errorf("to (%s) must be above from (%s)", g.show(to), g.show(from))
	}
	return &uniform{g.words, distuv.Uniform{Min: from, Max: to}}, nil
}

func triangularOf(g given) (law, error) {
	from, mode, to := g.value["from"], g.value["mode"], g.value["to"]
	if to <= from {
		return nil, fmt.Errorf("to (%s) must be above from (%s)", g.show(to), g.show(from))
	}
	if mode < from || mode > to {
		return nil, fmt.Errorf("mode (%s) must be between from (%s) and to (%s)", g.show(mode), g.show(from), g.show(to))
	}
	return &triangular{g.words, distuv.NewTriangle(from, to, mode, nil), from, to}, nil
}

func newGamma(g given, shape, scale float64) (law, error) {
	if err := soundShape(shape); err != nil {
		return nil, err
	}
	return tabulated(g.words, distuv.Gamma{Alpha: shape, Beta: 1 / scale}), nil
}

func gammaScale(g given) (law, error) { return newGamma(g, g.value["shape"], g.value["scale"]) }

func gammaMean(g given) (law, error) {
	return newGamma(g, g.value["shape"], g.value["mean"]/g.value["shape"])
}

func gammaMeanSd(g given) (law, error) {
	mean, sd := g.value["mean"], g.value["sd"]
	return newGamma(g, mean/sd*(mean/sd), sd*(sd/mean))
}

// gammaThrough finds the shape whose two percentiles have the ratio written, which falls as the shape rises.
func gammaThrough(g given) (law, error) {
	a, b, err := g.ascending()
	if err != nil {
		return nil, err
	}
	za, zb := mathext.NormalQuantile(a.share), mathext.NormalQuantile(b.share)
	shape := falling(leastShape, mostShape, math.Log(b.value/a.value), func(k float64) float64 {
		return logQuantile(k, zb) - logQuantile(k, za)
	})
	if math.IsNaN(shape) {
		return nil, fmt.Errorf("no shape between %g and %g has these %s and %s", leastShape, mostShape, a.name, b.name)
	}
	return newGamma(g, shape, math.Exp(math.Log(b.value)-logQuantile(shape, zb)))
}

// falling finds x > 0 between lo and hi where a falling function has the value y, by bisection; NaN when nowhere.
func falling(lo, hi, y float64, f func(x float64) float64) float64 {
	if !(f(lo) >= y && f(hi) <= y) {
		return math.NaN()
	}
	for range 100 {
		x := math.Sqrt(lo * hi)
		if f(x) > y {
			lo = x
		} else {
			hi = x
		}
	}
	return math.Sqrt(lo * hi)
}
