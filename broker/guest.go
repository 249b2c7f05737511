package broker

import (
	"strings"
	"sync"

	"github.com/twinbed/twinbed/broker/contained"
	"github.com/twinbed/twinbed/sim"
)

// guest is what the gate knows of a client.
type guest struct {
	*contained.Client
	desk   *desk
	speaks span // the things of a session of the testbed's own
	own    bool // it is one
	rules  bool // it is the platform, which is not ours
	known  bool // it has said who it is, and that is its User

	// Only on the goroutine that reads the connection.
	topic   string            // the latest one
	place   place             // where it leads
	places  map[string]*place // where each leads, for a gateway, whose things take turns
	heard   Heard
	refused int
	kept    kept // heard, and not known to be on disk

	mu       sync.Mutex
	watching map[string]struct{} // its filters that readings can match
}

// place is where a topic leads for one guest.
type place struct {
	room    Room
	thing   sim.ThingID
	codec   *Codec
	phone   *Phone
	relayed bool
	refusal tally  // why nothing may be published there
	why     string // the same in words, "" where it may
}

// notedRefusals is how many refused messages of a client are told one by one.
const notedRefusals = 20

// locate says where a topic leads, from memory while it stays the same. A gateway's
// topics are as many as its things have.
func (v *guest) locate(topic []byte) *place {
	if v.own && v.speaks.first != v.speaks.last {
		at := v.places[string(topic)]
		if at == nil {
			if v.places == nil {
				v.places = map[string]*place{}
			}
			found := v.desk.locate(v, string(topic))
			at = &found
			v.places[string(topic)] = at
		}
		return at
	}
	if string(topic) != v.topic {
		v.topic = string(topic)
		v.place = v.desk.locate(v, v.topic)
	}
	return &v.place
}

func (d *desk) locate(v *guest, topic string) place {
	room, name := ReadTopic(topic)
	p := place{room: room, thing: sim.NoThing}
	refuse := func(t tally, why string) place {
		p.refusal, p.why = t, why
		return p
	}
	switch room {
	case NoRoom:
		if p.relayed = d.relays(topic); p.relayed && !v.own {
			return p
		}
		return refuse(unknownTopics, "nobody listens to that topic")
	case Assignments:
		if v.rules {
			return p
		}
		return refuse(spoofedMessages, "only a platform publishes there")
	case Commands:
		if !v.rules {
			return refuse(spoofedMessages, "only the testbed publishes there")
		}
	case Tasks, Announcement:
		return refuse(spoofedMessages, "only the testbed publishes there")
	case Answers:
		if p.phone = d.phones[name]; p.phone == nil {
			return refuse(unknownThings, "no worker of that name has a phone")
		}
		if v.own {
			return refuse(spoofedMessages, "a thing is no worker")
		}
		if !v.speaksFor(name) {
			return refuse(spoofedMessages, "a worker answers for nobody else")
		}
		return p
	}
	id, ok := d.world.Roster.Lookup(name)
	if !ok {
		return refuse(unknownThings, "no thing of that name")
	}
	p.thing, p.codec = id, d.codec(id)
	switch who := d.players[id]; {
	case room == Commands:
		return p
	case v.own && v.speaks.holds(id) && who == session, !v.own && who == outside && v.speaksFor(name):
		return p
	case who == outside:
		return refuse(spoofedMessages, "a thing does not speak for another")
	}
	return refuse(spoofedMessages, "the testbed plays that thing")
}

func (d *desk) relays(topic string) bool {
	for _, filter := range d.relay {
		if contained.Covers(filter, topic) {
			return true
		}
	}
	return false
}

// hearReading takes a reading in for the clock's thread.
func (v *guest) hearReading(at *place, m *contained.Message) contained.Fate {
	d := v.desk
	foreign := !v.own
	if err := at.codec.ReadReading(m.Payload, &v.heard); err != nil {
		x := loss{medium: sim.ReadingMessage, thing: at.thing, due: -1, why: sim.LostMalformed, foreign: foreign}
		if !foreign {
			x.due = v.heard.Due
		}
		// What our own sessions send is due at some time, whatever its shape: at a broker
		// that is not ours others can speak in their names, who would not be in the books.
		if foreign || x.due >= 0 && !v.heard.Again {
			d.lose(x)
		}
		fate := v.refuse(malformedPayloads, contained.Malformed, m, at.thing, err.Error())
		if v.own {
			return contained.Taken // told here; its session is not to tell it again
		}
		return fate
	}
	h := heard{thing: at.thing, seq: v.heard.Seq, due: v.heard.Due, ahead: v.heard.Ahead, again: v.heard.Again, foreign: foreign}
	unknown := v.heard.Unknown
	if foreign && h.due >= 0 {
		h.due, unknown = -1, unknown+1
	}
	if unknown > 0 {
		d.counts[unknownFields].Add(uint64(unknown))
	}
	if d.keep != nil {
		v.keepReading(at, h, m)
		return d.onward(at)
	}
	if !d.inbox.reading(h, v.heard.Values, m.QoS > 0) {
		d.counts.add(unreadMessages)
		d.lose(loss{medium: sim.ReadingMessage, thing: h.thing, due: h.due, why: sim.LostUnread, foreign: foreign, seq: h.seq})
		return contained.Taken
	}
	d.counts.add(heardReadings)
	return d.onward(at)
}

// onward is the fate of a message that the platform has: it goes on to other
// clients only if somebody watches.
func (d *desk) onward(at *place) contained.Fate {
	if at.thing != sim.NoThing && d.watchers[at.room].Load() == 0 {
		return contained.Taken
	}
	return contained.Passed
}

// hearAck takes an ack in, of a thing or of a worker.
func (v *guest) hearAck(at *place, m *contained.Message) contained.Fate {
	d := v.desk
	a := answered{thing: at.thing, phone: at.phone, foreign: !v.own, client: v.ID}
	var k *sim.Kind
	if at.codec != nil {
		k = at.codec.kind
	}
	if err := ReadAck(m.Payload, k, &a.Answer); err != nil {
		if at.thing != sim.NoThing {
			d.lose(loss{medium: sim.AckMessage, thing: at.thing, due: -1, why: sim.LostMalformed})
		}
		return v.refuse(malformedPayloads, contained.Malformed, m, at.thing, err.Error())
	}
	d.counts[unknownFields].Add(uint64(a.Unknown))
	if d.keep != nil {
		v.keepAck(at, a, m)
		return d.onward(at)
	}
	if !d.inbox.ack(a, m.QoS > 0) {
		d.counts.add(unreadMessages)
		if at.thing != sim.NoThing {
			d.lose(loss{medium: sim.AckMessage, thing: at.thing, due: a.due(), why: sim.LostUnread})
		}
		return contained.Taken
	}
	d.counts.add(heardAcks)
	return d.onward(at)
}

// refuse counts a message that is not taken and tells the first few of a guest.
func (v *guest) refuse(t tally, fate contained.Fate, m *contained.Message, thing sim.ThingID, why string) contained.Fate {
	v.desk.counts.add(t)
	v.refused++
	if v.refused <= notedRefusals {
		v.desk.inbox.note(sim.Event{
			What: "rejected", Thing: thing, Subject: clip(v.ID), Detail: clip(string(m.Topic)) + ": " + why,
		})
	}
	return fate
}

// noteRefusal tells what the broker has refused; of messages the desk tells itself.
func (d *desk) noteRefusal(r contained.Refusal) {
	if r.Kind != contained.RefusedMessages {
		who := r.Client
		if who == "" {
			who = r.Address
		}
		d.inbox.note(sim.Event{What: "refused", Thing: sim.NoThing, Subject: clip(who), Detail: r.Kind + ": " + r.Why})
	}
}

// clip bounds what a stranger can write into the report.
func clip(text string) string {
	const most = 80
	if len(text) <= most {
		return strings.ToValidUTF8(text, "?")
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// watch counts a subscription that messages of things can match.
func (v *guest) watch(filter string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if _, again := v.watching[filter]; !again && v.watching != nil {
		v.watching[filter] = struct{}{}
		v.desk.watched(filter, +1)
	}
}

func (v *guest) watchNot(filter string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if _, ok := v.watching[filter]; ok {
		delete(v.watching, filter)
		v.desk.watched(filter, -1)
	}
}

func (v *guest) watchNone() {
	v.mu.Lock()
	defer v.mu.Unlock()
	for filter := range v.watching {
		v.desk.watched(filter, -1)
	}
	v.watching = nil
}

// watched counts who has subscribed to what rooms of things.
func (d *desk) watched(filter string, n int64) {
	for room := Readings; room <= Acks; room++ {
		if watches(filter, room) {
			d.watchers[room].Add(n)
		}
	}
}
