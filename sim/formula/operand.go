package formula

import "math"

// operand is a compiled part of a formula.
type operand struct {
	typ   Type
	bad   bool    // its errors have been reported
	known bool    // it is a constant, value (a bool as a number)
	value float64 // NaN when unknown
	slot  bool    // it is what stands in ref
	ref   Ref
	bands []band            // it is these comparisons
	rest  []func(*Env) bool // and these conditions, joined by and; both empty: it is no such chain
	steps bool              // it is made of comparisons of slots with constants and of constants alone,
	edges []Edge            // and changes only where one of these is crossed
	vm    bool              // a part of it runs on the library's VM

	number func(*Env) float64 // of Number, Duration, Text: finite, or NaN when unknown
	truth  func(*Env) truth   // of Bool
	holds  func(*Env) bool    // of Bool: truth is yes
}

func constant(t Type, v float64) operand {
	o := operand{typ: t, known: true, value: finite(v)}
	if t == Bool {
		is := truthIn(v)
		o.truth = func(*Env) truth { return is }
		o.holds = func(*Env) bool { return is == yes }
		return o
	}
	v = o.value
	o.number = func(*Env) float64 { return v }
	return o
}

func slotOf(ref Ref) operand {
	o := operand{typ: ref.Type, slot: true, ref: ref}
	i := ref.Slot
	load := func(e *Env) float64 { return finite(e.Row[i]) }
	if ref.Space == World {
		load = func(e *Env) float64 { return finite(e.World[i]) }
	}
	if ref.Type == Bool {
		return logical(func(e *Env) truth { return truthIn(load(e)) }, o)
	}
	o.number = load
	return o
}

// numeric is an operation that gives a number, a duration or a text.
func numeric(t Type, f func(*Env) float64, of ...operand) operand {
	return fold(operand{typ: t, number: f}, of)
}

// logical is an operation that gives true, false or unknown.
func logical(f func(*Env) truth, of ...operand) operand {
	o := operand{typ: Bool, truth: f, holds: func(e *Env) bool { return f(e) == yes }}
	return fold(o, of)
}

// fold is the operation's result when all it works on are constants. What is made of
// steps is made of their edges.
func fold(o operand, of []operand) operand {
	known := true
	o.steps = len(of) > 0
	for i := range of {
		known = known && of[i].known
		o.vm = o.vm || of[i].vm
		o.steps = o.steps && (of[i].steps || of[i].known)
		o.edges = append(o.edges, of[i].edges...)
	}
	if !o.steps {
		o.edges = nil
	}
	if known && len(of) > 0 {
		return constant(o.typ, o.asNumber()(nil))
	}
	return o
}

// asNumber is the operand as it would stand in a slot.
func (o operand) asNumber() func(*Env) float64 {
	if o.typ != Bool {
		return o.number
	}
	is := o.truth
	return func(e *Env) float64 { return is(e).number() }
}

func (o operand) is(t truth) bool { return o.known && o.typ == Bool && truthIn(o.value) == t }

func both(l, r operand) operand {
	switch {
	case l.is(no) || r.is(no):
		return constant(Bool, 0)
	case l.is(yes):
		return r
	case r.is(yes):
		return l
	}
	a, b := l.truth, r.truth
	o := logical(func(e *Env) truth {
		first := a(e)
		if first == no {
			return no
		}
		return min(first, b(e))
	}, l, r)
	if !o.known {
		o.chain(l, r)
	}
	return o
}

// chain makes an operand the conditions of several, joined by and. Comparisons of slots
// with constants are looked at first: they cost next to nothing.
func (o *operand) chain(of ...operand) {
	for _, part := range of {
		o.bands = append(o.bands, part.bands...)
		o.rest = append(o.rest, part.rest...)
		if len(part.bands)+len(part.rest) == 0 {
			o.rest = append(o.rest, part.holds)
		}
	}
	o.holds = allOf(o.bands, o.rest)
	if bands := o.bands; len(o.rest) == 0 {
		o.truth = func(e *Env) truth { return truthOfAll(bands, e) }
	}
}

func either(l, r operand) operand {
	switch {
	case l.is(yes) || r.is(yes):
		return constant(Bool, 1)
	case l.is(no):
		return r
	case r.is(no):
		return l
	}
	a, b := l.truth, r.truth
	o := logical(func(e *Env) truth {
		first := a(e)
		if first == yes {
			return yes
		}
		return max(first, b(e))
	}, l, r)
	if !o.known {
		x, y := l.holds, r.holds
		o.holds = func(e *Env) bool { return x(e) || y(e) }
	}
	return o
}

func negation(of operand) operand {
	is := of.truth
	return logical(func(e *Env) truth { return yes - is(e) }, of)
}

// choice is cond ? a : b. Where cond is unknown the result is known only if
// both branches agree.
func choice(cond, a, b operand) operand {
	switch {
	case cond.is(yes):
		return a
	case cond.is(no):
		return b
	}
	is := cond.truth
	if a.typ == Bool {
		x, y := a.truth, b.truth
		return logical(func(e *Env) truth {
			switch is(e) {
			case yes:
				return x(e)
			case no:
				return y(e)
			}
			if first := x(e); first == y(e) {
				return first
			}
			return unknown
		}, cond, a, b)
	}
	x, y := a.number, b.number
	return numeric(a.typ, func(e *Env) float64 {
		switch is(e) {
		case yes:
			return x(e)
		case no:
			return y(e)
		}
		if first := x(e); first == y(e) {
			return first
		}
		return math.NaN()
	}, cond, a, b)
}
