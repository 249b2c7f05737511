package chance_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim/chance"
)

func TestExpIsThatOfTheStandardLibrary(t *testing.T) {
	units := func(x float64) float64 { // of the last place that they are apart
		want := math.Exp(x)
		return math.Abs(chance.Exp(x)-want) / (math.Nextafter(want, math.Inf(1)) - want)
	}
	for n := range 200_000 {
		x := float64(n-100_000) * 0.0069989
		require.LessOrEqual(t, units(x), 2., x)
		require.LessOrEqual(t, units(x/1000), 2., x/1000)
	}
	for _, x := range []float64{-700, 700, 709.7, 710, -745, -746, math.Inf(1), math.Inf(-1)} {
		require.Equal(t, math.Exp(x), chance.Exp(x), x)
	}
	require.Equal(t, 1., chance.Exp(0))
	require.True(t, math.IsNaN(chance.Exp(math.NaN())))
}

func BenchmarkExp(b *testing.B) {
	for name, exp := range map[string]func(float64) float64{"own": chance.Exp, "math": math.Exp} {
		b.Run(name, func(b *testing.B) {
			for n := range b.N {
				sinkFloat += exp(float64(n&1023-512) * 0.01)
			}
		})
	}
}
