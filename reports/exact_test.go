package reports

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestExactSumsAreThoseOfBigNumbers(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var s, half exact
	want := new(big.Int)
	for n := range 10000 {
		a, b := random.Int64()>>random.IntN(64), random.Int64()>>random.IntN(64)
		if random.IntN(2) == 0 {
			a = -a
		}
		if random.IntN(2) == 0 {
			b = -b
		}
		into := &s
		if n%2 == 0 {
			into = &half
		}
		into.add(a)
		into.addProduct(a>>4, b>>4)
		want.Add(want, big.NewInt(a))
		want.Add(want, new(big.Int).Mul(big.NewInt(a>>4), big.NewInt(b>>4)))
	}
	s.absorb(half)
	f, _ := new(big.Float).SetInt(want).Float64()
	require.InEpsilon(t, f, s.float(), 1e-15)
	var none exact
	none.add(-5)
	require.Equal(t, -5.0, none.float())
	none.add(5)
	require.Zero(t, none.float())
}
