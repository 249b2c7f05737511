package formula

import "math"

var mirrored = map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}

// compare is l op r of two operands of one type.
func compare(op string, l, r operand) operand {
	if op == "!=" {
		return negation(compare("==", l, r))
	}
	if l.typ == Bool {
		a, b := l.truth, r.truth
		return logical(func(e *Env) truth {
			x, y := a(e), b(e)
			if x == unknown || y == unknown {
				return unknown
			}
			return truthOf(x == y)
		}, l, r)
	}
	if l.known && !r.known {
		op, l, r = mirrored[op], r, l
	}
	if r.known {
		return compareWith(op, l, r)
	}
	// Numbers here are finite or NaN, so a comparison that neither holds nor
	// fails is one with an unknown.
	x, y := l.number, r.number
	var is func(*Env) truth
	var holds func(*Env) bool
	switch op {
	case "<":
		is = func(e *Env) truth { a, b := x(e), y(e); return decide(a < b, a >= b) }
		holds = func(e *Env) bool { return x(e) < y(e) }
	case "<=":
		is = func(e *Env) truth { a, b := x(e), y(e); return decide(a <= b, a > b) }
		holds = func(e *Env) bool { return x(e) <= y(e) }
	case ">":
		is = func(e *Env) truth { a, b := x(e), y(e); return decide(a > b, a <= b) }
		holds = func(e *Env) bool { return x(e) > y(e) }
	case ">=":
		is = func(e *Env) truth { a, b := x(e), y(e); return decide(a >= b, a < b) }
		holds = func(e *Env) bool { return x(e) >= y(e) }
	default:
		is = func(e *Env) truth { a, b := x(e), y(e); return decide(a == b, a < b || a > b) }
		holds = func(e *Env) bool { return x(e) == y(e) }
	}
	o := logical(is, l, r)
	if !o.known {
		o.holds = holds
	}
	return o
}

func decide(holds, fails bool) truth {
	switch {
	case holds:
		return yes
	case fails:
		return no
	}
	return unknown
}

// compareWith is the comparison with a constant.
func compareWith(op string, l, c operand) operand {
	if math.IsNaN(c.value) {
		return constant(Bool, math.NaN())
	}
	x := l.number
	lo, hi := limits(op, c.value)
	o := logical(func(e *Env) truth { return within(x(e), lo, hi) }, l, c)
	if l.slot {
		o.bands = []band{{l.ref, lo, hi}}
		o.steps, o.edges = true, []Edge{{l.ref, lo}, {l.ref, math.Nextafter(hi, math.Inf(1))}}
		o.holds = allOf(o.bands, nil)
	} else if !o.known {
		o.holds = func(e *Env) bool { v := x(e); return lo <= v && v <= hi }
	}
	return o
}

// among is x in [list], which holds when x equals one of them.
func among(x operand, list []operand) operand {
	values := make([]float64, 0, len(list))
	for _, item := range list {
		if item.typ == Bool || !item.known || math.IsNaN(item.value) {
			break
		}
		values = append(values, item.value)
	}
	if len(values) == len(list) && x.typ != Bool {
		of := x.number
		return logical(func(e *Env) truth {
			v := of(e)
			if v != v {
				return unknown
			}
			for _, one := range values {
				if one == v {
					return yes
				}
			}
			return no
		}, x)
	}
	found := constant(Bool, 0)
	for _, item := range list {
		found = either(found, compare("==", x, item))
	}
	return found
}

// between is x in lo..hi: the whole numbers from lo to hi.
func between(x operand, lo, hi float64) operand {
	of := x.number
	return logical(func(e *Env) truth {
		v := of(e)
		if v != v {
			return unknown
		}
		return truthOf(lo <= v && v <= hi && v == math.Floor(v))
	}, x)
}
