package twins

import (
	"time"

	"github.com/twinbed/twinbed/sim"
)

// step is one compiled step.
type step struct {
	action    action
	process   int // place in the platform's processes, -1 for a decision's own
	place     int // among the steps of the process, in the order they are written
	timeout   time.Duration
	retries   int
	backoff   time.Duration
	onFailure []step
}

// action is what a step does. It ends r, now or later, unless it is given up.
type action interface{ begin(r *run) }

// turn is one turn of the decision loop: a decision that has fired, until the
// last of its steps has ended.
type turn struct {
	p       *Platform
	d       *decision
	i       int
	flags   *uint8
	loop    sim.Loop
	deeds   int
	stamped bool // a deed has been acknowledged
	current *run // of its own steps, the one under way
}

// run is a step under way.
type run struct {
	t       *turn
	s       *step
	up      *run // the step it is part of
	parts   []*run
	attempt int
	deed    *deed
	timer   sim.Timer // of the timeout, or of the pause before the next attempt
	cancel  func()    // takes back what the step waits for besides a deed
	then    func(sim.Outcome)
}

// sequence runs steps one after the other until one fails.
func (t *turn) sequence(up *run, steps []step, then func(sim.Outcome)) {
	if len(steps) == 0 {
		then(sim.Done)
		return
	}
	r := &run{t: t, s: &steps[0], up: up}
	r.then = func(o sim.Outcome) {
		if o != sim.Done {
			then(o)
			return
		}
		t.sequence(up, steps[1:], then)
	}
	if up != nil {
		up.parts = append(up.parts, r)
	} else {
		t.current = r
	}
	r.try()
}

// try makes an attempt.
func (r *run) try() {
	r.attempt++
	if r.s.timeout > 0 {
		r.timer = r.t.p.world.Clock.AmongAfter(r.s.timeout, r.timeOut)
	}
	r.s.action.begin(r)
}

// timeOut ends an attempt that has taken too long. A command that is tried
// again stays the same deed, so that the thing does not do it twice.
func (r *run) timeOut() {
	if _, isCommand := r.s.action.(*command); !isCommand || r.attempt > r.s.retries {
		r.giveUp(sim.TimedOut)
	}
	r.end(sim.TimedOut)
}

// end is how an attempt ended; unless there is another, what a failure leaves
// behind is put right and the step is over.
func (r *run) end(o sim.Outcome) {
	p := r.t.p
	r.timer.Cancel()
	if o != sim.Done && o != sim.Refused && r.attempt <= r.s.retries {
		if pause := r.pause(); pause > 0 {
			r.timer = p.world.Clock.AmongAfter(pause, r.try)
		} else {
			r.try()
		}
		return
	}
	if o == sim.Done || len(r.s.onFailure) == 0 {
		r.leave(o)
		return
	}
	p.note("compensating", r.t.loop.Thing, r.t.d.info.Name, o.String(), r.t.loop.ID)
	r.t.sequence(r, r.s.onFailure, func(sim.Outcome) { r.leave(o) })
}

// pause is the time before the next attempt: doubled each time, a day at most.
func (r *run) pause() time.Duration {
	pause := r.s.backoff
	for n := 1; n < r.attempt && pause < 24*time.Hour; n++ {
		pause *= 2
	}
	return min(pause, max(24*time.Hour, r.s.backoff))
}

// leave ends the step.
func (r *run) leave(o sim.Outcome) {
	if r.up != nil {
		for n, part := range r.up.parts {
			if part == r {
				r.up.parts = append(r.up.parts[:n], r.up.parts[n+1:]...)
				break
			}
		}
	}
	r.then(o)
}

// giveUp takes back all that is under way in the step; none of it goes on.
func (r *run) giveUp(o sim.Outcome) {
	r.timer.Cancel()
	if r.cancel != nil {
		r.cancel()
		r.cancel = nil
	}
	parts := r.parts
	r.parts = nil
	for _, part := range parts {
		part.giveUp(o)
	}
	if r.deed != nil {
		r.t.p.abandon(r.deed, o)
		r.deed = nil
	}
}

// acknowledged stamps the loop with what became of one of its deeds.
func (t *turn) acknowledged(a *sim.Ack) {
	stamps := &t.loop.Stamps
	if !t.stamped || a.Delivered.At < stamps[sim.Delivered].At {
		stamps[sim.Delivered] = a.Delivered
	}
	if !t.stamped || a.Done.At > stamps[sim.Acted].At {
		stamps[sim.Acted] = a.Done
	}
	t.stamped = true
	t.loop.Foreign = t.loop.Foreign || a.Foreign
	t.loop.Real = t.loop.Real || a.Real
}

// close ends the turn. Delivered and Acted stay zero where no deed was ever
// acknowledged; a turn without deeds has reached them by deciding.
func (t *turn) close(o sim.Outcome) {
	stamps := &t.loop.Stamps
	stamps[sim.Acked] = t.p.world.Clock.Stamp()
	if t.deeds == 0 {
		stamps[sim.Delivered], stamps[sim.Acted] = stamps[sim.Acked], stamps[sim.Acked]
	}
	t.loop.Outcome = o
	*t.flags &^= busy
	delete(t.p.open, t)
	t.p.world.Observers.Turned(&t.loop)
	if o == sim.Done {
		t.renew()
	}
	if t.d.again > 0 {
		t.p.ringAgain(t)
	}
	t.p.world.Release(t.loop.Thing)
}
