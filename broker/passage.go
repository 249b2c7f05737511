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

// traffic is what is on its way between one thing's session and the bus. It lives
// on the clock's thread.
type traffic struct {
	up   trail // readings and acks
	down trail // commands
}

func (s *Sessions) trafficOf(id sim.ThingID) *traffic { return &s.traffic[id-s.fleet.Kind.First] }

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
		p.sessions.trafficOf(r.Thing).up.arrived(step{number: uint64(r.Seq), due: r.Sensed.At, medium: sim.ReadingMessage}, p.sessions.broke(r.Thing))
	}
}

// Ack takes an ack that has come out at the bus.
func (p *Passage) Ack(a *sim.Ack) {
	if x := p.sessions.of(a.Thing); x != nil && a.By == "" {
		p.sessions.news.catchUp()
		p.sessions.trafficOf(a.Thing).up.arrived(step{number: a.ID, due: a.Done.At, medium: sim.AckMessage}, p.sessions.broke(a.Thing))
	}
}

// Command notes a command that sets out for its thing.
func (p *Passage) Command(c *sim.Command) {
	// Of a platform that is elsewhere nothing is known of a command before it is here.
	if x := p.sessions.of(c.Thing); x != nil && !p.sessions.apart {
		x.mu.Lock()
		on := max(x.connection, 1) // before the first, the first
		x.mu.Unlock()
		s := order(c)
		s.connection = on
		p.sessions.trafficOf(c.Thing).down.add(s)
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
	if p.sessions.of(thing) == nil {
		return
	}
	x := p.sessions.trafficOf(thing)
	switch why {
	case sim.LostUnread, sim.LostMalformed, sim.LostRefused, sim.LostInBroker, sim.LostNobody, sim.LostOffline:
		if m == sim.CommandMessage {
			x.down.told(m, due)
		} else {
			x.up.told(m, due)
		}
	}
}

// broke tells that a message of a thing was lost with its connection.
func (s *Sessions) broke(id sim.ThingID) func(step) {
	return func(x step) { s.world.Observers.Lost(x.medium, id, x.due, sim.LostConnection) }
}

// take does what the sessions' news ask for, on the clock's thread.
func (s *Sessions) take(all []news) {
	for i := range all {
		n := &all[i]
		switch n.what {
		case obey:
			if s.apart {
				s.desk.commandedFromAfar(&n.command)
			}
			s.trafficOf(n.thing).down.arrived(order(&n.command), s.broke(n.thing))
			n.command.Decided = s.world.Clock.StampOf(n.command.Decided.At)
			s.fleet.Obey(&n.command)
		case lost:
			s.world.Observers.Lost(n.medium, n.thing, n.due, n.why)
		case givenUp:
			s.trafficOf(n.thing).up.giveUp(n.medium, n.due, n.connection)
		case broken:
			n.session.each(func(_ sim.ThingID, t *traffic) { t.up.ended, t.down.ended = n.connection, n.connection })
		}
	}
}

// InFlight is how much is on its way between the sessions and the bus. On the
// clock's thread, or while it stands.
func (s *Sessions) InFlight() (readings, commands, acks int) {
	var n [sim.TaskMessage + 1]int
	for i := range s.traffic {
		for _, t := range [...]*trail{&s.traffic[i].up, &s.traffic[i].down} {
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
	for i := range s.traffic {
		n += s.traffic[i].up.doubts() + s.traffic[i].down.doubts()
	}
	return n
}

// Settle books what is in doubt as lost, once nothing more can come out. On the
// clock's thread, or while it stands.
func (s *Sessions) Settle() {
	for i := range s.traffic {
		broke := s.broke(s.fleet.Kind.First + sim.ThingID(i))
		s.traffic[i].up.settle(broke)
		s.traffic[i].down.settle(broke)
	}
}
