package broker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/broker/contained"
	"github.com/twinbed/twinbed/sim"
)

func TestAFleetIsClientsAndTheLoopCloses(t *testing.T) {
	for _, qos := range []byte{0, 1} {
		s := newStage(t, 5, 20*time.Millisecond, tcp())
		s.onRead = func(r *sim.Reading) {
			s.router.Command(&sim.Command{ID: uint64(r.Thing)*1000 + uint64(r.Seq), Thing: r.Thing, Name: 1, Value: 0.5, Seq: r.Seq, Attempt: 1, Decided: s.world.Clock.Stamp()})
		}
		f := s.sessions(SessionOptions{QoS: qos})
		s.play()
		s.connect(f)
		require.Equal(t, 5, f.Up())
		s.on(func() { s.fleet().Switch(5) })
		s.eventually("acks of all", func() bool { return len(s.acks) >= 25 })
		s.mu.Lock()
		for _, r := range s.readings {
			require.False(t, r.Foreign)
			require.Equal(t, []float64{81.25, 2.5}, r.Values)
			require.Less(t, r.Sensed.At, r.Arrived.At)
			require.Equal(t, r.Sensed.Wall, r.Sensed.At.Duration(), "at speed 1 both clocks agree")
		}
		for _, a := range s.acks {
			require.False(t, a.Foreign)
			require.Equal(t, []float64{0.5}, a.State)
			require.True(t, 0 < a.Delivered.At && a.Delivered.At <= a.Done.At)
		}
		require.Empty(t, s.lost)
		require.Empty(t, s.notes)
		s.mu.Unlock()
	}
}

// settle ends sending and lets everything arrive that is on its way, commands and
// their acks too.
func (s *stage) settle(f *Sessions) {
	s.on(s.fleet().Silence)
	require.Eventually(s.t, func() (settled bool) {
		require.NoError(s.t, f.Drain(20*time.Second))
		s.on(func() {})
		s.on(func() {
			r, c, a := f.InFlight()
			settled = r+c+a == f.Doubts()
		})
		return settled
	}, 20*time.Second, time.Millisecond)
	s.on(f.Settle)
}

func TestAThousandSessionsBalanceTheirBooks(t *testing.T) {
	s := newStage(t, 1000, 100*time.Millisecond, tcp())
	f := s.sessions(SessionOptions{ConnectRate: 20_000})
	s.play()
	s.connect(f)
	require.Equal(t, 1000, s.gate.Connections())
	s.on(func() { s.fleet().Switch(1000) })
	s.eventually("3,000 readings", func() bool { return len(s.readings) >= 3000 })
	s.settle(f)
	s.mu.Lock()
	defer s.mu.Unlock()
	require.Equal(t, s.sent, len(s.readings)+len(s.lost))
	require.Empty(t, s.lost)
	last := make([]uint32, 1000)
	for _, r := range s.readings {
		require.Equal(t, last[r.Thing]+1, r.Seq, "in order, without gaps")
		last[r.Thing] = r.Seq
	}
}

// cut remembers connections so that a test can break them.
type cut struct {
	open  func(context.Context) (net.Conn, error)
	mu    sync.Mutex
	conns []net.Conn
	no    error
	dials int
}

func (c *cut) dial(ctx context.Context) (net.Conn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dials++
	if c.no != nil {
		return nil, c.no
	}
	conn, err := c.open(ctx)
	c.conns = append(c.conns, conn)
	return conn, err
}

func (c *cut) all(no error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.no = no
	for _, conn := range c.conns {
		if socket, ok := conn.(*net.TCPConn); ok { // as if the other side had ended it
			_, _ = socket.CloseRead(), socket.CloseWrite()
			continue
		}
		_ = conn.Close()
	}
	c.conns = nil
}

func TestBrokenSessionsComeBackAndQoS1LosesNothing(t *testing.T) {
	s := newStage(t, 4, 5*time.Millisecond, tcp())
	w := &cut{open: s.gate.Dial}
	f := s.sessions(SessionOptions{QoS: 1, Dial: w.dial})
	s.play()
	s.connect(f)
	s.on(func() { s.fleet().Switch(4) })
	for range 5 {
		before := 0
		s.eventually("readings go on", func() bool { before++; return before > 1 && len(s.readings) > 0 })
		w.all(nil)
		require.Eventually(t, func() bool { return f.Up() == 4 }, 20*time.Second, time.Millisecond)
	}
	s.settle(f)
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := map[string]bool{}
	for _, r := range s.readings {
		seen[fmt.Sprint(r.Thing, r.Seq)] = true
	}
	require.Equal(t, s.sent, len(seen), "each reading arrived, some of them twice")
	require.Empty(t, s.lost)
	require.NotZero(t, count(f.Counts(), tallyWords[brokenSessions]))
}

func TestQoS0IsLostWhileOfflineAndSaysSo(t *testing.T) {
	s := newStage(t, 2, 5*time.Millisecond, tcp())
	w := &cut{open: s.gate.Dial}
	f := s.sessions(SessionOptions{Dial: w.dial})
	s.play()
	s.connect(f)
	w.all(errors.New("the cable is out"))
	require.Eventually(t, func() bool { return f.Up() == 0 }, 20*time.Second, time.Millisecond)
	s.on(func() { s.fleet().Switch(2) })
	s.eventually("losses", func() bool { return s.lostFor(sim.LostOffline) >= 10 })
	w.all(nil)
	s.eventually("readings again", func() bool { return len(s.readings) >= 10 })
	s.settle(f)
	s.mu.Lock()
	defer s.mu.Unlock()
	require.Equal(t, s.sent, len(s.readings)+len(s.lost))
	require.EqualValues(t, len(s.lost), count(f.Counts(), tallyWords[lostOffline]))
}

func TestConnectTellsWhichSessionsAreNotUpAndWhy(t *testing.T) {
	s := newStage(t, 7, time.Second, tcp())
	f := s.sessions(SessionOptions{Dial: (&cut{no: errors.New("connection refused")}).dial})
	s.play()
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	err := f.Connect(ctx)
	defer f.Close()
	require.ErrorContains(t, err, "7 of 7 sessions of press are not up")
	require.ErrorContains(t, err, "press-01: connection refused")
	require.NotContains(t, err.Error(), "press-06")
}

func TestASessionThatIsRefusedDoesNotTryAgain(t *testing.T) {
	s := newStage(t, 2, time.Second, tcp())
	f := s.sessions(SessionOptions{Username: ownUser, Password: "old"})
	s.play()
	err := f.Connect(context.Background())
	defer f.Close()
	require.ErrorIs(t, err, errRefused)
	require.ErrorContains(t, err, "CONNACK code 4")
	require.EqualValues(t, 2, count(s.gate.Counts(), contained.RefusedConnects))
}

// A pipe that nobody reads takes nothing: what the clock goes on sending must
// end in the outbox and then be counted.
func TestAStalledBrokerFillsTheOutboxAndNeverBlocksTheClock(t *testing.T) {
	stall(t, 1, SessionOptions{Outbox: 1000})
}

// Its outbox has room for each of its things, and what is beyond is lost to whom it is of.
func TestAStalledBrokerFillsAGatewaysOutbox(t *testing.T) {
	const things = 20
	s := stall(t, things, SessionOptions{Outbox: 1000, Gateways: 1})
	by := map[sim.ThingID]int{}
	for _, l := range s.lost {
		if l.why == sim.LostInOutbox {
			by[l.thing]++
		}
	}
	require.Greater(t, len(by), things/2, "none is at the expense of the others")
}

// stall plays things whose broker stops reading, and holds the books.
func stall(t *testing.T, things int, o SessionOptions) *stage {
	s := newStage(t, things, time.Millisecond, GateOptions{})
	stalled := make(chan net.Conn, 1)
	o.Dial = func(ctx context.Context) (net.Conn, error) {
		c, err := s.gate.DialMemory(ctx)
		if err != nil {
			return nil, err
		}
		return &stallable{Conn: c, stall: stalled, closed: make(chan struct{})}, nil
	}
	f := s.sessions(o)
	s.play()
	s.connect(f)
	s.on(func() { s.fleet().Switch(things) })
	s.eventually("overflow", func() bool { return s.lostFor(sim.LostInOutbox) > 0 })
	require.Error(t, f.Drain(20*time.Millisecond))
	s.on(func() {
		r, _, _ := f.InFlight()
		require.NotZero(t, r)
	})
	c := <-stalled
	_ = c.Close() // and what was in it is known to be lost
	s.on(func() { s.fleet().Switch(0) })
	s.settle(f)
	s.mu.Lock()
	defer s.mu.Unlock()
	require.Equal(t, s.sent, len(s.lost)+len(s.readings))
	return s
}

// stallable stops taking bytes after the greeting.
type stallable struct {
	net.Conn
	writes int
	stall  chan net.Conn
	once   sync.Once
	closed chan struct{}
}

func (c *stallable) Write(b []byte) (int, error) {
	if c.writes++; c.writes <= 2 {
		return c.Conn.Write(b)
	}
	c.once.Do(func() { c.stall <- c })
	<-c.closed
	return 0, net.ErrClosed
}

func (c *stallable) Close() error {
	c.Conn.Close()
	select {
	case <-c.closed:
	default:
		close(c.closed)
	}
	return nil
}

func TestFleetClientAndPahoAreSeenAlike(t *testing.T) {
	type seen struct {
		seqs   []uint32
		values []float64
		acked  []uint64
	}
	play := func(paho bool) (r seen) {
		s := newStage(t, 2, time.Hour, tcp())
		var f *Sessions
		if paho {
			s.outside(0)
		} else {
			f = s.sessions(SessionOptions{QoS: 1})
		}
		s.play()
		send, end := s.clientLike(paho, f)
		for n := range 20 {
			send(uint32(n+1), 20+float64(n))
		}
		s.order(7, 0, "cool", noValue)
		s.order(8, 0, "set load", 0.25)
		s.eventually("both acks", func() bool { return len(s.acks) == 2 && len(s.readings) == 20 })
		end()
		for _, x := range s.readings {
			r.seqs, r.values = append(r.seqs, x.Seq), append(r.values, x.Values...)
		}
		for _, a := range s.acks {
			r.acked = append(r.acked, a.ID)
		}
		require.Empty(t, s.lost)
		require.Eventually(t, func() bool {
			return len(s.gate.broker.Load().Takers(commands1)) == 0
		}, 10*time.Second, time.Millisecond)
		return r
	}
	require.Equal(t, play(true), play(false))
}

// clientLike plays press-01 by paho or by a fleet session.
func (s *stage) clientLike(stranger bool, f *Sessions) (send func(seq uint32, temperature float64), end func()) {
	if !stranger {
		s.connect(f)
		s.on(func() { s.fleet().Switch(1) })
		return func(seq uint32, temperature float64) {
			s.on(func() { f.Reading(&sim.Reading{Thing: 0, Seq: seq, Values: []float64{temperature, 2.5}}) })
		}, f.Close
	}
	c := s.stranger("press one")
	token := c.Subscribe(commands1, 0, func(c paho.Client, m paho.Message) {
		var x sim.Command
		if s.gate.codecs[0].ReadCommand(m.Payload(), &x) == nil {
			go c.Publish(acks1, 1, false, fmt.Sprintf(`{"id":%d,"outcome":"done"}`, x.ID)).Wait()
		}
	})
	require.True(s.t, token.WaitTimeout(10*time.Second))
	return func(seq uint32, temperature float64) { publish(s.t, c, readings1, 1, reading(int(seq), temperature)) },
		func() { c.Disconnect(250) }
}

func TestABurstOfAHundredThingsArrivesWhole(t *testing.T) {
	for _, qos := range []byte{0, 1, 2} {
		const things, each = 100, 500
		s := newStage(t, things, time.Hour, tcp())
		f := s.sessions(SessionOptions{QoS: qos})
		s.play()
		s.connect(f)
		s.on(func() {
			for n := range things * each {
				f.Reading(&sim.Reading{Thing: sim.ThingID(n % things), Seq: uint32(n/things + 1), Values: []float64{81.25, 2.5}})
			}
		})
		s.gather(things * each)
		s.settle(f)
		s.mu.Lock()
		require.Empty(t, s.lost)
		last := make([]uint32, things)
		for _, r := range s.readings {
			require.Equal(t, last[r.Thing]+1, r.Seq, "in order, once")
			last[r.Thing] = r.Seq
		}
		s.mu.Unlock()
		f.Close()
		s.end()
	}
}

func TestTheWillOfACutOffThingIsTold(t *testing.T) {
	for _, v := range []Version{MQTT311, MQTT5} {
		s := newStage(t, 2, time.Hour, tcp())
		f := s.sessions(SessionOptions{Version: v, Will: true})
		s.play()
		s.connect(f)
		_, told := subscribe(t, s.stranger("observer"), "twinbed/things/+/status", 0)
		f.Reconnect(0.5)
		require.Equal(t, cutOff, receive(t, told))
		require.Eventually(t, func() bool { return f.Up() == 2 }, 20*time.Second, time.Millisecond)
		f.Close()
		s.end()
		require.Empty(t, told, "who takes leave has no will")
	}
}
