package broker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/twinbed/twinbed/broker/contained"
	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
)

// SessionOptions say how a fleet's things are MQTT clients. The zero value is
// QoS 0 over whatever the entry's Dial yields.
type SessionOptions struct {
	QoS          byte          // of readings and acks: 0 or 1
	KeepAlive    time.Duration // whole seconds; default 60 s
	AnswerWithin time.Duration // the broker has to greet and to read; default 10 s
	Outbox       int           // bytes that wait to be written, a session; default 65,536
	Window       int           // unacknowledged QoS 1 messages, a session; default 1,024
	ConnectRate  float64       // connections a second; default 2,000

	Dial               func(context.Context) (net.Conn, error) // default the entry's
	Username, Password string                                  // default the entry's own
}

func (o *SessionOptions) fill(e Entry) error {
	if o.QoS > 1 {
		return fmt.Errorf("a fleet's QoS is 0 or 1, not %d", o.QoS)
	}
	if o.KeepAlive <= 0 {
		o.KeepAlive = time.Minute
	}
	o.KeepAlive = min(max(o.KeepAlive.Round(time.Second), time.Second), contained.MaxKeepAlive*time.Second)
	if o.AnswerWithin <= 0 {
		o.AnswerWithin = 10 * time.Second
	}
	if o.Outbox <= 0 {
		o.Outbox = 1 << 16
	}
	if o.Window <= 0 {
		o.Window = 1 << 10
	}
	o.Window = min(o.Window, 1<<15)
	if o.ConnectRate <= 0 {
		o.ConnectRate = 2000
	}
	if o.Dial == nil {
		o.Dial = e.Dial
	}
	if o.Username == "" {
		who := e.identity()
		o.Username, o.Password = who.user, who.password
	}
	return nil
}

// Sessions makes every thing of a fleet that is played here an MQTT client of its
// own. It is the fleet's Carrier; what its clients receive goes to the fleet as
// their Device. The entry is to be the route of the fleet's commands.
type Sessions struct {
	world    *sim.World
	fleet    *sim.Fleet
	codec    *Codec
	options  SessionOptions
	prefix   string          // of client ids
	sessions []*fleetSession // by place in the kind; nil where the thing is not played here
	live     int
	inbox    *inbox
	pace     pace
	luck     chance.Stream
	counts   counters

	payload []byte // reused, on the clock's thread

	cancel  context.CancelFunc
	running sync.WaitGroup
	left    atomic.Int64
	ready   chan struct{} // closed when all are up or refused
}

var _ sim.Carrier = (*Sessions)(nil)

// NewSessions declares a fleet's things to the entry, before it opens: all that
// the fleet plays at this time.
func NewSessions(w *sim.World, f *sim.Fleet, e Entry, o SessionOptions) (*Sessions, error) {
	if err := o.fill(e); err != nil {
		return nil, err
	}
	d := e.front()
	s := &Sessions{
		world: w, fleet: f, codec: d.codec(f.Kind.First), options: o, prefix: e.identity().prefix,
		sessions: make([]*fleetSession, f.Kind.Count), ready: make(chan struct{}),
		luck: w.Seed.Stream(f.Kind.Name + " reconnect"),
		pace: pace{every: time.Duration(float64(time.Second) / o.ConnectRate)},
	}
	s.inbox = newInbox(w.Clock, d.inbox.limit, s.take)
	for i := range s.sessions {
		id := f.Kind.First + sim.ThingID(i)
		if !f.Played(id) {
			continue
		}
		d.declare(id, session)
		name := w.Roster.Name(id)
		x := &fleetSession{fleet: s, thing: id, name: name,
			topic: [3]string{Topic(Readings, name), Topic(Commands, name), Topic(Acks, name)}}
		x.write = x.flush
		s.sessions[i] = x
		s.live++
	}
	d.fleets = append(d.fleets, s)
	return s, nil
}

// Connect begins to connect all sessions, at the allowed rate, and waits until
// all are up. Its error says which are not and why; those that the broker has
// not refused go on trying. Call it once.
func (s *Sessions) Connect(ctx context.Context) error {
	if err := enoughDescriptors(s.options, s.live); err != nil {
		return err
	}
	var run context.Context
	run, s.cancel = context.WithCancel(context.Background())
	s.left.Store(int64(s.live))
	for _, x := range s.sessions {
		if x != nil {
			s.running.Go(func() { x.live(run) })
		}
	}
	if s.live == 0 {
		return nil
	}
	select {
	case <-s.ready:
	case <-ctx.Done():
	}
	return s.missing()
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
			some = append(some, fmt.Errorf("%s: %w", x.name, why))
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
	x := s.sessions[id-s.fleet.Kind.First]
	if x == nil {
		return 0, false
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.ended, x.conn != nil
}

// Reading publishes a reading of its thing.
func (s *Sessions) Reading(r *sim.Reading) {
	s.payload = s.codec.AppendReading(s.payload[:0], r)
	s.send(r.Thing, readingsTopic, sim.ReadingMessage, r.Sensed.At)
}

// Ack publishes an ack of its thing.
func (s *Sessions) Ack(a *sim.Ack) {
	s.payload = s.codec.AppendAck(s.payload[:0], a)
	s.send(a.Thing, acksTopic, sim.AckMessage, a.Done.At)
}

func (s *Sessions) send(id sim.ThingID, topic int, medium sim.Medium, due sim.Time) {
	x := s.sessions[id-s.fleet.Kind.First]
	if x == nil {
		s.world.Observers.Lost(medium, id, due, sim.LostNobody)
		return
	}
	if why, ok := x.send(topic, s.payload, medium, due); !ok {
		s.world.Observers.Lost(medium, id, due, why)
	}
}

// receive takes what the broker sends to a thing, on its session's goroutine.
func (s *Sessions) receive(x *fleetSession, pk *packets.Packet) {
	var c sim.Command
	if pk.TopicName != x.topic[commandsTopic] {
		s.counts.add(unknownTopics)
		return
	}
	err := s.codec.ReadCommand(pk.Payload, &c)
	c.Thing = x.thing
	why := sim.LostMalformed
	switch {
	case err != nil:
		s.counts.add(malformedPayloads)
	case s.inbox.command(c):
		s.counts.add(obeyedCommands)
		return
	default:
		s.counts.add(unreadMessages)
		why = sim.LostUnread
	}
	if !s.inbox.lost(loss{medium: sim.CommandMessage, thing: x.thing, due: c.Decided.At, why: why}) {
		s.counts.add(untoldLosses)
	}
}

// take has the fleet obey what has gathered, on the clock's thread.
func (s *Sessions) take(b batch) {
	for i := range b.commands {
		c := &b.commands[i]
		c.Decided = s.world.Clock.StampOf(c.Decided.At)
		s.fleet.Obey(c)
	}
	for _, l := range b.losses {
		l.tell(s.world)
	}
	b.tellNotes(s.world)
}

// InFlight is how much the sessions hold: readings and acks that the broker has
// not got or not acknowledged, commands that wait for the clock. What QoS 0 has
// handed to the operating system is not in it: see Drain.
func (s *Sessions) InFlight() (readings, commands, acks int) {
	var n [sim.TaskMessage + 1]int
	for _, x := range s.sessions {
		if x == nil {
			continue
		}
		x.mu.Lock()
		for _, marks := range [...][]mark{x.batch, x.out.marks} {
			for _, m := range marks {
				n[m.medium]++
			}
		}
		for i := range x.out.flights {
			n[x.out.flights[i].medium]++
		}
		x.mu.Unlock()
	}
	_, commands, _ = s.inbox.inFlight()
	return n[sim.ReadingMessage], commands, n[sim.AckMessage]
}

// Drain waits until everything sent so far has arrived at the broker or is known
// to be lost, at most for a while; its error says for how many sessions that is
// not known. The clock has to take up afterwards what has come in: Run it until
// its Now.
func (s *Sessions) Drain(within time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	var waits sync.WaitGroup
	var late atomic.Int64
	for _, x := range s.sessions {
		if x != nil {
			waits.Go(func() {
				if x.arrived(ctx) != nil {
					late.Add(1)
				}
			})
		}
	}
	waits.Wait()
	if n := late.Load(); n > 0 {
		return fmt.Errorf("%d of %d sessions of %s did not drain within %s", n, s.live, s.fleet.Kind.Name, within)
	}
	return nil
}

// Close takes leave of the broker. What has not been sent is lost.
func (s *Sessions) Close() {
	if s.cancel == nil {
		return
	}
	s.cancel()
	s.running.Wait()
	for _, x := range s.sessions {
		if x != nil {
			_ = x.await(context.Background(), func() bool { return !x.writing })
		}
	}
	s.inbox.close()
}

// Counts is what has happened to the sessions so far, always the same lines.
func (s *Sessions) Counts() []Count {
	all := s.counts.list(lostOffline, tallies)
	for _, t := range [...]tally{malformedPayloads, unreadMessages, untoldLosses} {
		all = append(all, Count{Words: tallyWords[t], N: s.counts[t].Load()})
	}
	return all
}

// backoff is how long a session waits before it tries again: twice as long each
// time up to 10 s, and each thing a part of that of its own.
func (s *Sessions) backoff(id sim.ThingID, attempt uint64) time.Duration {
	full := min(100*time.Millisecond<<min(attempt, 10), 10*time.Second)
	return time.Duration(float64(full) * (0.5 + s.luck.Uniform(uint32(id), attempt)))
}

// pace spreads connections over time.
type pace struct {
	every time.Duration
	mu    sync.Mutex
	next  time.Time
}

// wait returns when it is the caller's turn; false when the context ended first.
func (p *pace) wait(ctx context.Context) bool {
	p.mu.Lock()
	now := time.Now()
	at := p.next
	if at.Before(now) {
		at = now
	}
	p.next = at.Add(p.every)
	p.mu.Unlock()
	return pause(ctx, at.Sub(now))
}

func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
