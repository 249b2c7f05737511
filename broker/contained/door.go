package contained

import (
	"crypto/tls"
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
	tls      *tls.Config // nil in clear
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
		if d.tls != nil {
			c = tls.Server(c, d.tls)
		}
		go d.broker.admit(c, d.name)
	}
}

// accept is the next connection whose turn it is; an error only when the door is
// closed. Running out of descriptors passes: who says nothing has to go.
func (d *door) accept() (net.Conn, error) {
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		c, err := d.listener.Accept()
		b := d.broker
		if err == nil {
			turn := b.entrance.turn(time.Now())
			if turn > 0 {
				b.counts.add(delayedConnects)
			}
			if !b.hold(turn) {
				_ = c.Close()
				return nil, net.ErrClosed
			}
			return c, nil
		}
		if errors.Is(err, net.ErrClosed) {
			return nil, err
		}
		b.counts.add(acceptErrors)
		b.makeRoom()
		if !b.hold(wait) {
			return nil, net.ErrClosed
		}
	}
}
