package broker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/twinbed/twinbed/sim"
)

// fleetSession is the MQTT session of one simulated thing, or of a gateway that
// speaks for several. Crews of the fleet read and write for it; it holds nothing
// that is not in use.
type fleetSession struct {
	fleet  *Sessions
	things span   // that it speaks for, but for those whose session is another
	place  int32  // among the fleet's clients
	label  string // a gateway's name; "" for the session of one thing
	guest  *guest // as which its messages are heard once they are acknowledged, in a fleet apart

	mu         sync.Mutex
	out        outbox
	conn       net.Conn      // nil while offline
	quick      quick         // how it can be tried; nil once it has been found ended
	change     chan struct{} // closed at the next change; nil while nobody waits for one
	why        error         // the latest failure
	connection uint32        // how many there have been
	pings      uint32        // on this connection
	pongs      uint32        // likewise
	window     uint16
	attempt    uint8
	busy       bool // queued for the writers or being written
	heard      bool // since the latest visit of the pulse
	spoke      bool // likewise
	waited     bool // for a PINGRESP at the latest visit
	settled    bool // was up once, or will never be
	known      bool // the broker may have a session of this run
	stormed    bool // cut by a storm: comes back at once
	unplugged  bool // may not come back
	parked     bool // would have, meanwhile

	state atomic.Int32 // for the readers
	rest  *chunk       // the beginning of a packet; theirs
}

// span is things from a first to a last.
type span struct{ first, last sim.ThingID }

func (x span) holds(id sim.ThingID) bool { return x.first <= id && id <= x.last }

// name is the thing's, or the gateway's.
func (s *fleetSession) name() string {
	if s.label != "" {
		return s.label
	}
	return s.fleet.world.Roster.Name(s.things.first)
}

// each calls do for every thing that the session speaks for.
func (s *fleetSession) each(do func(id sim.ThingID, t *traffic)) {
	for id := s.things.first; id <= s.things.last; id++ {
		if s.fleet.of(id) == s {
			do(id, s.fleet.trafficOf(id))
		}
	}
}

// level is a thing's name as it stands in topics.
func (s *Sessions) level(id sim.ThingID) string { return s.levels[id-s.fleet.Kind.First] }

func (s *fleetSession) online(g greeting) {
	how, listen := s.listen(g.conn)
	s.settle(func() {
		s.connection++
		s.rest = g.rest()
		s.conn, s.quick, s.window, s.why = g.conn, how, uint16(g.window), nil
		s.pings, s.pongs, s.waited, s.heard, s.spoke = 0, 0, false, true, true
		again := s.out.relaunch(g.present, g.window, func(f flight) {
			s.fleet.news.tell(news{what: givenUp, session: s, thing: f.thing, connection: s.connection - 1, medium: f.medium, due: f.due})
		})
		s.fleet.counts[resentMessages].Add(uint64(again))
		s.startWriting()
	})
	listen()
}

// hear does what a packet asks for.
func (s *fleetSession) hear(pk *packet) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard = true
	// A broker that has a message of QoS 2 from before may say that its id is in use.
	refused := pk.reason >= 0x80 && pk.reason != packets.ErrPacketIdentifierInUse.Code
	switch {
	case pk.kind == packets.Pingresp:
		s.pongs++
	case pk.kind == packets.Pubrec && !refused:
		s.out.received(pk.id)
	case pk.kind == packets.Puback, pk.kind == packets.Pubrec, pk.kind == packets.Pubcomp:
		if s.fleet.apart && !refused {
			if frame := s.out.frame(pk.id); frame != nil {
				s.acknowledged(frame)
			}
		}
		f, ok := s.out.landed(pk.id)
		switch {
		case !ok:
		case !refused || pk.kind == packets.Pubcomp:
			s.fleet.counts.add(acknowledgedMessages)
		default:
			s.fleet.counts.add(refusedMessages)
			s.fleet.news.tell(news{what: lost, session: s, thing: f.thing, medium: f.medium, due: f.due, why: sim.LostRefused})
		}
		s.out.launch(int(s.window))
	case pk.kind == packets.Disconnect:
		return fmt.Errorf("a DISCONNECT of the broker, code %d", pk.reason)
	default:
		return nil
	}
	s.startWriting()
	s.changed()
	return nil
}

// hangUp closes the connection; whoever reads it sees to the rest. s.mu is held.
func (s *fleetSession) hangUp(why error) {
	if s.why == nil {
		s.why = why
	}
	_ = s.conn.Close()
	s.conn = nil
	s.readable()
}

// offline notes that the connection has ended: what it carried has arrived or not,
// and what was still to be written of QoS 0 will not. Then the session comes back.
func (s *fleetSession) offline(err error) {
	f := s.fleet
	s.mu.Lock()
	if s.conn != nil {
		s.hangUp(err)
	}
	s.quick = nil
	s.rest.free()
	s.out.wire.free()
	s.rest, s.out.wire = nil, nil
	stormed := s.stormed
	s.stormed = false
	f.news.tell(news{what: broken, session: s, connection: s.connection})
	s.changed()
	s.mu.Unlock()
	switch {
	case f.run.Err() != nil:
	case stormed:
		f.counts.add(brokenSessions)
		f.dialer.storm <- s
	default:
		f.counts.add(brokenSessions)
		s.again()
	}
}

var errStorm = errors.New("cut off by a storm")

// cut breaks the connection as a cable does: without a DISCONNECT.
func (s *fleetSession) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != nil {
		s.stormed = true
		if socket, ok := s.conn.(*net.TCPConn); ok {
			_ = socket.SetLinger(0) // what is on its way is gone
		}
		s.hangUp(errStorm)
	}
}

var errUnplugged = errors.New("unplugged")

// unplug breaks the connection without a DISCONNECT, until plug is called.
func (s *fleetSession) unplug() (plug func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.unplugged {
		return func() {} // somebody else has, and will plug it in
	}
	s.unplugged = true
	if s.conn != nil {
		s.hangUp(errUnplugged)
	}
	return func() {
		s.mu.Lock()
		was := s.parked
		s.unplugged, s.parked = false, false
		s.mu.Unlock()
		if was {
			s.fleet.dialer.due <- s
		}
	}
}

// park says whether the session has to stay away for now.
func (s *fleetSession) park() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parked = s.unplugged
	return s.parked
}

var errLeft = errors.New("it has taken leave")

// leave ends a connection as MQTT wants it: without a DISCONNECT the broker
// takes the thing for dead.
func (s *fleetSession) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != nil {
		sayGoodbye(s.conn)
		s.hangUp(errLeft)
	}
}

func sayGoodbye(conn net.Conn) {
	_ = conn.SetWriteDeadline(time.Now().Add(time.Second))
	_, _ = conn.Write([]byte{packets.Disconnect << 4, 0})
}

// alter changes the session and wakes whoever waits for a change.
func (s *fleetSession) alter(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	s.changed()
}

// settle is an alter after which Connect need not wait for the session.
func (s *fleetSession) settle(f func()) {
	s.alter(f)
	if !s.settled { // only whoever connects asks
		s.settled = true
		s.fleet.settled()
	}
}

func (s *fleetSession) changed() {
	if s.change != nil {
		close(s.change)
		s.change = nil
	}
}

// await returns when done holds, or with the context's error. done is asked with
// s.mu held, now and after each change.
func (s *fleetSession) await(ctx context.Context, done func() bool) error {
	for {
		s.mu.Lock()
		if done() {
			s.mu.Unlock()
			return nil
		}
		if s.change == nil {
			s.change = make(chan struct{})
		}
		change := s.change
		s.mu.Unlock()
		select {
		case <-change:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// arrived returns when everything sent so far is known to have reached the
// broker or to be lost: QoS 1 and 2 by their acknowledgement, QoS 0 by the
// PINGRESP to a ping behind it.
func (s *fleetSession) arrived(ctx context.Context) error {
	asked, goal := uint32(0), uint32(0)
	return s.await(ctx, func() bool {
		if s.conn == nil {
			return s.out.flights.len() == 0 && !s.busy
		}
		if s.connection != asked {
			asked = s.connection
			s.ping()
			goal = s.pings
		}
		return s.pongs >= goal && s.out.flights.len() == 0
	})
}

// send publishes from the clock's thread: it never blocks. The cause is why the
// message is lost, where ok is false.
func (s *fleetSession) send(room Room, id sim.ThingID, payload []byte, x step) (why sim.Cause, ok bool) {
	o := &s.fleet.options
	p := dispatch{room: room, level: s.fleet.level(id), qos: o.QoS, five: o.Version == MQTT5, payload: payload}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case o.QoS == 0 && s.conn == nil:
		s.fleet.counts.add(lostOffline)
		return sim.LostOffline, false
	case s.out.full(o.QoS, o.Outbox):
		s.fleet.counts.add(lostInOutbox)
		return sim.LostInOutbox, false
	case o.QoS == 0:
		x.connection = s.connection
		s.out.put(&p)
	default:
		s.out.keep(&p, flight{thing: id, medium: x.medium, due: x.due})
		if s.conn != nil {
			s.out.launch(int(s.window))
		}
	}
	s.startWriting()
	s.fleet.trafficOf(id).up.add(x)
	return 0, true
}
