package broker

import "github.com/twinbed/twinbed/sim"

// trail is the messages on their way between a thing's session and the bus, in
// the order they were handed over, known by the numbers they carry. It lives on
// the clock's thread.
//
// A connection delivers in order, so when it ends, what it carried is a head that
// arrived and a tail that did not. A message is lost with its connection only if
// it belongs to that tail. Whatever else is missing is not explained here, and
// the ledger finds it.
type trail struct {
	steps line[step]
	ended uint32 // connections up to this one have ended
	up    bool   // to the platform: each step's connection is exactly known
}

// step is a message on its way.
type step struct {
	number     uint64 // a reading's sequence number, an id
	due        sim.Time
	connection uint32 // that it was handed to; 0: it is sent again until it is acknowledged
	medium     sim.Medium
}

func (t *trail) add(s step) { t.steps.push(s) }

func (t *trail) find(is func(*step) bool) int {
	for i := range t.steps.len() {
		if is(t.steps.at(i)) {
			return i
		}
	}
	return -1
}

// arrived takes a message that has come out. What went before it has come out or
// never will: lost is called with what its connection's end explains.
func (t *trail) arrived(x step, lost func(step)) {
	at := t.find(func(s *step) bool { return s.number == x.number && s.medium == x.medium && s.due == x.due })
	if at < 0 {
		return
	}
	over := t.ended
	if on := t.steps.at(at).connection; t.up && on > 0 {
		over = on - 1 // those have ended, whether that is known here or not
	}
	t.leave(at, over, lost)
	t.steps.drop(1)
}

// leave takes the first n out, those of connections up to one as lost.
func (t *trail) leave(n int, over uint32, lost func(step)) {
	for i := range n {
		if s := *t.steps.at(i); 0 < s.connection && s.connection <= over {
			lost(s)
		}
	}
	t.steps.drop(n)
}

// told takes out a message whose loss is known by its cause.
func (t *trail) told(m sim.Medium, due sim.Time) {
	at := t.find(func(s *step) bool { return s.medium == m && s.due == due })
	if at < 0 {
		return
	}
	for ; at > 0; at-- {
		*t.steps.at(at) = *t.steps.at(at - 1)
	}
	t.steps.drop(1)
}

// giveUp says that a message is not sent again after the connection that ended.
// Two acks can be due at the same time: it is one that has not been given up.
func (t *trail) giveUp(m sim.Medium, due sim.Time, connection uint32) {
	if at := t.find(func(s *step) bool { return s.medium == m && s.due == due && s.connection == 0 }); at >= 0 {
		t.steps.at(at).connection = connection
	}
}

// doubts is how many were on connections that have ended.
func (t *trail) doubts() (n int) {
	for i := range t.steps.len() {
		if c := t.steps.at(i).connection; 0 < c && c <= t.ended {
			n++
		}
	}
	return n
}

// settle is for the end, when nothing can come out any more: what is left on
// connections that have ended is lost.
func (t *trail) settle(lost func(step)) {
	n := t.steps.len()
	for range n {
		s := *t.steps.at(0)
		t.steps.drop(1)
		if 0 < s.connection && s.connection <= t.ended {
			lost(s)
		} else {
			t.steps.push(s)
		}
	}
}
