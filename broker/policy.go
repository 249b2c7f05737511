package broker

import (
	"crypto/subtle"
	"strings"

	"github.com/twinbed/twinbed/broker/contained"
	"github.com/twinbed/twinbed/sim"
)

// policy is the gate's say in who may do what; it hears readings and acks before
// they are acknowledged.
type policy struct{ *Gate }

var _ contained.Policy = policy{}

// Sessions of the testbed's own have client ids that nobody else may use.
const (
	ownUser   = "twinbed"
	ownPrefix = "twinbed:"
)

func clientID(thing string) string { return ownPrefix + thing }

// Anonymous lets strangers in on this machine who need not say who they are,
// unless the run's owner has said who they may be.
func (p policy) Anonymous() bool { return !p.access.closed() }

// Admit knows the testbed's own sessions by the run's secret. Whoever else has
// come in over loopback may be a stranger, or is whom its credentials say.
func (p policy) Admit(c *contained.Client, hello *contained.Hello) contained.Answer {
	g := &guest{Client: c, desk: p.desk, watching: map[string]struct{}{}}
	c.Guest = g
	if name, own := strings.CutPrefix(hello.ID, ownPrefix); own || hello.Username == ownUser {
		things, exists := p.things(name)
		right := subtle.ConstantTimeCompare(hello.Password, []byte(p.secret)) == 1
		if !own || !right || !exists {
			return contained.Unknown
		}
		g.speaks, g.own, c.User, c.Own = things, true, ownUser, true
		return contained.Welcome
	}
	if asked, answer := p.ruler.admit(g, hello, p.access.closed()); asked {
		return answer
	}
	if p.access.closed() {
		return p.access.admit(g, hello)
	}
	return contained.Welcome
}

// Will lets a client's will be told where the scenario relays; it would go round
// all that is checked on a publish. A session of the testbed's own has its status.
func (p policy) Will(c *contained.Client, topic string) bool {
	if v := c.Guest.(*guest); v.own {
		return topic == Topic(Status, p.world.Roster.Name(v.speaks.first))
	}
	return p.relays(topic)
}

// Receive lets the testbed's own sessions have their commands, and others what is
// of the testbed or relayed.
func (p policy) Receive(c *contained.Client, topic string) bool {
	switch v := c.Guest.(*guest); {
	case v.own:
		room, name := ReadTopic(topic)
		id, ok := p.world.Roster.Lookup(name)
		return room == Commands && ok && v.speaks.holds(id) && p.players[id] == session
	case v.bound():
		return v.ofItsOwn(topic)
	}
	first, _, _ := strings.Cut(topic, "/")
	return contained.ValidFilter(topic) && (first == Root || first == "#" || first == "+" || p.relays(topic))
}

// Quality is above 0 only for whoever takes the commands of one thing or the
// tasks of one worker: a slow observer must hold nobody up.
func (p policy) Quality(_ *contained.Client, filter string) byte {
	if room, _ := ReadTopic(filter); room == Commands || room == Tasks || p.relays(filter) {
		return 2
	}
	return 0
}

// Publish hears a message. Readings go on to other clients only if somebody
// watches.
func (p policy) Publish(c *contained.Client, m *contained.Message) contained.Fate {
	v := c.Guest.(*guest)
	at := v.locate(m.Topic)
	switch {
	case at.why != "":
		return v.refuse(at.refusal, contained.NotAuthorized, m, at.thing, at.why)
	case at.relayed:
		return contained.Passed
	case m.QoS > 0 && !v.findsRoom():
		return contained.Unheard
	case at.room == Readings:
		return v.hearReading(at, m)
	case at.room == Commands || at.room == Assignments:
		return v.hearOrder(at, m)
	}
	return v.hearAck(at, m)
}

// Subscribed counts a subscription that readings can match.
func (p policy) Subscribed(c *contained.Client, filter string) {
	v := c.Guest.(*guest)
	v.watch(filter)
	p.readPhones(filter)
	if v.rules && watches(filter, Readings) {
		p.ruler.attends()
	}
}

// Unsubscribed is its inverse.
func (p policy) Unsubscribed(c *contained.Client, filter string) { c.Guest.(*guest).watchNot(filter) }

// Left forgets what a client watched.
func (p policy) Left(c *contained.Client) {
	v := c.Guest.(*guest)
	_ = v.commit() // what was not acknowledged may still be told
	v.watchNone()
	if v.rules {
		p.inbox.note(sim.Event{What: "platform away", Thing: sim.NoThing, Subject: platformID})
	}
}

// Dropped tells which command or task did not fit into its taker's queue; an
// observer's copy is only counted.
func (p policy) Dropped(c *contained.Client, topic string, payload []byte) {
	room, name := ReadTopic(topic)
	if c.Guest.(*guest).rules {
		p.counts.add(droppedAtPlatform)
		return
	}
	if !c.Holds(topic) || room != Commands && room != Tasks {
		p.counts.add(droppedOthers)
		return
	}
	p.counts.add(droppedCommands)
	if room == Tasks {
		if to := p.phones[name]; to != nil {
			p.lose(loss{phone: to, why: sim.LostInBroker})
		}
		return
	}
	l := loss{medium: sim.CommandMessage, due: -1, why: sim.LostInBroker}
	l.thing, _ = p.world.Roster.Lookup(name)
	var order sim.Command
	if l.thing != sim.NoThing && p.codec(l.thing).ReadCommand(payload, &order) == nil {
		l.due = order.Decided.At
	}
	p.lose(l)
}
