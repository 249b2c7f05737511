package formula

// inRow says whether an operand is what stands in a slot of the thing's row.
func (o operand) inRow() bool { return o.slot && o.ref.Space == Row && o.typ != Bool }

// arithmeticOfSlot is l op r where r stands in the row, and l, too, or is a constant or
// anything: so most of what a condition reckons costs one call and not three. What is not finite
// makes sums, differences and products so; of a quotient only the divisor has to be looked at.
func arithmeticOfSlot(op string, l, r operand) func(*Env) float64 {
	y := r.ref.Slot
	switch {
	case l.inRow():
		x := l.ref.Slot
		switch op {
		case "+":
			return func(e *Env) float64 { return finite(e.Row[x] + e.Row[y]) }
		case "-":
			return func(e *Env) float64 { return finite(e.Row[x] - e.Row[y]) }
		case "*":
			return func(e *Env) float64 { return finite(e.Row[x] * e.Row[y]) }
		case "/":
			return func(e *Env) float64 { return finite(e.Row[x] / finite(e.Row[y])) }
		}
	case l.known:
		c := l.value
		switch op {
		case "+":
			return func(e *Env) float64 { return finite(c + e.Row[y]) }
		case "-":
			return func(e *Env) float64 { return finite(c - e.Row[y]) }
		case "*":
			return func(e *Env) float64 { return finite(c * e.Row[y]) }
		case "/":
			return func(e *Env) float64 { return finite(c / finite(e.Row[y])) }
		}
	default:
		x := l.number
		switch op {
		case "+":
			return func(e *Env) float64 { return finite(x(e) + e.Row[y]) }
		case "-":
			return func(e *Env) float64 { return finite(x(e) - e.Row[y]) }
		case "*":
			return func(e *Env) float64 { return finite(x(e) * e.Row[y]) }
		case "/":
			return func(e *Env) float64 { return finite(x(e) / finite(e.Row[y])) }
		}
	}
	return nil
}
