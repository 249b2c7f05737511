package broker

import (
	"context"
	"errors"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/gorilla/websocket"
	"github.com/mochi-mqtt/server/v2/listeners"
)

// door lets connections in. It outlives errors of accepting, and a connection
// that makes the broker panic ends alone.
type door struct {
	gate     *Gate
	name     string
	listener net.Listener
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
		go d.gate.admit(c, d.name, e)
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
		d.gate.counts.add(acceptErrors)
		pause := time.NewTimer(wait)
		select {
		case <-pause.C:
		case <-d.gate.memory.closed:
			pause.Stop()
			return nil, net.ErrClosed
		}
	}
}

// webListener is a door as the listener of a web server.
type webListener struct{ *door }

func (w webListener) Accept() (net.Conn, error) { return w.accept() }
func (w webListener) Addr() net.Addr            { return w.listener.Addr() }
func (w webListener) Close() error              { return w.listener.Close() }

func (d *door) serveWeb(e listeners.EstablishFn) {
	up := websocket.Upgrader{Subprotocols: []string{"mqtt"}, CheckOrigin: d.gate.sameOrigin}
	s := http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c, err := up.Upgrade(w, r, nil)
			if err != nil {
				d.gate.counts.add(refusedConnects)
				return
			}
			c.SetReadLimit(4 * maxPayload)
			d.gate.admit(&webConn{Conn: c.UnderlyingConn(), web: c}, d.name, e)
		}),
		ReadHeaderTimeout: d.gate.options.ConnectWithin,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	_ = s.Serve(webListener{d})
}

// sameOrigin lets programs in, and pages of the gate's own host or of one listed.
func (g *Gate) sameOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" || slices.Contains(g.options.Origins, origin) {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host == r.Host
}

// webConn is the stream of bytes in a WebSocket's binary messages.
type webConn struct {
	net.Conn
	web     *websocket.Conn
	message io.Reader
}

func (c *webConn) Read(p []byte) (int, error) {
	for {
		if c.message == nil {
			kind, r, err := c.web.NextReader()
			if err != nil {
				return 0, err
			}
			if kind != websocket.BinaryMessage {
				return 0, errors.New("not a binary message")
			}
			c.message = r
		}
		n, err := c.message.Read(p)
		if err == io.EOF {
			c.message, err = nil, nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

func (c *webConn) Write(p []byte) (int, error) {
	if err := c.web.WriteMessage(websocket.BinaryMessage, p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// memory is a listener whose connections are pipes.
type memory struct {
	calls  chan net.Conn
	closed chan struct{}
	ended  chan struct{} // holds one token until Close takes it
}

func newMemory() *memory {
	m := &memory{calls: make(chan net.Conn), closed: make(chan struct{}), ended: make(chan struct{}, 1)}
	m.ended <- struct{}{}
	return m
}

func (m *memory) dial(ctx context.Context) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case m.calls <- there:
		return here, nil
	case <-m.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (m *memory) Accept() (net.Conn, error) {
	select {
	case c := <-m.calls:
		return c, nil
	case <-m.closed:
		return nil, net.ErrClosed
	}
}

func (m *memory) Close() error {
	select {
	case <-m.ended:
		close(m.closed)
	default:
	}
	return nil
}

func (m *memory) Addr() net.Addr { return memoryAddr{} }

type memoryAddr struct{}

func (memoryAddr) Network() string { return "memory" }
func (memoryAddr) String() string  { return "memory" }

// discreet passes on what is worth a warning, without the packets: they hold
// passwords.
type discreet struct{ slog.Handler }

func (d discreet) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && d.Handler.Enabled(ctx, l)
}

func (d discreet) Handle(ctx context.Context, r slog.Record) error {
	clean := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	r.Attrs(func(a slog.Attr) bool {
		if a.Key != "pk" && a.Key != "packet" {
			clean.AddAttrs(a)
		}
		return true
	})
	return d.Handler.Handle(ctx, clean)
}

func (d discreet) WithAttrs(a []slog.Attr) slog.Handler { return discreet{d.Handler.WithAttrs(a)} }
func (d discreet) WithGroup(name string) slog.Handler   { return discreet{d.Handler.WithGroup(name)} }
