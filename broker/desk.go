package broker

import (
	"fmt"
	"math"
	"sync/atomic"

	"github.com/twinbed/twinbed/broker/contained"
	"github.com/twinbed/twinbed/sim"
)

// player says who speaks for a thing.
type player uint8

const (
	inHouse player = iota // the testbed, without a socket
	session               // the testbed, as an MQTT client
	outside               // a stranger's client
)

// desk is where what comes in over a broker's wires is put in order for the
// clock's thread, and where what goes out is written. It is the same for a broker
// of ours and for somebody else's.
type desk struct {
	world   *sim.World
	relay   []string // topic filters beyond twinbed/ that clients may use among themselves
	codecs  []*Codec // by place in the roster
	players []player // by thing
	phones  map[string]*Phone
	fleets  []*Sessions
	fronts  map[string]span // gateways, by name
	ruler   *ruler          // the platform where it is not ours, else nil

	inbox    *inbox
	postbox  *postbox
	carried  chan struct{}          // closed when the postbox's goroutine is done
	serving  bool                   // who plays what is settled
	watchers [Acks + 1]atomic.Int64 // subscriptions that can match a room of things
	counts   counters
	keep     *keep // nil without a journal

	// Only on the clock's thread.
	reading sim.Reading
	seqs    map[sim.ThingID]uint32 // latest of outside things
	unread  map[sim.ThingID]int    // malformed readings of outside things whose numbers are not known
	asked   asked
	blank   []float64
}

func newDesk(w *sim.World, o GateOptions) (*desk, error) {
	d := &desk{
		world: w, relay: o.Relay, players: make([]player, w.Roster.Size()), phones: map[string]*Phone{},
		postbox: newPostbox(o.Postbox), carried: make(chan struct{}),
		seqs: map[sim.ThingID]uint32{}, unread: map[sim.ThingID]int{},
	}
	d.inbox = newInbox(w.Clock, o.Inbox, d.take)
	for _, k := range w.Roster.Kinds {
		c, err := NewCodec(k)
		if err != nil {
			return nil, err
		}
		d.codecs = append(d.codecs, c)
	}
	for _, filter := range o.Relay {
		if !contained.ValidFilter(filter) || contained.Covers(filter, eventsTopic) || filter[0] == '$' {
			return nil, fmt.Errorf("%q cannot be relayed: it is no topic filter or meets %s/", filter, Root)
		}
	}
	return d, nil
}

// Outside declares a thing to be played by whichever client publishes on its
// topics: the caller releases it from its fleet and routes its commands here.
func (d *desk) Outside(id sim.ThingID) { d.declare(id, outside) }

func (d *desk) declare(id sim.ThingID, p player) {
	if d.serving {
		panic("things are declared before the gate opens")
	}
	d.players[id] = p
}

// declareGateway declares the session of several things.
func (d *desk) declareGateway(name string, things span) error {
	if _, taken := d.world.Roster.Lookup(name); taken {
		return fmt.Errorf("a thing is called %q, as a gateway is to be", name)
	}
	if d.fronts == nil {
		d.fronts = map[string]span{}
	}
	d.fronts[name] = things
	return nil
}

// things are what a session of ours speaks for, by its name.
func (d *desk) things(name string) (span, bool) {
	if x, ok := d.fronts[name]; ok {
		return x, true
	}
	id, ok := d.world.Roster.Lookup(name)
	return span{id, id}, ok && d.players[id] == session
}

// serve begins to hand letters to deliver, on a goroutine of their own.
func (d *desk) serve(deliver func(letter)) {
	d.serving = true
	go func() {
		defer close(d.carried)
		d.postbox.carry(deliver)
	}()
}

// finish serves what has been posted before and takes nothing in any more.
func (d *desk) finish() {
	d.postbox.close()
	<-d.carried
	d.inbox.close()
}

// InFlight is how many messages of clients that are not ours, and to them, the
// desk has that the clock or the broker has not taken yet. Those of the testbed's
// own sessions are in their InFlight.
func (d *desk) InFlight() (readings, commands, acks int) {
	readings, acks = d.inbox.foreign()
	commands = d.postbox.count(func(l *letter) bool {
		return l.medium == sim.CommandMessage && l.vital && d.players[l.thing] == outside
	})
	return readings, commands, acks
}

// take hands what has gathered in the inbox to the bus, in the order it came, on
// the clock's thread.
func (d *desk) take(b batch) {
	if d.keep != nil {
		d.keep.note(d.world.Clock, &b)
	}
	readings, acks, orders, losses, values := b.readings, b.acks, b.orders, b.losses, b.values
	for _, x := range b.order {
		switch x {
		case readingItem:
			h := readings[0]
			d.pass(h, values[:h.width:h.width])
			readings, values = readings[1:], values[h.width:]
		case ackItem:
			d.passAck(&acks[0])
			acks = acks[1:]
		case orderItem:
			d.ruler.take(&orders[0])
			orders = orders[1:]
		case lossItem:
			d.passLoss(losses[0])
			losses = losses[1:]
		}
	}
	b.tellNotes(d.world)
}

func (d *desk) passLoss(l loss) {
	switch {
	case l.phone != nil:
		l.phone.tell(l)
		return
	case l.foreign && l.why == sim.LostMalformed:
		d.unread[l.thing]++ // it was told as rejected; which number it had, if any, shows later
		return
	case l.foreign:
		// Nobody else knows that it was sent, and the books are to balance.
		d.passBlank(l)
	}
	l.tell(d.world)
}

func (d *desk) pass(h heard, values []float64) {
	r := &d.reading
	*r = sim.Reading{Thing: h.thing, Seq: h.seq, Foreign: h.foreign, Values: values}
	if h.foreign {
		d.explain(h.thing, h.seq)
		*r = sim.Reading{Thing: h.thing, Seq: d.number(h.thing, h.seq), Foreign: true, Values: values}
		r.Arrived = d.world.Clock.Stamp()
		r.Sensed = r.Arrived
		d.world.Observers.Sent(r)
	} else {
		r.Sensed, r.Skew, r.Again = d.world.Clock.StampOf(h.due), h.ahead, h.again
	}
	d.world.Bus.Reading(r)
}

// explain books malformed readings of a stranger who numbers its own: they are
// what is missing between its last number and this one.
func (d *desk) explain(id sim.ThingID, seq uint32) {
	if d.unread[id] == 0 || seq == 0 {
		return
	}
	for last := d.seqs[id]; last > 0 && last+1 < seq && d.unread[id] > 0; last++ {
		d.unread[id]--
		d.passBlank(loss{thing: id, seq: last + 1})
		d.world.Observers.Lost(sim.ReadingMessage, id, d.world.Clock.Now(), sim.LostMalformed)
	}
}

// number is a stranger's sequence number, ours where it has none.
func (d *desk) number(id sim.ThingID, seq uint32) uint32 {
	last := d.seqs[id]
	if seq == 0 {
		seq = last + 1
	}
	d.seqs[id] = max(last, seq)
	return seq
}

// passBlank shows a stranger's reading that is lost to the observers as sent.
func (d *desk) passBlank(l loss) {
	for len(d.blank) < len(d.world.Roster.Kind(l.thing).Signals) {
		d.blank = append(d.blank, math.NaN())
	}
	d.reading = sim.Reading{
		Thing: l.thing, Seq: d.number(l.thing, l.seq), Foreign: true, Sensed: d.world.Clock.Stamp(),
		Values: d.blank[:len(d.world.Roster.Kind(l.thing).Signals)],
	}
	d.world.Observers.Sent(&d.reading)
}

func (d *desk) passAck(a *answered) {
	if a.phone != nil {
		a.phone.answer(a)
		return
	}
	if a.foreign && !d.asked.of(a.ID, a.thing) {
		d.counts.add(strayAcks)
		d.world.Observers.Noted(sim.Event{
			At: d.world.Clock.Now(), What: "rejected", Thing: a.thing, Subject: a.client,
			Detail: "an ack of a command that was not sent to it", ID: a.ID,
		})
		return
	}
	ack := sim.Ack{ID: a.ID, Thing: a.thing, Outcome: a.Outcome, Note: a.Note, State: a.State}
	if a.foreign || !a.Stamped {
		ack.Foreign, ack.Real = true, true
		ack.Delivered = d.world.Clock.Stamp()
		ack.Done = ack.Delivered
		d.world.Observers.Answered(&ack)
	} else {
		ack.Delivered, ack.Done = a.Delivered, a.Answer.Done
	}
	d.world.Bus.Ack(&ack)
}

// Obey publishes a command to its thing. It never blocks.
func (d *desk) Obey(c *sim.Command) {
	if d.players[c.Thing] == outside {
		d.asked.note(c.ID, c.Thing)
	}
	if d.keep != nil && d.keep.recalling {
		d.keep.recallCommand(c)
		return
	}
	d.send(letter{
		room: Commands, name: d.world.Roster.Name(c.Thing), payload: d.codec(c.Thing).AppendCommand(nil, c),
		qos: 1, medium: sim.CommandMessage, thing: c.Thing, due: c.Decided.At, vital: true, id: c.ID,
	})
}

// send puts a message into the postbox or tells that it is lost.
func (d *desk) send(l letter) {
	if d.keep != nil {
		if d.keep.recalling {
			return
		}
		l.after = d.keep.journal.Last()
	}
	if d.postbox.put(l) {
		return
	}
	d.counts.add(fullPostbox)
	switch {
	case l.phone != nil:
		d.lose(loss{phone: l.phone, id: l.id, why: sim.LostInBroker})
	case l.vital:
		d.world.Observers.Lost(l.medium, l.thing, l.due, sim.LostInBroker)
	}
}

func (d *desk) lose(l loss) {
	if !d.inbox.lost(l) {
		d.counts.add(untoldLosses)
	}
}

func (d *desk) codec(id sim.ThingID) *Codec {
	for _, c := range d.codecs {
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
