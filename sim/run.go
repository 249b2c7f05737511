package sim

import (
	"time"
)

// Run lets events happen up to and including a time. Afterwards Now is that
// time, unless Stop ended it early.
func (c *Clock) Run(until Time) error {
	if c.wall != nil {
		return c.runLive(until)
	}
	for {
		if err := c.takePosts(); err != nil {
			return err
		}
		for range 1024 {
			if c.queue.next() > until {
				c.now = max(c.now, until)
				return nil
			}
			c.step()
		}
	}
}

// step lets the next event happen.
func (c *Clock) step() {
	e := c.queue.pop()
	c.now = e.at
	c.events++
	c.hash = (c.hash ^ uint64(e.at)*0x9e3779b97f4a7c15 ^ e.key) * 1099511628211
	c.handlers[e.key>>56].Happen(uint32(e.key), uint32(e.key>>32)&MaxArg)
}

// takePosts runs what other goroutines have posted.
func (c *Clock) takePosts() error {
	c.mu.Lock()
	posts, err := c.inbox, c.stopped
	if len(posts) > 0 {
		c.inbox = c.spare[:0]
	}
	c.mu.Unlock()
	for i, f := range posts {
		posts[i] = nil
		f()
	}
	if len(posts) > 0 {
		c.spare = posts
	}
	return err
}

// runLive waits for the wall before each event. Posts come first: what has
// arrived from outside is as old as now, what is due is at most as old.
func (c *Clock) runLive(until Time) error {
	for {
		now := Time(float64(c.wall.Elapsed()) * c.speed)
		for next := c.queue.next(); next <= now && next <= until; next = c.queue.next() {
			c.lag.record(time.Duration(float64(now-next) / c.speed))
			c.step()
			if c.events&63 == 0 {
				break
			}
		}
		if err := c.arrive(min(now, until)); err != nil {
			return err
		}
		next := c.queue.next()
		if next <= min(now, until) {
			continue
		}
		if now >= until {
			c.now = max(c.now, until)
			return nil
		}
		c.sleep(min(next, until))
	}
}

// arrive lets what was posted happen at a time that is never before the last event.
func (c *Clock) arrive(now Time) error {
	if next := c.queue.next(); now > next {
		now = next
	}
	c.now = max(c.now, now)
	return c.takePosts()
}

// sleep waits for a scenario time unless something has been posted meanwhile.
func (c *Clock) sleep(until Time) {
	c.mu.Lock()
	idle := len(c.inbox) == 0 && c.stopped == nil
	c.asleep = idle
	c.mu.Unlock()
	if !idle {
		return
	}
	c.wall.Sleep(time.Duration(float64(until) / c.speed))
	c.mu.Lock()
	c.asleep = false
	c.mu.Unlock()
}
