package broker

import (
	"errors"
	"net"
	"strings"
	"sync"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/twinbed/twinbed/sim"
)

// visitor is one connection to the gate, and what the gate knows of it.
type visitor struct {
	net.Conn
	gate   *Gate
	done   chan struct{} // closed when it has left
	client *mqtt.Client
	id     string      // client id, once it is its owner
	thing  sim.ThingID // of a session of the testbed's own; else NoThing

	// Only on the goroutine that reads the connection.
	topic    string // the latest one
	place    place  // where it leads
	heard    Heard
	rejected int

	mu       sync.Mutex
	watching map[string]struct{} // its filters that readings can match
}

// place is where a topic leads for one visitor.
type place struct {
	room    Room
	thing   sim.ThingID
	codec   *Codec
	phone   *Phone
	relayed bool
	refusal tally  // why nothing may be published there
	why     string // the same in words, "" where it may
}

// Bounds of a visitor's misbehaviour.
const (
	notedRejections = 20 // further ones are only counted
	maxRejections   = 10_000
)

// admit lets a connection be served until it ends, on its own goroutine.
func (g *Gate) admit(c net.Conn, door string, establish listeners.EstablishFn) {
	v := &visitor{Conn: c, gate: g, done: make(chan struct{}), thing: sim.NoThing, watching: map[string]struct{}{}}
	if !g.enter(v) {
		_ = c.Close()
		return
	}
	defer g.leave(v)
	defer func() {
		// The broker's parser panics on some malformed packets: only their sender goes.
		if recover() != nil {
			g.counts.add(brokenPackets)
			g.forget(v)
		}
	}()
	_ = c.SetReadDeadline(time.Now().Add(g.options.ConnectWithin))
	_ = establish(door, v) // why it ended is in the counts
}

func (g *Gate) enter(v *visitor) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed || len(g.visitors) >= g.options.Clients {
		g.counts.add(refusedConnects)
		return false
	}
	g.visitors[v] = struct{}{}
	g.gone.Add(1)
	return true
}

func (g *Gate) leave(v *visitor) {
	_ = v.Conn.Close()
	v.watchNone()
	g.mu.Lock()
	delete(g.visitors, v)
	if g.owners[v.id] == v {
		delete(g.owners, v.id)
	}
	g.mu.Unlock()
	close(v.done)
	g.gone.Done()
}

// forget does for a client that panicked what the broker does for one that ends.
func (g *Gate) forget(v *visitor) {
	if v.client == nil {
		return
	}
	v.client.Stop(errors.New("broken packet"))
	g.server.UnsubscribeClient(v.client)
	if c, ok := g.server.Clients.Get(v.client.ID); ok && c == v.client {
		g.server.Clients.Delete(v.client.ID)
	}
}

// claim makes a visitor the owner of its client id once the former one has
// left: the broker mixes clients up that take over from one another at a time.
func (g *Gate) claim(v *visitor, id string) bool {
	patience := time.NewTimer(g.options.WriteWithin + time.Second)
	defer patience.Stop()
	for {
		g.mu.Lock()
		former := g.owners[id]
		if former == nil {
			g.owners[id], v.id = v, id
			g.mu.Unlock()
			return true
		}
		g.mu.Unlock()
		_ = former.Conn.Close()
		select {
		case <-former.done:
		case <-patience.C:
			return false
		}
	}
}

// SetDeadline is the broker's keep-alive: it bounds reading. Writing has its own
// bound.
func (v *visitor) SetDeadline(t time.Time) error { return v.Conn.SetReadDeadline(t) }

// Write ends the connection of a client that does not take what it is sent: the
// broker would hold everybody else's messages up.
func (v *visitor) Write(p []byte) (int, error) {
	if err := v.Conn.SetWriteDeadline(time.Now().Add(v.gate.options.WriteWithin)); err != nil {
		return 0, err
	}
	n, err := v.Conn.Write(p)
	if err != nil {
		_ = v.Conn.Close()
	}
	return n, err
}

// locate says where a topic leads, from memory while it stays the same.
func (v *visitor) locate(topic string) *place {
	if topic != v.topic {
		v.topic = strings.Clone(topic)
		v.place = v.gate.locate(v, topic)
	}
	return &v.place
}

func (g *Gate) locate(v *visitor, topic string) place {
	room, name := ReadTopic(topic)
	p := place{room: room, thing: sim.NoThing}
	refuse := func(t tally, why string) place {
		p.refusal, p.why = t, why
		return p
	}
	switch room {
	case NoRoom:
		if p.relayed = g.relays(topic); p.relayed && v.thing == sim.NoThing {
			return p
		}
		return refuse(unknownTopics, "nobody listens to that topic")
	case Commands, Tasks, Announcement:
		return refuse(spoofedMessages, "only the testbed publishes there")
	case Answers:
		if p.phone = g.phones[name]; p.phone == nil {
			return refuse(unknownThings, "no worker of that name has a phone")
		}
		if v.thing != sim.NoThing {
			return refuse(spoofedMessages, "a thing is no worker")
		}
		return p
	}
	id, ok := g.world.Roster.Lookup(name)
	if !ok {
		return refuse(unknownThings, "no thing of that name")
	}
	p.thing, p.codec = id, g.codec(id)
	switch who := g.players[id]; {
	case v.thing == id && who == session, v.thing == sim.NoThing && who == outside:
		return p
	case who == outside:
		return refuse(spoofedMessages, "a thing does not speak for another")
	}
	return refuse(spoofedMessages, "the testbed plays that thing")
}

func (g *Gate) relays(topic string) bool {
	for _, filter := range g.options.Relay {
		if covers(filter, topic) {
			return true
		}
	}
	return false
}

// reject counts a message that is not taken, tells the first few of a visitor,
// and ends a visitor that does not stop. The answer keeps its client from
// sending the message again for ever.
func (v *visitor) reject(t tally, code packets.Code, pk *packets.Packet, thing sim.ThingID, why string) error {
	g := v.gate
	g.counts.add(t)
	v.rejected++
	if v.rejected <= notedRejections {
		g.inbox.note(sim.Event{
			What: "rejected", Thing: thing, Subject: clip(v.id), Detail: clip(pk.TopicName) + ": " + why,
		})
	}
	if v.rejected == maxRejections {
		g.counts.add(offenders)
		v.client.Stop(packets.ErrQuotaExceeded)
	}
	if pk.ProtocolVersion == 5 && pk.FixedHeader.Qos == 1 {
		return code
	}
	return packets.CodeSuccessIgnore
}

// clip bounds what a stranger can write into the report.
func clip(text string) string {
	const most = 80
	if len(text) <= most {
		return strings.ToValidUTF8(text, "?")
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// watch counts a subscription that readings can match.
func (v *visitor) watch(filter string) {
	if !watches(filter) {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if _, again := v.watching[filter]; !again && v.watching != nil {
		v.watching[filter] = struct{}{}
		v.gate.watchers.Add(1)
	}
}

func (v *visitor) watchNot(filter string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if _, ok := v.watching[filter]; ok {
		delete(v.watching, filter)
		v.gate.watchers.Add(-1)
	}
}

func (v *visitor) watchNone() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.gate.watchers.Add(-int64(len(v.watching)))
	v.watching = nil
}
