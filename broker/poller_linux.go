package broker

import (
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// poller tells which sockets have something to read, so that a session that
// waits takes no goroutine. It is an epoll of its own, which Go's waits for.
type poller struct {
	file *os.File
	raw  syscall.RawConn
	fd   int
}

func newPoller() *poller {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil // each session gets a goroutine instead
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		_ = unix.Close(fd)
		return nil
	}
	p := &poller{file: os.NewFile(uintptr(fd), "epoll"), fd: fd}
	if p.raw, err = p.file.SyscallConn(); err != nil {
		_ = p.file.Close()
		return nil
	}
	return p
}

// watch has readable called with the place of a session whenever its socket has
// something new to read, until it is closed. False for what is no socket.
func (p *poller) watch(c net.Conn, place int) bool {
	t, ok := c.(*net.TCPConn)
	if !ok || p == nil {
		return false
	}
	raw, err := t.SyscallConn()
	if err != nil {
		return false
	}
	failed := raw.Control(func(fd uintptr) {
		err = unix.EpollCtl(p.fd, unix.EPOLL_CTL_ADD, int(fd), &unix.EpollEvent{
			Events: unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLET&(1<<32-1), Fd: int32(place),
		})
	})
	return failed == nil && err == nil
}

// run calls readable until the poller is closed.
func (p *poller) run(readable func(place int)) {
	events := make([]unix.EpollEvent, 256)
	_ = p.raw.Read(func(fd uintptr) bool {
		for {
			n, err := unix.EpollWait(int(fd), events, 0)
			if err == unix.EINTR {
				continue
			}
			if n <= 0 {
				return false // wait for more
			}
			for i := range n {
				readable(int(events[i].Fd))
			}
		}
	})
}

func (p *poller) close() { _ = p.file.Close() }
