package scenarios_test

import (
	"context"
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/scenarios"
)

// flood is more than any machine takes in, for a moment.
var flood = []string{"duration=300ms", "things.sensor.count=300", "things.sensor.every=1ms", "limits=unexplained = 0"}

// TestTheBooksHoldUnderMoreLoadThanThereIsRoomFor: what cannot be taken in is
// late, or lost with a cause; nothing is unexplained.
func TestTheBooksHoldUnderMoreLoadThanThereIsRoomFor(t *testing.T) {
	for _, client := range []string{
		"things.sensor.qos=0", "things.sensor.qos=1", "things.sensor.qos=2",
		"things.sensor.mqtt={session: persistent, version: 5}", "things.sensor.over=pipe", "things.sensor.over=gateway",
	} {
		r := play(t, "hello", scenarios.Options{Sets: append([]string{client}, flood...)})
		require.True(t, r.Ledger.Balanced, "%s: %v", client, r.Reasons)
		require.Equal(t, reports.Untrusted, r.Verdict, "no machine sends 300,000 readings a second, each when it is due")
		book := r.Ledger.Readings[0]
		require.Greater(t, book.Sent, uint64(85_000))
		require.Greater(t, book.Delivered, book.Sent/2)
	}
}

// TestAnObserverThatStopsReadingHoldsNobodyUp: it subscribes to everything and
// never reads.
func TestAnObserverThatStopsReadingHoldsNobodyUp(t *testing.T) {
	s, err := scenarios.Load("hello", scenarios.Options{Sets: []string{
		"duration=2s", "things.sensor.count=300", "things.sensor.every=10ms", "limits=unexplained = 0",
	}})
	require.NoError(t, err)
	defer s.Close()
	run, err := s.Stage(scenarios.Staging{})
	require.NoError(t, err)
	c, err := net.Dial("tcp", run.BrokerAddress())
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.(*net.TCPConn).SetReadBuffer(4096))
	_, err = c.Write([]byte("\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01o" + "\x82\x0e\x00\x01\x00\x09twinbed/#\x00"))
	require.NoError(t, err)
	_, err = io.ReadFull(c, make([]byte, 4+5)) // CONNACK and SUBACK, and nothing from then on
	require.NoError(t, err)
	r, err := run.Play(context.Background())
	require.NoError(t, err)
	require.True(t, r.Ledger.Balanced, r.Reasons)
	book := r.Ledger.Readings[0]
	require.Greater(t, book.Sent, uint64(50_000))
	require.Equal(t, book.Sent, book.Delivered, "the platform has all, and in time")
	require.NotZero(t, counted(r, "broker: copies for observers dropped on a full client queue"))
}
