package reports

import (
	"math"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/formula"
)

// truth follows the ground truth of one kind for the KPIs and decisions that want it.
type truth struct {
	kind     *sim.Kind
	calendar sim.Calendar
	timed    bool     // a formula reads the hour or the weekday
	at       sim.Time // of the hour and weekday in env
	env      formula.Env
	last     []sim.Time // by thing; unseen before its first truth
	hours    float64    // summed over things
	terms    []*term

	detections []*detection
	rows       []float64   // the last of each thing
	line       formula.Env // between two rows
}

const unseen sim.Time = -1

// term is one formula over the truth of one kind, and what has come of it. Times
// are in hours.
type term struct {
	how     how
	program *formula.Program
	held    bool       // reads states and attributes alone: what it was holds until it jumps
	slots   []int      // of a row, which it reads, where it is held
	value   []float64  // by thing
	since   []sim.Time // by thing, of spells
	total   float64
	weight  float64 // hours that total stands for
	count   uint64
}

const hour = 3.6e12 // nanoseconds

// newTruth prepares for a kind's terms; its scope has the kind's names.
func newTruth(k *sim.Kind, s Setup) (*truth, formula.Scope) {
	t := &truth{kind: k, calendar: s.Calendar, at: unseen, last: make([]sim.Time, k.Count)}
	t.env.World = make([]float64, 2)
	for i := range t.last {
		t.last[i] = unseen
	}
	scope := formula.NewTable(s.Symbols)
	scope.Add("hour", formula.Ref{Space: formula.World, Slot: 0})
	scope.Add("weekday", formula.Ref{Space: formula.World, Slot: 1})
	for i, a := range k.Attributes {
		scope.Add(a.Name, formula.Ref{Type: a.Type, Slot: len(k.Signals) + len(k.States) + i})
	}
	for i, x := range k.States {
		scope.Add(x.Name, formula.Ref{Slot: len(k.Signals) + i})
	}
	for i, x := range k.Signals {
		scope.Add(x.Name, formula.Ref{Slot: i})
	}
	return t, scope
}

func (t *truth) follow(h how, p *formula.Program) *term {
	x := &term{how: h, program: p, held: t.reads(p), value: make([]float64, t.kind.Count)}
	if x.held {
		for _, ref := range p.Slots() {
			x.slots = append(x.slots, ref.Slot)
		}
	}
	switch h {
	case spells:
		x.since = make([]sim.Time, t.kind.Count)
	case maxOf, minOf:
		x.total = math.NaN()
	}
	t.terms = append(t.terms, x)
	t.remember()
	return x
}

// remember makes room for rows, once something is followed.
func (t *truth) remember() {
	if n := t.kind.Width(); t.rows == nil {
		t.rows, t.line = make([]float64, n*t.kind.Count), formula.Env{Row: make([]float64, n), World: make([]float64, 2)}
	}
}

// reads notes what a formula needs, and says whether it reads states and attributes
// alone: what it was holds until it jumps.
func (t *truth) reads(p *formula.Program) (held bool) {
	held = true
	for _, ref := range p.Slots() {
		t.timed = t.timed || ref.Space == formula.World
		held = held && ref.Space == formula.Row && ref.Slot >= len(t.kind.Signals)
	}
	return held
}

// see takes in the truth of thing i at now. It is told before and after every
// jump, so between two calls a state is what it was at the first, and a signal
// is taken to run straight from one to the other.
func (t *truth) see(i int, now sim.Time, row []float64) {
	if t.timed && now != t.at {
		t.at = now
		t.world(&t.env, now)
	}
	from := t.last[i]
	t.last[i] = now
	t.env.Row = row
	first := from == unseen
	dt := 0.0
	if !first {
		dt = float64(now-from) / hour
		t.hours += dt
	}
	before := t.rows[i*len(row):][:len(row)]
	for _, x := range t.terms {
		v := x.value[i]
		if first || x.moved(before, row) {
			v = x.program.Number(&t.env)
			if x.how.condition() && !(v > 0) { // unknown is not true
				v = 0
			}
		}
		x.step(i, now, dt, v, first)
	}
	for _, d := range t.detections {
		t.judge(d, i, from, now, row)
	}
	copy(before, row)
}

// moved says whether a term may have another value than before.
func (x *term) moved(before, row []float64) bool {
	for _, slot := range x.slots {
		if before[slot] != row[slot] {
			return true
		}
	}
	return !x.held
}

// world sets what formulae read of a time.
func (t *truth) world(env *formula.Env, at sim.Time) {
	env.World[0], env.World[1] = t.calendar.Hour(at), float64(t.calendar.Weekday(at))
}

func (x *term) step(i int, now sim.Time, dt, v float64, first bool) {
	before := x.value[i]
	x.value[i] = v
	if first {
		before = v
		if x.how == spells {
			x.since[i] = now
		}
	}
	switch x.how {
	case timeWhile, integralOf, meanOf:
		between := before
		if !x.held {
			between = (before + v) / 2
		}
		x.weigh(between, dt)
	case countOf, rateOf:
		if before == 0 && v > 0 {
			x.count++
		}
	case spells:
		switch {
		case before == 0 && v > 0:
			x.since[i] = now
		case before > 0 && v == 0:
			x.total += float64(now-x.since[i]) / hour
			x.count++
		}
	case maxOf:
		if !(v <= x.total) && v == v {
			x.total = v
		}
	case minOf:
		if !(v >= x.total) && v == v {
			x.total = v
		}
	}
}

// weigh adds a value over a time; one that is not known counts for nothing.
func (x *term) weigh(v, dt float64) {
	if v == v {
		x.total += v * dt
		x.weight += dt
	}
}

// close lets what was last seen hold until the run ends.
func (t *truth) close(now sim.Time) {
	for i, last := range t.last {
		if last == unseen {
			continue
		}
		dt := float64(now-last) / hour
		t.hours += dt
		for _, x := range t.terms {
			switch v := x.value[i]; x.how {
			case timeWhile, integralOf, meanOf:
				x.weigh(v, dt)
			case sumAtEnd:
				x.weigh(v, 1)
			}
		}
	}
	for _, d := range t.detections {
		d.close(now, t.last)
	}
}

// Total is what one formula over ground truth came to, over all kinds it was
// followed for. Times are in hours.
type Total struct {
	Sum    float64 // of times, integrals, final values, spells; NaN for no extreme
	Weight float64 // hours behind a mean
	Count  uint64  // how often a condition became true; of spells: how many ended
}

func totalOf(terms []*term) (t Total) {
	for n, x := range terms {
		t.Weight += x.weight
		t.Count += x.count
		switch {
		case n == 0:
			t.Sum = x.total
		case x.how == maxOf && !(x.total <= t.Sum) && x.total == x.total,
			x.how == minOf && !(x.total >= t.Sum) && x.total == x.total:
			t.Sum = x.total
		case x.how != maxOf && x.how != minOf:
			t.Sum += x.total
		}
	}
	return t
}
