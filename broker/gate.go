package broker

import (
	"crypto/rand"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/twinbed/twinbed/broker/contained"
	"github.com/twinbed/twinbed/sim"
)

// GateOptions say where a gate listens and what it has room for. The zero value
// listens in memory only and has room for what a scenario usually needs.
type GateOptions struct {
	contained.Options
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

// player says who speaks for a thing.
type player uint8

const (
	inHouse player = iota // the testbed, without a socket
	session               // the testbed, as an MQTT client
	outside               // a stranger's client
)

// Gate is where everything with a socket comes in: an embedded MQTT broker.
// Readings and acks are heard before the broker acknowledges them and go to the
// world's Bus on the clock's thread; a command that it obeys is published to its
// thing. Declare all things and phones before Open.
type Gate struct {
	*contained.Broker
	world   *sim.World
	options GateOptions
	codecs  []*Codec // by place in the roster
	players []player // by thing
	phones  map[string]*Phone
	secret  string

	inbox    *inbox
	postbox  *postbox
	carried  chan struct{} // closed when the postbox's goroutine is done
	opened   bool
	watchers [Acks + 1]atomic.Int64 // subscriptions that can match a room of things
	counts   counters

	// Only on the clock's thread.
	reading sim.Reading
	seqs    map[sim.ThingID]uint32 // latest of outside things
	unread  map[sim.ThingID]int    // malformed readings of outside things whose numbers are not known
	asked   asked
	blank   []float64
}

// NewGate makes the gate of a world whose roster is complete and whose Bus it
// will serve. The error names a signal that cannot be written in a payload.
func NewGate(w *sim.World, o GateOptions) (*Gate, error) {
	o.fill()
	g := &Gate{
		world: w, options: o, secret: rand.Text(),
		players: make([]player, w.Roster.Size()), phones: map[string]*Phone{},
		postbox: newPostbox(o.Postbox), carried: make(chan struct{}),
		seqs: map[sim.ThingID]uint32{}, unread: map[sim.ThingID]int{},
	}
	g.inbox = newInbox(w.Clock, o.Inbox, g.take)
	g.Broker = contained.New(o.Options, policy{g})
	for _, k := range w.Roster.Kinds {
		c, err := NewCodec(k)
		if err != nil {
			return nil, err
		}
		g.codecs = append(g.codecs, c)
	}
	for _, filter := range o.Relay {
		if !validFilter(filter) || covers(filter, eventsTopic) || filter[0] == '$' {
			return nil, fmt.Errorf("%q cannot be relayed: it is no topic filter or meets %s/", filter, Root)
		}
	}
	return g, nil
}

// Outside declares a thing to be played by whichever client publishes on its
// topics: the caller releases it from its fleet and routes its commands here.
func (g *Gate) Outside(id sim.ThingID) { g.declare(id, outside) }

func (g *Gate) declare(id sim.ThingID, p player) {
	if g.opened {
		panic("things are declared before the gate opens")
	}
	g.players[id] = p
}

// Open begins to listen and to serve.
func (g *Gate) Open() error {
	if g.opened {
		return errors.New("the gate is open already")
	}
	g.opened = true
	go func() {
		defer close(g.carried)
		g.postbox.carry(g.deliver)
	}()
	if err := g.Broker.Open(); err != nil {
		g.postbox.close()
		<-g.carried
		return fmt.Errorf("gate: %w", err)
	}
	return nil
}

// Close ends all connections and serves what has been posted before.
func (g *Gate) Close() error {
	if !g.opened {
		return nil
	}
	g.postbox.close()
	<-g.carried
	g.inbox.close()
	return g.Broker.Close()
}

// InFlight is how many messages the gate has that the clock or the broker has
// not taken yet.
func (g *Gate) InFlight() (readings, commands, acks int) {
	readings, _, acks = g.inbox.inFlight()
	return readings, g.postbox.inFlight(), acks
}

// Counts is what has happened at the gate so far, always the same lines.
func (g *Gate) Counts() []Count {
	return append(g.counts.list(heardReadings, lostOffline), g.Broker.Counts()...)
}
