package chance

import "math"

// Exp is eˣ, within two units in the last place of [math.Exp] and in less than half of its
// time: every message draws a latency by it, and a model that decays or grows needs it at
// each reading. With k = ⌊128 x/ln 2⌉ it is 2^(k/128) of a table times e^r, |r| ≤ ln 2/256, of
// which the powers to r⁵ are enough (Tang 1989).
func Exp(x float64) float64 {
	if !(math.Abs(x) < 700) {
		return math.Exp(x)
	}
	const (
		whole = 3 << 51              // added, it leaves no bits for fractions
		high  = 0x1.62e42fefa0000p-8 // ln 2/128, as exact products with whole numbers allow,
		low   = 0x1.cf79abc9e3b39p-47
	)
	k := x*(roots/math.Ln2) + whole
	n := math.Float64bits(k)
	k -= whole
	r := x - k*high - k*low
	r2 := r * r
	two := math.Float64frombits(powers[n%roots] + n<<(52-rootBits))
	return two + two*(r+r2*(0.5+r*(1./6))+r2*r2*(1./24+r*(1./120)))
}

const (
	rootBits = 7
	roots    = 1 << rootBits
)

// powers are 2^(k/128), less what k adds to the exponent.
var powers = func() (table [roots]uint64) {
	for k := range table {
		table[k] = math.Float64bits(math.Exp2(float64(k)/roots)) - uint64(k)<<(52-rootBits)
	}
	return table
}()
