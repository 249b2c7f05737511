package sim

import (
	"cmp"
	"slices"
	"time"
)

// run is Clock.Run.
func (x *Lanes) run(until Time) error {
	x.gate.open(x.lanes)
	defer x.gate.close()
	defer x.Gather()
	c := x.main.Clock
	for {
		if c.posted() {
			x.Gather()
		}
		if err := c.takePosts(); err != nil {
			return err
		}
		x.settle()
		end := min(c.queue.next(), until+1, x.until.Add(x.reach()))
		x.window(end)
		x.happen(min(end, until))
		c.now = max(c.now, min(end, until)) // as far as the lanes are
		if end > until {
			return nil
		}
	}
}

// A window has about ten readings of each thing at most, so that shelves are worth opening,
// and some thousand even of few things. What fires in a window is in hand to its end, and
// what comes from outside, an interruption or a question, waits for as long: so no more.
const (
	ofEach     = 10
	fewAtOnce  = 4096
	mostAtOnce = 1_000_000
)

// reach is how long a window may be.
func (x *Lanes) reach() time.Duration {
	pace := 0.0 // readings a nanosecond
	for _, f := range x.main.Fleets {
		if f.Kind.Every > 0 {
			pace += float64(f.active) / float64(f.Kind.Every)
		}
	}
	readings := min(max(ofEach*len(x.hands), fewAtOnce), mostAtOnce)
	return time.Duration(min(float64(readings)/pace, float64(Week)))
}

// settle sees whether things may be alone.
func (x *Lanes) settle() {
	if calm := x.Calm == nil || x.Calm(); calm != x.resting {
		return
	}
	x.resting = !x.resting
	if !x.resting {
		return
	}
	for id := range x.hands {
		x.hands[id].alone = false
	}
	for _, l := range x.lanes {
		for n, q := range l.shelves {
			for q.next() != Never {
				l.passed = append(l.passed, q.pop())
			}
			l.shelves[n] = newQueue() // that one has gone beyond now
		}
	}
	x.collect()
}

// window has the lanes play up to a time, not including it.
func (x *Lanes) window(end Time) {
	x.until = max(x.until, end)
	if x.resting {
		return
	}
	for _, l := range x.lanes {
		for _, p := range l.parts {
			p.Enter()
		}
	}
	x.gate.play(end)
	x.collect()
}

// play lets a lane's events happen up to a time, not including it.
func (l *Lane) play(end Time) {
	c, x := l.World.Clock, l.lanes
	for _, q := range l.shelves {
		c.queue = q
		for q.next() < end {
			e := q.pop()
			if !x.hands[x.thing(c, e)].alone {
				l.passed = append(l.passed, e)
				continue
			}
			c.happen(e)
		}
	}
}

// thing is whom an event of a clock is about.
func (x *Lanes) thing(c *Clock, e event) ThingID {
	if k := e.key >> 56; x.named[k] {
		return x.first[k] + ThingID(uint32(e.key))
	}
	return c.handlers[e.key>>56].(ThingHandler).Thing(uint32(e.key), uint32(e.key>>32)&MaxArg)
}

// collect takes over what the lanes have left to the run's own clock.
func (x *Lanes) collect() {
	for _, l := range x.lanes {
		c := l.World.Clock
		for _, e := range l.passed {
			id := x.thing(c, e)
			if a, ok := x.main.Clock.handlers[e.key>>56].(adopter); ok {
				e.key = e.key&^0xffffffff | uint64(a.adopt(c.handlers[e.key>>56], uint32(e.key)))
			}
			x.hold(e, id)
		}
		x.given = append(x.given, l.given...)
		clear(l.given)
		l.passed, l.given = l.passed[:0], l.given[:0]
	}
	slices.SortStableFunc(x.given, func(a, b given) int { return cmp.Compare(a.at, b.at) })
}

// happen lets all of the run's own clock happen up to and including a time.
func (x *Lanes) happen(until Time) {
	c := x.main.Clock
	for {
		all, one := c.queue.next(), x.held.next()
		at := min(all, one)
		switch {
		case len(x.given) > 0 && x.given[0].at <= at:
			g := x.given[0]
			x.given = x.given[1:]
			c.now = g.at
			g.do()
		case at > until:
			x.given = x.given[:0]
			return
		case all <= one:
			c.happen(c.queue.pop())
		default:
			e := x.held.pop()
			if x.things[e.key>>56] == nil {
				c.happen(e)
				continue
			}
			id := x.thing(c, e)
			x.hands[id].waiting--
			c.happen(e)
			x.leave(id)
		}
	}
}

// Gather hands over what has been counted in the lanes, so that who asks the run's own
// books hears of all.
func (x *Lanes) Gather() {
	for _, l := range x.lanes {
		for _, p := range l.parts {
			p.Join()
		}
		c, own := x.main.Clock, l.World.Clock
		c.events, own.events = c.events+own.events, 0
		c.hash, own.hash = c.hash+own.hash, 0
	}
}
