package sim

import (
	"fmt"
	"math"
	"time"
)

// Run lets events happen up to and including a time. Afterwards Now is that
// time, unless Stop ended it early.
func (c *Clock) Run(until Time) error {
	switch {
	case c.wall != nil:
		return c.runLive(until)
	case c.lanes != nil:
		return c.lanes.run(until)
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

// Rerun brings a run that is repeated to a point that it has been at: so many events
// had happened, and it was now. Nothing waits for the wall, and nothing that was
// posted is taken up. The error says that this is not the same run.
func (c *Clock) Rerun(now Time, events uint64) error {
	for c.events < events && c.queue.next() <= now {
		c.step()
	}
	if c.events != events || c.queue.next() < now || c.now > now {
		return fmt.Errorf("the repetition has left the way of the run at %s: after %d events where there were %d", time.Duration(now), c.events, events)
	}
	c.now = now
	return nil
}

// CatchUp lets happen what was due up to now, without waiting, and without counting
// it as late: nobody was there.
func (c *Clock) CatchUp(now Time) {
	for c.queue.next() <= now {
		c.step()
	}
	c.now = max(c.now, now)
}

// step lets the next event happen.
func (c *Clock) step() {
	c.happen(c.queue.pop())
}

func (c *Clock) happen(e event) {
	c.count(e)
	c.handlers[e.key>>56].Happen(uint32(e.key), uint32(e.key>>32)&MaxArg)
}

// count has it be an event's time, and adds the event to those that have happened.
func (c *Clock) count(e event) {
	c.now = e.at
	c.events++
	c.hash += e.mixed(c.marks[e.key>>56])
}

// mixed is 64 bits that depend on all bits of an event: of its time, and of its key
// those of the mark (the finalizer of splitmix64, Steele, Lea and Flood 2014).
func (e event) mixed(mark uint64) uint64 {
	x := uint64(e.at)*0x9e3779b97f4a7c15 + e.key&mark
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// called says whether other goroutines have posted anything, or want an end.
func (c *Clock) called() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.inbox) > 0 || c.stopped != nil
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

// runLive waits for the wall before each event. What is due goes before what
// was posted, but posts get their turn at least every 64 events.
func (c *Clock) runLive(until Time) error {
	for {
		elapsed := c.wall.Elapsed()
		for next := c.queue.next(); next <= until; next = c.queue.next() {
			late := elapsed - c.wallOf(next)
			if late < 0 {
				break
			}
			c.lag.record(late)
			c.step()
			if c.events&63 == 0 {
				break
			}
		}
		if err := c.arrive(min(Time(float64(elapsed)*c.speed), until)); err != nil {
			return err
		}
		next := min(c.queue.next(), until)
		switch due := c.wallOf(next); {
		case due > elapsed:
			c.rest(elapsed, due)
		case next == until && c.queue.next() > until:
			c.now = max(c.now, until)
			return nil
		}
	}
}

// A clock that would have to wake up more often than every slumber, and does so
// for longer than a watch, sleeps through: going to sleep and being woken cost
// more than what there is to do, and cores that load needs.
const (
	slumber = 200 * time.Microsecond
	watch   = 5 * time.Millisecond
)

// pulse tells how often the clock wakes up.
type pulse struct {
	since time.Duration // the watch's beginning
	wakes int
	busy  bool
}

// rest sleeps until the next event is due or something is posted; a busy clock
// for a slumber, and lets both wait until then.
func (c *Clock) rest(elapsed, due time.Duration) {
	p := &c.pulse
	p.wakes++
	if passed := elapsed - p.since; passed >= watch {
		enough := passed * 3 / 4
		if p.busy {
			enough = passed / 4 // it sleeps longer now, and wakes up less often for that
		}
		p.busy = time.Duration(p.wakes)*slumber > enough
		p.since, p.wakes = elapsed, 0
	}
	if p.busy {
		c.wall.Sleep(elapsed + slumber)
		return
	}
	c.sleep(due)
}

// wallOf is the first wall time at which a scenario time has come.
func (c *Clock) wallOf(t Time) time.Duration {
	w := float64(t) / c.speed
	if w >= math.MaxInt64 {
		return math.MaxInt64
	}
	return time.Duration(math.Ceil(w))
}

// arrive lets what was posted happen at a time that is never before the last event.
func (c *Clock) arrive(now Time) error {
	if next := c.queue.next(); now > next {
		now = next
	}
	c.now = max(c.now, now)
	return c.takePosts()
}

// sleep waits for a wall time unless something has been posted meanwhile.
func (c *Clock) sleep(until time.Duration) {
	c.mu.Lock()
	idle := len(c.inbox) == 0 && c.stopped == nil
	c.asleep = idle
	c.mu.Unlock()
	if !idle {
		return
	}
	c.wall.Sleep(until)
	c.mu.Lock()
	c.asleep = false
	c.mu.Unlock()
}
