package broker

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/twinbed/twinbed/sim"
)

// inbox takes what goroutines at the edge have to tell the clock's thread, in
// order, bounded, and posts one drain for all that has gathered.
type inbox struct {
	clock *sim.Clock
	limit limit       // of readings, acks and orders that wait
	sink  func(batch) // on the clock's thread
	turn  func()      // drain, made once

	mu      sync.Mutex
	room    sync.Cond
	waiting batch
	spare   batch
	posted  bool
	closed  bool

	narrowed atomic.Int32 // faults that leave less room
}

// batch is what has gathered. Readings, acks and losses lie in arrays
// of their own, order says how they came.
type batch struct {
	order    []item
	readings []heard
	values   []float64
	acks     []answered
	orders   []sim.Order
	losses   []loss
	notes    []sim.Event
}

type item uint8

const (
	readingItem item = iota
	ackItem
	orderItem
	lossItem
)

// heard is a reading whose values lie in the batch.
type heard struct {
	thing   sim.ThingID
	seq     uint32
	due     sim.Time // -1 for a stranger's
	ahead   time.Duration
	again   bool
	foreign bool
	width   int
	mark    uint64 // its record in the journal; 0 without one
}

// answered is an ack of a thing, or of a worker to its phone.
type answered struct {
	thing   sim.ThingID
	phone   *Phone
	foreign bool
	client  string
	mark    uint64 // its record in the journal; 0 without one
	Answer
}

// due is what an ack of a session is known by on its way; -1 for a stranger's.
func (a *answered) due() sim.Time {
	if a.Stamped && !a.foreign {
		return a.Answer.Done.At
	}
	return -1
}

type loss struct {
	medium  sim.Medium
	thing   sim.ThingID
	due     sim.Time // -1: now
	why     sim.Cause
	foreign bool   // a reading that nobody has called sent yet
	phone   *Phone // the books have it as taken: its foreman is told
	took    bool   // not lost: a client that is not ours has been handed it, or reads its phone
	id      uint64
	seq     uint32
}

// Bounds of what is told besides messages, between two drains.
const (
	maxLosses = 1 << 20
	maxNotes  = 256
)

func newInbox(clock *sim.Clock, most int, sink func(batch)) *inbox {
	x := &inbox{clock: clock, limit: limit{most: most}, sink: sink}
	x.room.L = &x.mu
	x.turn = x.drain
	return x
}

// reading takes a reading in; values are copied. When there is no room one that
// can wait does (its publisher has no ack yet); else false.
func (x *inbox) reading(h heard, values []float64, wait bool) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.admit(wait) {
		return false
	}
	h.width = len(values)
	x.waiting.order = append(x.waiting.order, readingItem)
	x.waiting.readings = append(x.waiting.readings, h)
	x.waiting.values = append(x.waiting.values, values...)
	x.post()
	return true
}

func (x *inbox) ack(a answered, wait bool) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.admit(wait) {
		return false
	}
	x.waiting.order = append(x.waiting.order, ackItem)
	x.waiting.acks = append(x.waiting.acks, a)
	x.post()
	return true
}

func (x *inbox) ordered(o sim.Order, wait bool) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.admit(wait) {
		return false
	}
	x.waiting.order = append(x.waiting.order, orderItem)
	x.waiting.orders = append(x.waiting.orders, o)
	x.post()
	return true
}

// admit makes sure that there is room for one more. One that can wait has waited
// already where a fault left less room.
func (x *inbox) admit(wait bool) bool {
	if !wait {
		return !x.closed && !x.limit.full(x.messages())
	}
	for x.messages() >= x.limit.most && !x.closed {
		x.post()
		x.room.Wait()
	}
	return !x.closed
}

// messages is how many wait.
func (x *inbox) messages() int { return len(x.waiting.order) - len(x.waiting.losses) }

// lost has the observers told of a loss; false when that was one too many.
func (x *inbox) lost(l loss) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.waiting.losses) >= maxLosses {
		return false
	}
	x.waiting.order = append(x.waiting.order, lossItem)
	x.waiting.losses = append(x.waiting.losses, l)
	x.post()
	return true
}

func (x *inbox) note(e sim.Event) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.waiting.notes) >= maxNotes {
		return false
	}
	x.waiting.notes = append(x.waiting.notes, e)
	x.post()
	return true
}

// post asks the clock for one drain; a full clock is asked again by the next item.
func (x *inbox) post() {
	if !x.posted {
		x.posted = x.clock.Post(x.turn)
	}
}

func (x *inbox) drain() {
	x.mu.Lock()
	b := x.waiting
	x.waiting, x.spare = x.spare, batch{}
	x.posted = false
	x.room.Broadcast()
	x.mu.Unlock()
	x.sink(b)
	clear(b.acks)
	clear(b.orders)
	clear(b.notes)
	x.mu.Lock()
	x.spare = batch{
		b.order[:0], b.readings[:0], b.values[:0], b.acks[:0], b.orders[:0], b.losses[:0], b.notes[:0],
	}
	x.mu.Unlock()
}

// close lets go of whoever waits for room. What has gathered can still be drained.
func (x *inbox) close() {
	x.mu.Lock()
	x.closed = true
	x.room.Broadcast()
	x.mu.Unlock()
}

// foreign is how many messages of clients that are not ours wait for the clock.
func (x *inbox) foreign() (readings, acks int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for i := range x.waiting.readings {
		if x.waiting.readings[i].foreign {
			readings++
		}
	}
	for i := range x.waiting.acks {
		if x.waiting.acks[i].foreign {
			acks++
		}
	}
	return readings, acks
}

// tell passes a loss on to the observers, on the clock's thread.
func (l loss) tell(w *sim.World) {
	if l.due < 0 {
		l.due = w.Clock.Now()
	}
	if l.took {
		w.Observers.Took(l.medium, l.thing, l.id)
	} else {
		w.Observers.Lost(l.medium, l.thing, l.due, l.why)
	}
}

// tellNotes passes the events on to the observers, likewise.
func (b *batch) tellNotes(w *sim.World) {
	for _, e := range b.notes {
		e.At = w.Clock.Now()
		w.Observers.Noted(e)
	}
}
