package reports

import (
	"math"
	"math/bits"
)

// exact is a sum of whole numbers in 128 bits, two's complement. It is the same in
// whatever order they are added, which a sum of floats is not.
type exact struct {
	hi int64
	lo uint64
}

func (s *exact) add(x int64) { s.addWide(x>>63, uint64(x)) }

// addProduct adds a·b.
func (s *exact) addProduct(a, b int64) {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	s.addWide(int64(hi)-a>>63&b-b>>63&a, lo)
}

func (s *exact) absorb(x exact) { s.addWide(x.hi, x.lo) }

func (s *exact) addWide(hi int64, lo uint64) {
	var carry uint64
	s.lo, carry = bits.Add64(s.lo, lo, 0)
	s.hi += hi + int64(carry)
}

func (s exact) float() float64 {
	if s.hi < 0 {
		lo, borrow := bits.Sub64(0, s.lo, 0)
		return -exact{-s.hi - int64(borrow), lo}.float()
	}
	return math.Ldexp(float64(s.hi), 64) + float64(s.lo)
}
