package contained

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"
	"github.com/stretchr/testify/require"
)

// patience is how long a test waits for what must come.
const patience = 10 * time.Second

// subject is a broker that is shown something: mochi as it comes, or contained.
type subject struct {
	t      testing.TB
	server *mqtt.Server
	broker *Broker // nil where it is plain mochi
	dial   func() net.Conn
}

// plain is mochi as it comes, in memory. Its clients' goroutines are ours, so
// that a panic in them can be seen: it is sent to the channel.
func plain(t testing.TB, o *mqtt.Options, hooks ...mqtt.Hook) (*subject, <-chan any) {
	if o.Logger == nil {
		o.Logger = quiet
	}
	s := mqtt.New(o)
	if len(hooks) == 0 {
		hooks = append(hooks, &doorman{})
	}
	for _, h := range hooks {
		require.NoError(t, s.AddHook(h, nil))
	}
	require.NoError(t, s.Serve())
	t.Cleanup(func() { _ = s.Close() })
	panics := make(chan any, 100)
	return &subject{t: t, server: s, dial: func() net.Conn {
		here, there := net.Pipe()
		go func() {
			defer func() {
				if p := recover(); p != nil {
					panics <- p
				}
				_ = there.Close()
			}()
			_ = s.EstablishConnection("memory", there)
		}()
		t.Cleanup(func() { _ = here.Close() })
		return here
	}}, panics
}

// doorman is a hook that lets clients in and has them do what it allows.
type doorman struct {
	mqtt.HookBase
	deny func(topic string, write bool) bool
}

func (*doorman) ID() string { return "doorman" }
func (*doorman) Provides(b byte) bool {
	return b == mqtt.OnConnectAuthenticate || b == mqtt.OnACLCheck
}
func (*doorman) OnConnectAuthenticate(*mqtt.Client, packets.Packet) bool { return true }
func (d *doorman) OnACLCheck(_ *mqtt.Client, topic string, write bool) bool {
	return d.deny == nil || !d.deny(topic, write)
}

// hold is a contained broker in memory.
func hold(t testing.TB, o Options, p Policy) *subject {
	return open(t, New(o, p))
}

func open(t testing.TB, b *Broker) *subject {
	require.NoError(t, b.Open())
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	return &subject{t: t, server: b.server, broker: b, dial: func() net.Conn {
		c, err := b.Dial(context.Background())
		require.NoError(t, err)
		t.Cleanup(func() { _ = c.Close() })
		return c
	}}
}

// count is what the broker counted under those words.
func (s *subject) count(words string) uint64 {
	for _, c := range s.broker.Counts() {
		if c.Words == words {
			return c.N
		}
	}
	require.Fail(s.t, "no such count", words)
	return 0
}

// liberal is a policy that lets everybody do everything.
type liberal struct{}

func (liberal) Anonymous() bool                  { return true }
func (liberal) Admit(c *Client, _ *Hello) Answer { c.Guest = true; return Welcome }
func (liberal) Will(*Client, string) bool        { return true }
func (liberal) Receive(*Client, string) bool     { return true }
func (liberal) Quality(*Client, string) byte     { return 2 }
func (liberal) Publish(*Client, *Message) Fate   { return Passed }
func (liberal) Subscribed(*Client, string)       {}
func (liberal) Unsubscribed(*Client, string)     {}
func (liberal) Dropped(*Client, string, []byte)  {}
func (liberal) Left(*Client)                     {}

func connect(id string, version byte) packets.Packet    { return hello(id, version, 60) }
func subscription(filter string, q byte) packets.Packet { return subscribeAs(1, filter, q) }

func publication(topic, payload string, id uint16) (p packets.Packet) {
	p = packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Publish}, TopicName: topic, Payload: []byte(payload), PacketID: id}
	if id > 0 {
		p.FixedHeader.Qos = 1
	}
	return p
}

func hello(id string, version byte, keepAlive uint16) packets.Packet {
	return packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Connect}, ProtocolVersion: version, Connect: packets.ConnectParams{
		ProtocolName: []byte("MQTT"), Clean: true, Keepalive: keepAlive, ClientIdentifier: id,
	}}
}

func subscribeAs(id uint16, filter string, qos byte) packets.Packet {
	return packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Subscribe, Qos: 1}, PacketID: id, Filters: packets.Subscriptions{{Filter: filter, Qos: qos}}}
}

func ack(kind byte, id uint16) packets.Packet {
	h := packets.FixedHeader{Type: kind}
	if kind == packets.Pubrel {
		h.Qos = 1
	}
	return packets.Packet{FixedHeader: h, PacketID: id}
}

// wire is a client of which every byte is ours.
type wire struct {
	t       testing.TB
	conn    net.Conn
	version byte
	in      chan *packets.Packet // closed when the connection has ended
}

// wire is a connection that takes whatever it is sent.
func (s *subject) wire() *wire {
	w := &wire{t: s.t, conn: s.dial(), version: 4, in: make(chan *packets.Packet, 1<<15)}
	go w.listen()
	return w
}

// client is a wire that is connected.
func (s *subject) client(p packets.Packet) *wire {
	w := s.wire()
	w.send(p)
	require.Zero(s.t, w.expect(packets.Connack).ReasonCode)
	return w
}

func (w *wire) listen() {
	defer close(w.in)
	for in := bufio.NewReader(w.conn); ; {
		first, err := in.ReadByte()
		if err != nil {
			return
		}
		size, _, err := packets.DecodeLength(in)
		if err != nil {
			return
		}
		body := make([]byte, size)
		if _, err := io.ReadFull(in, body); err != nil {
			return
		}
		p, err := w.decode(first, body)
		if err != nil {
			return
		}
		w.in <- &p
	}
}

// decode reads a packet of the broker.
func (w *wire) decode(first byte, body []byte) (p packets.Packet, err error) {
	p.ProtocolVersion = w.version
	if err := p.FixedHeader.Decode(first); err != nil {
		return p, err
	}
	p.FixedHeader.Remaining = len(body)
	switch p.FixedHeader.Type {
	case packets.Connack:
		err = p.ConnackDecode(body)
	case packets.Publish:
		err = p.PublishDecode(body)
	case packets.Suback:
		err = p.SubackDecode(body)
	case packets.Unsuback:
		err = p.UnsubackDecode(body)
	case packets.Puback:
		err = p.PubackDecode(body)
	case packets.Pubrec:
		err = p.PubrecDecode(body)
	case packets.Pubrel:
		err = p.PubrelDecode(body)
	case packets.Pubcomp:
		err = p.PubcompDecode(body)
	case packets.Disconnect:
		err = p.DisconnectDecode(body)
	}
	return p, err
}

// write sends bytes as they are; that the connection has ended is no matter.
func (w *wire) write(b []byte) {
	_ = w.conn.SetWriteDeadline(time.Now().Add(patience))
	_, _ = w.conn.Write(b)
}

func (w *wire) send(all ...packets.Packet) {
	var b bytes.Buffer
	for _, p := range all {
		if p.FixedHeader.Type == packets.Connect {
			w.version = p.ProtocolVersion
		}
		p.ProtocolVersion = w.version
		require.NoError(w.t, encode(&p, &b))
	}
	w.write(b.Bytes())
}

// next is the next packet of the broker; false when the connection has ended.
func (w *wire) next() (packets.Packet, bool) {
	w.t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case p := <-w.in:
		if p != nil {
			return *p, true
		}
		return packets.Packet{}, false
	case <-late.C:
		require.FailNow(w.t, "the broker says nothing")
		return packets.Packet{}, false
	}
}

func (w *wire) expect(kind byte) packets.Packet {
	w.t.Helper()
	p, ok := w.next()
	require.True(w.t, ok, "the connection has ended instead of a %s", packets.PacketNames[kind])
	require.Equal(w.t, packets.PacketNames[kind], packets.PacketNames[p.FixedHeader.Type])
	return p
}

// ended says that the broker ends the connection, whatever it says before.
func (w *wire) ended() {
	w.t.Helper()
	for {
		if _, ok := w.next(); !ok {
			return
		}
	}
}

// before is what the broker sends until it answers a ping.
func (w *wire) before() (all []packets.Packet) {
	w.t.Helper()
	w.send(ack(packets.Pingreq, 0))
	for {
		p, ok := w.next()
		require.True(w.t, ok, "the connection has ended")
		if p.FixedHeader.Type == packets.Pingresp {
			return all
		}
		all = append(all, p)
	}
}

var quiet = slog.New(slog.DiscardHandler)

// read takes so many bytes off a connection.
func read(c net.Conn, n int) error {
	_, err := io.ReadFull(c, make([]byte, n))
	return err
}

// stall is a client that has subscribed and reads no further.
func (s *subject) stall(filter string, qos byte) net.Conn {
	w := &wire{t: s.t, conn: s.dial(), version: 4}
	w.send(connect("stalled", 4))
	require.NoError(s.t, read(w.conn, 4))
	w.send(subscription(filter, qos))
	require.NoError(s.t, read(w.conn, 5))
	return w.conn
}

// waits says that there comes to be a goroutine with all these in its stack.
func waits(t testing.TB, frames ...string) {
	t.Helper()
	require.Eventually(t, func() bool {
		b := make([]byte, 1<<20)
		for _, stack := range strings.Split(string(b[:runtime.Stack(b, true)]), "\n\n") {
			found := true
			for _, f := range frames {
				found = found && strings.Contains(stack, f)
			}
			if found {
				return true
			}
		}
		return false
	}, patience, time.Millisecond, "no goroutine in %q", frames)
}

// lobby is a listener of mochi's for connections in memory.
type lobby struct {
	calls  chan net.Conn
	closed chan struct{}
}

func (*lobby) Init(*slog.Logger) error { return nil }
func (*lobby) ID() string              { return "lobby" }
func (*lobby) Address() string         { return "memory" }
func (*lobby) Protocol() string        { return "memory" }
func (l *lobby) Close(ends listeners.CloseFn) {
	close(l.closed)
	ends("lobby")
}

func (l *lobby) Serve(establish listeners.EstablishFn) {
	for {
		select {
		case c := <-l.calls:
			go func() { _ = establish("lobby", c) }()
		case <-l.closed:
			return
		}
	}
}
