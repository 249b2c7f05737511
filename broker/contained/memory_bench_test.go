package contained_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/broker/contained"
)

// everybody may do everything.
type everybody struct{}

func (everybody) Anonymous() bool { return true }
func (everybody) Admit(c *contained.Client, _ *contained.Hello) contained.Answer {
	c.Guest = c
	return contained.Welcome
}
func (everybody) Will(*contained.Client, string) bool    { return true }
func (everybody) Receive(*contained.Client, string) bool { return true }
func (everybody) Quality(*contained.Client, string) byte { return 2 }
func (everybody) Publish(*contained.Client, *contained.Message) contained.Fate {
	return contained.Taken
}
func (everybody) Subscribed(*contained.Client, string)      {}
func (everybody) Unsubscribed(*contained.Client, string)    {}
func (everybody) Dropped(*contained.Client, string, []byte) {}
func (everybody) Left(*contained.Client)                    {}

// BenchmarkIdleSession tells what a session that has subscribed to one topic costs
// the broker, in bytes of heap and stack. The other end is a bare connection.
func BenchmarkIdleSession(b *testing.B) {
	for _, over := range []string{"tcp", "memory"} {
		b.Run(over, func(b *testing.B) {
			const sessions = 2000
			for b.Loop() {
				x := contained.New(contained.Options{TCP: "127.0.0.1:0", ClientQueue: 64}, everybody{})
				require.NoError(b, x.Open())
				dial := x.Dial
				if over == "memory" {
					dial = x.DialMemory
				}
				var conns []net.Conn
				before := inUse()
				for i := range sessions {
					c, err := dial(context.Background())
					require.NoError(b, err)
					id := fmt.Sprintf("device-%05d", i)
					hello := append([]byte{0x10, byte(12 + len(id)), 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 60, 0, byte(len(id))}, id...)
					topic := "twinbed/things/" + id + "/commands"
					hello = append(hello, 0x82, byte(5+len(topic)), 0, 1, 0, byte(len(topic)))
					hello = append(append(hello, topic...), 0)
					_, err = c.Write(hello)
					require.NoError(b, err)
					_, err = io.ReadFull(c, make([]byte, 4+5))
					require.NoError(b, err)
					conns = append(conns, c)
				}
				b.ReportMetric(float64(inUse()-before)/sessions, "B/session")
				for _, c := range conns {
					_ = c.Close()
				}
				require.NoError(b, x.Close())
			}
		})
	}
}

// inUse is what heap and stacks hold. Stacks shrink by half at each collection.
func inUse() uint64 {
	for range 4 {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}
