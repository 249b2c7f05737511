package broker

import (
	"context"
	"fmt"
	"math"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/broker/contained"
	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
	"github.com/twinbed/twinbed/sim/formula"
	"github.com/twinbed/twinbed/sim/wall"
)

// level is a signal that stands still.
type level struct{ Value float64 }

func (l *level) Build(*sim.Site) (sim.Signal, error)        { return l, nil }
func (l *level) Advance(int, sim.Time, sim.Time) float64    { return l.Value }
func (l *level) Measure(_ int, _ uint32, t float64) float64 { return t }

// stage is a small world with its bus and gate, and everything that is seen in it.
type stage struct {
	t      testing.TB
	world  *sim.World
	router *Router
	gate   *Gate
	press  *sim.Kind
	done   chan struct{}

	sim.Silent
	mu       sync.Mutex
	readings []sim.Reading
	acks     []sim.Ack
	lost     []lostMessage
	sent     int
	took     int
	told     []string // what a foreman has heard
	notes    []sim.Event
	onRead   func(*sim.Reading)
	onAck    func(*sim.Ack)
}

type lostMessage struct {
	medium sim.Medium
	thing  sim.ThingID
	due    sim.Time
	why    sim.Cause
}

func newStage(t testing.TB, presses int, every time.Duration, o GateOptions) *stage {
	s := &stage{t: t, done: make(chan struct{})}
	w := &sim.World{Clock: sim.NewLiveClock(1, wall.NewTimer()), Seed: chance.Seed(7), Symbols: &formula.Symbols{}, Roster: &sim.Roster{}}
	s.press = &sim.Kind{
		Name: "press", Count: presses, Declared: presses, Every: every,
		Signals: []sim.SignalSpec{{Name: "temperature", Unit: "°C"}, {Name: "vibration", Unit: "mm/s"}},
		States:  []sim.StateSpec{{Name: "load", Initial: 1}},
		Commands: []sim.CommandSpec{
			{Name: "cool", Sets: []sim.Setting{{State: 0, Value: 0.5}}},
			{Name: "set load", Sets: []sim.Setting{{State: 0, FromValue: true}}},
		},
	}
	w.Roster.Add(s.press)
	w.Link = sim.NewLink(sim.Network{}, w.Seed, presses)
	w.Platform, w.Observers = s, sim.Observers{s}
	s.world, s.router = w, NewRouter(w)
	w.Bus = s.router
	fleet, err := sim.NewFleet(w, s.press, []sim.SignalModel{&level{81.25}, &level{2.5}}, nil)
	require.NoError(t, err)
	w.Fleets = []*sim.Fleet{fleet}
	s.gate, err = NewGate(w, o)
	require.NoError(t, err)
	return s
}

func (s *stage) fleet() *sim.Fleet { return s.world.Fleets[0] }

// play opens the gate and runs the clock until the test ends.
func (s *stage) play() {
	require.NoError(s.t, s.gate.Open())
	s.run()
	s.t.Cleanup(s.end)
}

func (s *stage) run() {
	go func() {
		defer close(s.done)
		_ = s.world.Clock.Run(sim.Time(time.Hour))
	}()
}

// end stops the clock and closes the gate; twice is once.
func (s *stage) end() {
	s.world.Clock.Stop(nil)
	<-s.done
	require.NoError(s.t, s.gate.Close())
}

// outside gives a thing to strangers.
func (s *stage) outside(id sim.ThingID) {
	s.fleet().Release(id)
	s.router.Route(id, s.gate)
	s.gate.Outside(id)
}

// sessions makes the rest of the fleet clients of the gate.
func (s *stage) sessions(o SessionOptions) *Sessions {
	f, err := NewSessions(s.world, s.fleet(), s.gate, o)
	require.NoError(s.t, err)
	s.fleet().Carrier = f
	s.router.Tap(f.Passage())
	s.world.Observers = append(s.world.Observers, f.Passage())
	s.router.RouteKind(s.press, s.gate)
	return f
}

func (s *stage) connect(f *Sessions) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	require.NoError(s.t, f.Connect(ctx))
	s.t.Cleanup(f.Close)
}

func (s *stage) Reading(r *sim.Reading) {
	s.mu.Lock()
	c := *r
	c.Values = append([]float64(nil), r.Values...)
	s.readings = append(s.readings, c)
	s.mu.Unlock()
	if s.onRead != nil {
		s.onRead(r)
	}
}

func (s *stage) Ack(a *sim.Ack) {
	s.mu.Lock()
	c := *a
	c.State = append([]float64(nil), a.State...)
	s.acks = append(s.acks, c)
	s.mu.Unlock()
	if s.onAck != nil {
		s.onAck(a)
	}
}

func (s *stage) Sent(*sim.Reading) { s.mu.Lock(); s.sent++; s.mu.Unlock() }

func (s *stage) Took(sim.Medium, sim.ThingID, uint64) { s.mu.Lock(); s.took++; s.mu.Unlock() }

func (s *stage) Lost(m sim.Medium, thing sim.ThingID, due sim.Time, why sim.Cause) {
	s.mu.Lock()
	s.lost = append(s.lost, lostMessage{m, thing, due, why})
	s.mu.Unlock()
}

func (s *stage) Noted(e sim.Event) { s.mu.Lock(); s.notes = append(s.notes, e); s.mu.Unlock() }

// eventually waits until a condition over what was seen holds.
func (s *stage) eventually(what string, holds func() bool) {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return holds()
	}, 20*time.Second, time.Millisecond, what)
}

// gather waits until so many readings are there, for as long as they keep coming.
func (s *stage) gather(n int) {
	s.t.Helper()
	for there := 0; there < n; {
		before := there
		s.eventually("the next", func() bool { there = len(s.readings); return there > before })
	}
}

func (s *stage) lostFor(why sim.Cause) (n int) {
	for _, l := range s.lost {
		if l.why == why {
			n++
		}
	}
	return n
}

// on runs f on the clock's thread and waits for it.
func (s *stage) on(f func()) {
	done := make(chan struct{})
	require.True(s.t, s.world.Clock.Post(func() { f(); close(done) }))
	<-done
}

func (s *stage) order(id uint64, thing sim.ThingID, name string, value float64) {
	s.on(func() {
		s.router.Command(&sim.Command{
			ID: id, Thing: thing, Name: s.press.Command(name), Value: value, Seq: 1, Attempt: 1, Decided: s.world.Clock.Stamp(),
		})
	})
}

func count(all []Count, words string) uint64 {
	for _, c := range all {
		if c.Words == words {
			return c.N
		}
	}
	panic("nothing is counted under " + words)
}

// stranger is a client that has none of our code.
func (s *stage) stranger(id string, tune ...func(*paho.ClientOptions)) paho.Client {
	s.t.Helper()
	o := paho.NewClientOptions().SetClientID(id).SetAutoReconnect(false).SetConnectRetry(false).
		SetOrderMatters(true).AddBroker("tcp://" + s.gate.TCP()).SetConnectTimeout(5 * time.Second)
	for _, f := range tune {
		f(o)
	}
	c := paho.NewClient(o)
	token := c.Connect()
	require.True(s.t, token.WaitTimeout(10*time.Second))
	require.NoError(s.t, token.Error())
	s.t.Cleanup(func() { c.Disconnect(0) })
	return c
}

func publish(t testing.TB, c paho.Client, topic string, qos byte, payload string) {
	t.Helper()
	token := c.Publish(topic, qos, false, payload)
	require.True(t, token.WaitTimeout(10*time.Second), "publish on %s", topic)
	require.NoError(t, token.Error())
}

// subscribe yields what arrives; paho hides refusals in the token.
func subscribe(t testing.TB, c paho.Client, filter string, qos byte) (granted byte, messages <-chan paho.Message) {
	t.Helper()
	in := make(chan paho.Message, 4096)
	token := c.Subscribe(filter, qos, func(_ paho.Client, m paho.Message) { in <- m })
	require.True(t, token.WaitTimeout(10*time.Second))
	require.NoError(t, token.Error())
	for _, granted = range token.(*paho.SubscribeToken).Result() { // paho's key for $share is not the filter
		return granted, in
	}
	return 0x80, in
}

func receive(t testing.TB, in <-chan paho.Message) string {
	t.Helper()
	select {
	case m := <-in:
		return string(m.Payload())
	case <-time.After(20 * time.Second):
		require.Fail(t, "nothing was received")
		return ""
	}
}

// raw connects without any client library.
func (s *stage) raw() net.Conn {
	c, err := s.gate.Dial(context.Background())
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = c.Close() })
	return c
}

// ended waits until the other side closes the connection.
func ended(t testing.TB, c net.Conn) {
	t.Helper()
	require.NoError(t, c.SetReadDeadline(time.Now().Add(20*time.Second)))
	b := make([]byte, 1024)
	for {
		if _, err := c.Read(b); err != nil {
			e, ok := err.(net.Error)
			require.False(t, ok && e.Timeout(), "the gate kept the connection open")
			return
		}
	}
}

var noValue = math.NaN()

var loopback = contained.Options{TCP: "127.0.0.1:0"}

func listen(o contained.Options) GateOptions { return GateOptions{Options: o} }

func tcp() GateOptions { return listen(loopback) }

func reading(seq int, temperature float64) string {
	return fmt.Sprintf(`{"seq":%d,"temperature":%g,"vibration":2.5}`, seq, temperature)
}

func hasNote(notes []sim.Event, part string) bool {
	for _, e := range notes {
		if (e.What == "rejected" || e.What == "refused") && strings.Contains(e.Detail, part) {
			return true
		}
	}
	return false
}
