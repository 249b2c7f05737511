package chance

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mathext"
)

func TestScoresAreThoseOfTheNormalDistribution(t *testing.T) {
	worst := 0.0
	for e := 1.0; e <= 53; e += 1.0 / 256 {
		p := math.Exp2(-e)
		for _, u := range []float64{p, 1 - p} {
			worst = max(worst, math.Abs(score(u)-mathext.NormalQuantile(u)))
		}
	}
	t.Log(worst)
	require.Less(t, worst, 1e-11)
}

func BenchmarkScore(b *testing.B) {
	s := Seed(7).Stream("x")
	sum := 0.0
	for n := range uint64(b.N) {
		sum += score(s.Uniform(5, n))
	}
	_ = sum
}

func BenchmarkGonum(b *testing.B) {
	s := Seed(7).Stream("x")
	sum := 0.0
	for n := range uint64(b.N) {
		sum += mathext.NormalQuantile(s.Uniform(5, n))
	}
	_ = sum
}
