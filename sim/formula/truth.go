package formula

import "math"

// truth is a value of Kleene's strong three-valued logic. In this order and
// is min and or is max.
type truth uint8

const (
	no truth = iota
	unknown
	yes
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

func (t truth) number() float64 {
	switch t {
	case yes:
		return 1
	case no:
		return 0
	}
	return math.NaN()
}

// truthIn reads what stands in a slot of type Bool.
func truthIn(v float64) truth {
	switch {
	case v == 0:
		return no
	case v-v == 0:
		return yes
	}
	return unknown
}

// finite is v, and NaN for an infinity: every number within a formula is
// finite or unknown.
func finite(v float64) float64 {
	v = float64(v) // rounded here: never fused with the operation it comes from
	return v + (v - v)
}

// band is the comparison of a slot with a constant, any of < <= > >= ==: the
// value is within lo and hi, which are finite, so that NaN and the
// infinities are outside of every band.
type band struct {
	ref    Ref
	lo, hi float64
}

// limits is the band of values v for which "v op c" holds.
func limits(op string, c float64) (lo, hi float64) {
	switch op {
	case "<":
		return -math.MaxFloat64, math.Nextafter(c, math.Inf(-1))
	case "<=":
		return -math.MaxFloat64, c
	case ">":
		return math.Nextafter(c, math.Inf(1)), math.MaxFloat64
	case ">=":
		return c, math.MaxFloat64
	}
	return c, c
}

func (b band) holds(e *Env) bool {
	row := e.Row
	if b.ref.Space == World {
		row = e.World
	}
	v := row[b.ref.Slot]
	return b.lo <= v && v <= b.hi
}

// within is the comparison's truth for a number that is finite or NaN.
func within(v, lo, hi float64) truth {
	switch {
	case lo <= v && v <= hi:
		return yes
	case v == v:
		return no
	}
	return unknown
}

// truthOfAll is the truth of bands joined by and: one that fails decides, whatever is
// unknown beside it.
func truthOfAll(bands []band, e *Env) truth {
	all := yes
	for i := range bands {
		b := &bands[i]
		row := e.Row
		if b.ref.Space == World {
			row = e.World
		}
		switch within(finite(row[b.ref.Slot]), b.lo, b.hi) {
		case no:
			return no
		case unknown:
			all = unknown
		}
	}
	return all
}

// allOf is the test of bands and other conditions joined by and.
func allOf(bands []band, rest []func(*Env) bool) func(*Env) bool {
	switch {
	case len(bands) == 1 && len(rest) == 0:
		slot, lo, hi := bands[0].ref.Slot, bands[0].lo, bands[0].hi
		if bands[0].ref.Space == World {
			return func(e *Env) bool { v := e.World[slot]; return lo <= v && v <= hi }
		}
		return func(e *Env) bool { v := e.Row[slot]; return lo <= v && v <= hi }
	case len(bands) == 2 && len(rest) == 0:
		a, b := bands[0], bands[1]
		return func(e *Env) bool { return a.holds(e) && b.holds(e) }
	}
	return func(e *Env) bool {
		for i := range bands {
			if !bands[i].holds(e) {
				return false
			}
		}
		for _, holds := range rest {
			if !holds(e) {
				return false
			}
		}
		return true
	}
}
