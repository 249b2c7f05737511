package contained

import (
	"errors"
	"syscall"
	"testing"

	"github.com/mochi-mqtt/server/v2/packets"
	"github.com/stretchr/testify/require"
)

// heir plays a broker to its end and opens the next one, which inherits or not.
func heir(t *testing.T, b *Broker, end func() error, inherits bool) *subject {
	require.NoError(t, end())
	next := b.Successor()
	if inherits {
		next.Inherit(b)
	}
	return open(t, next)
}

func TestABrokerIsHeirToSessionsAndWhatWaitsInThem(t *testing.T) {
	for _, version := range []byte{4, 5} {
		for _, kill := range []bool{false, true} {
			lasting := connect("keeper", version)
			lasting.Connect.Clean = false
			lasting.Properties.SessionExpiryInterval, lasting.Properties.SessionExpiryIntervalFlag = 600, true
			passing := connect("passer", version)
			passing.Connect.Clean = true

			s := hold(t, Options{TCP: "127.0.0.1:0", Retained: 10}, liberal{})
			end := s.broker.Close
			if kill {
				end = s.broker.Kill
			}
			w := s.client(lasting)
			w.send(subscribeAs(1, "news/#", 2))
			w.expect(packets.Suback)
			other := s.client(passing)
			other.send(subscribeAs(1, "news/#", 2))
			other.expect(packets.Suback)
			// One is sent and not acknowledged, two come while nobody is there.
			s.broker.Publish("news/1", []byte("one"), 1)
			w.expect(packets.Publish)
			_ = w.conn.Close()
			eventually(t, "it is away", func() bool { return !s.broker.Connected("keeper") })
			s.broker.Publish("news/2", []byte("two"), 1)
			s.broker.Publish("news/3", []byte("three"), 2)
			kept := publication("news/kept", "for all", 0)
			kept.FixedHeader.Retain = true
			other.send(kept)
			other.before()

			next := heir(t, s.broker, end, true)
			require.Empty(t, s.broker.Takers("news/4"), "a broker that is gone takes nothing")
			s.broker.Publish("news/4", []byte("four"), 1)
			require.Equal(t, []string{"keeper"}, next.broker.Takers("news/4"), "who has a clean session is not known any more")
			next.broker.Publish("news/5", []byte("five"), 1)
			w = next.wire()
			w.send(lasting)
			require.True(t, w.expect(packets.Connack).SessionPresent)
			var all []string
			for _, p := range w.before() {
				if p.FixedHeader.Type == packets.Publish && p.FixedHeader.Qos > 0 {
					all = append(all, string(p.Payload))
				}
			}
			require.Equal(t, []string{"one", "two", "three", "five"}, all, "in their order")
			reader := next.client(connect("reader", version))
			reader.send(subscribeAs(1, "news/kept", 1))
			reader.expect(packets.Suback)
			require.Equal(t, "for all", string(reader.expect(packets.Publish).Payload))

			last := heir(t, next.broker, next.broker.Close, false)
			require.Empty(t, last.broker.Takers("news/4"))
			w = last.wire()
			w.send(lasting)
			require.False(t, w.expect(packets.Connack).SessionPresent)
		}
	}
}

func TestABrokerThatStopsSaysSoAndOneThatIsKilledDoesNot(t *testing.T) {
	for _, version := range []byte{4, 5} {
		s := hold(t, Options{TCP: "127.0.0.1:0"}, liberal{})
		w := s.client(connect("polite", version))
		require.NoError(t, s.broker.Close())
		p, told := w.next()
		require.Equal(t, version == 5, told)
		if told {
			require.Equal(t, packets.PacketNames[packets.Disconnect], packets.PacketNames[p.FixedHeader.Type])
			require.Equal(t, packets.ErrServerShuttingDown.Code, p.ReasonCode)
		}

		s = hold(t, Options{TCP: "127.0.0.1:0"}, liberal{})
		conn := s.stall("news", 0)
		require.NoError(t, s.broker.Kill())
		_, err := conn.Read(make([]byte, 1))
		require.True(t, errors.Is(err, syscall.ECONNRESET), "%v", err)
	}
}

// A client that does not read does not hold the end up.
func TestTheEndWaitsForNobody(t *testing.T) {
	s := hold(t, Options{TCP: "127.0.0.1:0"}, liberal{})
	w := &wire{t: t, conn: s.dial()}
	w.send(connect("deaf", 5))
	for range 3 {
		s.client(connect("", 5))
	}
	require.NoError(t, s.broker.Close())
}
