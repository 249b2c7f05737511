package broker

import (
	"math"
	"slices"

	"github.com/twinbed/twinbed/sim"
)

// take hands what has gathered in the inbox to the bus, in the order it came, on
// the clock's thread.
func (g *Gate) take(b batch) {
	readings, acks, losses, values := b.readings, b.acks, b.losses, b.values
	for _, x := range b.order {
		switch x {
		case readingItem:
			h := readings[0]
			g.pass(h, values[:h.width:h.width])
			readings, values = readings[1:], values[h.width:]
		case ackItem:
			g.passAck(&acks[0])
			acks = acks[1:]
		case lossItem:
			g.passLoss(losses[0])
			losses = losses[1:]
		}
	}
	b.tellNotes(g.world)
}

func (g *Gate) passLoss(l loss) {
	switch {
	case l.foreign && l.why == sim.LostMalformed:
		g.unread[l.thing]++ // it was told as rejected; which number it had, if any, shows later
		return
	case l.foreign:
		// Nobody else knows that it was sent, and the books are to balance.
		g.passBlank(l)
	}
	l.tell(g.world)
}

func (g *Gate) pass(h heard, values []float64) {
	r := &g.reading
	*r = sim.Reading{Thing: h.thing, Seq: h.seq, Foreign: h.foreign, Values: values}
	if h.foreign {
		g.explain(h.thing, h.seq)
		*r = sim.Reading{Thing: h.thing, Seq: g.number(h.thing, h.seq), Foreign: true, Values: values}
		r.Arrived = g.world.Clock.Stamp()
		r.Sensed = r.Arrived
		g.world.Observers.Sent(r)
	} else {
		r.Sensed = g.world.Clock.StampOf(h.due)
	}
	g.world.Bus.Reading(r)
}

// explain books malformed readings of a stranger who numbers its own: they are
// what is missing between its last number and this one.
func (g *Gate) explain(id sim.ThingID, seq uint32) {
	if g.unread[id] == 0 || seq == 0 {
		return
	}
	for last := g.seqs[id]; last > 0 && last+1 < seq && g.unread[id] > 0; last++ {
		g.unread[id]--
		g.passBlank(loss{thing: id, seq: last + 1})
		g.world.Observers.Lost(sim.ReadingMessage, id, g.world.Clock.Now(), sim.LostMalformed)
	}
}

// number is a stranger's sequence number, ours where it has none.
func (g *Gate) number(id sim.ThingID, seq uint32) uint32 {
	last := g.seqs[id]
	if seq == 0 {
		seq = last + 1
	}
	g.seqs[id] = max(last, seq)
	return seq
}

// passBlank shows a stranger's reading that is lost to the observers as sent.
func (g *Gate) passBlank(l loss) {
	for len(g.blank) < len(g.world.Roster.Kind(l.thing).Signals) {
		g.blank = append(g.blank, math.NaN())
	}
	g.reading = sim.Reading{
		Thing: l.thing, Seq: g.number(l.thing, l.seq), Foreign: true, Sensed: g.world.Clock.Stamp(),
		Values: g.blank[:len(g.world.Roster.Kind(l.thing).Signals)],
	}
	g.world.Observers.Sent(&g.reading)
}

func (g *Gate) passAck(a *answered) {
	if a.phone != nil {
		a.phone.answer(a)
		return
	}
	if a.foreign && !g.asked.of(a.ID, a.thing) {
		g.counts.add(strayAcks)
		g.world.Observers.Noted(sim.Event{
			At: g.world.Clock.Now(), What: "rejected", Thing: a.thing, Subject: a.client,
			Detail: "an ack of a command that was not sent to it", ID: a.ID,
		})
		return
	}
	ack := sim.Ack{ID: a.ID, Thing: a.thing, Outcome: a.Outcome, Note: a.Note, State: a.State}
	if a.foreign || !a.Stamped {
		ack.Foreign, ack.Real = true, true
		ack.Delivered = g.world.Clock.Stamp()
		ack.Done = ack.Delivered
		g.world.Observers.Answered(&ack)
	} else {
		ack.Delivered, ack.Done = a.Delivered, a.Answer.Done
	}
	g.world.Bus.Ack(&ack)
}

// Obey publishes a command to its thing. It never blocks.
func (g *Gate) Obey(c *sim.Command) {
	if g.players[c.Thing] == outside {
		g.asked.note(c.ID, c.Thing)
	}
	g.send(letter{
		room: Commands, name: g.world.Roster.Name(c.Thing), payload: g.codec(c.Thing).AppendCommand(nil, c),
		qos: 1, medium: sim.CommandMessage, thing: c.Thing, due: c.Decided.At, vital: true, id: c.ID,
	})
}

// send puts a message into the postbox or tells that it is lost.
func (g *Gate) send(l letter) {
	if g.postbox.put(l) {
		return
	}
	g.counts.add(fullPostbox)
	if l.vital {
		g.world.Observers.Lost(l.medium, l.thing, l.due, sim.LostInBroker)
	}
}

// deliver hands a letter to the broker, on the postbox's goroutine.
func (g *Gate) deliver(l letter) {
	topic := Topic(l.room, l.name)
	takers := g.Takers(topic)
	if l.vital {
		missing, why := len(takers) == 0, sim.LostNobody
		if l.medium == sim.CommandMessage && g.players[l.thing] == session {
			missing, why = !slices.Contains(takers, clientID(l.name)), sim.LostOffline
		}
		if missing {
			g.counts.add(unheardCommands)
			g.lose(loss{medium: l.medium, thing: l.thing, due: l.due, why: why})
		} else {
			g.counts.add(sentCommands)
			if l.medium == sim.TaskMessage || g.players[l.thing] == outside {
				g.lose(loss{medium: l.medium, thing: l.thing, took: true, id: l.id})
			}
		}
	}
	if len(takers) > 0 {
		g.Broker.Publish(topic, l.payload, l.qos)
	}
}

func (g *Gate) lose(l loss) {
	if !g.inbox.lost(l) {
		g.counts.add(untoldLosses)
	}
}

func (g *Gate) codec(id sim.ThingID) *Codec {
	for _, c := range g.codecs {
		if c.kind.Holds(id) {
			return c
		}
	}
	panic("no kind holds the thing")
}

// asked remembers the latest commands to outside things, so that none of them
// can answer for another.
type asked struct {
	thing  map[uint64]sim.ThingID
	recent []uint64
	oldest int
}

const askedRemembered = 1 << 14

func (a *asked) note(id uint64, thing sim.ThingID) {
	if a.thing == nil {
		a.thing = map[uint64]sim.ThingID{}
	}
	if _, again := a.thing[id]; again {
		return
	}
	a.thing[id] = thing
	if len(a.recent) < askedRemembered {
		a.recent = append(a.recent, id)
		return
	}
	delete(a.thing, a.recent[a.oldest])
	a.recent[a.oldest] = id
	a.oldest = (a.oldest + 1) % askedRemembered
}

func (a *asked) of(id uint64, thing sim.ThingID) bool {
	t, ok := a.thing[id]
	return ok && t == thing
}
