package broker

import (
	"slices"
	"sync"
	"time"

	"github.com/twinbed/twinbed/sim"
)

// limit is how many messages a queue has room for: as many as it was made for, and
// fewer while faults narrow it.
type limit struct {
	most int
	less []*narrowing
}

type narrowing struct {
	room int
	hits *sim.Hits
}

// full says whether a queue of n messages takes no more, and counts that as a hit of
// whatever narrows it.
func (l *limit) full(n int) bool { return n >= l.most || len(l.less) > 0 && l.narrowed(n) }

func (l *limit) narrowed(n int) (full bool) {
	for _, x := range l.less {
		if n >= x.room {
			x.hits.Add()
			full = true
		}
	}
	return full
}

// narrow leaves less room until undo is called; mu guards the limit.
func (l *limit) narrow(mu sync.Locker, room int, hits *sim.Hits) (undo func()) {
	x := &narrowing{room, hits}
	mu.Lock()
	defer mu.Unlock()
	l.less = append(l.less, x)
	return func() {
		mu.Lock()
		defer mu.Unlock()
		l.less = slices.DeleteFunc(l.less, func(y *narrowing) bool { return y == x })
	}
}

func (x *inbox) narrow(room int, hits *sim.Hits) (undo func()) {
	widen := x.limit.narrow(&x.mu, room, hits)
	x.narrowed.Add(1)
	return func() { widen(); x.narrowed.Add(-1) }
}

func (p *postbox) narrow(room int, hits *sim.Hits) (undo func()) {
	return p.limit.narrow(&p.mu, room, hits)
}

// waitsForRoom is how often a message that waits looks whether there is room again.
const waitsForRoom = 20 * time.Millisecond

// findsRoom has a message that can wait do so while a fault leaves no room for it;
// false when its client is to leave before. It is not acknowledged meanwhile, and its
// connection is not read.
func (v *guest) findsRoom() bool {
	x := v.desk.inbox
	for x.narrowed.Load() > 0 && x.clogged() {
		if !v.Stay(waitsForRoom) {
			return false
		}
	}
	return true
}

func (x *inbox) clogged() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.limit.narrowed(x.messages())
}
