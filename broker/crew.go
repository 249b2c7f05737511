package broker

import "sync"

// crew is a few goroutines that do one sort of work for all sessions of a fleet,
// session by session in the order they asked for it.
type crew struct {
	work    func(*fleetSession, *attempt)
	mu      sync.Mutex
	some    sync.Cond
	waiting line[*fleetSession]
	asleep  int
	closed  bool
	running sync.WaitGroup
}

func (c *crew) start(n int, work func(*fleetSession, *attempt)) {
	c.work, c.some.L = work, &c.mu
	for range n {
		c.running.Go(c.run)
	}
}

// add queues a session, which sees to it that it is in the queue once.
func (c *crew) add(s *fleetSession) {
	c.mu.Lock()
	c.waiting.push(s)
	wake := c.asleep > 0
	c.mu.Unlock()
	if wake {
		c.some.Signal()
	}
}

func (c *crew) next() *fleetSession {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.waiting.len() == 0 {
		if c.closed {
			return nil
		}
		c.asleep++
		c.some.Wait()
		c.asleep--
	}
	s := *c.waiting.at(0)
	c.waiting.drop(1)
	return s
}

func (c *crew) run() {
	a := newAttempt()
	for s := c.next(); s != nil; s = c.next() {
		c.work(s, a)
	}
}

// stop ends the goroutines once the queue is empty.
func (c *crew) stop() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.some.Broadcast()
	c.running.Wait()
}
