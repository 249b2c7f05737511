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
	phone   *Phone // whose task it is, else nil
	after   uint64 // goes out once the journal has this record on disk
}

// postbox takes messages from the clock's thread, never blocks it, and hands
// them one by one to a goroutine that may be held up by a slow client.
type postbox struct {
	limit   limit
	mu      sync.Mutex
	more    sync.Cond
	waiting []letter
	busy    []letter // taken and not delivered
	closed  bool
}

func newPostbox(most int) *postbox {
	p := &postbox{limit: limit{most: most}}
	p.more.L = &p.mu
	return p
}

func (p *postbox) put(l letter) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.limit.full(len(p.waiting)) {
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
		p.busy = batch
		p.mu.Unlock()
		for i, l := range batch {
			deliver(l)
			p.mu.Lock()
			p.busy = batch[i+1:]
			batch[i] = letter{}
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

// count is how many of the messages that have not been handed to the broker are so.
func (p *postbox) count(is func(*letter) bool) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, all := range [...][]letter{p.busy, p.waiting} {
		for i := range all {
			if is(&all[i]) {
				n++
			}
		}
	}
	return n
}
