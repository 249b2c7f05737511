package contained

import (
	"bytes"
	"testing"

	"github.com/mochi-mqtt/server/v2/packets"
	"github.com/stretchr/testify/require"
)

// BenchmarkGuard is a reading of 150 bytes, cut out of 4 KB at a time and checked.
func BenchmarkGuard(b *testing.B) {
	for name, version := range map[string]byte{"MQTT 3.1.1": 4, "MQTT 5": 5} {
		b.Run(name, func(b *testing.B) {
			frame := reading(b, version, 150)
			received := bytes.Repeat(frame, 28)[:4096]
			guard := &Limits{Bytes: 1 << 16, Levels: 32, Filters: 100}
			c := Cutter{Limits: guard}
			b.ReportAllocs()
			var n int
			for n < b.N {
				for rest := received; len(rest) > 0; {
					frame, more, err := c.Next(rest)
					if rest = more; err != nil {
						b.Fatal(err)
					}
					if frame != nil {
						if err := guard.Check(version, frame); err != nil {
							b.Fatal(err)
						}
						n++
					}
				}
				c.part, c.size = c.part[:0], 0
			}
		})
	}
}

// reading is a PUBLISH with QoS 1 of that many bytes.
func reading(t testing.TB, version byte, size int) []byte {
	p := packets.Packet{
		FixedHeader: packets.FixedHeader{Type: packets.Publish, Qos: 1}, ProtocolVersion: version, PacketID: 7,
		TopicName: "twinbed/things/press-01/readings",
	}
	var b bytes.Buffer
	require.NoError(t, p.PublishEncode(&b))
	p.Payload = bytes.Repeat([]byte("x"), size-b.Len()-1)
	b.Reset()
	require.NoError(t, p.PublishEncode(&b))
	require.Equal(t, size, b.Len())
	return b.Bytes()
}

func TestTheGuardAllocatesNothing(t *testing.T) {
	guard := &Limits{Bytes: 1 << 16, Levels: 32, Filters: 100}
	frame := reading(t, 5, 150)
	stream := bytes.Repeat(frame, 3)
	c := Cutter{Limits: guard}
	require.Zero(t, testing.AllocsPerRun(100, func() {
		for from := 0; from < len(stream); from += 70 {
			for rest := stream[from:min(from+70, len(stream))]; len(rest) > 0; {
				var frame []byte
				if frame, rest, _ = c.Next(rest); frame != nil {
					if m, _ := message(frame, 5); guard.Check(5, frame) != nil || len(m.Topic) != 32 {
						t.Fail()
					}
				}
			}
		}
	}))
}

// deaf is a policy that takes all and keeps nothing.
type deaf struct{ liberal }

func (deaf) Publish(*Client, *Message) Fate { return Taken }

func TestAMessageThatThePolicyTakesAllocatesNothing(t *testing.T) {
	for _, version := range []byte{4, 5} {
		c := &Client{broker: New(Options{}, deaf{})}
		g := &c.guard
		g.client, g.cutter.Limits, g.version, g.admitted = c, &c.broker.limits, version, true
		stream := bytes.Repeat(reading(t, version, 150), 3)
		require.Zero(t, testing.AllocsPerRun(100, func() {
			if g.in = stream; g.digest() != nil || g.out != nil || len(g.acks) != 3*4 {
				t.Fail()
			}
			g.acks = g.acks[:0]
		}))
	}
}
