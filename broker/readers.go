package broker

import (
	"net"

	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/twinbed/twinbed/broker/pipe"
)

// Reading is done by a crew as well: whoever knows that a session has something to
// read queues it. Connections that cannot be tried have a goroutine each that
// waits for them.

// quick is a connection that can be tried: it does what it can and does not wait.
type quick interface {
	tryWrite(a *attempt, b []byte) (int, error)
	tryRead(a *attempt) (int, error) // into a.in
}

// readSize is how much is read at once.
const readSize = 1 << 14

type memory struct{ *pipe.End }

func (m memory) tryWrite(_ *attempt, b []byte) (int, error) { return m.TryWrite(b) }
func (m memory) tryRead(a *attempt) (int, error)            { return m.TryRead(a.in) }

// never is a connection that cannot be tried, as TLS: each call may have to wait.
type never struct{}

func (never) tryWrite(*attempt, []byte) (int, error) { return 0, nil }
func (never) tryRead(*attempt) (int, error)          { return 0, nil }

// listen finds out how a connection can be tried, and has the session queue
// whenever there is something to read.
func (s *fleetSession) listen(c net.Conn) (how quick, begin func()) {
	if p, ok := c.(*pipe.End); ok {
		return memory{p}, func() { p.Notify(s.readable) }
	}
	if q := quickSocket(c); q != nil {
		if s.fleet.poller().watch(c, int(s.place)) {
			return q, s.readable
		}
	}
	return never{}, func() { s.fleet.slow.Go(func() { s.wait(c) }) }
}

// wait reads a connection that cannot be tried.
func (s *fleetSession) wait(c net.Conn) {
	b := make([]byte, 512)
	err := s.feed(nil)
	for err == nil {
		var n int
		if n, err = c.Read(b); n > 0 {
			err = s.feed(b[:n])
		}
	}
	s.offline(err)
}

// The states of a session for its readers.
const (
	resting int32 = iota
	queued
	underWay
	onceMore // underWay, and there is more
)

// readable says that there may be something to read.
func (s *fleetSession) readable() {
	for {
		switch before := s.state.Load(); before {
		case resting:
			if s.state.CompareAndSwap(resting, queued) {
				s.fleet.readers.add(s)
				return
			}
		case underWay:
			if s.state.CompareAndSwap(underWay, onceMore) {
				return
			}
		default:
			return
		}
	}
}

// read takes what there is, and finds out whether the connection has ended.
func (s *fleetSession) read(a *attempt) {
	s.state.Store(underWay)
	s.mu.Lock()
	how := s.quick
	s.mu.Unlock()
	for n, err := 1, error(nil); how != nil && how != (never{}) && n > 0; {
		if n, err = how.tryRead(a); err == nil {
			err = s.feed(a.in[:n])
		}
		if err != nil {
			s.offline(err)
			break
		}
	}
	if !s.state.CompareAndSwap(underWay, resting) {
		s.state.Store(queued)
		s.fleet.readers.add(s)
	}
}

// feed takes the next bytes of the connection; what is no whole packet yet is
// kept.
func (s *fleetSession) feed(b []byte) error {
	if s.rest != nil {
		s.rest.b = append(s.rest.b, b...)
		b = s.rest.b
	}
	for len(b) > 0 {
		size, head := frameSize(b)
		if size < 0 {
			return errBroken
		}
		if size == 0 {
			break
		}
		pk, err := decodeFrame(b[0], b[head:size], s.fleet.options.Version == MQTT5)
		if err != nil {
			return err
		}
		if pk.kind == packets.Publish {
			s.fleet.receive(s, &pk)
		}
		if err := s.hear(&pk); err != nil {
			return err
		}
		b = b[size:]
	}
	switch {
	case len(b) == 0:
		s.rest.free()
		s.rest = nil
	case s.rest == nil:
		s.rest = newChunk()
		s.rest.b = append(s.rest.b, b...)
	default:
		s.rest.b = s.rest.b[:copy(s.rest.b, b)]
	}
	return nil
}
