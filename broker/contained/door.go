package contained

import (
	"errors"
	"net"
	"time"
)

// door lets connections in. It outlives errors of accepting, and a connection
// that makes the broker panic ends alone.
type door struct {
	broker   *Broker
	name     string
	listener net.Listener
	web      bool
}

// serve lets in whoever comes, until the door is closed.
func (d *door) serve() {
	if d.web {
		d.serveWeb()
		return
	}
	for {
		c, err := d.accept()
		if err != nil {
			return
		}
		go d.broker.admit(c, d.name)
	}
}

// accept is the next connection; an error only when the door is closed. Running
// out of descriptors passes.
func (d *door) accept() (net.Conn, error) {
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		c, err := d.listener.Accept()
		if err == nil || errors.Is(err, net.ErrClosed) {
			return c, err
		}
		d.broker.counts.add(acceptErrors)
		pause := time.NewTimer(wait)
		select {
		case <-pause.C:
		case <-d.broker.memory.closed:
			pause.Stop()
			return nil, net.ErrClosed
		}
	}
}
