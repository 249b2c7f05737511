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
// own. It is the fleet's Carrier; what its clients receive goes to the fleet as
// their Device. The entry is to be the route of the fleet's commands, and the bus
// and the observers are to have the Sessions' Passage.
type Sessions struct {
	world    *sim.World
	fleet    *sim.Fleet
	codec    *Codec
	options  SessionOptions
	prefix   string          // of client ids
	sessions []*fleetSession // by place in the kind; nil where the thing is not played here
	levels   []string        // likewise: names as they stand in topics
	live     int
	desk     *desk
	within   bool // the broker is in this process
	news     *newsroom
	writers  crew
	readers  crew
	poller   func() *poller // made for the first socket; nil where there is none
	dialer   *dialer
	pulse    pulse
	luck     chance.Stream
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
		sessions: make([]*fleetSession, f.Kind.Count), levels: make([]string, f.Kind.Count), ready: make(chan struct{}),
		luck: w.Seed.Stream(f.Kind.Name + " reconnect"), dialer: newDialer(f.Kind.Count, o.ConnectRate),
	}
	s.desk = d
	_, s.within = e.(*Gate)
	s.poller = sync.OnceValue(s.poll)
	s.pulse.interval.Store(int64(o.KeepAlive))
	s.news = newNewsroom(w.Clock, d.inbox.limit, s.take)
	for i := range s.sessions {
		id := f.Kind.First + sim.ThingID(i)
		if !f.Played(id) {
			continue
		}
		d.declare(id, session)
		s.sessions[i] = &fleetSession{fleet: s, thing: id, up: trail{up: true}}
		s.levels[i] = escape(w.Roster.Name(id))
		s.live++
	}
	d.fleets = append(d.fleets, s)
	return s, nil
}

// Connect begins to connect all sessions, at the allowed rate, and waits until
// all are up. Its error says which are not and why; those that the broker has
// not refused go on trying. Call it once.
func (s *Sessions) Connect(ctx context.Context) error {
	if err := thisMachine().enough(s.desk.fleets); err != nil {
		return err
	}
	s.run, s.cancel = context.WithCancel(context.Background())
	s.left.Store(int64(s.live))
	s.writers.start(runtime.GOMAXPROCS(0), (*fleetSession).write)
	s.readers.start(runtime.GOMAXPROCS(0), (*fleetSession).read)
	for _, x := range s.sessions {
		if x != nil {
			s.dialer.due <- x
		}
	}
	s.running.Go(func() { s.dialer.run(s.run, &s.running) })
	s.running.Go(func() { s.pulse.run(s.run, s.sessions) })
	if s.live == 0 {
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
		s.slow.Go(func() { p.run(func(place int) { s.sessions[place].readable() }) })
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
	for _, x := range s.sessions {
		if x == nil {
			continue
		}
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
	return fmt.Errorf("%d of %d sessions of %s are not up: %w", n, s.live, s.fleet.Kind.Name, errors.Join(some...))
}

// Up is how many sessions are connected.
func (s *Sessions) Up() (n int) {
	for _, x := range s.sessions {
		if x != nil {
			x.mu.Lock()
			if x.conn != nil {
				n++
			}
			x.mu.Unlock()
		}
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
		for _, x := range s.sessions {
			if cut += min(max(share, 0), 1); x != nil && cut >= 1 {
				x.cut()
			}
			if cut >= 1 {
				cut--
			}
		}
	})
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
	if why, ok := x.send(room, s.payload, m); !ok {
		s.world.Observers.Lost(m.medium, id, m.due, why)
	}
}

// receive takes what the broker sends to a thing, on its session's goroutine.
func (s *Sessions) receive(x *fleetSession, pk *packet) {
	if !x.isCommand(pk.topic) {
		s.counts.add(unknownTopics)
		return
	}
	n := news{what: obey, session: x}
	err := s.codec.ReadCommand(pk.payload, &n.command)
	n.command.Thing = x.thing
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

// isCommand says whether a topic is that of the thing's commands.
func (s *fleetSession) isCommand(topic []byte) bool {
	level, last := s.level(), lastLevels[Commands]
	return len(topic) == len(thingsPrefix)+len(level)+len(last) && string(topic[:len(thingsPrefix)]) == thingsPrefix &&
		string(topic[len(thingsPrefix):len(topic)-len(last)]) == level && string(topic[len(topic)-len(last):]) == last
}

// Drain waits until everything sent so far has arrived at the broker or is known
// to be lost, at most for a while; its error says for how many sessions that is
// not known. The clock has to take up afterwards what has come in: Run it until
// its Now.
func (s *Sessions) Drain(within time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	for _, x := range s.sessions {
		if x != nil {
			x.alter(func() {
				if x.conn != nil {
					x.ping() // all at once; each is asked again below, and waits no longer
				}
			})
		}
	}
	late := 0
	for _, x := range s.sessions {
		if x != nil && x.arrived(ctx) != nil {
			late++
		}
	}
	if late > 0 {
		return fmt.Errorf("%d of %d sessions of %s did not drain within %s", late, s.live, s.fleet.Kind.Name, within)
	}
	return nil
}

// Close takes leave of the broker. What has not been sent is lost.
func (s *Sessions) Close() {
	if s.cancel == nil {
		return
	}
	s.cancel()
	for _, x := range s.sessions {
		if x != nil {
			x.leave()
		}
	}
	s.running.Wait()
	for _, x := range s.sessions {
		if x != nil {
			x.leave() // who came up meanwhile
		}
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
