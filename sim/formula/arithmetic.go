package formula

import "math"

// arithmetic is l op r of numbers; what is not finite becomes unknown at
// once, so that no later step can make it look known.
func arithmetic(t Type, op string, l, r operand) operand {
	x, y := l.number, r.number
	if r.known {
		return arithmeticWith(t, op, l, r)
	}
	if r.inRow() {
		if f := arithmeticOfSlot(op, l, r); f != nil {
			return numeric(t, f, l, r)
		}
	}
	var f func(*Env) float64
	switch op {
	case "+":
		f = func(e *Env) float64 { return finite(x(e) + y(e)) }
	case "-":
		f = func(e *Env) float64 { return finite(x(e) - y(e)) }
	case "*":
		f = func(e *Env) float64 { return finite(x(e) * y(e)) }
	case "/":
		f = func(e *Env) float64 { return finite(x(e) / y(e)) }
	case "%":
		f = func(e *Env) float64 { return finite(math.Mod(x(e), y(e))) }
	default:
		f = func(e *Env) float64 { return power(x(e), y(e)) }
	}
	return numeric(t, f, l, r)
}

func arithmeticWith(t Type, op string, l, r operand) operand {
	x, c := l.number, r.value
	var f func(*Env) float64
	switch op {
	case "+":
		f = func(e *Env) float64 { return finite(x(e) + c) }
	case "-":
		f = func(e *Env) float64 { return finite(x(e) - c) }
	case "*":
		f = func(e *Env) float64 { return finite(x(e) * c) }
	case "/":
		f = func(e *Env) float64 { return finite(x(e) / c) }
	case "%":
		f = func(e *Env) float64 { return finite(math.Mod(x(e), c)) }
	default:
		f = func(e *Env) float64 { return power(x(e), c) }
	}
	return numeric(t, f, l, r)
}

// power is x to the y. IEEE 754 says that 1 to an unknown and an unknown to 0
// are 1; here they are unknown, as every operation on an unknown is.
func power(x, y float64) float64 {
	if x != x || y != y {
		return math.NaN()
	}
	return finite(math.Pow(x, y))
}
