package broker

import (
	"net"
	"time"
)

// Writing is done by a crew. Sessions that have something to write wait in its
// queue, so that under load what gathers for a session goes out in one piece. It
// never waits for a connection: one that takes no more gets a goroutine of its
// own until it does.

// startWriting makes sure that somebody writes; s.mu is held.
func (s *fleetSession) startWriting() {
	if !s.busy && s.conn != nil && s.out.wire != nil {
		s.busy = true
		s.fleet.writers.add(s)
	}
}

// write sends what has gathered.
func (s *fleetSession) write(a *attempt) {
	s.mu.Lock()
	batch, conn, quick := s.out.wire, s.conn, s.quick
	s.out.wire = nil
	if conn == nil || batch == nil {
		s.idle()
		s.mu.Unlock()
		batch.free()
		return
	}
	s.spoke = true
	s.mu.Unlock()
	n, err := quick.tryWrite(a, batch.b)
	if err == nil && n < len(batch.b) {
		batch.from = n
		s.fleet.slow.Go(func() { s.wrote(conn, batch, s.writeSlowly(conn, batch)) })
		return
	}
	s.wrote(conn, batch, err)
}

// writeSlowly waits until the connection takes the rest.
func (s *fleetSession) writeSlowly(conn net.Conn, batch *chunk) error {
	_ = conn.SetWriteDeadline(time.Now().Add(s.fleet.options.AnswerWithin))
	if _, err := conn.Write(batch.b[batch.from:]); err != nil {
		return err
	}
	return conn.SetWriteDeadline(time.Time{})
}

// wrote ends a write.
func (s *fleetSession) wrote(conn net.Conn, batch *chunk, err error) {
	batch.free()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil && s.conn == conn {
		s.hangUp(err)
	}
	s.idle()
}

// idle ends a turn of writing: the session queues again if there is more.
func (s *fleetSession) idle() {
	s.busy = false
	s.startWriting()
	s.changed()
}
