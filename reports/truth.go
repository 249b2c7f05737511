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
	begun    exact      // ns, summed over the first truths of things
	seen     int64      // things that have told theirs
	steps    steps      // the terms and detections that compare with constants
	still    []*still   // the other terms that read states and attributes alone
	moving   []*term    // and those that read signals or the time

	detections []*detection // the others, which are looked at each time
	waits      []bool       // by thing: alarms wait to be judged
	rows       []float64    // the last of each thing
	line       formula.Env  // between two rows
}

const unseen sim.Time = -1

// term is one formula over the truth of one kind, and what has come of it for each
// thing: so it does not matter in which order things are seen.
type term struct {
	how     how
	program *formula.Program
	held    bool // reads states and attributes alone: what it was holds until it jumps
	weighed bool // from since on, not from when the truth was told before
	of      []course
}

// course is a term of one thing. Times are in hours.
type course struct {
	value  float64
	since  sim.Time // of spells since when the present one is, of what is weighed since when it is not yet
	total  float64
	weight float64 // hours that total stands for
	count  uint64
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
	x, steps := &term{how: h, program: p, held: t.reads(p), of: make([]course, t.kind.Count)}, t.steps.takes(p)
	x.weighed = x.held || steps
	if h == maxOf || h == minOf {
		for i := range x.of {
			x.of[i].total = math.NaN()
		}
	}
	switch {
	case steps:
		t.steps.terms = append(t.steps.terms, x)
	case x.held:
		t.hold(x)
	default:
		t.moving = append(t.moving, x)
	}
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
func (t *truth) followed() bool {
	return len(t.steps.terms)+len(t.steps.detections)+len(t.moving)+len(t.still)+len(t.detections) > 0
}

// layOut makes room, once all that is followed is known.
func (t *truth) layOut() {
	n, things := t.kind.Width(), t.kind.Count
	t.rows, t.line = make([]float64, n*things), formula.Env{Row: make([]float64, n), World: make([]float64, 2)}
	t.steps.layOut(things)
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
	if first {
		t.begun.add(int64(now))
		t.seen++
	}
	before := t.rows[i*len(row):][:len(row)]
	crossed := t.steps.crossed(i, row) || first
	if crossed {
		for _, x := range t.steps.terms {
			x.take(i, from, now, x.look(&t.env))
		}
	}
	if len(t.steps.detections) > 0 && (crossed || t.waits[i]) {
		t.waits[i] = t.judgeAll(t.steps.detections, i, from, now, row)
	}
	for _, s := range t.still {
		if first || s.moved(before, row) {
			for _, x := range s.terms {
				x.take(i, from, now, x.look(&t.env))
			}
		}
	}
	for _, x := range t.moving {
		x.take(i, from, now, x.look(&t.env))
	}
	t.judgeAll(t.detections, i, from, now, row)
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

// take takes in a value at now; from is when the truth was told before, unseen for the
// first time.
func (x *term) take(i int, from, now sim.Time, v float64) {
	c := &x.of[i]
	before := c.value
	c.value = v
	if from == unseen {
		before, from = v, now
		c.since = now
	}
	switch x.how {
	case timeWhile, integralOf, meanOf:
		if x.held {
			from = now // it jumps
		}
		if x.weighed {
			c.weigh(before, from-c.since)
			c.since = now
		}
		c.weigh((before+v)/2, now-from)
	case countOf, rateOf:
		if before == 0 && v > 0 {
			c.count++
		}
	case spells:
		switch {
		case before == 0 && v > 0:
			c.since = now
		case before > 0 && v == 0:
			c.total += float64(now-c.since) / hour
			c.count++
		}
	case maxOf:
		if !(v <= c.total) && v == v {
			c.total = v
		}
	case minOf:
		if !(v >= c.total) && v == v {
			c.total = v
		}
	}
}

// weigh adds a value over a time; one that is not known counts for nothing.
func (c *course) weigh(v float64, over sim.Time) {
	if v == v {
		dt := float64(over) / hour
		c.total += v * dt
		c.weight += dt
	}
}

// close lets what was last seen hold until the run ends.
func (t *truth) close(now sim.Time) {
	for i, last := range t.last {
		if last == unseen {
			continue
		}
		for _, x := range t.steps.terms {
			x.close(i, x.of[i].since, now)
		}
		for _, s := range t.still {
			for _, x := range s.terms {
				x.close(i, x.of[i].since, now)
			}
		}
		for _, x := range t.moving {
			x.close(i, last, now)
		}
	}
	for _, list := range [][]*detection{t.steps.detections, t.detections} {
		for _, d := range list {
			d.close(now, t.last)
		}
	}
}

// close lets the last value hold until now.
func (x *term) close(i int, from, now sim.Time) {
	switch c := &x.of[i]; x.how {
	case timeWhile, integralOf, meanOf:
		c.weigh(c.value, now-from)
	case sumAtEnd:
		c.weigh(c.value, hour)
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
		if extreme := x.how == maxOf || x.how == minOf; n == 0 && extreme {
			t.Sum = math.NaN()
		}
		for i := range x.of {
			c := &x.of[i]
			t.Weight += c.weight
			t.Count += c.count
			switch {
			case x.how != maxOf && x.how != minOf:
				t.Sum += c.total
			case x.how == maxOf && !(c.total <= t.Sum) && c.total == c.total,
				x.how == minOf && !(c.total >= t.Sum) && c.total == c.total:
				t.Sum = c.total
			}
		}
	}
	return t
}

// hours are how long things have been seen, summed over them, at a time.
func (t *truth) hours(now sim.Time) float64 {
	sum := t.begun
	sum.addProduct(-t.seen, int64(now))
	return -sum.float() / hour
}
