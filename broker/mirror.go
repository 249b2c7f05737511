package broker

import "github.com/twinbed/twinbed/sim"

// Mirror shows observers with an MQTT client what does not come through the
// gate anyway: register it with Router.Tap, and among the world's observers for
// events. What nobody has subscribed to costs next to nothing.
type Mirror struct {
	sim.Silent
	desk *desk
}

var (
	_ Tap          = (*Mirror)(nil)
	_ sim.Observer = (*Mirror)(nil)
)

// Mirror makes the gate's mirror.
func (d *desk) Mirror() *Mirror { return &Mirror{desk: d} }

// quiet says whether nobody watches a room, or a thing's messages come through
// the gate.
func (m *Mirror) quiet(room Room, thing sim.ThingID) bool {
	return m.desk.watchers[room].Load() == 0 || m.desk.players[thing] != inHouse
}

// Reading shows a reading of a thing without a socket.
func (m *Mirror) Reading(r *sim.Reading) {
	if m.quiet(Readings, r.Thing) {
		return
	}
	m.show(Readings, r.Thing, m.desk.codec(r.Thing).AppendReading(nil, r))
}

// Command shows a command to a thing without a socket.
func (m *Mirror) Command(c *sim.Command) {
	if m.quiet(Commands, c.Thing) {
		return
	}
	m.show(Commands, c.Thing, m.desk.codec(c.Thing).AppendCommand(nil, c))
}

// Task shows nothing: a virtual worker's name is known when it answers.
func (m *Mirror) Task(*sim.Task) {}

// Ack shows an ack of a thing without a socket, and to a platform that is not ours
// also what workers without a phone say.
func (m *Mirror) Ack(a *sim.Ack) {
	if _, phone := m.desk.phones[a.By]; a.By != "" && !phone && m.desk.ruler != nil {
		m.desk.send(letter{room: Answers, name: a.By, payload: AppendAnswer(nil, a), thing: sim.NoThing})
	}
	if a.By != "" || a.Thing == sim.NoThing || m.quiet(Acks, a.Thing) {
		return
	}
	m.show(Acks, a.Thing, m.desk.codec(a.Thing).AppendAck(nil, a))
}

// Noted publishes an event.
func (m *Mirror) Noted(e sim.Event) {
	thing := ""
	if e.Thing != sim.NoThing {
		thing = m.desk.world.Roster.Name(e.Thing)
	}
	m.desk.send(letter{room: Announcement, payload: AppendEvent(nil, &e, thing)})
}

func (m *Mirror) show(room Room, id sim.ThingID, payload []byte) {
	m.desk.send(letter{room: room, name: m.desk.world.Roster.Name(id), payload: payload, thing: id})
}
