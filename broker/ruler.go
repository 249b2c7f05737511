package broker

import (
	"context"
	"crypto/subtle"
	"errors"
	"math"
	"sync"

	"github.com/twinbed/twinbed/broker/contained"
	"github.com/twinbed/twinbed/sim"
)

// ruler is the platform where it is not ours: the one client that may command.
type ruler struct {
	take   func(*sim.Order) // on the clock's thread
	secret string           // by which it is known; "" for none
	ids    bool             // every order needs one
	there  chan struct{}    // closed when it has subscribed to readings
	coming sync.Once
}

// platformID is the client id and the user name of a platform that is not ours.
const platformID = "platform"

// External declares that the platform is a client: take is told what it orders.
// With a secret, it is the user "platform" with that password.
func (d *desk) External(secret string, take func(*sim.Order)) {
	if d.serving {
		panic("the platform is declared before the gate opens")
	}
	d.ruler = &ruler{take: take, secret: secret, there: make(chan struct{})}
}

// admit lets the platform in if it knows the secret. As broker and listener are of
// this machine, one that needs none is believed.
//
// Where clients have to say who they are and it has no secret, it does as others do.
func (r *ruler) admit(g *guest, hello *contained.Hello, closed bool) (asked bool, answer contained.Answer) {
	if r == nil || hello.ID != platformID && hello.Username != platformID || closed && r.secret == "" {
		return false, contained.Welcome
	}
	knows := r.secret == "" || hello.Username == platformID && subtle.ConstantTimeCompare(hello.Password, []byte(r.secret)) == 1
	if g.rules = knows && hello.ID == platformID; !g.rules {
		return true, contained.Unknown
	}
	g.User = platformID
	return true, contained.Welcome
}

func (r *ruler) attends() { r.coming.Do(func() { close(r.there) }) }

// Attended waits until the platform has subscribed to readings.
func (g *Gate) Attended(ctx context.Context) error {
	select {
	case <-g.ruler.there:
		return nil
	case <-ctx.Done():
		return errors.New("no platform has come: it is the client \"" + platformID + "\" and subscribes to " + thingsPrefix + "+/readings")
	}
}

// hearOrder takes in what the platform wants done.
func (v *guest) hearOrder(at *place, m *contained.Message) contained.Fate {
	d := v.desk
	o := sim.Order{Thing: at.thing, Command: sim.NoCommand, Value: math.NaN()}
	var err error
	if at.room == Commands {
		err = at.codec.readOrder(m.Payload, &o)
	} else {
		err = readAssignment(m.Payload, d.world.Roster, &o)
	}
	if err == nil && d.ruler.ids && o.ID == 0 {
		err = errors.New("an order needs an id: by it whoever gets it from the broker acknowledges it")
	}
	if err != nil {
		return v.refuse(malformedPayloads, contained.Malformed, m, at.thing, err.Error())
	}
	if !d.inbox.ordered(o, m.QoS > 0) {
		return v.refuse(unreadMessages, contained.Taken, m, at.thing, "no room for it")
	}
	d.counts.add(heardOrders)
	return contained.Taken
}

// readOrder reads the payload of a command by a platform that is not ours.
func (c *Codec) readOrder(payload []byte, o *sim.Order) error {
	var s scanner
	for s.begin(payload); s.field(); {
		switch string(s.key) {
		case "command":
			name := s.quoted()
			if o.Command = c.kind.Command(string(name)); o.Command == sim.NoCommand {
				s.fail("no command of %s is called %.40q", c.kind.Name, name)
			}
		case "value":
			o.Value = s.number()
		default:
			s.ofOrder(o)
		}
	}
	if err := s.end(); err != nil {
		return err
	}
	if o.Command == sim.NoCommand {
		return errors.New("a command needs command")
	}
	return nil
}

// ofOrder reads what commands and tasks of a platform have in common.
func (s *scanner) ofOrder(o *sim.Order) {
	switch string(s.key) {
	case "id":
		o.ID = uint64(s.integer(1, math.MaxInt64>>1))
	case "seq":
		o.Seq = uint32(s.integer(1, math.MaxUint32))
	case "decision":
		o.Decision = clip(string(s.quoted()))
	default:
		s.skip()
	}
}

// readAssignment reads the payload of a task by a platform that is not ours.
func readAssignment(payload []byte, r *sim.Roster, o *sim.Order) error {
	t := &sim.Task{Thing: sim.NoThing, Does: sim.NoCommand, Value: math.NaN()}
	o.Task, o.Thing = t, sim.NoThing
	var s scanner
	does := ""
	for s.begin(payload); s.field(); {
		switch string(s.key) {
		case "task":
			t.What = clip(string(s.quoted()))
		case "skill":
			t.Skill = clip(string(s.quoted()))
		case "thing":
			name := s.quoted()
			id, ok := r.Lookup(string(name))
			if !ok {
				s.fail("no thing is called %.40q", name)
			}
			o.Thing = id
		case "does":
			does = string(s.quoted())
		case "value":
			t.Value = s.number()
		case "priority":
			t.Priority = int(s.integer(math.MinInt32, math.MaxInt32))
		default:
			s.ofOrder(o)
		}
	}
	if err := s.end(); err != nil {
		return err
	}
	if t.What == "" || t.Skill == "" {
		return errors.New("a task needs task and skill")
	}
	if does == "" {
		return nil
	}
	if o.Thing == sim.NoThing {
		return errors.New("what a task does, it does to a thing")
	}
	k := r.Kind(o.Thing)
	if t.Does = k.Command(does); t.Does == sim.NoCommand {
		return errors.New("no command of " + k.Name + " is called " + clip(does))
	}
	return nil
}
