package broker

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"
	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/broker/pipe"
)

func TestPacketsAreCutWhereverTheBytesAre(t *testing.T) {
	s := newStage(t, 1, time.Hour, GateOptions{})
	broker := make(chan net.Conn, 1)
	f := s.sessions(SessionOptions{Dial: func(context.Context) (net.Conn, error) {
		here, there := pipe.New()
		broker <- there
		return here, nil
	}})
	s.play()
	const rounds = 300
	go func() {
		c := <-broker
		in := &frames{conn: c}
		_, _, _ = in.frame()
		_, _ = c.Write([]byte{packets.Connack << 4, 2, 0, 0})
		_, _, _ = in.frame()
		stream := []byte{packets.Suback << 4, 3, 0, 1, 0, packets.Pingresp << 4, 0}
		for id := range rounds {
			p := dispatch{room: Commands, level: "press"}
			p.payload = fmt.Appendf(nil, `{"id":%d,"command":"cool","more":%q}`, id+1, strings.Repeat("x", id*id/3))
			stream = p.append(stream)
		}
		for step := 1; len(stream) > 0; step = (step*5 + 3) % 9973 {
			n := min(step, len(stream))
			_, _ = c.Write(stream[:n])
			stream = stream[n:]
		}
	}()
	s.connect(f)
	require.Eventually(t, func() bool { return count(f.Counts(), tallyWords[obeyedCommands]) == rounds }, 20*time.Second, time.Millisecond)
	require.Zero(t, count(f.Counts(), tallyWords[brokenSessions]))
}

func FuzzFrames(f *testing.F) {
	f.Add([]byte{0x30, 5, 0, 1, 'a', 'b', 'c'})
	f.Add([]byte{0x30, 0xff, 0xff, 0xff, 0xff})
	f.Add([]byte{0x20, 2, 0, 0, 0x90, 3, 0, 1, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		for len(b) > 0 {
			size, head := frameSize(b)
			if size <= 0 {
				return
			}
			require.LessOrEqual(t, size, len(b))
			_, _ = decodeFrame(b[0], b[head:size], len(b)%2 == 0)
			b = b[size:]
		}
	})
}
