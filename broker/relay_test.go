package broker

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
)

// relayed is both ends of a socket that leads through a relay.
func relayed(t *testing.T) (all *relays, device, broker net.Conn) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	conn, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	broker, err = l.Accept()
	require.NoError(t, err)
	all = newRelays()
	device = all.wrap(0, conn)
	t.Cleanup(func() { all.end(); _ = broker.Close(); _ = device.Close() })
	return all, device, broker
}

func harmed(h sim.WireHarm) *harm {
	h.Up, h.Down, h.Speed, h.Luck, h.Hits = true, true, 1, chance.Seed(1).Stream("relay"), &sim.Hits{}
	return &harm{WireHarm: &h, met: map[sim.ThingID]struct{}{0: {}}}
}

// silent says whether nothing comes for a while, not even an end.
func silent(c net.Conn, d time.Duration) bool {
	_ = c.SetReadDeadline(time.Now().Add(d))
	defer func() { _ = c.SetReadDeadline(time.Time{}) }()
	_, err := c.Read(make([]byte, 1))
	timeout, ok := err.(net.Error)
	return ok && timeout.Timeout()
}

func TestNoHarmOutlivesItsWindow(t *testing.T) {
	for name, h := range map[string]sim.WireHarm{
		"a stall": {Stall: true}, "a slow wire": {Bits: 800}, "loss of everything": {Loss: 1}, "latency": {Delay: chance.Constant(60)},
	} {
		t.Run(name, func(t *testing.T) {
			all, device, broker := relayed(t)
			x := harmed(h)
			undo := all.harm(x)
			_, err := device.Write(make([]byte, 4000))
			require.NoError(t, err)
			require.True(t, silent(broker, 100*time.Millisecond))
			undone := time.Now()
			undo()
			_, err = io.ReadFull(broker, make([]byte, 4000))
			require.NoError(t, err)
			require.Less(t, time.Since(undone), 20*time.Second, "a slow wire would take 40 s, the others longer")
			require.NotZero(t, x.Hits.Count())
		})
	}
}

func TestWhatIsHalfOpenIsSilentWhenTheOtherEndGivesUp(t *testing.T) {
	for _, first := range []string{"device", "broker"} {
		t.Run(first, func(t *testing.T) {
			all, device, broker := relayed(t)
			all.harm(harmed(sim.WireHarm{Dead: true}))()
			_, err := device.Write([]byte("lost"))
			require.NoError(t, err)
			one, other := device, broker
			if first == "broker" {
				one, other = broker, device
			}
			require.NoError(t, one.Close())
			require.True(t, silent(other, 300*time.Millisecond), "no FIN, no RST, no byte")
		})
	}
}

func TestAResetIsOne(t *testing.T) {
	all, device, broker := relayed(t)
	all.harm(harmed(sim.WireHarm{Reset: true}))
	_, err := broker.Read(make([]byte, 1))
	require.ErrorContains(t, err, "connection reset by peer")
	_, err = device.Read(make([]byte, 1))
	require.Error(t, err)
}
