package contained

import (
	"net"
	"sync"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"
)

// pace lets so many through a second, and makes those beyond wait their turn. The
// zero value lets all through at once.
type pace struct {
	each  time.Duration // between two that wait; 0: none waits
	burst time.Duration // so much of the pace may be used at once, after a pause

	mu   sync.Mutex
	next time.Time // when the next may go if there is no pause
}

// set sets so many a second, 0 for no bounds. After a pause as many may go at once
// as there is time for in a burst.
func (p *pace) set(perSecond int, burst time.Duration) {
	if perSecond > 0 {
		p.each = time.Second / time.Duration(perSecond)
		p.burst = max(burst, p.each)
	}
}

// turn is for how long one has to wait that comes now.
func (p *pace) turn(now time.Time) time.Duration {
	if p.each == 0 {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if earliest := now.Add(-p.burst); p.next.Before(earliest) {
		p.next = earliest
	}
	p.next = p.next.Add(p.each)
	return max(0, p.next.Sub(now))
}

// hold waits; false when the broker closes before.
func (b *Broker) hold(wait time.Duration) bool { return sleep(wait, b.memory.closed) }

// sleep waits; false when it was cut short.
func sleep(wait time.Duration, cut <-chan struct{}) bool {
	if wait <= 0 {
		return true
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-cut:
		return false
	}
}

// spend books a packet that makes work for others.
func (c *Client) spend(kind byte) {
	if c.pace.each == 0 {
		return
	}
	switch kind {
	case packets.Publish, packets.Subscribe, packets.Unsubscribe, packets.Pingreq:
		c.debt = c.pace.turn(time.Now())
	}
}

// pause reads no more from a client that has sent too much until it is its turn.
func (c *Client) pause() error {
	if c.debt == 0 {
		return nil
	}
	if !c.slowed {
		c.slowed = true
		c.broker.counts.add(slowedClients)
		c.broker.tell(c, slowedClients, c.ID, "it sends more than it may", "")
	}
	wait := c.debt
	c.debt = 0
	if !sleep(wait, c.closing) {
		return net.ErrClosed
	}
	return nil
}
