//go:build unix

package broker

import (
	"io"
	"net"
	"syscall"
)

// attempt is what a goroutine of a crew tries connections with.
type attempt struct {
	in  []byte // read into
	b   []byte
	n   int
	err error

	read, write func(fd uintptr) bool // made once
}

func newAttempt() *attempt {
	a := &attempt{in: make([]byte, readSize)}
	try := func(do func(int, []byte) (int, error)) func(uintptr) bool {
		return func(fd uintptr) bool {
			for {
				a.n, a.err = do(int(fd), a.b)
				if a.err != syscall.EINTR {
					return true // also when it would have to wait: nobody waits here
				}
			}
		}
	}
	a.read, a.write = try(syscall.Read), try(syscall.Write)
	return a
}

func (a *attempt) on(how func(func(uintptr) bool) error, try func(uintptr) bool, b []byte) (int, error) {
	a.b, a.n, a.err = b, 0, nil
	err := how(try)
	a.b = nil
	switch {
	case err != nil:
		return 0, err
	case a.err == syscall.EAGAIN:
		return 0, nil
	case a.err != nil:
		return 0, a.err
	}
	return a.n, nil
}

// socket is a connection of the kernel's.
type socket struct{ raw syscall.RawConn }

func (s socket) tryWrite(a *attempt, b []byte) (int, error) { return a.on(s.raw.Write, a.write, b) }

func (s socket) tryRead(a *attempt) (int, error) {
	n, err := a.on(s.raw.Read, a.read, a.in)
	if n == 0 && err == nil && a.err == nil {
		err = io.EOF
	}
	return n, err
}

// quickSocket is nil where a connection is no socket.
func quickSocket(c net.Conn) quick {
	t, ok := c.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := t.SyscallConn()
	if err != nil {
		return nil
	}
	return socket{raw}
}
