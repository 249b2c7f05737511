package reports

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/optimize"
	"gonum.org/v1/gonum/stat"

	"github.com/twinbed/twinbed/sim/chance"
)

// Scalability is the Universal Scalability Law fitted to a system (Gunther,
// Guerrilla Capacity Planning, 2007, chapter 4):
//
//	X(N) = λN / (1 + σ(N−1) + κN(N−1))
//
// X is the throughput in readings a second and N the concurrency. An open system
// has no number of users to vary, so N is what Little's law makes of what was
// measured (Little 1961): the mean number of readings in the system, N = X·R,
// where R is the mean time from when a reading was due until the twin had it.
// Both sides of the fit hold X, so the law is as good as R is. λ is the
// throughput with one reading in the system, σ the share of the work that goes
// one after the other (contention), κ the price of keeping two consistent
// (coherency), because of which throughput falls beyond the peak.
type Scalability struct {
	Points      []Load   `json:"points"`
	Lambda      Estimate `json:"lambda"`
	Sigma       Estimate `json:"sigma"`
	Kappa       Estimate `json:"kappa"`
	Peak        Estimate `json:"peak"`        // the highest throughput there can be; λ/σ where κ is nothing
	Concurrency Number   `json:"concurrency"` // at the peak: √((1−σ)/κ)
	Miss        Number   `json:"miss"`        // root mean square of what the fit misses by, as a share
	Remarks     []string `json:"remarks"`     // why it is not to be relied on; none where it is
}

// Load is a throughput at a concurrency.
type Load struct {
	Concurrency Number `json:"concurrency"`
	Throughput  Number `json:"throughput"`
}

// Bounds of a fit that is to be relied on.
const (
	fewestLoads = 5    // different ones
	widestMiss  = 0.1  // share
	farthest    = 1.25 // the peak may lie beyond what was measured by such a factor of throughput
	resamples   = 200
)

// law is λ, σ and κ.
type law [3]float64

func (l law) at(n float64) float64 { return l[0] * n / (1 + l[1]*(n-1) + l[2]*n*(n-1)) }

// peak is the highest throughput and where it is.
func (l law) peak() (x, n float64) {
	if l[2] < negligible {
		return l[0] / l[1], math.Inf(1)
	}
	n = max(1, math.Sqrt((1-l[1])/l[2]))
	return l.at(n), n
}

// negligible is a κ that nobody could measure.
const negligible = 1e-12

// FitScalability fits the law to loads, by least squares of relative errors:
// throughput is measured over orders of magnitude. The intervals are percentiles
// of fits to resampled residuals (Efron 1979), so the concurrencies stay as they
// were chosen. Nil where there are too few loads for three parameters.
func FitScalability(loads []Load, luck chance.Stream) *Scalability {
	loads = slices.DeleteFunc(slices.Clone(loads), func(l Load) bool {
		return !l.Concurrency.Known() || !l.Throughput.Known() || l.Concurrency <= 0 || l.Throughput <= 0
	})
	if len(loads) < fewestLoads {
		return nil
	}
	best := fitLaw(loads, firstGuesses(loads)...)
	residuals := make([]float64, len(loads))
	sum, highest := 0.0, 0.0
	for i, l := range loads {
		residuals[i] = math.Log(float64(l.Throughput) / best.at(float64(l.Concurrency)))
		sum += residuals[i] * residuals[i]
		highest = max(highest, float64(l.Throughput))
	}
	s := &Scalability{Points: loads, Miss: Number(math.Sqrt(sum / float64(len(loads)))), Concurrency: Unknown, Remarks: []string{}}
	fits := resample(loads, best, residuals, luck)
	s.Lambda = estimate(best, fits, func(l law) float64 { return l[0] })
	s.Sigma = estimate(best, fits, func(l law) float64 { return l[1] })
	s.Kappa = estimate(best, fits, func(l law) float64 { return l[2] })
	s.Peak = estimate(best, fits, func(l law) float64 { x, _ := l.peak(); return x })
	x, n := best.peak()
	if !math.IsInf(n, 0) {
		s.Concurrency = Number(n)
	}
	if s.Miss > widestMiss {
		s.Remarks = append(s.Remarks, fmt.Sprintf("it misses what was measured by %s%% on average", short(float64(s.Miss)*100)))
	}
	if x > farthest*highest {
		s.Remarks = append(s.Remarks, fmt.Sprintf("its peak lies beyond the %s/s that were reached", short(highest)))
	}
	return s
}

// resample fits the law to what might have been measured instead.
func resample(loads []Load, best law, residuals []float64, luck chance.Stream) []law {
	n := len(loads)
	wider := math.Sqrt(float64(n) / float64(n-len(best))) // residuals of a fit are smaller than errors
	fits := make([]law, resamples)
	other := make([]Load, n)
	for b := range fits {
		for i, l := range loads {
			r := residuals[int(luck.Uniform(uint32(b), uint64(i))*float64(n))] * wider
			other[i] = Load{l.Concurrency, Number(best.at(float64(l.Concurrency)) * math.Exp(r))}
		}
		fits[b] = fitLaw(other, best)
	}
	return fits
}

func estimate(best law, fits []law, of func(law) float64) Estimate {
	values := make([]float64, len(fits))
	for i, f := range fits {
		values[i] = of(f)
	}
	slices.Sort(values)
	q := func(p float64) Number { return Number(stat.Quantile(p, stat.Empirical, values, nil)) }
	return Estimate{Number(of(best)), q((1 - confidence) / 2), q((1 + confidence) / 2)}
}

// firstGuesses take the throughput of the smallest load for that of one reading.
// A system that does one thing after the other lies far from one that does not,
// so there is one of each.
func firstGuesses(loads []Load) []law {
	least := slices.MinFunc(loads, func(a, b Load) int { return cmp.Compare(a.Concurrency, b.Concurrency) })
	lambda := float64(least.Throughput / least.Concurrency)
	return []law{{lambda, 0.05, 1e-4}, {lambda, 0.9, 1e-4}}
}

// fitLaw minimises the squares of relative errors from each first guess on and
// takes the better. The parameters are free numbers to the search: the logarithms
// of λ and κ, the logit of σ.
func fitLaw(loads []Load, guesses ...law) law {
	free := func(l law) []float64 {
		sigma := min(max(l[1], 1e-9), 1-1e-9)
		return []float64{math.Log(l[0]), math.Log(sigma / (1 - sigma)), math.Log(max(l[2], negligible))}
	}
	bound := func(p []float64) law { return law{math.Exp(p[0]), 1 / (1 + math.Exp(-p[1])), math.Exp(p[2])} }
	miss := func(p []float64) (sum float64) {
		l := bound(p)
		for _, x := range loads {
			r := math.Log(l.at(float64(x.Concurrency))) - math.Log(float64(x.Throughput))
			sum += r * r
		}
		if math.IsNaN(sum) {
			return math.Inf(1)
		}
		return sum
	}
	best, least := guesses[0], math.Inf(1)
	for _, start := range guesses {
		found, err := optimize.Minimize(optimize.Problem{Func: miss}, free(start), &optimize.Settings{
			MajorIterations: 2000,
			Converger:       &optimize.FunctionConverge{Absolute: 1e-12, Relative: 1e-7, Iterations: 30},
		}, &optimize.NelderMead{})
		if found != nil && (err == nil || found.Stats.MajorIterations > 0) && found.F < least {
			best, least = bound(found.X), found.F
		}
	}
	return best
}
