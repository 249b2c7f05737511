package broker

import (
	"bytes"
	"context"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"github.com/mochi-mqtt/server/v2/packets"
	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/broker/contained"
	"github.com/twinbed/twinbed/sim"
)

func TestTheGateKeepsToThisMachine(t *testing.T) {
	for _, address := range []string{":1883", "0.0.0.0:1883", "[::]:1883", "192.0.2.1:1883", "example.com:1883"} {
		s := newStage(t, 1, time.Hour, listen(contained.Options{TCP: address}))
		require.ErrorContains(t, s.gate.Open(), "needs TLS and passwords", address)
		require.NoError(t, s.gate.Close())
	}
	s := newStage(t, 1, time.Hour, listen(contained.Options{WebSocket: "1883"}))
	require.Error(t, s.gate.Open())
}

func TestNobodyElseIsOneOfOurSessions(t *testing.T) {
	s := newStage(t, 2, time.Hour, tcp())
	f := s.sessions(SessionOptions{})
	s.play()
	s.connect(f)
	for _, o := range []*paho.ClientOptions{
		paho.NewClientOptions().SetClientID("twinbed:press-01"),
		paho.NewClientOptions().SetClientID("twinbed:press-01").SetUsername("twinbed").SetPassword("guess"),
		paho.NewClientOptions().SetClientID("x").SetUsername("twinbed").SetPassword(s.gate.secret),
		paho.NewClientOptions().SetClientID("twinbed:press-77").SetUsername("twinbed").SetPassword(s.gate.secret),
	} {
		token := paho.NewClient(o.AddBroker("tcp://" + s.gate.TCP()).SetConnectRetry(false).SetProtocolVersion(4)).Connect()
		require.True(t, token.WaitTimeout(10*time.Second))
		require.Error(t, token.Error())
	}
	require.Equal(t, 2, f.Up(), "the real ones were not disturbed")
	require.EqualValues(t, 4, count(s.gate.Counts(), contained.RefusedConnects))
}

func connectPacket(t testing.TB, id string, version byte) []byte {
	var b bytes.Buffer
	p := packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Connect}, ProtocolVersion: version, Connect: packets.ConnectParams{
		ProtocolName: []byte("MQTT"), Clean: true, Keepalive: 60, ClientIdentifier: id,
	}}
	require.NoError(t, p.ConnectEncode(&b))
	return b.Bytes()
}

func TestAPacketThatBreaksTheBrokerEndsOnlyItsSender(t *testing.T) {
	s := newStage(t, 2, time.Hour, tcp())
	s.outside(0)
	s.play()
	good := s.stranger("press one")
	for range 3 {
		c := s.raw()
		// A version 5 SUBSCRIBE whose filter has no options byte.
		_, err := c.Write(append(connectPacket(t, "bad", 5), 0x82, 13, 0, 1, 0, 0, 8, 't', 'w', 'i', 'n', 'b', 'e', 'd', '/'))
		require.NoError(t, err)
		ended(t, c)
	}
	require.Eventually(t, func() bool { return count(s.gate.Counts(), contained.BrokenPackets) == 3 }, 10*time.Second, time.Millisecond)
	publish(t, good, readings1, 1, `{"temperature":5}`)
	s.eventually("others go on", func() bool { return len(s.readings) == 1 })
	require.Eventually(t, func() bool { return !s.gate.broker.Load().Connected("bad") }, 10*time.Second, time.Millisecond)
}

func TestConnectionsThatMisbehaveAreEnded(t *testing.T) {
	s := newStage(t, 1, time.Hour, listen(contained.Options{TCP: "127.0.0.1:0", ConnectWithin: 50 * time.Millisecond}))
	s.play()
	silent := s.raw()
	ended(t, silent)
	big := s.raw()
	_, err := big.Write([]byte{0x10, 0xff, 0xff, 0xff, 0x7f})
	require.NoError(t, err)
	ended(t, big)
	deep := s.raw()
	filter := strings.Repeat("a/", 100)
	_, err = deep.Write(append(connectPacket(t, "deep", 4), append([]byte{0x82, byte(len(filter) + 5 - 128 | 128), 1, 0, 1, 0, byte(len(filter))}, filter+"\x00"...)...))
	require.NoError(t, err)
	ended(t, deep)
	require.Eventually(t, func() bool { return s.gate.Connections() == 0 }, 10*time.Second, time.Millisecond)
}

func TestAWillGoesNowhere(t *testing.T) {
	s := newStage(t, 1, time.Hour, tcp())
	s.play()
	_, in := subscribe(t, s.stranger("observer"), "twinbed/#", 0)
	var conn net.Conn
	s.stranger("dies", func(o *paho.ClientOptions) {
		o.SetWill("twinbed/things/press/commands", "{}", 1, true).SetAutoReconnect(false)
		o.SetCustomOpenConnectionFn(func(*url.URL, paho.ClientOptions) (c net.Conn, err error) {
			conn, err = s.gate.Dial(context.Background())
			return conn, err
		})
	})
	require.EqualValues(t, 1, count(s.gate.Counts(), contained.IgnoredWills))
	require.NoError(t, conn.Close())
	require.Eventually(t, func() bool { return !s.gate.broker.Load().Connected("dies") }, 10*time.Second, time.Millisecond)
	s.on(func() { s.gate.Mirror().Noted(sim.Event{What: "fired", Thing: sim.NoThing}) })
	require.Contains(t, receive(t, in), "fired", "the first thing that is seen is not the will")
}

func TestTakeoversLeaveOneClientOfANameAndItIsServed(t *testing.T) {
	s := newStage(t, 1, time.Hour, tcp())
	s.play()
	over, ends := make(chan struct{}), make(chan bool)
	for range 20 {
		c := s.raw()
		_, err := c.Write(connectPacket(t, "twin", 4))
		require.NoError(t, err)
		go func() {
			b := make([]byte, 64)
			for {
				if _, err := c.Read(b); err != nil {
					select {
					case <-over: // the test ends the last one
						ends <- true
					default:
						ends <- false
					}
					return
				}
			}
		}()
	}
	for range 19 {
		require.False(t, <-ends)
	}
	require.Eventually(t, func() bool { return s.gate.Connections() == 1 && s.gate.broker.Load().Connected("twin") }, 20*time.Second, time.Millisecond)
	close(over)
	s.end()
	require.True(t, <-ends)
}

func TestOneThingDoesNotAnswerForAnother(t *testing.T) {
	s := newStage(t, 2, time.Hour, tcp())
	s.outside(0)
	s.outside(1)
	s.play()
	c := s.stranger("both")
	_, in := subscribe(t, c, "twinbed/things/+/commands", 0)
	s.order(5, 1, "cool", noValue)
	receive(t, in)
	publish(t, c, acks1, 1, `{"id":5,"outcome":"done"}`)
	publish(t, c, "twinbed/things/press-02/acks", 1, `{"id":5,"outcome":"failed","note":"stuck"}`)
	s.eventually("the right one", func() bool { return len(s.acks) == 1 })
	require.Equal(t, sim.ThingID(1), s.acks[0].Thing)
	require.Equal(t, "stuck", s.acks[0].Note)
}

func TestAskedForgetsTheOldest(t *testing.T) {
	var a asked
	for id := range uint64(askedRemembered + 10) {
		a.note(id, 3)
		a.note(id, 4)
	}
	require.False(t, a.of(9, 3))
	require.True(t, a.of(10, 3) && a.of(askedRemembered+9, 3) && !a.of(10, 4))
	require.Len(t, a.thing, askedRemembered)
}
