package contained

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"time"

	"github.com/mochi-mqtt/server/v2/listeners"
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

var _ listeners.Listener = (*door)(nil)

func (d *door) Init(*slog.Logger) error      { return nil }
func (d *door) ID() string                   { return d.name }
func (d *door) Address() string              { return d.listener.Addr().String() }
func (d *door) Protocol() string             { return d.listener.Addr().Network() }
func (d *door) Close(ends listeners.CloseFn) { _ = d.listener.Close(); ends(d.name) }
func (d *door) Serve(e listeners.EstablishFn) {
	if d.web {
		d.serveWeb(e)
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
		go d.broker.admit(c, d.name, e)
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
