//go:build unix

package contained

import (
	"io"
	"net"
	"syscall"
)

// readiness reads a socket when there is something to read: memory is taken then,
// and there is one system call a piece. (Go's own Read tries first, in vain, and
// again when it is told that there is something.)
type readiness struct {
	raw   syscall.RawConn
	asked bool
	try   func(fd uintptr) bool // made once
	x     *intake
	piece []byte
	err   error
}

// socket says whether a connection is one that this can read.
func (r *readiness) socket(conn net.Conn) bool {
	if !r.asked {
		r.asked = true
		if s, ok := conn.(*net.TCPConn); ok {
			if raw, err := s.SyscallConn(); err == nil {
				r.raw, r.try = raw, r.read
			}
		}
	}
	return r.raw != nil
}

func (r *readiness) feed(x *intake, t taker) error {
	r.x = x
	for {
		if err := r.raw.Read(r.try); err != nil {
			return err
		}
		if r.err != nil {
			return r.err
		}
		// Not within try: whoever takes a packet may close the connection, and Close
		// waits until nobody is reading it.
		if more, err := t.take(r.piece); err != nil || !more {
			return err
		}
	}
}

// read takes a piece; false when there is none and one is to be waited for. A
// short piece is not the end of it: that the client has closed can have been told
// together with the piece, and is not told again. Nor does Go's poller remember what
// came between a piece and the next wait: so the read that finds nothing is needed.
func (r *readiness) read(fd uintptr) (done bool) {
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
		r.piece, r.err = room[:max(n, 0)], err
		return true
	}
}
