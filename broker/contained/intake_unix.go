//go:build unix

package contained

import (
	"io"
	"net"
	"syscall"
)

// readiness reads a socket once there is something to read: memory is taken then.
type readiness struct {
	raw   syscall.RawConn
	asked bool
	n     int
	err   error
	try   func(fd uintptr) bool // made once
}

func (r *readiness) read(conn net.Conn, x *intake) (int, error) {
	if !r.asked {
		r.asked = true
		if socket, ok := conn.(*net.TCPConn); ok {
			if raw, err := socket.SyscallConn(); err == nil {
				r.raw, r.try = raw, func(fd uintptr) bool { return r.once(fd, x) }
			}
		}
	}
	if r.raw == nil {
		return conn.Read(x.room())
	}
	if err := r.raw.Read(r.try); err != nil {
		return 0, err
	}
	return r.n, r.err
}

// once tries to read; false while there is nothing.
func (r *readiness) once(fd uintptr, x *intake) bool {
	for {
		r.n, r.err = syscall.Read(int(fd), x.room())
		switch {
		case r.err == syscall.EINTR:
			continue
		case r.err == syscall.EAGAIN:
			x.release()
			return false
		case r.n == 0 && r.err == nil:
			r.err = io.EOF
		}
		return true
	}
}
