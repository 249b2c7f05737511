package broker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/twinbed/twinbed/sim"
)

// fleetSession is one simulated thing's MQTT 3.1.1 session: clean, one goroutine that
// reads, and one that writes while there is something to write.
type fleetSession struct {
	fleet *Sessions
	thing sim.ThingID
	name  string
	topic [3]string // of readings, commands, acks

	mu      sync.Mutex
	out     outbox
	conn    net.Conn      // nil while offline
	ended   uint32        // connections so far that have ended
	writing bool          // flush runs
	batch   []mark        // what it is writing
	pings   int           // on this connection
	pongs   int           // likewise
	pinged  time.Time     // when the latest ping was sent
	change  chan struct{} // closed at the next change; nil while nobody waits for one
	settled bool          // was up once, or will never be
	why     error         // the latest failure
	write   func()        // flush, made once
}

const (
	readingsTopic = iota
	commandsTopic
	acksTopic
)

// errRefused is a CONNACK that will not change by trying again.
var errRefused = errors.New("the broker refuses it")

// live keeps the session connected until the context ends.
func (s *fleetSession) live(ctx context.Context) {
	f := s.fleet
	for attempt := uint64(0); ctx.Err() == nil; attempt++ {
		if !f.pace.wait(ctx) {
			break
		}
		began := time.Now()
		err := s.once(ctx)
		if errors.Is(err, errRefused) {
			f.counts.add(refusedSessions)
			s.settle(func() { s.why = err })
			return
		}
		s.alter(func() { s.why = err })
		if time.Since(began) > f.options.KeepAlive {
			attempt = 0 // it held: no reason to be shy
		}
		if !pause(ctx, f.backoff(s.thing, attempt)) {
			break
		}
	}
}

// once connects, serves until the connection ends, and says why it ended.
func (s *fleetSession) once(ctx context.Context) error {
	o := s.fleet.options
	greeting, cancel := context.WithTimeout(ctx, o.AnswerWithin)
	defer cancel()
	conn, err := o.Dial(greeting)
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { s.takeLeave(conn) })
	defer stop()
	r := &frames{conn: conn}
	if err := s.greet(conn, r); err != nil {
		return err
	}
	s.online(conn)
	err = s.read(conn, r)
	if ctx.Err() == nil {
		s.fleet.counts.add(brokenSessions)
	}
	s.offline()
	return err
}

// takeLeave ends a connection as MQTT wants it: without a DISCONNECT the broker
// takes the thing for dead.
func (s *fleetSession) takeLeave(conn net.Conn) {
	_ = conn.SetWriteDeadline(time.Now().Add(time.Second))
	_, _ = conn.Write([]byte{packets.Disconnect << 4, 0})
	_ = conn.Close()
}

// greet says who we are and subscribes to the thing's commands.
func (s *fleetSession) greet(conn net.Conn, r *frames) error {
	o := s.fleet.options
	var b bytes.Buffer
	hello := packets.Packet{
		FixedHeader: packets.FixedHeader{Type: packets.Connect}, ProtocolVersion: 4,
		Connect: packets.ConnectParams{
			ProtocolName: []byte("MQTT"), Clean: true, Keepalive: uint16(o.KeepAlive / time.Second),
			ClientIdentifier: s.fleet.prefix + s.name, UsernameFlag: o.Username != "", Username: []byte(o.Username),
			PasswordFlag: o.Password != "", Password: []byte(o.Password),
		},
	}
	if err := hello.ConnectEncode(&b); err != nil {
		return err
	}
	_ = conn.SetDeadline(time.Now().Add(o.AnswerWithin))
	if _, err := conn.Write(b.Bytes()); err != nil {
		return err
	}
	ack, err := r.expect(packets.Connack)
	if err != nil {
		return fmt.Errorf("no CONNACK: %w", err)
	}
	if ack.ReasonCode != 0 {
		return fmt.Errorf("%w: CONNACK code %d", errRefused, ack.ReasonCode)
	}
	b.Reset()
	// QoS 0: the broker's packet ids and ours would share one map, and commands
	// have acks of their own.
	wish := packets.Packet{
		FixedHeader: packets.FixedHeader{Type: packets.Subscribe, Qos: 1}, ProtocolVersion: 4, PacketID: 1,
		Filters: packets.Subscriptions{{Filter: s.topic[commandsTopic]}},
	}
	if err := wish.SubscribeEncode(&b); err != nil {
		return err
	}
	if _, err := conn.Write(b.Bytes()); err != nil {
		return err
	}
	if ack, err = r.expect(packets.Suback); err != nil {
		return fmt.Errorf("no SUBACK: %w", err)
	}
	if len(ack.ReasonCodes) != 1 || ack.ReasonCodes[0] > 2 {
		return fmt.Errorf("%w: SUBACK codes %v", errRefused, ack.ReasonCodes)
	}
	return conn.SetDeadline(time.Time{})
}

// read takes what the broker sends until the connection ends. Its deadline is
// the keep-alive's clock.
func (s *fleetSession) read(conn net.Conn, r *frames) error {
	tick := s.fleet.options.KeepAlive / 2
	for {
		_ = conn.SetReadDeadline(time.Now().Add(tick))
		pk, err := r.next()
		if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
			if err := s.keepAlive(tick); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		switch pk.FixedHeader.Type {
		case packets.Publish:
			s.fleet.receive(s, &pk)
		case packets.Puback:
			s.alter(func() { s.out.landed(pk.PacketID) })
		case packets.Pingresp:
			s.alter(func() { s.pongs++ })
		}
	}
}

// keepAlive pings a broker that has been silent, and gives one up that did not
// answer.
func (s *fleetSession) keepAlive(tick time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pongs == s.pings {
		s.ping()
	} else if time.Since(s.pinged) > tick {
		return errors.New("no PINGRESP")
	}
	return nil
}

// ping asks for a PINGRESP; what was written before has arrived when it comes.
func (s *fleetSession) ping() {
	s.pings++
	s.pinged = time.Now()
	s.out.bytes = append(s.out.bytes, packets.Pingreq<<4, 0)
	s.startWriting()
}

func (s *fleetSession) online(conn net.Conn) {
	s.settle(func() {
		s.conn, s.why, s.pings, s.pongs = conn, nil, 0, 0
		s.fleet.counts[resentMessages].Add(uint64(s.out.relaunch()))
		s.startWriting()
	})
}

func (s *fleetSession) offline() {
	var lost []mark
	s.alter(func() {
		s.conn = nil
		s.ended++
		lost = s.out.drop()
	})
	s.tell(lost)
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
	if !s.settled { // only the session's own goroutine asks
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
// broker: QoS 1 by its PUBACK, QoS 0 by the PINGRESP to a ping behind it.
func (s *fleetSession) arrived(ctx context.Context) error {
	var asked net.Conn
	goal := 0
	return s.await(ctx, func() bool {
		if s.conn == nil {
			return len(s.out.flights) == 0 && !s.writing
		}
		if s.conn != asked {
			asked = s.conn
			s.ping()
			goal = s.pings
		}
		return s.pongs >= goal && len(s.out.flights) == 0
	})
}

// tell has the observers told of messages that no broker can have seen.
func (s *fleetSession) tell(lost []mark) {
	for _, m := range lost {
		s.fleet.counts.add(lostOffline)
		if !s.fleet.inbox.lost(loss{medium: m.medium, thing: s.thing, due: m.due, why: sim.LostOffline}) {
			s.fleet.counts.add(untoldLosses)
		}
	}
}

// startWriting makes sure that somebody writes; s.mu is held.
func (s *fleetSession) startWriting() {
	if !s.writing && s.conn != nil && len(s.out.bytes) > 0 {
		s.writing = true
		go s.write()
	}
}

// flush writes all that has gathered, in as few pieces as there is time for.
func (s *fleetSession) flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.conn != nil && len(s.out.bytes) > 0 {
		conn := s.conn
		batch, marks := s.out.swap()
		s.batch = marks
		s.mu.Unlock()
		_ = conn.SetWriteDeadline(time.Now().Add(s.fleet.options.AnswerWithin))
		n, err := conn.Write(batch)
		if err != nil {
			_ = conn.Close() // the reader sees to the rest
			for i, m := range marks {
				if m.end > n {
					s.tell(marks[i:])
					break
				}
			}
		}
		s.mu.Lock()
		s.batch = nil
		s.out.giveBack(batch, marks)
		if err != nil && s.conn == conn {
			s.conn = nil
		}
	}
	s.writing = false
	s.changed()
}

// send publishes from the clock's thread: it never blocks. The cause is why the
// message is lost, where ok is false.
func (s *fleetSession) send(topic int, payload []byte, medium sim.Medium, due sim.Time) (why sim.Cause, ok bool) {
	o := &s.fleet.options
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case o.QoS == 0 && s.conn == nil:
		s.fleet.counts.add(lostOffline)
		return sim.LostOffline, false
	case len(s.out.bytes) >= o.Outbox || len(s.out.flights) >= o.Window:
		s.fleet.counts.add(lostInOutbox)
		return sim.LostInOutbox, false
	case o.QoS == 0:
		s.out.put(s.topic[topic], payload, medium, due)
	default:
		s.out.fly(s.topic[topic], payload, medium, s.conn != nil)
	}
	s.startWriting()
	return 0, true
}
