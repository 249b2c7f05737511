package broker

import (
	"math/rand/v2"
	"testing"

	"github.com/mochi-mqtt/server/v2/packets"
	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim"
)

func message(qos byte, payload string) *dispatch {
	return &dispatch{room: Readings, level: "press-1", qos: qos, payload: []byte(payload)}
}

// written is what an outbox has to write, as packets.
func (o *outbox) written(t *testing.T) (all []packets.Packet) {
	for o.wire.size() > 0 {
		size, head := frameSize(o.wire.b[o.wire.from:])
		require.Positive(t, size)
		frame := o.wire.b[o.wire.from : o.wire.from+size]
		o.wire.from += size
		pk := packets.Packet{ProtocolVersion: 4}
		require.NoError(t, pk.FixedHeader.Decode(frame[0]))
		switch pk.FixedHeader.Type {
		case packets.Publish:
			require.NoError(t, pk.PublishDecode(frame[head:]))
		case packets.Pubrel:
			require.NoError(t, pk.PubrelDecode(frame[head:]))
		default:
			require.Fail(t, "unexpected", "%v", pk.FixedHeader)
		}
		all = append(all, pk)
	}
	o.wire = nil
	return all
}

func TestPacketIDsAreNotReusedWhileTheyFly(t *testing.T) {
	var o outbox
	flying := map[uint16]bool{}
	luck := rand.New(rand.NewPCG(1, 2))
	for n := range 200_000 {
		o.keep(message(1, "x"), flight{medium: sim.ReadingMessage, due: sim.Time(n)})
		o.launch(100)
		for _, pk := range o.written(t) {
			require.NotZero(t, pk.PacketID)
			require.False(t, flying[pk.PacketID])
			flying[pk.PacketID] = true
		}
		for id := range flying {
			if luck.IntN(3) > 0 {
				_, ok := o.landed(id)
				require.True(t, ok)
				_, ok = o.landed(id)
				require.False(t, ok, "a second acknowledgement is of nothing")
				delete(flying, id)
			}
			break
		}
		require.LessOrEqual(t, o.aloft, 100)
		if o.flights.len() > 1000 {
			for id := range flying {
				o.landed(id)
				delete(flying, id)
			}
		}
	}
}

func TestABrokenSessionIsTakenUpWhereItWas(t *testing.T) {
	none := func(flight) { require.Fail(t, "nothing is given up") }
	for _, x := range []struct {
		name     string
		qos      byte
		present  bool
		again    []string // what is sent on the new connection
		repeated int
		givenUp  int
	}{
		{"QoS 1", 1, true, []string{"dup 2", "dup 3", "new 4"}, 2, 0},
		{"QoS 1, session lost", 1, false, []string{"new 2", "new 3", "new 4"}, 2, 0},
		{"QoS 2", 2, true, []string{"release 2", "dup 3", "new 4"}, 2, 0},
		{"QoS 2, session lost", 2, false, []string{"new 4", "new 5"}, 0, 2},
	} {
		t.Run(x.name, func(t *testing.T) {
			var o outbox
			for _, payload := range []string{"1", "2", "3", "4", "5"} {
				o.keep(message(x.qos, payload), flight{medium: sim.ReadingMessage, due: 0})
			}
			o.launch(2)
			require.Len(t, o.written(t), 2)
			o.landed(1)
			o.launch(2)
			require.Len(t, o.written(t), 1)
			if x.qos == 2 {
				o.received(2)
				require.Len(t, o.written(t), 1, "a PUBREL")
			}
			givenUp := 0
			window := 3
			if x.givenUp > 0 {
				window = 2
			}
			none := none
			if x.givenUp > 0 {
				none = func(flight) { givenUp++ }
			}
			require.Equal(t, x.repeated, o.relaunch(x.present, window, none))
			require.Equal(t, x.givenUp, givenUp)
			var again []string
			for _, pk := range o.written(t) {
				switch {
				case pk.FixedHeader.Type == packets.Pubrel:
					again = append(again, "release "+string(rune('0'+pk.PacketID)))
				case pk.FixedHeader.Dup:
					again = append(again, "dup "+string(pk.Payload))
				default:
					again = append(again, "new "+string(pk.Payload))
				}
			}
			require.Equal(t, x.again, again)
			for id := uint16(1); id <= 5; id++ {
				o.landed(id)
				o.launch(2)
			}
			require.Zero(t, o.flights.len()+o.aloft+o.kept.size())
			require.Nil(t, o.kept, "an empty outbox holds no buffer")
		})
	}
}
