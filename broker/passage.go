package broker

import "github.com/twinbed/twinbed/sim"

// Passage follows what is on its way between a fleet's sessions and the bus, so
// that each message is in flight, arrived or lost, also when its connection
// breaks: register it with Router.Tap and among the world's observers.
type Passage struct {
	sim.Silent
	sessions *Sessions
}

var (
	_ Tap          = (*Passage)(nil)
	_ sim.Observer = (*Passage)(nil)
)

// Passage makes the passage of the sessions.
func (s *Sessions) Passage() *Passage { return &Passage{sessions: s} }

// of finds the session of a thing; nil where it has none here.
func (s *Sessions) of(id sim.ThingID) *fleetSession {
	if !s.fleet.Kind.Holds(id) {
		return nil
	}
	return s.sessions[id-s.fleet.Kind.First]
}

// Reading takes a reading that has come out at the bus.
func (p *Passage) Reading(r *sim.Reading) {
	if x := p.sessions.of(r.Thing); x != nil {
		p.sessions.news.catchUp()
		x.up.arrived(step{number: uint64(r.Seq), due: r.Sensed.At, medium: sim.ReadingMessage}, x.broke)
	}
}

// Ack takes an ack that has come out at the bus.
func (p *Passage) Ack(a *sim.Ack) {
	if x := p.sessions.of(a.Thing); x != nil && a.By == "" {
		p.sessions.news.catchUp()
		x.up.arrived(step{number: a.ID, due: a.Done.At, medium: sim.AckMessage}, x.broke)
	}
}

// Command notes a command that sets out for its thing.
func (p *Passage) Command(c *sim.Command) {
	if x := p.sessions.of(c.Thing); x != nil {
		x.mu.Lock()
		on := max(x.connection, 1) // before the first, the first
		x.mu.Unlock()
		s := order(c)
		s.connection = on
		x.down.add(s)
	}
}

// order is a command as it is known on its way.
func order(c *sim.Command) step {
	return step{number: c.ID ^ uint64(c.Attempt)<<48, due: c.Decided.At, medium: sim.CommandMessage}
}

// Task is none of a thing's messages.
func (p *Passage) Task(*sim.Task) {}

// Lost hears of losses that others than the sessions know the cause of.
func (p *Passage) Lost(m sim.Medium, thing sim.ThingID, due sim.Time, why sim.Cause) {
	x := p.sessions.of(thing)
	if x == nil {
		return
	}
	switch why {
	case sim.LostUnread, sim.LostMalformed, sim.LostRefused, sim.LostInBroker, sim.LostNobody, sim.LostOffline:
		if m == sim.CommandMessage {
			x.down.told(m, due)
		} else {
			x.up.told(m, due)
		}
	}
}

// broke tells that a message was lost with its connection.
func (s *fleetSession) broke(x step) {
	s.fleet.world.Observers.Lost(x.medium, s.thing, x.due, sim.LostConnection)
}

// take does what the sessions' news ask for, on the clock's thread.
func (s *Sessions) take(all []news) {
	for i := range all {
		n := &all[i]
		x := n.session
		switch n.what {
		case obey:
			x.down.arrived(order(&n.command), x.broke)
			n.command.Decided = s.world.Clock.StampOf(n.command.Decided.At)
			s.fleet.Obey(&n.command)
		case lost:
			s.world.Observers.Lost(n.medium, x.thing, n.due, n.why)
		case givenUp:
			x.up.giveUp(n.medium, n.due, n.connection)
		case broken:
			x.up.ended, x.down.ended = n.connection, n.connection
		}
	}
}

// InFlight is how much is on its way between the sessions and the bus. On the
// clock's thread, or while it stands.
func (s *Sessions) InFlight() (readings, commands, acks int) {
	var n [sim.TaskMessage + 1]int
	for _, x := range s.sessions {
		if x == nil {
			continue
		}
		for _, t := range [...]*trail{&x.up, &x.down} {
			for i := range t.steps.len() {
				n[t.steps.at(i).medium]++
			}
		}
	}
	return n[sim.ReadingMessage], n[sim.CommandMessage], n[sim.AckMessage]
}

// Doubts is how many messages were on connections that have ended: they are
// lost unless they still come out at the bus. On the clock's thread, or while it
// stands.
func (s *Sessions) Doubts() (n int) {
	for _, x := range s.sessions {
		if x != nil {
			n += x.up.doubts() + x.down.doubts()
		}
	}
	return n
}

// Settle books what is in doubt as lost, once nothing more can come out. On the
// clock's thread, or while it stands.
func (s *Sessions) Settle() {
	for _, x := range s.sessions {
		if x != nil {
			x.up.settle(x.broke)
			x.down.settle(x.broke)
		}
	}
}
