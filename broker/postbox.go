package broker

import (
	"sync"

	"github.com/twinbed/twinbed/sim"
)

// letter is a message on its way out through the gate.
type letter struct {
	room    Room
	name    string // whose room
	payload []byte
	qos     byte
	medium  sim.Medium
	thing   sim.ThingID
	due     sim.Time
	vital   bool // a loss is told: a command or task, not an observer's copy
	id      uint64
}

// postbox takes messages from the clock's thread, never blocks it, and hands
// them one by one to a goroutine that may be held up by a slow client.
type postbox struct {
	limit   int
	mu      sync.Mutex
	more    sync.Cond
	waiting []letter
	busy    int
	closed  bool
}

func newPostbox(limit int) *postbox {
	p := &postbox{limit: limit}
	p.more.L = &p.mu
	return p
}

func (p *postbox) put(l letter) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiting) >= p.limit || p.closed {
		return false
	}
	p.waiting = append(p.waiting, l)
	p.more.Signal()
	return true
}

// carry hands letters to deliver until the postbox is closed and empty.
func (p *postbox) carry(deliver func(letter)) {
	var batch []letter
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		for len(p.waiting) == 0 {
			if p.closed {
				return
			}
			p.more.Wait()
		}
		batch, p.waiting = p.waiting, batch[:0]
		p.busy = len(batch)
		p.mu.Unlock()
		for i, l := range batch {
			deliver(l)
			batch[i] = letter{}
			p.mu.Lock()
			p.busy--
			p.mu.Unlock()
		}
		p.mu.Lock()
	}
}

func (p *postbox) close() {
	p.mu.Lock()
	p.closed = true
	p.more.Signal()
	p.mu.Unlock()
}

// inFlight is how many messages have not been handed to the broker.
func (p *postbox) inFlight() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.waiting) + p.busy
}
