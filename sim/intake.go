package sim

import (
	"maps"
	"slices"
	"time"

	"github.com/twinbed/twinbed/sim/chance"
)

// Intake stands in front of the platform where a scenario's faults can meet it:
// it holds messages back, lets the platform be slow, and sets aside what it cannot
// handle.
type Intake struct {
	platform Platform
	world    *World
	waiting  []intaken
	free     Time // when the platform can take the next
	stalls   int
	down     []Cause // why it is not there at all
	slow     []*slowness
	poison   []*Poisoning
	narrow   []*narrowing
	draining bool
	handled  map[ThingID]Series // numbers that the platform has been handed
}

type slowness struct{ takes func() time.Duration }

type intaken struct {
	reading *Reading
	ack     *Ack
	failed  int // tries so far
}

// Restarter is a Platform that can lose what it knows, as a process does that ends
// and begins anew.
type Restarter interface{ Restart() }

// NeedIntake puts an intake in front of the world's platform, once. Before the run.
func (w *World) NeedIntake() *Intake {
	if w.Intake == nil && w.Platform != nil {
		w.Intake = &Intake{platform: w.Platform, world: w, handled: map[ThingID]Series{}}
		w.Platform = w.Intake
	}
	return w.Intake
}

// Reading hands a reading on, now or later.
func (p *Intake) Reading(r *Reading) {
	if why, lost := p.refuses(r.Thing); lost {
		p.world.Lose(r, why)
		return
	}
	if p.straight() && p.poisoned(r) == nil {
		p.handle(intaken{reading: r})
		return
	}
	copied := *r
	copied.Values = append([]float64(nil), r.Values...)
	p.queue(intaken{reading: &copied})
}

// Ack hands an ack on, now or later.
func (p *Intake) Ack(a *Ack) {
	if why, lost := p.refuses(a.Thing); lost {
		p.world.Observers.Lost(AckMessage, a.Thing, a.Done.At, why)
		return
	}
	if p.straight() {
		p.handle(intaken{ack: a})
		return
	}
	copied := *a
	copied.State = append([]float64(nil), a.State...)
	p.queue(intaken{ack: &copied})
}

// refuses says why a thing's message is lost before it can wait.
func (p *Intake) refuses(id ThingID) (why Cause, lost bool) {
	if len(p.down) > 0 {
		return p.down[0], true
	}
	return p.full(id)
}

// straight says whether a message need not wait.
func (p *Intake) straight() bool {
	return p.stalls == 0 && len(p.waiting) == 0 && len(p.slow) == 0 && p.free <= p.world.Clock.Now()
}

func (p *Intake) queue(x intaken) {
	p.waiting = append(p.waiting, x)
	p.drain()
}

// drain hands on what waits, one after the other, each in its time.
func (p *Intake) drain() {
	if p.draining || p.stalls > 0 || len(p.waiting) == 0 {
		return
	}
	now := p.world.Clock.Now()
	start := max(now, p.free)
	p.free = start
	for _, slow := range p.slow {
		p.free = p.free.Add(slow.takes())
	}
	p.draining = true
	p.world.Clock.At(p.free, func() {
		p.draining = false
		if p.stalls == 0 && len(p.waiting) > 0 && !p.fails(&p.waiting[0]) {
			x := p.waiting[0]
			p.waiting = p.waiting[1:]
			p.handle(x)
		}
		p.drain()
	})
}

func (p *Intake) handle(x intaken) {
	if x.ack != nil {
		p.platform.Ack(x.ack)
		return
	}
	s := p.handled[x.reading.Thing]
	s.Fit(x.reading.Seq, x.reading.Foreign)
	p.handled[x.reading.Thing] = s
	p.platform.Reading(x.reading)
}

// Stall has the platform take nothing until undo is called; then it takes what has
// gathered.
func (p *Intake) Stall() (undo func()) {
	p.stalls++
	return func() { p.stalls--; p.drain() }
}

// Slow has the platform take a time for every message, one after the other.
func (p *Intake) Slow(takes chance.Distribution, luck chance.Stream, hits *Hits) (undo func()) {
	n := uint64(0)
	x := &slowness{func() time.Duration {
		n++
		hits.Add()
		return Seconds(takes.Quantile(luck.Uniform(0, n)))
	}}
	p.slow = append(p.slow, x)
	return func() { p.slow = slices.DeleteFunc(p.slow, func(y *slowness) bool { return y == x }) }
}

// Behind is the platform itself.
func (p *Intake) Behind() Platform { return p.platform }

// Down has the platform be away: what comes meanwhile is lost, and what it knew.
func (p *Intake) Down(why Cause) (undo func()) {
	p.down = append(p.down, why)
	for _, x := range p.waiting {
		if x.ack != nil {
			p.world.Observers.Lost(AckMessage, x.ack.Thing, x.ack.Done.At, why)
		} else {
			p.world.Lose(x.reading, why)
		}
	}
	p.waiting = nil
	if r, ok := p.platform.(Restarter); ok {
		r.Restart()
	}
	return func() { p.down = without(p.down, why) }
}

// InFlight is how many messages wait: readings by kind, each once and none that the
// platform has had before, and acks.
func (p *Intake) InFlight(kinds []*Kind) (readings []int, acks int) {
	readings = make([]int, len(kinds))
	seen := maps.Clone(p.handled)
	for _, x := range p.waiting {
		if x.ack != nil {
			acks++
			continue
		}
		s := seen[x.reading.Thing]
		// Of one so far behind nobody can tell any more whether it came before, but for what it says itself.
		old := s.Begun() && int64(s.Last)-int64(x.reading.Seq) >= 32 && x.reading.Again
		how := s.Fit(x.reading.Seq, x.reading.Foreign)
		if seen[x.reading.Thing] = s; how == Duplicate || old {
			continue
		}
		for n, k := range kinds {
			if k.Holds(x.reading.Thing) {
				readings[n]++
			}
		}
	}
	return readings, acks
}
