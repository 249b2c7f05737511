package broker

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"

	"github.com/twinbed/twinbed/sim"
)

// GateOptions say where a gate listens and what it has room for. The zero value
// listens in memory only and has room for what a scenario usually needs.
type GateOptions struct {
	TCP       string   // address to listen on, such as 127.0.0.1:1883; port 0 takes a free one
	WebSocket string   // likewise, for browsers
	Origins   []string // web pages that may connect, besides those of the gate's own host
	Relay     []string // topic filters beyond twinbed/ that clients may use among themselves

	Inbox         int           // messages that wait for the clock; default 65,536
	Postbox       int           // messages that wait for the broker; default 65,536
	ClientQueue   int           // messages that wait for one client; default 1,024
	Clients       int           // connections at once; default 20,000
	ConnectWithin time.Duration // a new connection has to say who it is; default 10 s
	WriteWithin   time.Duration // a client has to take what it is sent; default 3 s
	Log           *slog.Logger  // the broker's own words; default none
}

func (o *GateOptions) fill() {
	for _, x := range [...]struct {
		field    *int
		standard int
	}{{&o.Inbox, 1 << 16}, {&o.Postbox, 1 << 16}, {&o.ClientQueue, 1 << 10}, {&o.Clients, 20_000}} {
		if *x.field <= 0 {
			*x.field = x.standard
		}
	}
	if o.ConnectWithin <= 0 {
		o.ConnectWithin = 10 * time.Second
	}
	if o.WriteWithin <= 0 {
		o.WriteWithin = 3 * time.Second
	}
}

// player says who speaks for a thing.
type player uint8

const (
	inHouse player = iota // the testbed, without a socket
	session               // the testbed, as an MQTT client
	outside               // a stranger's client
)

// Gate is where everything with a socket comes in: an embedded MQTT server.
// Readings and acks are heard before the broker acknowledges them and go to the
// world's Bus on the clock's thread; a command that it obeys is published to its
// thing. Declare all things and phones before Open.
type Gate struct {
	world   *sim.World
	options GateOptions
	codecs  []*Codec // by place in the roster
	players []player // by thing
	phones  map[string]*Phone
	secret  string

	server   *mqtt.Server
	inbox    *inbox
	postbox  *postbox
	carried  chan struct{} // closed when the postbox's goroutine is done
	tcp      net.Listener
	web      net.Listener
	memory   *memory
	opened   bool
	watchers atomic.Int64 // subscriptions that readings could match
	counts   counters

	mu       sync.Mutex
	closed   bool
	visitors map[*visitor]struct{}
	owners   map[string]*visitor // by client id
	gone     sync.WaitGroup

	// Only on the clock's thread.
	reading sim.Reading
	seqs    map[sim.ThingID]uint32 // latest of outside things
	unread  map[sim.ThingID]int    // malformed readings of outside things whose numbers are not known
	asked   asked
	blank   []float64
}

// NewGate makes the gate of a world whose roster is complete and whose Bus it
// will serve. The error names a signal that cannot be written in a payload.
func NewGate(w *sim.World, o GateOptions) (*Gate, error) {
	o.fill()
	g := &Gate{
		world: w, options: o, secret: rand.Text(),
		players: make([]player, w.Roster.Size()), phones: map[string]*Phone{},
		postbox: newPostbox(o.Postbox), carried: make(chan struct{}), memory: newMemory(),
		visitors: map[*visitor]struct{}{}, owners: map[string]*visitor{},
		seqs: map[sim.ThingID]uint32{}, unread: map[sim.ThingID]int{},
	}
	g.inbox = newInbox(w.Clock, o.Inbox, g.take)
	for _, k := range w.Roster.Kinds {
		c, err := NewCodec(k)
		if err != nil {
			return nil, err
		}
		g.codecs = append(g.codecs, c)
	}
	for _, filter := range o.Relay {
		if !validFilter(filter) || covers(filter, eventsTopic) || filter[0] == '$' {
			return nil, fmt.Errorf("%q cannot be relayed: it is no topic filter or meets %s/", filter, Root)
		}
	}
	return g, nil
}

// Outside declares a thing to be played by whichever client publishes on its
// topics: the caller releases it from its fleet and routes its commands here.
func (g *Gate) Outside(id sim.ThingID) { g.declare(id, outside) }

func (g *Gate) declare(id sim.ThingID, p player) {
	if g.opened {
		panic("things are declared before the gate opens")
	}
	g.players[id] = p
}

// Open begins to listen and to serve.
func (g *Gate) Open() error {
	if g.opened {
		return errors.New("the gate is open already")
	}
	g.opened = true
	g.server = mqtt.New(g.brokerOptions())
	if err := g.server.AddHook(&porter{gate: g}, nil); err != nil {
		return err
	}
	doors, err := g.doors()
	if err != nil {
		g.shut()
		return err
	}
	for _, d := range doors {
		if err := g.server.AddListener(d); err != nil {
			g.shut()
			return err
		}
	}
	go func() {
		defer close(g.carried)
		g.postbox.carry(g.deliver)
	}()
	return g.server.Serve()
}

func (g *Gate) brokerOptions() *mqtt.Options {
	c := mqtt.NewDefaultServerCapabilities()
	c.MaximumClients = int64(g.options.Clients)
	c.MaximumClientWritesPending = int32(g.options.ClientQueue)
	c.MaximumPacketSize = 2 * maxPayload
	c.MaximumSessionExpiryInterval = 24 * 3600
	c.TopicAliasMaximum = 0 // aliases hold memory and hide topics
	c.SharedSubAvailable = 0
	c.Compatibilities.NoInheritedPropertiesOnAck = true
	log := slog.New(slog.DiscardHandler)
	if g.options.Log != nil {
		log = slog.New(discreet{g.options.Log.Handler()})
	}
	return &mqtt.Options{
		Capabilities: c, Logger: log, InlineClient: true,
		SysTopicResendInterval: 1 << 31, // each one stops the world to measure memory
	}
}

func (g *Gate) doors() (doors []*door, err error) {
	doors = append(doors, &door{gate: g, name: "memory", listener: g.memory})
	if g.options.TCP != "" {
		if g.tcp, err = listenLocally(g.options.TCP); err != nil {
			return nil, err
		}
		doors = append(doors, &door{gate: g, name: "tcp", listener: g.tcp})
	}
	if g.options.WebSocket != "" {
		if g.web, err = listenLocally(g.options.WebSocket); err != nil {
			return nil, err
		}
		doors = append(doors, &door{gate: g, name: "websocket", listener: g.web, web: true})
	}
	return doors, nil
}

// listenLocally refuses addresses that others than this machine can reach.
func listenLocally(address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("gate: %w", err)
	}
	refusal := fmt.Errorf("gate: %s can be reached from other machines: that needs TLS and passwords, "+
		"which the gate does not have yet; use 127.0.0.1", address)
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, refusal
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("gate: %w", err)
	}
	if a, ok := l.Addr().(*net.TCPAddr); !ok || !a.IP.IsLoopback() {
		_ = l.Close()
		return nil, refusal
	}
	return l, nil
}

// TCP is the address that MQTT clients connect to; "" where there is none.
func (g *Gate) TCP() string { return address(g.tcp) }

// WebSocket is the URL that browsers connect to; "" where there is none.
func (g *Gate) WebSocket() string {
	if g.web == nil {
		return ""
	}
	return "ws://" + address(g.web) + "/"
}

func address(l net.Listener) string {
	if l == nil {
		return ""
	}
	return l.Addr().String()
}

// Dial connects to the gate: over TCP where it listens there, else in memory.
func (g *Gate) Dial(ctx context.Context) (net.Conn, error) {
	if g.tcp == nil {
		return g.memory.dial(ctx)
	}
	var d net.Dialer
	return d.DialContext(ctx, "tcp", g.TCP())
}

// DialMemory connects to the gate in memory: without a descriptor, and inside a
// synctest bubble.
func (g *Gate) DialMemory(ctx context.Context) (net.Conn, error) { return g.memory.dial(ctx) }

// Close ends all connections and serves what has been posted before.
func (g *Gate) Close() error {
	g.mu.Lock()
	if g.closed || !g.opened {
		g.mu.Unlock()
		return nil
	}
	g.mu.Unlock()
	g.postbox.close()
	<-g.carried
	g.shut()
	return g.server.Close()
}

// shut lets nobody in any more and waits until all have left. The broker's own
// shutdown would hang behind a client that does not read.
func (g *Gate) shut() {
	g.mu.Lock()
	g.closed = true
	for v := range g.visitors {
		_ = v.Conn.Close()
	}
	g.mu.Unlock()
	g.inbox.close()
	for _, l := range [...]net.Listener{g.memory, g.tcp, g.web} {
		if l != nil {
			_ = l.Close()
		}
	}
	g.gone.Wait()
}

// InFlight is how many messages the gate has that the clock or the broker has
// not taken yet.
func (g *Gate) InFlight() (readings, commands, acks int) {
	readings, _, acks = g.inbox.inFlight()
	return readings, g.postbox.inFlight(), acks
}

// Connections is how many clients are connected.
func (g *Gate) Connections() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.visitors)
}

// Counts is what has happened at the gate so far, always the same lines.
func (g *Gate) Counts() []Count {
	all := g.counts.list(heardReadings, lostOffline)
	quota := uint64(0)
	if g.server != nil {
		quota = uint64(atomic.LoadInt64(&g.server.Info.InflightDropped))
	}
	return append(all, Count{"messages beyond a client's in-flight quota", quota})
}
