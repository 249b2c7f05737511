package contained

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
)

// Options say where a broker listens and what it bears. The zero value listens
// in memory only.
type Options struct {
	TCP       string      // address to listen on, such as 127.0.0.1:1883; port 0 takes a free one
	WebSocket string      // likewise, for browsers
	Origins   []string    // web pages that may connect, besides those of the broker's own host
	TLS       *tls.Config // what these doors speak; without it they are for this machine only

	ClientQueue   int           // messages that wait for one client; default 1,024
	InFlight      int           // unacknowledged messages of one client; default 8,192
	Packet        int           // bytes of a packet; default 65,536
	Clients       int           // connections at once; default 20,000
	Sessions      int           // sessions that are kept while their clients are away; default 20,000
	Subscriptions int           // of one client; default 1,000
	ConnectRate   int           // connections let in a second, the others wait; default all
	MessageRate   int           // messages and requests read from one client a second; default all
	Retained      int           // topics that keep a message; default none
	RetainedBytes int           // what those may hold together; default 64 MiB
	ConnectWithin time.Duration // a new connection has to say who it is; default 10 s
	WriteWithin   time.Duration // a client has to take what it is sent; default 3 s
	Statistics    time.Duration // between what the broker says of itself under $SYS; default never again
	Log           *slog.Logger  // mochi's own words; default none

	Refused func(Refusal) // is told the first refusals, on the goroutine of the client; default nobody
}

func (o *Options) fill() {
	for _, x := range [...]struct {
		field    *int
		standard int
	}{{&o.ClientQueue, 1 << 10}, {&o.InFlight, 1 << 13}, {&o.Packet, 1 << 16}, {&o.Clients, 20_000}, {&o.Sessions, 20_000},
		{&o.Subscriptions, 1_000}, {&o.RetainedBytes, 64 << 20}} {
		if *x.field <= 0 {
			*x.field = x.standard
		}
	}
	o.InFlight = min(o.InFlight, 1<<16-1)
	if o.ConnectWithin <= 0 {
		o.ConnectWithin = 10 * time.Second
	}
	if o.WriteWithin <= 0 {
		o.WriteWithin = 3 * time.Second
	}
}

// Bounds of what a client may send.
const (
	MaxLevels  = 16 // of a topic or filter: deep ones keep mochi busy for seconds
	MaxFilters = 64 // in one packet
)

// Broker is an MQTT broker and who is connected to it.
type Broker struct {
	options  Options
	limits   Limits
	policy   Policy
	keeper   Committer // the policy, if it keeps what it hears
	server   *mqtt.Server
	memory   *memory
	tcp      net.Listener
	web      net.Listener
	counts   counters
	retained retained
	entrance pace
	telling  telling

	mu        sync.Mutex
	opened    bool
	closed    bool
	clients   map[*Client]struct{}
	owners    map[string]*Client  // by client id
	kept      map[string]struct{} // ids of sessions that outlast their connections
	strangers strangers
	wills     map[string]*time.Timer // those that wait, by client id
	gone      sync.WaitGroup
}

// New makes a broker that asks p who may do what.
func New(o Options, p Policy) *Broker {
	o.fill()
	b := &Broker{
		options: o, policy: p, memory: newMemory(), clients: map[*Client]struct{}{}, owners: map[string]*Client{}, wills: map[string]*time.Timer{},
		kept: map[string]struct{}{}, strangers: strangers{most: max(1, o.Clients/4)},
		limits:   Limits{Bytes: o.Packet, Levels: MaxLevels, Filters: MaxFilters, Dollar: true},
		retained: retained{topics: o.Retained, bytes: o.RetainedBytes},
	}
	b.keeper, _ = p.(Committer)
	b.entrance.set(o.ConnectRate, time.Second/10)
	b.server = mqtt.New(b.mochi())
	return b
}

// Successor makes a broker that can be opened where this one, which is closed, has
// listened. It knows nothing of this one's clients, unless it inherits.
func (b *Broker) Successor() *Broker {
	o := b.options
	if b.tcp != nil {
		o.TCP = address(b.tcp)
	}
	if b.web != nil {
		o.WebSocket = address(b.web)
	}
	return New(o, b.policy)
}

// mochi is how mochi is set up: what it does badly is switched off.
func (b *Broker) mochi() *mqtt.Options {
	c := mqtt.NewDefaultServerCapabilities()
	c.MaximumClients = int64(b.options.Clients)
	c.MaximumClientWritesPending = int32(b.options.ClientQueue)
	c.MaximumInflight = uint16(b.options.InFlight)
	c.MaximumPacketSize = uint32(b.options.Packet)
	c.MaximumSessionExpiryInterval = 24 * 3600
	c.TopicAliasMaximum = 0 // aliases hold memory and hide topics
	c.SharedSubAvailable = 0
	c.Compatibilities.NoInheritedPropertiesOnAck = true
	log := slog.New(slog.DiscardHandler)
	if b.options.Log != nil {
		log = slog.New(discreet{b.options.Log.Handler()})
	}
	statistics := int64(1 << 31) // each one stops the world to measure memory
	if b.options.Statistics > 0 {
		statistics = max(1, int64(b.options.Statistics/time.Second))
	}
	return &mqtt.Options{
		Capabilities: c, Logger: log, InlineClient: true,
		ClientNetReadBufferSize: 16, // the guard reads
		SysTopicResendInterval:  statistics,
	}
}

// Open begins to listen and to serve.
func (b *Broker) Open() error {
	b.mu.Lock()
	again := b.opened
	b.opened = true
	b.mu.Unlock()
	if again {
		return errors.New("the broker is open already")
	}
	if err := b.server.AddHook(&hook{broker: b}, nil); err != nil {
		return err
	}
	doors, err := b.doors()
	if err == nil {
		err = b.server.Serve()
	}
	if err != nil {
		b.shut((*Client).dismiss)
		return err
	}
	for _, d := range doors {
		b.gone.Go(d.serve)
	}
	return nil
}

func (b *Broker) doors() (doors []*door, err error) {
	doors = append(doors, &door{broker: b, name: "memory", listener: b.memory})
	if b.options.TCP != "" {
		if b.tcp, err = b.listen(b.options.TCP); err != nil {
			return nil, err
		}
		doors = append(doors, &door{broker: b, name: "tcp", listener: b.tcp, tls: b.options.TLS})
	}
	if b.options.WebSocket != "" {
		if b.web, err = b.listen(b.options.WebSocket); err != nil {
			return nil, err
		}
		doors = append(doors, &door{broker: b, name: "websocket", listener: b.web, tls: b.options.TLS, web: true})
	}
	return doors, nil
}

// listen refuses an address that other machines can reach if it would let
// anybody in, or in clear.
func (b *Broker) listen(address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("broker: %w", err)
	}
	l := net.ParseIP(host)
	local := host == "localhost" || l != nil && l.IsLoopback()
	if !local && (b.options.TLS == nil || b.policy.Anonymous()) {
		return nil, fmt.Errorf("broker: %s can be reached from other machines: that needs TLS and passwords or client certificates; use 127.0.0.1", address)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("broker: %w", err)
	}
	if a, ok := listener.Addr().(*net.TCPAddr); local && (!ok || !a.IP.IsLoopback()) {
		_ = listener.Close()
		return nil, fmt.Errorf("broker: %s is not of this machine", address)
	}
	return listener, nil
}

// TCP is the address that MQTT clients connect to; "" where there is none.
func (b *Broker) TCP() string { return address(b.tcp) }

// URL is where MQTT clients connect; "" where they cannot.
func (b *Broker) URL() string {
	switch {
	case b.tcp == nil:
		return ""
	case b.options.TLS != nil:
		return "mqtts://" + b.TCP()
	}
	return "mqtt://" + b.TCP()
}

// WebSocket is the URL that browsers connect to; "" where there is none.
func (b *Broker) WebSocket() string {
	if b.web == nil {
		return ""
	}
	if b.options.TLS != nil {
		return "wss://" + address(b.web) + "/"
	}
	return "ws://" + address(b.web) + "/"
}

func address(l net.Listener) string {
	if l == nil {
		return ""
	}
	return l.Addr().String()
}

// Dial connects to the broker: over TCP where it listens there, else in memory.
func (b *Broker) Dial(ctx context.Context) (net.Conn, error) {
	if b.tcp == nil {
		return b.memory.dial(ctx)
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", b.TCP())
	if err != nil || b.options.TLS == nil {
		return conn, err
	}
	return b.secure(conn), nil
}

// DialMemory connects to the broker in memory: without a descriptor, and inside
// a synctest bubble.
func (b *Broker) DialMemory(ctx context.Context) (net.Conn, error) { return b.memory.dial(ctx) }

// Publish sends a message to all who have subscribed to its topic. A client that
// does not read can hold it up for as long as WriteWithin. A broker that is closed takes
// none, not even for sessions that it keeps.
func (b *Broker) Publish(topic string, payload []byte, qos byte) {
	if b.over() {
		return
	}
	// Only an invalid topic makes an error here.
	_ = b.server.Publish(topic, payload, false, qos)
}

// Takers is who gets a message on a topic, by client id; sessions that are away
// are among them. A broker that is closed has none.
func (b *Broker) Takers(topic string) (ids []string) {
	if b.over() {
		return nil
	}
	for id := range b.server.Topics.Subscribers(topic).Subscriptions {
		ids = append(ids, id)
	}
	return ids
}

// Takes says whether a client is connected that has subscribed to exactly this
// topic. It costs far less than Takers, which have to be looked for.
func (b *Broker) Takes(id, topic string) bool {
	if !b.Connected(id) {
		return false
	}
	c, ok := b.server.Clients.Get(id)
	if ok {
		_, ok = c.State.Subscriptions.Get(topic)
	}
	return ok
}

// Filters are those by which a client, or its session, gets messages on a topic.
func (b *Broker) Filters(id, topic string) (filters []string) {
	c, ok := b.server.Clients.Get(id)
	if !ok {
		return nil
	}
	for filter := range c.State.Subscriptions.GetAll() {
		if Covers(filter, topic) {
			filters = append(filters, filter)
		}
	}
	return filters
}

// Connected says whether a client of this id is connected.
func (b *Broker) Connected(id string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.owners[id] != nil
}

// over says whether the broker has been closed.
func (b *Broker) over() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.closed
}

// Connections is how many clients are connected.
func (b *Broker) Connections() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.clients)
}

// Close ends all connections: clients of MQTT 5 are told that the broker shuts down.
func (b *Broker) Close() error { return b.end((*Client).dismiss) }

// Kill ends as a process does that is killed: no farewell, what was to be sent is not,
// and sockets are reset.
func (b *Broker) Kill() error { return b.end((*Client).reset) }

func (b *Broker) end(how func(*Client)) error {
	b.mu.Lock()
	idle := b.closed || !b.opened
	b.mu.Unlock()
	if idle {
		return nil
	}
	b.shut(how)
	return b.server.Close()
}

// shut lets nobody in any more and waits until all have left. The broker's own
// shutdown would hang behind a client that does not read.
func (b *Broker) shut(how func(*Client)) {
	b.mu.Lock()
	b.closed = true
	for c := range b.clients {
		how(c)
	}
	for id := range b.wills {
		b.revoke(id)
	}
	b.mu.Unlock()
	for _, l := range [...]net.Listener{b.memory, b.tcp, b.web} {
		if l != nil {
			_ = l.Close()
		}
	}
	b.gone.Wait()
}
