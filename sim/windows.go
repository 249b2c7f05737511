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
	for behind := false; ; {
		if !behind {
			if c.called() {
				x.Gather()
			}
			if err := c.takePosts(); err != nil {
				return err
			}
			x.settle()
		}
		from, end := x.until, min(c.queue.next(), until+1, x.until.Add(x.reach()))
		x.begin(end)
		if behind {
			x.happen(from)
		}
		x.finish()
		// The next event for all is not before all that happens meanwhile: that concerns
		// things in hand alone, and so does what comes of it.
		if behind = end <= until && end < c.queue.next() && !x.resting && !c.called(); behind {
			continue
		}
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
	if x.resting {
		for id := range x.hands {
			x.hands[id].alone = false
		}
		x.gate.begin(Never)
		x.gate.finish()
		x.collect()
		return
	}
	for id := range x.hands {
		x.hands[id].waiting = 0
	}
	x.reorder(&x.held)
	for id := range x.hands {
		x.loosen(ThingID(id))
	}
}

// begin has the lanes play up to a time, not including it.
func (x *Lanes) begin(end Time) {
	x.until = max(x.until, end)
	if x.resting {
		return
	}
	for _, l := range x.lanes {
		for _, p := range l.parts {
			p.Enter()
		}
	}
	x.ahead = true
	x.gate.begin(x.until)
}

// finish waits for that, and takes over what has come of it.
func (x *Lanes) finish() {
	if x.resting {
		return
	}
	x.gate.finish()
	x.ahead = false
	for _, e := range x.back {
		x.await(e.event, e.id)
	}
	for _, id := range x.loose {
		x.loosen(id)
	}
	x.back, x.loose = x.back[:0], x.loose[:0]
	x.collect()
}

// collect takes over what the lanes have left to the run's own clock.
func (x *Lanes) collect() {
	for _, l := range x.lanes {
		for _, e := range l.passed {
			if a, is := x.things[e.key>>56].(adopter); is {
				e.key = e.key&^0xffffffff | uint64(a.adopt(e.shelf, uint32(e.key)))
			}
			x.hold(e.event, e.id)
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
			id := x.things[e.key>>56].Thing(uint32(e.key), uint32(e.key>>32)&MaxArg)
			x.hands[id].waiting--
			c.happen(e)
			x.loosen(id)
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
