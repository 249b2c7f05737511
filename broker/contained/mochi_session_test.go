package contained

import (
	"net"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"
	"github.com/stretchr/testify/require"
)

// zombies is how many of some clients that raced for one id are still served,
// besides the one that has it.
func zombies(s *subject, racers, rounds int) (left int) {
	for range rounds {
		all := make([]*wire, racers)
		var done sync.WaitGroup
		for i := range all {
			all[i] = s.wire()
			done.Go(func() { all[i].send(connect("twin", 4)) })
		}
		done.Wait()
		for _, w := range all {
			w.next() // who has been let in has ended all that were in before
		}
		served := 0
		for _, w := range all {
			w.send(ack(packets.Pingreq, 0))
			if _, open := w.next(); open {
				served++
			}
			_ = w.conn.Close()
			w.ended()
		}
		left += max(served-1, 0)
	}
	return left
}

func TestASilentConnectionStaysForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, _ := plain(t, &mqtt.Options{SysTopicResendInterval: 1 << 31})
		w := m.wire()
		<-time.After(2 * time.Hour)
		w.send(connect("late", 4))
		require.Zero(t, w.expect(packets.Connack).ReasonCode)

		c := hold(t, Options{}, liberal{})
		w = c.wire()
		<-time.After(11 * time.Second)
		_, open := <-w.in
		require.False(t, open)
	})
}

func TestAConnectionTakes70KBBeforeItHasSaidAnything(t *testing.T) {
	const many = 100
	each := func(s *subject) uint64 {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		for range many {
			c := s.dial()
			// A pipe takes a byte when the broker reads: it has all its memory then.
			_, err := c.Write([]byte{0x10})
			require.NoError(t, err)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		return (after.HeapAlloc - before.HeapAlloc) / many
	}
	m, _ := plain(t, &mqtt.Options{})
	idle := each(m)
	require.Greater(t, idle, uint64(64<<10))

	require.Less(t, each(hold(t, Options{ClientQueue: 128}, liberal{})), idle/4)
}

// exhausted is a listener that has no descriptor left for one connection.
type exhausted struct {
	net.Listener
	once sync.Once
}

func (e *exhausted) Accept() (c net.Conn, err error) {
	e.once.Do(func() { err = &net.OpError{Op: "accept", Err: syscall.EMFILE} })
	if err != nil {
		return nil, err
	}
	return e.Listener.Accept()
}

func TestRunningOutOfDescriptorsEndsTheAcceptLoop(t *testing.T) {
	listen := func() *exhausted {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		t.Cleanup(func() { _ = l.Close() })
		return &exhausted{Listener: l}
	}
	l := listen()
	over := make(chan bool)
	go func() {
		listeners.NewNet("tcp", l).Serve(func(string, net.Conn) error { return nil })
		close(over)
	}()
	<-over

	l = listen()
	c := hold(t, Options{}, liberal{})
	go (&door{broker: c.broker, name: "tcp", listener: l}).serve()
	conn, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	c.dial = func() net.Conn { return conn }
	c.client(connect("patient", 4))
}

func TestAWillMayGoAnywhere(t *testing.T) {
	dies := func(s *subject, topic string) {
		w := s.wire()
		p := connect("dies", 4)
		p.Connect.WillFlag, p.Connect.WillTopic, p.Connect.WillPayload = true, topic, []byte("gone")
		w.send(p)
		if answer, open := w.next(); open {
			require.Zero(t, answer.ReasonCode)
		}
		_ = w.conn.Close()
		w.ended()
	}
	heir := func(s *subject) *wire {
		w := s.client(connect("heir", 4))
		w.send(subscription("$SYS/broker/forged", 0), subscribeAs(2, "others/#", 0))
		w.expect(packets.Suback)
		require.Len(t, w.before(), 1, "the other SUBACK")
		return w
	}
	m, _ := plain(t, &mqtt.Options{SysTopicResendInterval: 1 << 31}, &doorman{deny: func(topic string, write bool) bool { return write }})
	w := heir(m)
	dies(m, "others/secret")
	require.Equal(t, "others/secret", w.expect(packets.Publish).TopicName, "though nobody may publish")
	dies(m, "$SYS/broker/forged")
	require.Equal(t, "gone", string(w.expect(packets.Publish).Payload))

	c := hold(t, Options{}, &choosy{may: func(topic string) bool { return topic == "mine" }})
	w = heir(c)
	for _, topic := range []string{"others/secret", "$SYS/broker/forged", "others/#"} {
		dies(c, topic)
	}
	require.Eventually(t, func() bool { return c.broker.Connections() == 1 }, patience, time.Millisecond)
	require.Empty(t, w.before())
	require.EqualValues(t, 3, c.count(IgnoredWills)+c.count(BrokenPackets))
}

// choosy is a policy of who may publish and have wills where.
type choosy struct {
	liberal
	may func(topic string) bool
}

func (p *choosy) Will(_ *Client, topic string) bool { return p.may(topic) }
func (p *choosy) Publish(_ *Client, m *Message) Fate {
	if p.may(string(m.Topic)) {
		return Passed
	}
	return NotAuthorized
}

func TestRacingTakeoversLeaveZombies(t *testing.T) {
	const racers, rounds = 6, 10
	m, _ := plain(t, &mqtt.Options{})
	found := 0
	for tries := 0; found == 0 && tries < 100; tries++ {
		found = zombies(m, racers, rounds)
	}
	require.NotZero(t, found)

	require.Zero(t, zombies(hold(t, Options{}, liberal{}), racers, rounds))
}

func TestTheBrokersOwnClientCanBeTakenOver(t *testing.T) {
	m, _ := plain(t, &mqtt.Options{InlineClient: true})
	own, _ := m.server.Clients.Get(mqtt.InlineClientId)
	w := m.client(connect(mqtt.InlineClientId, 4))
	require.True(t, own.Closed() && own.IsTakenOver())
	require.Empty(t, w.before())

	c := hold(t, Options{}, liberal{})
	own, _ = c.server.Clients.Get(mqtt.InlineClientId)
	w = c.wire()
	w.send(connect(mqtt.InlineClientId, 4))
	w.ended()
	require.False(t, own.Closed())
}

func TestClosingHangsBehindAClientThatDoesNotRead(t *testing.T) {
	s := mqtt.New(&mqtt.Options{Logger: quiet})
	require.NoError(t, s.AddHook(&doorman{}, nil))
	l := &lobby{calls: make(chan net.Conn), closed: make(chan struct{})}
	require.NoError(t, s.AddListener(l))
	require.NoError(t, s.Serve())
	m := &subject{t: t, server: s, dial: func() net.Conn {
		here, there := net.Pipe()
		l.calls <- there
		return here
	}}
	stalled := m.stall("news", 0)
	reporter := m.client(connect("reporter", 4))
	reporter.send(publication("news", "x", 0))
	waits(t, "(*Client).WriteLoop", "net.(*pipe).write")
	over := make(chan error)
	go func() { over <- s.Close() }()
	waits(t, "closeListenerClients", "sync.(*RWMutex).Lock")
	_ = stalled.Close()
	_ = reporter.conn.Close()
	require.NoError(t, <-over)

	c := hold(t, Options{WriteWithin: time.Hour}, liberal{})
	c.stall("news", 0)
	fill(c.client(connect("reporter", 4)), "news")
	waits(t, "(*Client).WriteLoop", "contained.(*Client).Write")
	require.NoError(t, c.broker.Close())
}
