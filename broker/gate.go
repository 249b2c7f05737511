package broker

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"

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
	*contained.Broker
	*desk
	access Access
	secret string
	opened bool
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
	g.Broker = contained.New(o.Options, policy{g})
	return g, nil
}

// Open begins to listen and to serve.
func (g *Gate) Open() error {
	if g.opened {
		return errors.New("the gate is open already")
	}
	g.opened = true
	g.serve(g.deliver)
	if err := g.Broker.Open(); err != nil {
		g.finish()
		return fmt.Errorf("gate: %w", err)
	}
	return nil
}

// Close ends all connections and serves what has been posted before.
func (g *Gate) Close() error {
	if !g.opened {
		return nil
	}
	g.finish()
	return g.Broker.Close()
}

// Counts is what has happened at the gate so far, always the same lines.
func (g *Gate) Counts() []Count {
	return append(g.counts.list(heardReadings, lostOffline), g.Broker.Counts()...)
}

// deliver hands a letter to the broker, on the postbox's goroutine.
func (g *Gate) deliver(l letter) {
	topic := Topic(l.room, l.name)
	takers := g.Takers(topic)
	if l.vital {
		g.account(&l, topic, takers)
	}
	if len(takers) > 0 {
		g.Broker.Publish(topic, l.payload, l.qos)
	}
}

// account tells whether a command or task has somebody to take it.
func (g *Gate) account(l *letter, topic string, takers []string) {
	ours := l.phone == nil && g.players[l.thing] == session
	there, why := false, sim.LostNobody
	if ours {
		id := clientID(l.name)
		there, why = slices.Contains(takers, id) && g.Connected(id), sim.LostOffline
	} else {
		there = g.anyMeans(takers, topic)
	}
	if !there {
		g.counts.add(unheardCommands)
		g.lose(loss{medium: l.medium, thing: l.thing, due: l.due, why: why, phone: l.phone, id: l.id})
		if l.phone != nil && g.anyMeans(g.Takers(topic), topic) {
			g.lose(loss{phone: l.phone, took: true}) // it came in between
		}
		return
	}
	g.counts.add(sentCommands)
	if !ours && l.phone == nil {
		g.lose(loss{medium: l.medium, thing: l.thing, took: true, id: l.id})
	}
}

// anyMeans says whether one of those who get a topic wants to take what comes by
// it, and not only to see it.
func (g *Gate) anyMeans(takers []string, topic string) bool {
	return slices.ContainsFunc(takers, func(id string) bool { return slices.ContainsFunc(g.Filters(id, topic), addressed) })
}
