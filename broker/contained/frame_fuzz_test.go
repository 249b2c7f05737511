package contained

import (
	"bytes"
	"testing"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
	"github.com/stretchr/testify/require"
)

// FuzzGuard holds the guard to mochi: whatever it lets through is decoded
// without a panic and without an error, and is the same however often
// mochi writes and reads it.
func FuzzGuard(f *testing.F) {
	for _, s := range good(f) {
		f.Add(s.version, s.frame)
	}
	f.Fuzz(func(t *testing.T, version byte, frame []byte) {
		if version != 0 {
			version = 3 + version%3
		}
		if permissive.Check(version, frame) != nil {
			return
		}
		p, err := decode(version, frame)
		require.NoError(t, err)
		for _, s := range p.Filters {
			require.True(t, mqtt.IsValidFilter(s.Filter, false), "%q", s.Filter)
		}
		if p.FixedHeader.Type == packets.Publish {
			m, id := message(frame, version)
			require.Equal(t, p.TopicName, string(m.Topic))
			require.Equal(t, p.Payload, m.Payload)
			require.Equal(t, p.PacketID, id)
			require.Equal(t, p.FixedHeader.Qos, m.QoS)
			require.Equal(t, p.FixedHeader.Retain, m.Retain)
		}
		if p.FixedHeader.Type == packets.Connect {
			require.Equal(t, p.ProtocolVersion, Level(frame))
		}
		var once, twice bytes.Buffer
		require.NoError(t, encode(&p, &once))
		p, err = decode(version, once.Bytes())
		require.NoError(t, err)
		require.NoError(t, encode(&p, &twice))
		require.Equal(t, once.Bytes(), twice.Bytes())
	})
}

// FuzzCutter cuts one stream in two ways: whole, and in pieces of given sizes.
func FuzzCutter(f *testing.F) {
	var stream []byte
	for _, s := range good(f) {
		if len(s.frame) < 100 {
			stream = append(stream, s.frame...)
		}
	}
	f.Add(stream, []byte{1})
	f.Add(stream, []byte{7, 200, 1})
	f.Add([]byte{0x30, 0x80, 0x80, 0x80, 0x80, 0x80}, []byte{2})
	f.Fuzz(func(t *testing.T, stream, sizes []byte) {
		limits := &Limits{Bytes: 1 << 15}
		whole, wholeErr := cut(limits, stream, []byte{})
		pieces, piecesErr := cut(limits, stream, sizes)
		require.Equal(t, whole, pieces)
		require.Equal(t, wholeErr, piecesErr)
		var length int
		for _, frame := range whole {
			length += len(frame)
		}
		require.True(t, bytes.HasPrefix(stream, bytes.Join(whole, nil)))
		if wholeErr == nil && len(stream) > length {
			size, _, err := limits.measure(stream[length:])
			require.NoError(t, err)
			require.True(t, size == 0 || size > len(stream)-length, "nothing whole is kept back")
		}
	})
}

// cut gives the packets of a stream that comes in pieces of those sizes, in turn.
func cut(l *Limits, stream, sizes []byte) (frames [][]byte, err error) {
	c := Cutter{Limits: l}
	for i := 0; len(stream) > 0; i++ {
		n := len(stream)
		if len(sizes) > 0 {
			n = min(n, 1+int(sizes[i%len(sizes)]))
		}
		for piece := stream[:n]; len(piece) > 0; {
			var frame []byte
			if frame, piece, err = c.Next(piece); err != nil {
				return frames, err
			}
			if frame != nil {
				frames = append(frames, bytes.Clone(frame))
			}
		}
		stream = stream[n:]
	}
	return frames, nil
}
