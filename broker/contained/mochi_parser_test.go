package contained

import (
	"bytes"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
	"github.com/stretchr/testify/require"
)

// The tests of the files mochi_*_test.go show a fault of mochi v2.7.9 twice: at
// mochi as it comes, so that a release that cures it is noticed, and at the
// contained broker. What is not contained says so.

func TestASubscriptionWithoutItsOptionsPanics(t *testing.T) {
	broken := []byte{0x82, 13, 0, 1, 0, 0, 8, 't', 'w', 'i', 'n', 'b', 'e', 'd', '/'}
	m, panics := plain(t, &mqtt.Options{})
	m.client(connect("bad", 5)).write(broken)
	require.ErrorContains(t, (<-panics).(error), "index out of range")

	c := hold(t, Options{}, liberal{})
	w := c.client(connect("bad", 5))
	w.write(broken)
	require.Equal(t, packets.ErrMalformedPacket.Code, w.expect(packets.Disconnect).ReasonCode)
	w.ended()
	require.EqualValues(t, 1, c.count(BrokenPackets))
	require.Empty(t, c.client(connect("good", 5)).before())
}

func TestADeclaredSizeTakesMemory(t *testing.T) {
	const declared = 64 << 20
	header := []byte{0x10, 0x80, 0x80, 0x80, 0x20}
	taken := func(s *subject, until func(taken uint64) bool) {
		var before, now runtime.MemStats
		runtime.ReadMemStats(&before)
		w := s.wire()
		w.write(header)
		require.Eventually(t, func() bool {
			runtime.ReadMemStats(&now)
			return until(now.TotalAlloc - before.TotalAlloc)
		}, patience, 10*time.Millisecond)
		_ = w.conn.Close()
		w.ended()
	}
	m, _ := plain(t, &mqtt.Options{})
	taken(m, func(n uint64) bool { return n > declared })

	c := hold(t, Options{}, liberal{})
	taken(c, func(n uint64) bool { return n < declared/10 && c.count(BrokenPackets) == 1 })
}

func TestALengthWithoutAnEndIsReadForEver(t *testing.T) {
	endless := append([]byte{0x10}, bytes.Repeat([]byte{0x80}, 100_000)...)
	m, _ := plain(t, &mqtt.Options{})
	w := m.wire()
	w.write(endless) // each byte is taken by somebody, for a pipe has no room
	require.Empty(t, w.in)
	n, err := w.conn.Write([]byte{0x80})
	require.True(t, n == 1 && err == nil, "and it goes on")

	c := hold(t, Options{}, liberal{})
	w = c.wire()
	w.write(endless)
	w.ended()
}

// Splitting a topic into its levels takes mochi time by the square of them, with
// all other clients waiting: 27 s for a subscription of 65,000 levels.
func TestDeepTopicsTakeTimeByTheSquareOfTheirLevels(t *testing.T) {
	fastest := func(levels int) time.Duration {
		best := time.Hour
		for range 3 {
			x, filter := mqtt.NewTopicsIndex(), strings.Repeat("a/", levels)
			from := time.Now()
			x.Subscribe("client", packets.Subscription{Filter: filter})
			best = min(best, time.Since(from))
		}
		return best
	}
	require.Greater(t, fastest(4000), 8*fastest(500), "eight times the levels would be eight times the work")

	c := hold(t, Options{}, liberal{})
	deep := strings.Repeat("a/", 30_000)
	for _, p := range []packets.Packet{subscription(deep, 0), publication(deep, "x", 0)} {
		w := c.client(connect("deep", 4))
		w.send(p)
		w.ended()
	}
	require.EqualValues(t, 2, c.count(BrokenPackets))
}

func TestFiltersWithoutMeaningAreGranted(t *testing.T) {
	for _, filter := range []string{"a#", "+a", "a/+b/c"} {
		m, _ := plain(t, &mqtt.Options{})
		w := m.client(connect("odd", 4))
		w.send(subscription(filter, 0))
		require.Equal(t, []byte{0}, w.expect(packets.Suback).ReasonCodes)

		c := hold(t, Options{}, liberal{})
		w = c.client(connect("odd", 4))
		w.send(subscription(filter, 0))
		w.ended()
	}
}

func TestAKeepAliveOverflows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const longest = 43_691 // half as much again is 0 in 16 bits
		m, _ := plain(t, &mqtt.Options{SysTopicResendInterval: 1 << 31})
		w := m.wire()
		w.send(hello("patient", 4, longest))
		w.ended()

		c := hold(t, Options{}, liberal{})
		w = c.client(hello("patient", 4, longest))
		<-time.After(time.Hour)
		require.Empty(t, w.before())
	})
}

func TestASecondConnectWritesThePasswordIntoTheLog(t *testing.T) {
	secret := connect("talkative", 4)
	secret.Connect.UsernameFlag, secret.Connect.PasswordFlag = true, true
	secret.Connect.Username, secret.Connect.Password = []byte("ann"), []byte("sesame")
	logged := func(s *subject, log *bytes.Buffer) string {
		w := s.client(secret)
		w.send(secret)
		w.ended()
		return log.String()
	}
	readable := "115 101 115 97 109 101" // sesame, as the log writes bytes
	var log bytes.Buffer
	m, _ := plain(t, &mqtt.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	require.Contains(t, logged(m, &log), readable)

	var discreet bytes.Buffer
	c := hold(t, Options{Log: slog.New(slog.NewTextHandler(&discreet, nil))}, liberal{})
	words := logged(c, &discreet)
	require.NotContains(t, words, readable)
	require.NotContains(t, words, "sesame")
}

func TestTopicAliasesHoldMemory(t *testing.T) {
	aliased := publication(strings.Repeat("a", 1000), "x", 0)
	aliased.Properties.TopicAlias, aliased.Properties.TopicAliasFlag = 1, true
	short := publication("", "x", 0)
	short.Properties = aliased.Properties
	m, _ := plain(t, &mqtt.Options{})
	w := m.client(connect("aliases", 5))
	w.send(aliased, short)
	require.Empty(t, w.before(), "65,535 aliases of up to 65,535 bytes are taken, a client")

	c := hold(t, Options{}, liberal{})
	w = c.client(connect("aliases", 5))
	w.send(aliased)
	require.Equal(t, packets.ErrTopicAliasInvalid.Code, w.expect(packets.Disconnect).ReasonCode)
	w.ended()
}

// A DISCONNECT that asks for the will, in its shortest form, is taken for one that
// does not.
func TestADisconnectWithAWillInItsShortestFormLosesTheWill(t *testing.T) {
	willed := connect("dies", 5)
	willed.Connect.WillFlag, willed.Connect.WillTopic, willed.Connect.WillPayload = true, "wills", []byte("gone")
	dies := func(s *subject) (heir *wire) {
		heir = s.client(connect("heir", 4))
		heir.send(subscription("wills", 0))
		heir.expect(packets.Suback)
		w := s.client(willed)
		w.write([]byte{0xe0, 1, packets.CodeDisconnectWillMessage.Code})
		w.ended()
		return heir
	}
	m, _ := plain(t, &mqtt.Options{})
	require.Empty(t, dies(m).before())

	require.Equal(t, "gone", string(dies(hold(t, Options{}, liberal{})).expect(packets.Publish).Payload))
}
