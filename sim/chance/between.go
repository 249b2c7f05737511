package chance

import "math"

// between is a law that is cut off at one or both ends: draws outside do not
// occur and the rest keep their proportions. The uniform number is mapped into the
// part of (0,1) that is left, so it is still one draw.
type between struct {
	written
	law            law
	lo, hi         float64
	from, width    float64 // the part of (0,1) that is left
	mean, variance float64
}

// leastLeft is the smallest share of draws that a cut may leave.
const leastLeft = 1e-6

// cut is nil when the ends leave less than leastLeft of the draws.
func cut(words string, d law, lo, hi float64) *between {
	least, most := d.Support()
	if hi < least || lo > most {
		return nil
	}
	from, to := 0.0, 1.0
	if lo > least {
		from = d.CDF(math.Nextafter(lo, math.Inf(-1))) // a value that many draws have, at lo itself, stays in
	}
	if hi < most {
		to = d.CDF(hi)
	}
	if to-from < leastLeft {
		return nil
	}
	b := &between{written: written(words), law: d, lo: max(lo, least), hi: min(hi, most), from: from, width: to - from}
	if e, ok := d.(*empirical); ok {
		b.mean, b.variance = e.moments(from, to) // the rule below is for smooth curves
	} else {
		b.mean, b.variance = moments(b.Quantile)
	}
	return b
}

// Quantile stays inside the cut also where rounding would step over it.
func (b *between) Quantile(u float64) float64 {
	x := b.law.Quantile(min(max(b.from+u*b.width, lowest), highest))
	return min(max(x, b.lo), b.hi)
}

func (b *between) Mean() float64             { return b.mean }
func (b *between) Variance() float64         { return b.variance }
func (b *between) Support() (lo, hi float64) { return b.lo, b.hi }

func (b *between) CDF(x float64) float64 {
	if x < b.lo {
		return 0
	}
	return min(max((b.law.CDF(x)-b.from)/b.width, 0), 1)
}

// moments integrates a quantile function over (0,1) by the double exponential
// rule (Takahasi and Mori 1974), which bears infinite ends.
func moments(quantile func(u float64) float64) (mean, variance float64) {
	const step = 1.0 / 64
	each := func(do func(weight, x float64)) {
		for k := -256; k <= 256; k++ {
			t := float64(k) * step
			s := math.Pi / 2 * math.Sinh(t)
			u := 1 / (1 + math.Exp(-2*s))
			if u >= lowest && u <= highest {
				do(step*math.Pi/4*math.Cosh(t)/(math.Cosh(s)*math.Cosh(s)), quantile(u))
			}
		}
	}
	total := 0.0
	each(func(w, x float64) { total += w; mean += w * x })
	mean /= total
	each(func(w, x float64) { variance += w * (x - mean) * (x - mean) })
	return mean, variance / total
}
