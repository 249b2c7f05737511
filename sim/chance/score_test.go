package chance

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mathext"
)

func TestScoresAreThoseOfTheNormalDistribution(t *testing.T) {
	for e := 1.0; e <= 53; e += 1.0 / 1024 {
		p := math.Exp2(-e)
		require.InDelta(t, mathext.NormalQuantile(p), score(p), 1e-13, p)
		require.InDelta(t, mathext.NormalQuantile(1-p), score(1-p), 1e-13, 1-p)
	}
	for _, u := range []float64{0, 1, 1e-300, 0x1p-54} { // streams draw none of these
		require.Equal(t, mathext.NormalQuantile(u), score(u), u)
	}
}
