package sim

import (
	"errors"
	"math"
	"sync"
	"time"
)

// Kind of event: a number that Clock.Handle gave to a Handler.
type EventKind uint8

// Handler carries out scheduled events without a closure each: who and arg mean
// what the handler wants them to.
type Handler interface {
	Happen(who, arg uint32)
}

// ThingHandler is a Handler whose events are about one thing each, and depend on
// nothing but that thing until a decision fires: [Lanes] play them side by side. Those for
// which a lane has no handler of its own are the run's own clock's to play.
type ThingHandler interface {
	Handler
	// Thing says which thing an event is about.
	Thing(who, arg uint32) ThingID
}

// argBits is how many bits of an event's arg are kept.
const argBits = 24

// MaxArg is the largest arg of an event.
const MaxArg = 1<<argBits - 1

// Wall is the outside's clock, by which a live run is paced.
type Wall interface {
	// Elapsed is wall time since the run began; it never runs backwards.
	Elapsed() time.Duration
	// Sleep returns at the given elapsed time, or earlier after a Wake.
	Sleep(until time.Duration)
	// Wake ends the present or the next Sleep; from any goroutine.
	Wake()
}

// Clock is a run's one clock and one thread of events.
//
// With speed 0 it jumps from event to event (virtual time). With speed 1 it
// waits for the wall clock, with 60 an hour passes in a minute.
type Clock struct {
	now      Time
	events   uint64
	hash     uint64
	queue    *queue
	handlers [256]Handler
	marks    [256]uint64 // what of an event's key belongs to the hash
	kinds    int
	lanes    *Lanes // nil for a clock that plays all by itself
	lane     *Lane  // whose clock it is; nil for the run's own

	closures []func() // cold events: At, After, Every
	free     []uint32

	speed float64
	wall  Wall
	lag   Lag
	pulse pulse

	mu      sync.Mutex
	inbox   []func()
	spare   []func()
	refused uint64
	stopped error
	asleep  bool
}

// inboxLimit bounds what goroutines at the edge can have posted and the clock
// not yet taken up.
const inboxLimit = 1 << 20

// ErrStopped is what Run returns after Stop(nil).
var ErrStopped = errors.New("stopped")

// NewClock makes a virtual clock.
func NewClock() *Clock {
	c := &Clock{queue: newQueue()}
	c.anonymous(c.Handle(closureHandler{c}))
	return c
}

// NewLiveClock makes a clock that is paced by a wall: scenario time passes speed
// times as fast.
func NewLiveClock(speed float64, wall Wall) *Clock {
	c := NewClock()
	c.speed, c.wall = speed, wall
	return c
}

// Live says whether the clock is paced by a wall.
func (c *Clock) Live() bool { return c.wall != nil }

// Speed is scenario time per wall time; 0 in virtual time.
func (c *Clock) Speed() float64 { return c.speed }

// Now is the scenario time of the event under way: when it was due.
func (c *Clock) Now() Time { return c.now }

// Stamp is the time of a stage that is reached now. In a live run it is
// measured: later than Now by as much as the clock lags.
func (c *Clock) Stamp() Stamp {
	if c.wall == nil {
		return Stamp{At: c.now}
	}
	e := c.wall.Elapsed()
	return Stamp{At: max(c.now, Time(float64(e)*c.speed)), Wall: e}
}

// StampOf is the stamp of a scenario time as it should have been: when a
// reading was due, however late it went out.
func (c *Clock) StampOf(t Time) Stamp {
	if c.wall == nil {
		return Stamp{At: t}
	}
	return Stamp{At: t, Wall: c.wallOf(t)}
}

// Handle registers a handler and returns the kind to schedule its events by.
func (c *Clock) Handle(h Handler) EventKind {
	if c.kinds == len(c.handlers) {
		panic("more than 256 handlers on a clock")
	}
	c.handlers[c.kinds], c.marks[c.kinds] = h, math.MaxUint64
	c.kinds++
	return EventKind(c.kinds - 1)
}

// anonymous keeps out of the hash who an event of a kind is about: a slot, which is
// whichever was free.
func (c *Clock) anonymous(k EventKind) { c.marks[k] = 0xff << 56 }

// Schedule has a handler's event happen at a time; one that has passed means now.
func (c *Clock) Schedule(at Time, k EventKind, who, arg uint32) {
	if at < c.now {
		at = c.now
	}
	e := event{at, uint64(k)<<56 | uint64(arg&MaxArg)<<32 | uint64(who)}
	switch {
	case c.lane != nil:
		c.lane.take(e)
	case c.lanes == nil || !c.lanes.takes(e):
		c.queue.push(e)
	}
}

// Timer is a cold event that can be taken back.
type Timer struct {
	c    *Clock
	slot uint32
	run  *timerRun
}

type timerRun struct{ f func() }

// Cancel takes the event back; after it happened, or on the zero Timer, nothing.
func (t Timer) Cancel() {
	if t.run != nil {
		t.run.f = nil
	}
}

// At has f happen at a time.
func (c *Clock) At(t Time, f func()) Timer { return c.at(t, f, false) }

// After has f happen a duration from now.
func (c *Clock) After(d time.Duration, f func()) Timer { return c.At(c.now.Add(d), f) }

// Among is At for what concerns nothing but things that are in hand then (see [Lanes]).
func (c *Clock) Among(t Time, f func()) Timer { return c.at(t, f, true) }

// AmongAfter is After, likewise.
func (c *Clock) AmongAfter(d time.Duration, f func()) Timer { return c.Among(c.now.Add(d), f) }

func (c *Clock) at(t Time, f func(), among bool) Timer {
	run := &timerRun{f}
	var slot uint32
	call := func() {
		if f := run.f; f != nil {
			run.f = nil
			f()
		}
	}
	if n := len(c.free); n > 0 {
		slot, c.free = c.free[n-1], c.free[:n-1]
		c.closures[slot] = call
	} else {
		slot = uint32(len(c.closures))
		c.closures = append(c.closures, call)
	}
	if among && c.lanes != nil {
		c.lanes.held.push(event{max(t, c.now), uint64(slot)})
	} else {
		c.Schedule(t, 0, slot, 0)
	}
	return Timer{c, slot, run}
}

// Every has f happen each d from now on, until stop is called.
func (c *Clock) Every(d time.Duration, f func()) (stop func()) {
	var next Timer
	var turn func()
	turn = func() {
		next = c.After(d, turn)
		f()
	}
	next = c.After(d, turn)
	return func() { next.Cancel() }
}

type closureHandler struct{ c *Clock }

func (h closureHandler) Happen(slot, _ uint32) {
	f := h.c.closures[slot]
	h.c.closures[slot] = nil
	h.c.free = append(h.c.free, slot)
	f()
}

// Post is the one door from other goroutines: f happens on the clock's thread,
// as soon as it can. False when the inbox is full; that is counted. In virtual
// time posted functions run before the next event.
func (c *Clock) Post(f func()) bool {
	c.mu.Lock()
	if len(c.inbox) >= inboxLimit {
		c.refused++
		c.mu.Unlock()
		return false
	}
	c.inbox = append(c.inbox, f)
	wake := c.asleep
	c.asleep = false
	c.mu.Unlock()
	if wake {
		c.wall.Wake()
	}
	return true
}

// Stop ends Run before the next event, with err or ErrStopped; from any goroutine.
func (c *Clock) Stop(err error) {
	if err == nil {
		err = ErrStopped
	}
	c.mu.Lock()
	if c.stopped == nil {
		c.stopped = err
	}
	c.mu.Unlock()
	if c.wall != nil {
		c.wall.Wake()
	}
}

// Refused is how many posts the full inbox turned away.
func (c *Clock) Refused() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.refused
}

// Events is how many events have happened.
func (c *Clock) Events() uint64 { return c.events }

// Pending is how many events are scheduled.
func (c *Clock) Pending() int { return c.queue.len() }

// Hash folds every event that has happened, with its time, into 64 bits: the
// same scenario, seed and version give the same hash. It is a sum, so that events that
// do not depend on one another may happen in any order.
func (c *Clock) Hash() uint64 { return c.hash }

// Lag tells how late a live clock was.
func (c *Clock) Lag() *Lag { return &c.lag }
