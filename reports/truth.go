package reports

import (
	"math"
	"slices"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/formula"
)

// truth follows the ground truth of one kind for the KPIs and decisions that want it.
type truth struct {
	kind     *sim.Kind
	calendar sim.Calendar
	timed    bool     // a formula reads the hour or the weekday
	at       sim.Time // of the hour and weekday in env
	day      sim.Day  // of the latest of them
	env      formula.Env
	last     []sim.Time // by thing; unseen before its first truth
	hours    float64    // summed over things
	moving   []*term    // those that read signals or the time
	still    []*still   // those that read states and attributes alone

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
	value   []float64  // by thing
	since   []sim.Time // by thing: of spells since when the present one is, of what is held since when it is not yet weighed
	total   float64
	weight  float64 // hours that total stands for
	count   uint64
}

// still are the terms that read the same states and attributes: while none of those
// jumps there is nothing to do.
type still struct {
	slots []int // of a row
	terms []*term
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
	if x.held || h == spells {
		x.since = make([]sim.Time, t.kind.Count)
	}
	if h == maxOf || h == minOf {
		x.total = math.NaN()
	}
	if x.held {
		t.hold(x)
	} else {
		t.moving = append(t.moving, x)
	}
	t.remember()
	return x
}

// hold puts a term beside those that read the same slots.
func (t *truth) hold(x *term) {
	var slots []int
	for _, ref := range x.program.Slots() {
		slots = append(slots, ref.Slot)
	}
	slices.Sort(slots)
	for _, s := range t.still {
		if slices.Equal(s.slots, slots) {
			s.terms = append(s.terms, x)
			return
		}
	}
	t.still = append(t.still, &still{slots, []*term{x}})
}

// followed says whether anything wants this kind's truth.
func (t *truth) followed() bool { return len(t.moving)+len(t.still)+len(t.detections) > 0 }

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
	for _, x := range t.moving {
		x.step(i, now, dt, x.look(&t.env), first)
	}
	for _, s := range t.still {
		if first || s.moved(before, row) {
			for _, x := range s.terms {
				x.step(i, now, float64(now-x.since[i])/hour, x.look(&t.env), first)
			}
		}
	}
	for _, d := range t.detections {
		t.judge(d, i, from, now, row)
	}
	copy(before, row)
}

// look is the term's present value; a condition that is unknown is not true.
func (x *term) look(env *formula.Env) float64 {
	v := x.program.Number(env)
	if x.how.condition() && !(v > 0) {
		return 0
	}
	return v
}

// moved says whether the terms may have other values than before.
func (s *still) moved(before, row []float64) bool {
	for _, slot := range s.slots {
		if before[slot] != row[slot] {
			return true
		}
	}
	return false
}

// world sets what formulae read of a time.
func (t *truth) world(env *formula.Env, at sim.Time) {
	if !t.day.Has(at) {
		t.day = t.calendar.Day(at)
	}
	env.World[0], env.World[1] = t.day.Hour(at), float64(t.day.Weekday)
}

// step takes in a value at now; dt, in hours, is how long there was the one before.
func (x *term) step(i int, now sim.Time, dt, v float64, first bool) {
	before := x.value[i]
	x.value[i] = v
	if first {
		before = v
		if x.since != nil {
			x.since[i] = now
		}
		dt = 0
	}
	switch x.how {
	case timeWhile, integralOf, meanOf:
		if x.held {
			x.weigh(before, dt)
			x.since[i] = now
		} else {
			x.weigh((before+v)/2, dt)
		}
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
		t.hours += float64(now-last) / hour
		for _, x := range t.moving {
			x.close(i, float64(now-last)/hour)
		}
		for _, s := range t.still {
			for _, x := range s.terms {
				x.close(i, float64(now-x.since[i])/hour)
			}
		}
	}
	for _, d := range t.detections {
		d.close(now, t.last)
	}
}

// close lets the last value hold for a time in hours.
func (x *term) close(i int, dt float64) {
	switch v := x.value[i]; x.how {
	case timeWhile, integralOf, meanOf:
		x.weigh(v, dt)
	case sumAtEnd:
		x.weigh(v, 1)
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
