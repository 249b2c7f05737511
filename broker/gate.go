package broker

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/twinbed/twinbed/broker/contained"
	"github.com/twinbed/twinbed/sim"
)

// GateOptions say where a gate listens and what it has room for. The zero value
// listens in memory only and has room for what a scenario usually needs.
type GateOptions struct {
	contained.Options
	Access  Access
	Relay   []string // topic filters beyond twinbed/ that clients may use among themselves
	Inbox   int      // messages that wait for the clock; default 65,536
	Postbox int      // messages that wait for the broker; default 65,536
}

func (o *GateOptions) fill() {
	if o.Inbox <= 0 {
		o.Inbox = 1 << 16
	}
	if o.Postbox <= 0 {
		o.Postbox = 1 << 16
	}
}

// Gate is where everything with a socket comes in: an embedded MQTT broker.
// Readings and acks are heard before the broker acknowledges them and go to the
// world's Bus on the clock's thread; a command that it obeys is published to its
// thing. Declare all things and phones before Open.
type Gate struct {
	*desk
	access Access
	secret string
	opened bool
	broker atomic.Pointer[contained.Broker] // the one that serves now
	former []uint64                         // counts of those before
	turn   sync.Mutex                       // of stopping and starting
}

// NewGate makes the gate of a world whose roster is complete and whose Bus it
// will serve. The error names a signal that cannot be written in a payload.
func NewGate(w *sim.World, o GateOptions) (*Gate, error) {
	o.fill()
	d, err := newDesk(w, o)
	if err != nil {
		return nil, err
	}
	g := &Gate{desk: d, access: o.Access, secret: rand.Text()}
	o.Refused = d.noteRefusal
	g.broker.Store(contained.New(o.Options, policy{g}))
	return g, nil
}

// Open begins to listen and to serve.
func (g *Gate) Open() error {
	if g.opened {
		return errors.New("the gate is open already")
	}
	g.opened = true
	g.serve(g.deliver)
	if err := g.begin(g.broker.Load()); err != nil {
		g.finish()
		return fmt.Errorf("gate: %w", err)
	}
	return nil
}

func (g *Gate) begin(b *contained.Broker) error {
	if err := b.Open(); err != nil {
		return err
	}
	g.broker.Store(b) // whoever finds it finds it open
	return nil
}

// Stop ends the broker in order: clients of MQTT 5 are told, and all connections break.
// It waits for the clock, so it is not for the clock's thread.
func (g *Gate) Stop() error { return g.stop((*contained.Broker).Close) }

// Kill ends the broker as a process that is killed: nobody is told anything, and sockets
// are reset. It waits for the clock as well.
func (g *Gate) Kill() error { return g.stop((*contained.Broker).Kill) }

func (g *Gate) stop(how func(*contained.Broker) error) error {
	g.turn.Lock()
	defer g.turn.Unlock()
	return how(g.broker.Load())
}

// Start has a new broker listen where the one listened that was stopped. It knows
// nothing of that one's sessions, wills and retained messages.
func (g *Gate) Start() error { return g.start(false) }

// Resume is Start, but for the sessions that outlast their connections, what waits in
// them, and retained messages: the new broker has them, as from a disk.
func (g *Gate) Resume() error { return g.start(true) }

func (g *Gate) start(inherits bool) error {
	g.turn.Lock()
	defer g.turn.Unlock()
	before := g.broker.Load()
	next := before.Successor()
	err := before.Close()
	if inherits {
		next.Inherit(before)
	}
	if err := errors.Join(err, g.begin(next)); err != nil {
		return fmt.Errorf("gate: %w", err)
	}
	for i, c := range before.Counts() {
		if i == len(g.former) {
			g.former = append(g.former, 0)
		}
		g.former[i] += c.N
	}
	return nil
}

// Close ends all connections and serves what has been posted before.
func (g *Gate) Close() error {
	if !g.opened {
		return nil
	}
	g.finish()
	return g.Stop()
}

// Counts is what has happened at the gate so far, always the same lines.
func (g *Gate) Counts() []Count {
	g.turn.Lock()
	defer g.turn.Unlock()
	broker := g.broker.Load().Counts()
	for i, n := range g.former {
		broker[i].N += n
	}
	return append(g.counts.list(heardReadings, lostOffline), broker...)
}

// Narrow leaves the queues between broker and platform room for so many messages at
// most until undo is called: what does not fit is lost if it is of QoS 0, or a command,
// and else waits with its sender.
func (g *Gate) Narrow(room int, hits *sim.Hits) (undo func()) {
	in, out := g.inbox.narrow(room, hits), g.postbox.narrow(room, hits)
	return func() { in(); out() }
}

// deliver hands a letter to the broker, on the postbox's goroutine.
func (g *Gate) deliver(l letter) {
	if g.keep != nil && g.keep.journal.Wait(l.after) != nil {
		return // the run is over
	}
	topic, b := Topic(l.room, l.name), g.broker.Load()
	// What is told as lost must not be delivered to a session that comes up just then.
	if !l.vital || g.account(b, &l, topic) {
		b.Publish(topic, l.payload, l.qos)
	}
}

// account tells whether a command or task has somebody to take it; publish is false
// for one that a session of ours is not there to take.
func (g *Gate) account(b *contained.Broker, l *letter, topic string) (publish bool) {
	ours := l.phone == nil && g.players[l.thing] == session
	there, why := false, sim.LostNobody
	if ours {
		there, why = b.Takes(clientID(g.nameOf(l.thing)), topic), sim.LostOffline
	} else {
		there = anyMeans(b, topic)
	}
	if !there {
		g.counts.add(unheardCommands)
		g.lose(loss{medium: l.medium, thing: l.thing, due: l.due, why: why, phone: l.phone, id: l.id})
		if l.phone != nil && anyMeans(b, topic) {
			g.lose(loss{phone: l.phone, took: true}) // it came in between
		}
		return !ours
	}
	g.counts.add(sentCommands)
	if !ours && l.phone == nil {
		g.lose(loss{medium: l.medium, thing: l.thing, took: true, id: l.id})
	}
	return true
}

// anyMeans says whether one of those who get a topic wants to take what comes by
// it, and not only to see it.
func anyMeans(b *contained.Broker, topic string) bool {
	return slices.ContainsFunc(b.Takers(topic), func(id string) bool { return slices.ContainsFunc(b.Filters(id, topic), addressed) })
}
