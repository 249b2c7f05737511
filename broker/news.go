package broker

import (
	"sync"
	"sync/atomic"

	"github.com/twinbed/twinbed/sim"
)

// news is what a session's goroutines have to tell the clock's thread.
type news struct {
	what       happening
	session    *fleetSession
	thing      sim.ThingID // but for broken, which is of all its things
	connection uint32
	command    sim.Command // obey
	medium     sim.Medium  // lost, givenUp
	due        sim.Time
	why        sim.Cause
}

type happening uint8

const (
	obey    happening = iota // a command has come
	lost                     // a message is known to be lost
	givenUp                  // a message is not sent again
	broken                   // a connection has ended; all it brought was told before
)

// newsroom takes news in, in order, and posts one drain for all that has
// gathered. Commands are bounded; the rest is as bounded as sessions and their
// windows are.
type newsroom struct {
	clock *sim.Clock
	limit int
	sink  func([]news) // on the clock's thread
	turn  func()       // drain, made once

	mu      sync.Mutex
	waiting []news
	spare   []news
	orders  int // commands among those that wait
	posted  bool
	closed  bool

	ends atomic.Bool // the end of a connection is among what waits
}

func newNewsroom(clock *sim.Clock, limit int, sink func([]news)) *newsroom {
	x := &newsroom{clock: clock, limit: limit, sink: sink}
	x.turn = x.drain
	return x
}

// tell takes one in; false for a command that there is no room for.
func (x *newsroom) tell(n news) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if n.what == obey {
		if x.orders >= x.limit || x.closed {
			return false
		}
		x.orders++
	}
	x.waiting = append(x.waiting, n)
	if n.what == broken || n.what == givenUp {
		x.ends.Store(true)
	}
	if !x.posted {
		x.posted = x.clock.Post(x.turn) // a full clock is asked again by the next
	}
	return true
}

// catchUp drains what waits if the end of a connection is among it, so that it is
// known before what a later connection has brought.
func (x *newsroom) catchUp() {
	if x.ends.Load() {
		x.drain()
	}
}

func (x *newsroom) drain() {
	x.mu.Lock()
	b := x.waiting
	x.waiting, x.spare = x.spare, nil
	x.posted, x.orders = false, 0
	x.ends.Store(false)
	x.mu.Unlock()
	x.sink(b)
	clear(b)
	x.mu.Lock()
	x.spare = b[:0]
	x.mu.Unlock()
}

// close refuses further commands. What has gathered can still be drained.
func (x *newsroom) close() {
	x.mu.Lock()
	x.closed = true
	x.mu.Unlock()
}
