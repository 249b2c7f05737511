package broker

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/broker/contained"
	"github.com/twinbed/twinbed/sim"
)

// loop answers each reading with a command.
func (s *stage) loop() (issued *int) {
	issued = new(int)
	s.onRead = func(r *sim.Reading) {
		*issued++
		s.router.Command(&sim.Command{
			ID: uint64(r.Thing)<<32 | uint64(*issued), Thing: r.Thing, Name: 1, Value: 0.5, Seq: r.Seq, Attempt: 1, Decided: s.world.Clock.Stamp(),
		})
	}
	return issued
}

// balance ends sending and holds the books: whatever was sent has come or is lost,
// and for which reasons is told.
func (s *stage) balance(f *Sessions, issued *int) (lost map[sim.Cause]int, twice int) {
	s.settle(f)
	s.mu.Lock()
	defer s.mu.Unlock()
	came, acked := map[[2]uint64]bool{}, map[uint64]bool{}
	for _, r := range s.readings {
		came[[2]uint64{uint64(r.Thing), uint64(r.Seq)}] = true
	}
	for _, a := range s.acks {
		acked[a.ID] = true
	}
	lost = map[sim.Cause]int{}
	var of [sim.TaskMessage + 1]int
	for _, l := range s.lost {
		of[l.medium]++
		lost[l.why]++
	}
	require.Equal(s.t, s.sent, len(came)+of[sim.ReadingMessage], "readings: %v", lost)
	require.Equal(s.t, *issued, len(acked)+of[sim.CommandMessage]+of[sim.AckMessage], "commands and acks: %v", lost)
	return lost, len(s.readings) - len(came)
}

// back waits until so many sessions have broken and all are up.
func (s *stage) back(f *Sessions, broken, things int) {
	require.Eventually(s.t, func() bool {
		return count(f.Counts(), tallyWords[brokenSessions]) >= uint64(broken) && f.Up() == things
	}, 30*time.Second, time.Millisecond)
}

func TestABrokerIsStoppedAndStartedInMidRun(t *testing.T) {
	const things = 20
	for _, x := range []struct {
		qos        byte
		persistent bool
		version    Version
		over       GateOptions
		gateways   int
		keeps      bool // its sessions, when it starts again
		killed     bool
	}{
		{qos: 0, over: tcp(), killed: true},
		{qos: 1, version: MQTT5, over: tcp(), killed: true},
		{qos: 1, persistent: true, over: tcp(), keeps: true, killed: true},
		{qos: 2, persistent: true, version: MQTT5, over: tcp(), keeps: true},
		{qos: 2, persistent: true, over: tcp(), keeps: true, killed: true, gateways: 2},
		{qos: 0, over: tcp()},
		{qos: 0, over: tcp(), gateways: 3},
		{qos: 1, persistent: true, version: MQTT5, over: tcp(), gateways: 2},
		{qos: 0, over: GateOptions{}},
		{qos: 0, persistent: true, version: MQTT5, over: tcp()},
		{qos: 1, over: tcp()},
		{qos: 1, persistent: true, over: GateOptions{}},
		{qos: 2, version: MQTT5, over: tcp()},
		{qos: 2, persistent: true, over: tcp()},
	} {
		t.Run(fmt.Sprintf("QoS %d persistent %t MQTT %d over %q gateways %d keeps %t killed %t", x.qos, x.persistent, x.version, x.over.TCP, x.gateways, x.keeps, x.killed), func(t *testing.T) {
			s := newStage(t, things, 10*time.Millisecond, x.over)
			issued := s.loop()
			f := s.sessions(SessionOptions{QoS: x.qos, Persistent: x.persistent, Version: x.version, ConnectRate: 1e5, Gateways: x.gateways})
			s.play()
			s.connect(f)
			address := s.gate.TCP()
			s.on(func() { s.fleet().Switch(things) })
			s.eventually("what goes before", func() bool { return len(s.acks) >= 10*things })
			stop, start := s.gate.Stop, s.gate.Start
			if x.killed {
				stop = s.gate.Kill
			}
			if x.keeps {
				start = s.gate.Resume
			}
			require.NoError(t, stop())
			require.Eventually(t, func() bool { return f.Up() == 0 }, 20*time.Second, time.Millisecond)
			require.NoError(t, start())
			require.Equal(t, address, s.gate.TCP(), "where it was")
			s.back(f, len(f.clients), len(f.clients))
			before := 0
			s.eventually("what comes after", func() bool {
				if before == 0 {
					before = len(s.acks)
				}
				return len(s.acks) >= before+5*things
			})
			lost, twice := s.balance(f, issued)
			require.GreaterOrEqual(t, count(s.gate.Counts(), "clients let in"), uint64(2*len(f.clients)), "what is counted goes on")
			switch x.qos {
			case 0:
				require.NotZero(t, lost[sim.LostOffline]+lost[sim.LostConnection])
				require.Zero(t, twice)
			case 1: // it is sent until it is acknowledged; commands are of QoS 0 and go once
				for _, l := range s.lost {
					require.Equal(t, sim.CommandMessage, l.medium)
				}
			case 2:
				require.Zero(t, twice, "not twice, even where the broker knows nothing any more")
				for _, l := range s.lost {
					require.True(t, !x.keeps || l.medium == sim.CommandMessage, "and where it knows its sessions, once: %v", l.why)
				}
			}
		})
	}
}

func TestStartingAgainEndsWhoeverIsConnected(t *testing.T) {
	s := newStage(t, 3, time.Hour, tcp())
	f := s.sessions(SessionOptions{})
	s.play()
	s.connect(f)
	for n := 1; n <= 3; n++ {
		require.NoError(t, s.gate.Start(), "without a stop before")
		s.back(f, 3*n, 3)
	}
	require.NoError(t, s.gate.Stop())
	require.NoError(t, s.gate.Stop(), "twice is once")
	taken := contained.New(contained.Options{TCP: s.gate.TCP()}, &contained.Access{})
	require.NoError(t, taken.Open())
	require.ErrorContains(t, s.gate.Start(), "address already in use")
	require.NoError(t, taken.Close())
	require.NoError(t, s.gate.Start(), "and can be tried again")
	s.back(f, 12, 3)
}

func TestAThousandSessionsAreCutAtOnceAndAllComeBack(t *testing.T) {
	const things = 1000
	for _, x := range []struct {
		qos      byte
		over     GateOptions
		gateways int
	}{{0, tcp(), 0}, {2, GateOptions{}, 0}, {0, tcp(), 8}, {1, tcp(), 8}} {
		s := newStage(t, things, 200*time.Millisecond, x.over)
		issued := s.loop()
		f := s.sessions(SessionOptions{QoS: x.qos, ConnectRate: 1e5, Gateways: x.gateways})
		s.play()
		s.connect(f)
		s.on(func() { s.fleet().Switch(things) })
		s.eventually("what goes before", func() bool { return len(s.acks) >= things })
		cut := time.Now()
		f.Reconnect(1)
		s.back(f, f.Size(), f.Size())
		t.Logf("QoS %d over %q: %d sessions are back after %s", x.qos, x.over.TCP, f.Size(), time.Since(cut).Round(time.Millisecond))
		lost, _ := s.balance(f, issued)
		for why := range lost {
			require.Contains(t, []sim.Cause{sim.LostConnection, sim.LostOffline}, why)
		}
		f.Close()
		s.end()
	}
}

// BenchmarkReconnects is how long it takes 5,000 sessions that are cut at once to
// be back, subscriptions and all, while each sends every second.
func BenchmarkReconnects(b *testing.B) {
	const things = 5000
	for _, x := range []struct {
		name string
		over GateOptions
	}{{"tcp", tcp()}, {"pipes", GateOptions{}}} {
		b.Run(x.name, func(b *testing.B) {
			s := newStage(b, things, time.Second, x.over)
			issued := s.loop()
			f := s.sessions(SessionOptions{ConnectRate: 1e5})
			require.NoError(b, s.gate.Open())
			s.run()
			defer s.end()
			require.NoError(b, f.Connect(context.Background()))
			defer f.Close()
			s.on(func() { s.fleet().Switch(things) })
			n := 0
			for b.Loop() {
				n++
				f.Reconnect(1)
				s.back(f, n*things, things)
			}
			s.balance(f, issued)
		})
	}
}
