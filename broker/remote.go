package broker

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"github.com/twinbed/twinbed/broker/contained"
	"github.com/twinbed/twinbed/sim"
)

// RemoteOptions say where a broker is that is not ours, and how the platform is
// its client.
type RemoteOptions struct {
	Address            string      // host and port
	TLS                *tls.Config // nil for none
	Username, Password string
	Apart              bool          // the platform is that broker's, in another process: here are things alone
	QoS                byte          // of the platform's subscriptions: the highest of the things
	AnswerWithin       time.Duration // the broker has to connect, to grant and to acknowledge; default 10 s
	Inbox              int           // messages that wait for the clock; default 65,536
	Postbox            int           // messages that wait for the broker; default 65,536
}

// Remote is somebody else's broker, of which platform and things are clients: what
// the Gate does at our own. It hears readings and acks as a client that has
// subscribed to them, and cannot know who sent them. Declare all things and
// phones before Open.
type Remote struct {
	*desk
	options RemoteOptions
	id      string // of the platform's client, and what those of things begin with; of this run alone

	link   atomic.Pointer[link] // nil while there is none
	ended  atomic.Uint32        // links so far that have ended
	kept   atomic.Uint64        // messages that the broker had kept from before
	cancel context.CancelFunc
	gone   chan struct{} // closed when nobody connects any more

	mu       sync.Mutex
	senders  map[string]*guest // by topic
	others   guest             // whoever publishes where nobody may
	platform guest             // whoever commands, where the platform is not ours
}

// link is one connection of the platform, with its subscriptions granted.
type link struct {
	client paho.Client
	lost   chan struct{}
}

// NewRemote makes the platform a client of a broker. The error names a signal
// that cannot be written in a payload.
func NewRemote(w *sim.World, o RemoteOptions) (*Remote, error) {
	o.AnswerWithin = cmp.Or(o.AnswerWithin, 10*time.Second)
	g := GateOptions{Inbox: o.Inbox, Postbox: o.Postbox}
	g.fill()
	d, err := newDesk(w, g)
	if err != nil {
		return nil, err
	}
	r := &Remote{
		desk: d, options: o, id: ownPrefix + strings.ToLower(rand.Text()[:8]),
		gone: make(chan struct{}), senders: map[string]*guest{},
	}
	if o.Apart {
		r.id = apartPrefix + strings.ToLower(rand.Text()[:8])
	}
	r.others = guest{Client: &contained.Client{ID: "a client of " + o.Address}, desk: d}
	r.platform = guest{Client: r.others.Client, desk: d, rules: true}
	return r, nil
}

// External declares that the platform is a client of the broker too. What it
// commands comes to the things from the broker, and is only heard of here.
func (r *Remote) External(_ string, take func(*sim.Order)) {
	r.desk.External("", take)
	r.ruler.ids = true
	r.watchers[Readings].Add(1) // of things without a socket: it may want to know
	r.watchers[Acks].Add(1)
}

// Obey publishes a command to its thing, unless the broker has it from another
// platform already.
func (r *Remote) Obey(c *sim.Command) {
	switch {
	case r.ruler == nil:
		r.desk.Obey(c)
	case r.players[c.Thing] == outside:
		r.asked.note(c.ID, c.Thing)
		r.world.Observers.Took(sim.CommandMessage, c.Thing, c.ID)
	}
}

// Address is host and port of the broker.
func (r *Remote) Address() string { return r.options.Address }

// Dial connects to the broker.
func (r *Remote) Dial(ctx context.Context) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", r.options.Address)
	if err != nil || r.options.TLS == nil {
		return conn, err
	}
	secure := tls.Client(conn, r.options.TLS)
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secure, nil
}

// Open connects the platform and waits until its subscriptions are granted.
func (r *Remote) Open() error {
	if r.options.Apart {
		return r.openApart()
	}
	var ctx context.Context
	ctx, r.cancel = context.WithCancel(context.Background())
	r.serve(r.deliver)
	l, err := r.connect(ctx)
	if err != nil {
		close(r.gone)
		return fmt.Errorf("broker %s: %w", r.options.Address, err)
	}
	r.link.Store(l)
	go r.stay(ctx, l)
	return nil
}

// stay connects anew whenever the link has ended.
func (r *Remote) stay(ctx context.Context, l *link) {
	defer close(r.gone)
	for {
		select {
		case <-ctx.Done():
			l.client.Disconnect(250)
			return
		case <-l.lost:
		}
		r.link.Store(nil)
		r.ended.Add(1)
		r.inbox.note(sim.Event{What: "broker away", Thing: sim.NoThing, Subject: r.options.Address})
		var err error
		for wait := 50 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
			if !pause(ctx, wait) {
				return
			}
			if l, err = r.connect(ctx); err == nil {
				break
			}
		}
		r.link.Store(l)
		r.inbox.note(sim.Event{What: "broker back", Thing: sim.NoThing, Subject: r.options.Address})
		r.readPhones(workersPrefix + "+/tasks")
	}
}

func (r *Remote) connect(ctx context.Context) (*link, error) {
	ctx, cancel := context.WithTimeout(ctx, r.options.AnswerWithin)
	defer cancel()
	l := &link{lost: make(chan struct{})}
	var dialled error
	o := paho.NewClientOptions().AddBroker("tcp://" + r.options.Address).SetClientID(r.id).SetProtocolVersion(4).
		SetUsername(r.options.Username).SetPassword(r.options.Password).SetCleanSession(true).SetAutoReconnect(false).
		SetKeepAlive(10 * time.Second).SetPingTimeout(5 * time.Second).SetWriteTimeout(r.options.AnswerWithin).
		SetConnectTimeout(r.options.AnswerWithin).SetOrderMatters(true).
		SetDefaultPublishHandler(func(_ paho.Client, m paho.Message) { r.hear(m) }).
		SetConnectionLostHandler(func(paho.Client, error) { close(l.lost) }).
		SetCustomOpenConnectionFn(func(*url.URL, paho.ClientOptions) (conn net.Conn, err error) {
			conn, dialled = r.Dial(ctx)
			return conn, dialled
		})
	l.client = paho.NewClient(o)
	hello := l.client.Connect().(*paho.ConnectToken)
	if err := settled(ctx, hello); err != nil {
		l.client.Disconnect(0)
		if ctx.Err() == nil && dialled != nil {
			err = dialled
		}
		return nil, reasonOf(err, hello.ReturnCode())
	}
	if err := r.subscribe(ctx, l.client); err != nil {
		l.client.Disconnect(0)
		return nil, err
	}
	return l, nil
}

// subscribe asks for all that the platform has to hear.
func (r *Remote) subscribe(ctx context.Context, c paho.Client) error {
	filters := map[string]byte{thingsPrefix + "+/readings": r.options.QoS, thingsPrefix + "+/acks": r.options.QoS}
	if r.ruler != nil {
		filters[thingsPrefix+"+/commands"], filters[tasksTopic] = 1, 1
	}
	for worker := range r.phones {
		filters[Topic(Answers, worker)] = 1
	}
	token := c.SubscribeMultiple(filters, nil).(*paho.SubscribeToken)
	if err := settled(ctx, token); err != nil {
		return fmt.Errorf("subscribing: %w", err)
	}
	var refused []string
	for filter, code := range token.Result() {
		if code > 2 { // the token has no error then
			refused = append(refused, filter)
		}
	}
	if len(refused) > 0 {
		slices.Sort(refused)
		return fmt.Errorf("it refuses the platform's subscriptions to %s", strings.Join(refused, ", "))
	}
	return nil
}

func settled(ctx context.Context, token paho.Token) error {
	select {
	case <-token.Done():
		return token.Error()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close takes leave of the broker and serves what has been posted before.
func (r *Remote) Close() error {
	if r.cancel == nil {
		return nil
	}
	r.finish()
	r.cancel()
	<-r.gone
	r.cancel = nil
	return nil
}

// hear takes in what the broker sends, on the goroutine of the link. It never
// waits: a broker that is held up drops without a word.
func (r *Remote) hear(m paho.Message) {
	if m.Retained() {
		r.kept.Add(1) // nobody knows of which run
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	v := r.sender(m.Topic())
	if v == nil {
		return
	}
	x := contained.Message{Topic: []byte(m.Topic()), Payload: m.Payload()}
	switch at := v.locate(x.Topic); {
	case at.why != "":
		v.refuse(at.refusal, contained.NotAuthorized, &x, at.thing, at.why)
	case at.room == Readings:
		v.hearReading(at, &x)
	case at.room == Commands || at.room == Assignments:
		v.hearOrder(at, &x)
	default:
		v.hearAck(at, &x)
	}
}

// sender is whom a message is taken to be of: the thing itself, if it is a
// session of ours. nil where the message is an echo of what the mirror shows.
func (r *Remote) sender(topic string) *guest {
	if v := r.senders[topic]; v != nil {
		return v
	}
	room, name := ReadTopic(topic)
	id, ok := r.world.Roster.Lookup(name)
	if room == Commands || room == Assignments {
		return &r.platform
	}
	if !ok || room != Readings && room != Acks {
		return &r.others
	}
	v := &guest{Client: r.others.Client, desk: r.desk}
	switch r.players[id] {
	case inHouse:
		return nil
	case session:
		v.own, v.speaks = true, span{id, id}
	}
	r.senders[topic] = v
	return v
}

// lostAway is why nothing can be published while the platform has no connection.
var lostAway = sim.NewCause("broker away")

// deliver publishes a letter, on the postbox's goroutine. Of what goes to a
// client that is not ours, the broker's acknowledgement is awaited.
func (r *Remote) deliver(l letter) {
	ours := l.medium == sim.CommandMessage && r.players[l.thing] == session
	to := r.link.Load()
	why := lostAway
	if to != nil && ours && !r.up(l.thing) {
		to, why = nil, sim.LostOffline
	}
	if to == nil {
		if l.vital {
			r.counts.add(unheardCommands)
			r.lose(loss{medium: l.medium, thing: l.thing, due: l.due, why: why, phone: l.phone, id: l.id})
		}
		return
	}
	token := to.client.Publish(Topic(l.room, l.name), l.qos, false, l.payload)
	if !l.vital {
		return
	}
	r.counts.add(sentCommands)
	if ours {
		return // its session will tell that it came
	}
	ctx, cancel := context.WithTimeout(context.Background(), r.options.AnswerWithin)
	defer cancel()
	x := loss{medium: l.medium, thing: l.thing, due: l.due, took: true, id: l.id, phone: l.phone}
	if settled(ctx, token) != nil {
		x.took, x.why = false, lostAway
	}
	r.lose(x)
}

// up says whether the session of a thing is connected.
func (r *Remote) up(id sim.ThingID) bool {
	_, up := r.session(id)
	return up
}

// session is how many connections of a thing's session have ended, and whether it
// has one now.
func (d *desk) session(id sim.ThingID) (ended uint32, up bool) {
	for _, s := range d.fleets {
		if s.fleet.Kind.Holds(id) {
			return s.connection(id)
		}
	}
	return 0, false
}

// nameOf is the name of a thing's session; "" where it has none.
func (d *desk) nameOf(id sim.ThingID) string {
	for _, s := range d.fleets {
		if x := s.of(id); x != nil {
			return x.name()
		}
	}
	return ""
}

// Counts is what has happened at the wires so far, always the same lines.
func (r *Remote) Counts() []Count {
	return append(r.counts.list(heardReadings, droppedCommands),
		Count{Words: "connections of the platform that broke", N: uint64(r.ended.Load())},
		Count{Words: "messages that the broker had kept from before", N: r.kept.Load()})
}
