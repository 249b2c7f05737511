package contained

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
	"github.com/stretchr/testify/require"
)

// small are mochi's capabilities with queues that a test can fill.
func small(queue int32, inFlight uint16) *mqtt.Options {
	c := mqtt.NewDefaultServerCapabilities()
	c.MaximumClientWritesPending, c.MaximumInflight = queue, inFlight
	return &mqtt.Options{Capabilities: c, InlineClient: true}
}

// burst publishes so many messages with QoS 1 and takes their acknowledgements.
func (w *wire) burst(topic string, n int) {
	w.t.Helper()
	for i := range n {
		w.send(publication(topic, strconv.Itoa(i), uint16(i+1)))
		require.EqualValues(w.t, i+1, w.expect(packets.Puback).PacketID)
	}
	require.Empty(w.t, w.before(), "then the last one has gone to whoever wants it, too")
}

// fill writes more to a topic than the connection of whoever does not read it holds.
func fill(reporter *wire, topic string) {
	for range 2 {
		reporter.send(publication(topic, strings.Repeat("x", 60_000), 0))
	}
}

// lost is a policy that counts what it is told of losses.
type lost struct {
	liberal
	n atomic.Int64
}

func (l *lost) Dropped(*Client, string, []byte) { l.n.Add(1) }

func TestWhatDoesNotFitIntoAClientsQueueIsAcknowledgedAndLost(t *testing.T) {
	const queue, sent = 8, 600 // 2 KB of them wait in a buffer as well
	m, _ := plain(t, small(queue, 1000))
	m.stall("news", 0)
	m.client(connect("reporter", 4)).burst("news", sent)
	require.Greater(t, atomic.LoadInt64(&m.server.Info.MessagesDropped), int64(sent/2))

	policy := &lost{}
	c := hold(t, Options{ClientQueue: queue, WriteWithin: time.Hour}, policy)
	c.stall("news", 0)
	reporter := c.client(connect("reporter", 4))
	fill(reporter, "news")
	reporter.burst("news", sent)
	require.Greater(t, policy.n.Load(), int64(sent/2))
	require.EqualValues(t, policy.n.Load(), c.count("messages dropped on a full client queue"), "each is told")
}

func TestWhatDoesNotFitIntoASessionThatIsAwayIsAcknowledgedAndLost(t *testing.T) {
	const room, sent = 10, 50
	away := func(s *subject) {
		p := connect("away", 4)
		p.Connect.Clean = false
		w := s.client(p)
		w.send(subscription("news", 1))
		w.expect(packets.Suback)
		w.send(ack(packets.Disconnect, 0))
		w.ended()
		s.client(connect("reporter", 4)).burst("news", sent)
		w = s.client(p)
		require.Len(t, w.before(), room)
	}
	m, _ := plain(t, small(100, room))
	away(m)

	c := hold(t, Options{InFlight: room}, liberal{})
	away(c)
	require.EqualValues(t, sent-room, c.count("messages beyond a client's in-flight quota"), "which no hook tells")
}

func TestASessionIsSentItsMessagesAgainInTheWrongOrder(t *testing.T) {
	again := func(s *subject) (order []int) {
		p := connect("away", 4)
		p.Connect.Clean = false
		w := s.client(p)
		w.send(subscription("news", 1))
		w.expect(packets.Suback)
		w.send(ack(packets.Disconnect, 0))
		w.ended()
		s.client(connect("reporter", 4)).burst("news", 200)
		w = s.client(p)
		for _, m := range w.before() {
			n, err := strconv.Atoi(string(m.Payload))
			require.NoError(t, err)
			order = append(order, n)
		}
		require.Len(t, order, 200)
		return order
	}
	m, _ := plain(t, small(1000, 1000))
	require.False(t, slices.IsSorted(again(m)))

	require.True(t, slices.IsSorted(again(hold(t, Options{}, liberal{}))))
}

// A client's own identifiers and those of what it is sent are counted apart, and
// mochi keeps them in one place: what a client publishes ends a message to it. So
// the loop's own sessions send readings, which are Taken and never reach mochi.
func TestAClientsIdentifierEndsAMessageToItWithTheSame(t *testing.T) {
	outstanding := func(s *subject) int {
		w := s.client(connect("both", 4))
		w.send(subscription("orders", 1))
		w.expect(packets.Suback)
		s.client(connect("boss", 4)).burst("orders", 1)
		id := w.expect(packets.Publish).PacketID
		w.send(publication("readings", "5", id))
		require.Len(t, w.before(), 1)
		cl, ok := s.server.Clients.Get("both")
		require.True(t, ok)
		return cl.State.Inflight.Len()
	}
	m, _ := plain(t, &mqtt.Options{})
	require.Equal(t, 0, outstanding(m), "though it has not been acknowledged")

	require.Equal(t, 1, outstanding(hold(t, Options{}, &taking{topic: "readings"})))
	require.Equal(t, 0, outstanding(hold(t, Options{}, liberal{})), "what is passed on is not contained")
}

// taking is a policy that takes what is published on one topic.
type taking struct {
	liberal
	topic string
	taken []string
}

func (p *taking) Publish(_ *Client, m *Message) Fate {
	if string(m.Topic) != p.topic {
		return Passed
	}
	p.taken = append(p.taken, string(m.Payload))
	return Taken
}

func TestASubscriberThatDoesNotReadStopsItsPublishersForEver(t *testing.T) {
	m, _ := plain(t, &mqtt.Options{})
	stalled := m.stall("news", 1)
	w := m.client(connect("reporter", 4))
	w.send(publication("news", "x", 1))
	w.expect(packets.Puback)
	waits(t, "(*Client).WriteLoop", "net.(*pipe).write")
	w.send(publication("news", "x", 2))
	w.expect(packets.Puback)
	waits(t, "(*Server).processPublish", "(*Client).NextPacketID", "sync.(*RWMutex).Lock")
	_ = stalled.Close()
	require.Empty(t, w.before(), "until it ends")

	c := hold(t, Options{WriteWithin: 50 * time.Millisecond}, liberal{})
	c.stall("news", 1)
	w = c.client(connect("reporter", 4))
	w.burst("news", 100)
}

func TestAReceiveMaximumStopsDelivery(t *testing.T) {
	const sent, most = 100, 5
	careful := func(s *subject) *wire {
		p := connect("careful", 5)
		p.Properties.ReceiveMaximum = most
		w := s.client(p)
		w.send(subscription("news", 1))
		w.expect(packets.Suback)
		s.client(connect("reporter", 4)).burst("news", sent)
		return w
	}
	m, _ := plain(t, &mqtt.Options{})
	w, received := careful(m), most
	for range most {
		w.send(ack(packets.Puback, w.expect(packets.Publish).PacketID))
	}
	for all := w.before(); len(all) > 0; all = w.before() {
		received += len(all)
		for _, m := range all {
			w.send(ack(packets.Puback, m.PacketID))
		}
	}
	require.Less(t, received, sent/2)

	w = careful(hold(t, Options{}, liberal{}))
	open := make([]packets.Packet, 0, sent)
	for len(open) < most {
		open = append(open, w.expect(packets.Publish))
	}
	require.Empty(t, w.before())
	for n := range sent {
		require.Equal(t, strconv.Itoa(n), string(open[n].Payload))
		w.send(ack(packets.Puback, open[n].PacketID))
		if len(open) < sent {
			open = append(open, w.expect(packets.Publish))
		}
	}
}

func TestAReceiveMaximumIsKeptByMessagesOfBothQualities(t *testing.T) {
	c := hold(t, Options{}, liberal{})
	p := connect("careful", 5)
	p.Properties.ReceiveMaximum, p.Connect.Clean = 2, false
	p.Properties.SessionExpiryInterval, p.Properties.SessionExpiryIntervalFlag = 60, true
	w := c.client(p)
	w.send(subscription("news/#", 2))
	w.expect(packets.Suback)
	reporter := c.client(connect("reporter", 4))
	for i := range 3 {
		m := publication("news/twice", "x", uint16(i+1))
		m.FixedHeader.Qos = 2
		reporter.send(m)
		reporter.expect(packets.Pubrec)
		reporter.send(ack(packets.Pubrel, uint16(i+1)))
		reporter.expect(packets.Pubcomp)
	}
	reporter.send(publication("news/once", "x", 0))
	require.Empty(t, reporter.before())
	sent := []packets.Packet{w.expect(packets.Publish), w.expect(packets.Publish), w.expect(packets.Publish)}
	require.Equal(t, []byte{2, 2, 0}, []byte{sent[0].FixedHeader.Qos, sent[1].FixedHeader.Qos, sent[2].FixedHeader.Qos}, "QoS 0 waits for nobody")
	w.send(ack(packets.Pubrec, sent[0].PacketID))
	w.expect(packets.Pubrel)
	require.Empty(t, w.before(), "received is not complete")
	w.send(ack(packets.Pubcomp, sent[0].PacketID))
	third := w.expect(packets.Publish)
	_ = w.conn.Close()
	w.ended()
	w = c.client(p)
	again := []packets.Packet{w.expect(packets.Publish), w.expect(packets.Publish)}
	require.Equal(t, []uint16{sent[1].PacketID, third.PacketID}, []uint16{again[0].PacketID, again[1].PacketID})
}

func TestAMessageToABrokersOwnTopicIsNeitherAcknowledgedNorRefused(t *testing.T) {
	m, _ := plain(t, &mqtt.Options{})
	w := m.client(connect("curious", 4))
	w.send(publication("$SYS/broker/version", "5", 1))
	require.Empty(t, w.before())

	c := hold(t, Options{}, &choosy{may: func(topic string) bool { return topic[0] != '$' }})
	w = c.client(connect("curious", 4))
	w.send(publication("$SYS/broker/version", "5", 1))
	w.expect(packets.Puback)
	require.EqualValues(t, 1, c.count(RefusedMessages))
}

func TestARefusedMessageEndsItsClient(t *testing.T) {
	m, _ := plain(t, &mqtt.Options{}, &doorman{deny: func(_ string, write bool) bool { return write }})
	w := m.client(connect("stubborn", 4))
	w.send(publication("secret", "5", 1))
	w.ended() // and will connect and send it again for ever

	c := hold(t, Options{}, &choosy{may: func(string) bool { return false }})
	w = c.client(connect("stubborn", 4))
	w.burst("secret", 100)
	require.EqualValues(t, 100, c.count(RefusedMessages))
	for i := range maxRejections {
		w.send(publication("secret", "5", 0))
		if i%1000 == 999 && i < maxRejections-200 {
			require.Empty(t, w.before())
		}
	}
	w.ended()
	require.EqualValues(t, 1, c.count(Offenders))
}

// Subscriptions of mochi's embedding program are not used: its handlers are called
// in no order and not for all that matches.
func TestSubscriptionsOfTheProgramMissMessages(t *testing.T) {
	m, _ := plain(t, &mqtt.Options{InlineClient: true})
	heard := map[string]int{}
	for filter, id := range map[string]int{"a/b": 1, "a/+": 1, "p/#": 2, "$share/g/s": 3} {
		require.NoError(t, m.server.Subscribe(filter, id, func(_ *mqtt.Client, _ packets.Subscription, p packets.Packet) { heard[p.TopicName]++ }))
	}
	for _, topic := range []string{"a/b", "p", "s"} {
		require.NoError(t, m.server.Publish(topic, []byte("x"), false, 0))
	}
	require.Equal(t, map[string]int{"a/b": 1}, heard, "one handler of two, none for p, none for s")
}

// This is not contained: whoever subscribes to x/+/# has to subscribe to x/+ as well.
func TestAHashBehindAPlusDoesNotMatchTheLevelAboveIt(t *testing.T) {
	x := mqtt.NewTopicsIndex()
	x.Subscribe("client", packets.Subscription{Filter: "x/+/#"})
	require.Empty(t, x.Subscribers("x/y").Subscriptions)
	require.Len(t, x.Subscribers("x/y/z").Subscriptions, 1)
}

// A message that is Taken goes no further, in order, whoever has subscribed, and
// whatever becomes of mochi's queues.
func TestWhatIsTakenNeverReachesMochi(t *testing.T) {
	policy := &taking{topic: "readings"}
	c := hold(t, Options{ClientQueue: 1, InFlight: 1}, policy)
	c.stall("readings", 1)
	w := c.client(connect("press", 4))
	w.burst("readings", 500)
	for i, m := range policy.taken {
		require.Equal(t, strconv.Itoa(i), m)
	}
	require.Len(t, policy.taken, 500)
	require.Zero(t, atomic.LoadInt64(&c.server.Info.MessagesReceived))
}

func TestManyClientsAtOnceAreServedInTheirOwnOrder(t *testing.T) {
	c := hold(t, Options{}, liberal{})
	reader := c.client(connect("reader", 4))
	reader.send(subscription("from/#", 1))
	reader.expect(packets.Suback)
	var done sync.WaitGroup
	for i := range 10 {
		w := c.client(connect(fmt.Sprint("writer-", i), 4))
		done.Go(func() { w.burst(fmt.Sprint("from/", i), 50) })
	}
	done.Wait()
	latest := map[string]int{}
	for range 500 {
		m := reader.expect(packets.Publish)
		reader.send(ack(packets.Puback, m.PacketID))
		n, err := strconv.Atoi(string(m.Payload))
		require.NoError(t, err)
		require.Equal(t, latest[m.TopicName], n)
		latest[m.TopicName]++
	}
}
