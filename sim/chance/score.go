package chance

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// score is the quantile function of the standard normal distribution at u, which most of what
// is drawn goes through: gonum's to within 1e-13, from polynomials through it, in a third of the
// time. The quantile bends the faster the smaller p = min(u, 1−u) is, so each octave of p has as many
// pieces as any other, and the leading bits of p say which it is.
func score(u float64) float64 {
	p := min(u, 1-u)
	at := math.Float64bits(p)>>(52-pieceBits) - firstPiece
	if at >= pieces { // p is no share, or smaller than any that a stream draws
		return mathext.NormalQuantile(u)
	}
	c := &scores[at]
	d := p - c.mid
	d2 := d * d
	z := c.c0 + c.c1*d + d2*(c.c2+c.c3*d+d2*(c.c4+c.c5*d+d2*c.c6))
	return math.Copysign(z, u-0.5)
}

const (
	pieceBits  = 4                        // sixteen pieces an octave
	firstPiece = (1023 - 53) << pieceBits // of 2⁻⁵³, the smallest that a stream draws
	pieces     = (53-1)<<pieceBits + 1    // up to the one that begins with a half
)

// piece is −Φ⁻¹ over a stretch of p, as a polynomial in the distance from its middle: a line of a cache.
type piece struct{ mid, c0, c1, c2, c3, c4, c5, c6 float64 }

var scores = func() (table [pieces]piece) {
	for at := range table {
		from := math.Float64frombits(uint64(at+firstPiece) << (52 - pieceBits))
		to := math.Float64frombits(uint64(at+firstPiece+1) << (52 - pieceBits))
		table[at] = fit((from+to)/2, (to-from)/2)
	}
	return table
}()

// fit interpolates at the Chebyshev points, whose polynomial is nearly the best there is.
func fit(mid, half float64) piece {
	var c [len(waves)]float64 // of the Chebyshev polynomials
	for k := range waves {
		z := -2. / float64(len(waves)) * mathext.NormalQuantile(mid+half*waves[1][k])
		for j := range c {
			c[j] += z * waves[j][k]
		}
	}
	x := 1 / half // T0 to T6 are in halves
	return piece{
		mid,
		c[0]/2 - c[2] + c[4] - c[6],
		(c[1] - 3*c[3] + 5*c[5]) * x,
		(2*c[2] - 8*c[4] + 18*c[6]) * x * x,
		(4*c[3] - 20*c[5]) * x * x * x,
		(8*c[4] - 48*c[6]) * x * x * x * x,
		16 * c[5] * x * x * x * x * x,
		32 * c[6] * x * x * x * x * x * x,
	}
}

// waves are the Chebyshev polynomials T0 to T6 at the points where T7 is zero.
var waves = func() (t [7][7]float64) {
	for j := range t {
		for k := range t[j] {
			t[j][k] = math.Cos(float64(j) * math.Pi * (float64(k) + 0.5) / float64(len(t)))
		}
	}
	return t
}()
