//go:build unix

package contained

import (
	"io"
	"net"
	"syscall"
)

// readiness reads a socket when there is something to read: memory is taken then,
// for all the pieces that have come.
type readiness struct {
	raw   syscall.RawConn
	asked bool
	try   func(fd uintptr) bool // made once
	x     *intake
	t     taker
	err   error
}

// socket says whether a connection is one that this can read.
func (r *readiness) socket(conn net.Conn) bool {
	if !r.asked {
		r.asked = true
		if s, ok := conn.(*net.TCPConn); ok {
			if raw, err := s.SyscallConn(); err == nil {
				r.raw, r.try = raw, r.pieces
			}
		}
	}
	return r.raw != nil
}

func (r *readiness) feed(x *intake, t taker) error {
	r.x, r.t, r.err = x, t, nil
	if err := r.raw.Read(r.try); err != nil {
		return err
	}
	return r.err
}

// pieces reads until there is nothing; false when more is to be waited for. A
// short piece is not the end of it: that the client has closed can have been told
// together with the piece, and is not told again.
func (r *readiness) pieces(fd uintptr) (done bool) {
	for {
		room := r.x.room()
		n, err := syscall.Read(int(fd), room)
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			r.x.release()
			return false
		case n == 0 && err == nil:
			err = io.EOF
		}
		more := false
		if err == nil {
			more, err = r.t.take(room[:n])
		}
		if r.err = err; err != nil || !more {
			return true
		}
	}
}
