package reports_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/sim/chance"
)

// usl is the law itself.
func usl(lambda, sigma, kappa, n float64) float64 {
	return lambda * n / (1 + sigma*(n-1) + kappa*n*(n-1))
}

// loads are throughputs at concurrencies from half a reading to 400, with a
// relative error.
func loads(lambda, sigma, kappa, noise float64, luck chance.Stream, points int) (list []reports.Load) {
	error, _ := chance.Parse("normal mean 0 sd 1", 0, nil)
	for i := range points {
		n := 0.5 * math.Pow(800, float64(i)/float64(points-1))
		x := usl(lambda, sigma, kappa, n) * math.Exp(noise*error.Quantile(luck.Uniform(uint32(i), 0)))
		list = append(list, reports.Load{Concurrency: reports.Number(n), Throughput: reports.Number(x)})
	}
	return list
}

func TestTheLawIsFoundAgainInExactLoads(t *testing.T) {
	for _, x := range []struct{ lambda, sigma, kappa float64 }{
		{1000, 0.02, 1e-4}, {20_000, 0.1, 1e-6}, {500, 0.9, 1e-5}, {8000, 0.001, 3e-5},
	} {
		s := reports.FitScalability(loads(x.lambda, x.sigma, x.kappa, 0, 1, 14), 1)
		require.InEpsilon(t, x.lambda, float64(s.Lambda.At), 1e-3)
		require.InEpsilon(t, x.sigma, float64(s.Sigma.At), 1e-2)
		require.InEpsilon(t, x.kappa, float64(s.Kappa.At), 2e-2)
		require.InEpsilon(t, math.Sqrt((1-x.sigma)/x.kappa), float64(s.Concurrency), 1e-2)
		require.Less(t, float64(s.Miss), 1e-3)
		require.LessOrEqual(t, float64(s.Lambda.Low), x.lambda*1.001)
	}
}

func TestTheLawsIntervalsHoldTheTruth(t *testing.T) {
	const rounds = 40
	const lambda, sigma, kappa = 3000.0, 0.05, 1e-4
	n := math.Sqrt((1 - sigma) / kappa)
	truth := map[string]float64{"lambda": lambda, "sigma": sigma, "kappa": kappa, "peak": usl(lambda, sigma, kappa, n)}
	held := map[string]int{}
	for round := range rounds {
		luck := chance.Seed(11).Replica(round).Stream("error")
		s := reports.FitScalability(loads(lambda, sigma, kappa, 0.05, luck, 16), luck+1)
		require.Empty(t, s.Remarks)
		for name, e := range map[string]reports.Estimate{"lambda": s.Lambda, "sigma": s.Sigma, "kappa": s.Kappa, "peak": s.Peak} {
			if float64(e.Low) <= truth[name] && truth[name] <= float64(e.High) {
				held[name]++
			}
		}
	}
	for name, n := range held {
		require.GreaterOrEqual(t, n, 33, "%s: of 40 intervals of 95%%, fewer than 33 hold the truth once in a thousand times", name)
	}
}

func TestALawThatDoesNotFitIsNotSoldAsOne(t *testing.T) {
	require.Nil(t, reports.FitScalability(loads(1000, 0.02, 1e-4, 0, 1, 4), 1), "four loads are too few")
	luck := chance.Seed(3).Stream("error")
	require.Contains(t, reports.FitScalability(loads(1000, 0.02, 1e-4, 0.4, luck, 16), luck).Remarks[0], "it misses what was measured by")
	var low []reports.Load // far below the knee there is no knee to be seen
	for _, l := range loads(1000, 0.001, 1e-6, 0, 1, 16) {
		if l.Concurrency < 20 {
			low = append(low, l)
		}
	}
	require.Contains(t, reports.FitScalability(low, luck).Remarks[0], "its peak lies beyond the")
}
