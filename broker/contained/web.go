package contained

import (
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"

	"github.com/gorilla/websocket"
)

// webListener is a door as the listener of a web server.
type webListener struct{ *door }

func (w webListener) Accept() (net.Conn, error) { return w.accept() }
func (w webListener) Addr() net.Addr            { return w.listener.Addr() }
func (w webListener) Close() error              { return w.listener.Close() }

func (d *door) serveWeb() {
	up := websocket.Upgrader{Subprotocols: []string{"mqtt"}, CheckOrigin: d.broker.sameOrigin}
	s := http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c, err := up.Upgrade(w, r, nil)
			if err != nil {
				d.broker.counts.add(refusedConnects)
				return
			}
			c.SetReadLimit(2 * int64(d.broker.options.Packet))
			d.broker.admit(&webConn{Conn: c.UnderlyingConn(), web: c}, d.name)
		}),
		ReadHeaderTimeout: d.broker.options.ConnectWithin,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	s.SetKeepAlivesEnabled(false) // whoever is no WebSocket has to go
	var l net.Listener = webListener{d}
	if d.tls != nil {
		l = tls.NewListener(l, d.tls)
	}
	_ = s.Serve(l)
}

// sameOrigin lets programs in, and pages of the gate's own host or of one listed.
func (b *Broker) sameOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" || slices.Contains(b.options.Origins, origin) {
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
	writing sync.Mutex
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
	c.writing.Lock()
	defer c.writing.Unlock()
	if err := c.web.WriteMessage(websocket.BinaryMessage, p); err != nil {
		return 0, err
	}
	return len(p), nil
}
