package broker

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
)

// Sessions makes every thing of a fleet that is played here an MQTT client of its
// own, or shares them among a few gateways. It is the fleet's Carrier; what its clients receive goes to the fleet as
// their Device. The entry is to be the route of the fleet's commands, and the bus
// and the observers are to have the Sessions' Passage.
type Sessions struct {
	world    *sim.World
	fleet    *sim.Fleet
	codec    *Codec
	options  SessionOptions
	prefix   string          // of client ids
	sessions []*fleetSession // by place in the kind; nil where the thing is not played here
	traffic  []traffic       // likewise
	levels   []string        // likewise: names as they stand in topics
	clients  []*fleetSession // each once
	places   map[string]int  // of things behind gateways, by their levels; else nil
	desk     *desk
	within   bool // the broker is in this process
	apart    bool // the platform is in another
	news     *newsroom
	writers  crew
	readers  crew
	poller   func() *poller // made for the first socket; nil where there is none
	dialer   *dialer
	pulse    pulse
	luck     chance.Stream
	relays   *relays // nil where no fault meets the connections
	counts   counters

	payload []byte // reused, on the clock's thread

	run     context.Context // from Connect to Close
	cancel  context.CancelFunc
	running sync.WaitGroup // what dials and keeps alive
	slow    sync.WaitGroup // what waits for connections that cannot be tried
	left    atomic.Int64
	ready   chan struct{} // closed when all are up or refused
}

var (
	_ sim.Carrier     = (*Sessions)(nil)
	_ sim.Reconnector = (*Sessions)(nil)
	_ sim.Unplugger   = (*Sessions)(nil)
)

// NewSessions declares a fleet's things to the entry, before it opens: all that
// the fleet plays at this time.
func NewSessions(w *sim.World, f *sim.Fleet, e Entry, o SessionOptions) (*Sessions, error) {
	if err := o.fill(e); err != nil {
		return nil, err
	}
	d := e.front()
	s := &Sessions{
		world: w, fleet: f, codec: d.codec(f.Kind.First), options: o, prefix: e.identity().prefix,
		sessions: make([]*fleetSession, f.Kind.Count), traffic: make([]traffic, f.Kind.Count), levels: make([]string, f.Kind.Count),
		ready: make(chan struct{}), luck: w.Seed.Stream(f.Kind.Name + " reconnect"),
	}
	s.desk = d
	if o.Relays {
		s.relays = newRelays()
	}
	_, s.within = e.(*Gate)
	if r, remote := e.(*Remote); remote {
		s.apart = r.options.Apart
	}
	s.poller = sync.OnceValue(s.poll)
	s.pulse.interval.Store(int64(o.KeepAlive))
	s.news = newNewsroom(w.Clock, d.inbox.limit.most, s.take)
	if err := s.employ(); err != nil {
		return nil, err
	}
	s.dialer = newDialer(len(s.clients), o.ConnectRate)
	d.fleets = append(d.fleets, s)
	return s, nil
}

// employ gives each thing that is played here a session: one of its own, or that
// of a gateway, which speaks for as many neighbours as the next.
func (s *Sessions) employ() error {
	k := s.fleet.Kind
	var played []sim.ThingID
	for id := k.First; k.Holds(id); id++ {
		if s.fleet.Played(id) {
			played = append(played, id)
		}
	}
	n := len(played)
	if s.options.Gateways > 0 {
		if n = min(n, s.options.Gateways); n > 0 {
			s.options.share((len(played) + n - 1) / n)
		}
		s.places = map[string]int{}
	}
	for c := range n {
		own := played[c*len(played)/n : (c+1)*len(played)/n]
		x := &fleetSession{fleet: s, things: span{own[0], own[len(own)-1]}, place: int32(c)}
		s.clients = append(s.clients, x)
		for _, id := range own {
			i := int(id - k.First)
			s.desk.declare(id, session)
			s.sessions[i], s.traffic[i] = x, traffic{up: trail{up: true}}
			if s.levels[i] = escape(s.world.Roster.Name(id)); s.places != nil {
				s.places[s.levels[i]] = i
			}
		}
		if s.places == nil {
			continue
		}
		x.label = fmt.Sprintf("gateway:%s:%d", k.Name, c+1)
		if err := s.desk.declareGateway(x.label, x.things); err != nil {
			return err
		}
	}
	return nil
}

// Connect begins to connect all sessions, at the allowed rate, and waits until
// all are up. Its error says which are not and why; those that the broker has
// not refused go on trying. Call it once.
func (s *Sessions) Connect(ctx context.Context) error {
	if err := thisMachine().enough(s.desk.fleets); err != nil {
		return err
	}
	s.run, s.cancel = context.WithCancel(context.Background())
	s.left.Store(int64(len(s.clients)))
	s.writers.start(runtime.GOMAXPROCS(0), (*fleetSession).write)
	s.readers.start(runtime.GOMAXPROCS(0), (*fleetSession).read)
	for _, x := range s.clients {
		s.dialer.due <- x
	}
	s.running.Go(func() { s.dialer.run(s.run, &s.running) })
	s.running.Go(func() { s.pulse.run(s.run, s.clients) })
	if len(s.clients) == 0 {
		return nil
	}
	select {
	case <-s.ready:
	case <-ctx.Done():
	}
	return s.missing()
}

// poll begins to wait for what sockets bring.
func (s *Sessions) poll() *poller {
	p := newPoller()
	if p != nil {
		s.slow.Go(func() { p.run(func(place int) { s.clients[place].readable() }) })
		context.AfterFunc(s.run, p.close)
	}
	return p
}

func (s *Sessions) settled() {
	if s.left.Add(-1) == 0 {
		close(s.ready)
	}
}

// missing tells of the sessions that are not up.
func (s *Sessions) missing() error {
	const named = 5
	n := 0
	var some []error
	for _, x := range s.clients {
		x.mu.Lock()
		up, why := x.conn != nil, x.why
		x.mu.Unlock()
		if up {
			continue
		}
		if n++; n <= named {
			if why == nil {
				why = errors.New("no answer yet")
			}
			some = append(some, fmt.Errorf("%s: %w", x.name(), why))
		}
	}
	if n == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d sessions of %s are not up: %w", n, len(s.clients), s.fleet.Kind.Name, errors.Join(some...))
}

// Size is how many sessions there are.
func (s *Sessions) Size() int { return len(s.clients) }

// Up is how many sessions are connected.
func (s *Sessions) Up() (n int) {
	for _, x := range s.clients {
		x.mu.Lock()
		if x.conn != nil {
			n++
		}
		x.mu.Unlock()
	}
	return n
}

// connection is how many connections of a thing's session have ended, and whether
// it has one now.
func (s *Sessions) connection(id sim.ThingID) (ended uint32, up bool) {
	x := s.of(id)
	if x == nil {
		return 0, false
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if ended = x.connection; x.conn != nil {
		ended--
	}
	return ended, x.conn != nil
}

// Reconnect cuts a share of the sessions off at once, as a cable does that
// breaks, evenly over the fleet. They come back as fast as they can. It does not
// wait for them.
func (s *Sessions) Reconnect(share float64) {
	s.running.Go(func() {
		cut := 0.0
		for _, x := range s.clients {
			if cut += min(max(share, 0), 1); cut >= 1 {
				x.cut()
				cut--
			}
		}
	})
}

// Unplug takes the connection away from a thing that has one of its own; what a
// gateway speaks for falls silent by itself.
func (s *Sessions) Unplug(id sim.ThingID) (plug func()) {
	if x := s.of(id); x != nil && s.places == nil {
		return x.unplug()
	}
	return func() {}
}

// Reading publishes a reading of its thing.
func (s *Sessions) Reading(r *sim.Reading) {
	s.payload = s.codec.AppendReading(s.payload[:0], r)
	s.send(Readings, r.Thing, step{number: uint64(r.Seq), due: r.Sensed.At, medium: sim.ReadingMessage})
}

// Ack publishes an ack of its thing.
func (s *Sessions) Ack(a *sim.Ack) {
	s.payload = s.codec.AppendAck(s.payload[:0], a)
	s.send(Acks, a.Thing, step{number: a.ID, due: a.Done.At, medium: sim.AckMessage})
}

func (s *Sessions) send(room Room, id sim.ThingID, m step) {
	x := s.sessions[id-s.fleet.Kind.First]
	if x == nil {
		s.world.Observers.Lost(m.medium, id, m.due, sim.LostNobody)
		return
	}
	if why, ok := x.send(room, id, s.payload, m); !ok {
		s.world.Observers.Lost(m.medium, id, m.due, why)
	}
}

// receive takes what the broker sends to a thing, on its session's goroutine.
func (s *Sessions) receive(x *fleetSession, pk *packet) {
	id, ok := x.commanded(pk.topic)
	if !ok {
		s.counts.add(unknownTopics)
		return
	}
	n := news{what: obey, session: x, thing: id}
	err := s.codec.ReadCommand(pk.payload, &n.command)
	n.command.Thing = id
	switch {
	case err != nil:
		s.counts.add(malformedPayloads)
		n.why = sim.LostMalformed
	case s.news.tell(n):
		s.counts.add(obeyedCommands)
		return
	default:
		s.counts.add(unreadMessages)
		n.why = sim.LostUnread
	}
	n.what, n.medium, n.due = lost, sim.CommandMessage, n.command.Decided.At
	s.news.tell(n)
}

// commanded says whose commands a topic brings; false where they are of none of
// the session's things.
func (s *fleetSession) commanded(topic []byte) (sim.ThingID, bool) {
	f, last := s.fleet, lastLevels[Commands]
	end := len(topic) - len(last)
	if end < len(thingsPrefix) || string(topic[:len(thingsPrefix)]) != thingsPrefix || string(topic[end:]) != last {
		return sim.NoThing, false
	}
	level, id := topic[len(thingsPrefix):end], s.things.first
	if f.places == nil {
		return id, string(level) == f.level(id)
	}
	place, ok := f.places[string(level)]
	return f.fleet.Kind.First + sim.ThingID(place), ok && f.sessions[place] == s
}

// Drain waits until everything sent so far has arrived at the broker or is known
// to be lost, at most for a while; its error says for how many sessions that is
// not known. The clock has to take up afterwards what has come in: Run it until
// its Now.
func (s *Sessions) Drain(within time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	for _, x := range s.clients {
		x.alter(func() {
			if x.conn != nil {
				x.ping() // all at once; each is asked again below, and waits no longer
			}
		})
	}
	late := 0
	for _, x := range s.clients {
		if x.arrived(ctx) != nil {
			late++
		}
	}
	if late > 0 {
		return fmt.Errorf("%d of %d sessions of %s did not drain within %s", late, len(s.clients), s.fleet.Kind.Name, within)
	}
	return nil
}

// Close takes leave of the broker. What has not been sent is lost.
func (s *Sessions) Close() {
	if s.cancel == nil {
		return
	}
	s.cancel()
	for _, x := range s.clients {
		x.leave()
	}
	if s.relays != nil {
		s.relays.end()
	}
	s.running.Wait()
	for _, x := range s.clients {
		x.leave() // who came up meanwhile
	}
	s.writers.stop()
	s.slow.Wait()
	s.readers.stop()
	s.news.close()
}

// Counts is what has happened to the sessions so far, always the same lines.
func (s *Sessions) Counts() []Count {
	all := s.counts.list(lostOffline, tallies)
	for _, t := range [...]tally{malformedPayloads, unreadMessages} {
		all = append(all, Count{Words: tallyWords[t], N: s.counts[t].Load()})
	}
	return all
}
