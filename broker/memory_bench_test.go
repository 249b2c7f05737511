//go:build unix

package broker

import (
	"context"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/broker/contained"
	"github.com/twinbed/twinbed/sim"
)

// BenchmarkSessionMemory tells what an idle session that has sent a reading costs,
// in bytes of heap and stack: the thing's end alone, with the broker in another
// process, or both ends.
func BenchmarkSessionMemory(b *testing.B) {
	const things = 5000
	for _, x := range []struct {
		name string
		over GateOptions
		dial func(*testing.B) func(context.Context) (net.Conn, error)
	}{
		{"thing alone, tcp", GateOptions{}, func(b *testing.B) func(context.Context) (net.Conn, error) { return dialTo(startSink(b)) }},
		{"both, tcp", listen(contained.Options{TCP: "127.0.0.1:0", ClientQueue: 64}), nil},
		{"both, pipes", listen(contained.Options{ClientQueue: 64}), nil},
	} {
		b.Run(x.name, func(b *testing.B) {
			for b.Loop() {
				s := newStage(b, things, time.Hour, x.over)
				s.world.Platform, s.world.Observers = &counting{}, nil
				var o SessionOptions
				o.ConnectRate = 1e5
				if x.dial != nil {
					o.Dial = x.dial(b)
				}
				s.run()
				before := inUse()
				f := s.sessions(o)
				require.NoError(b, s.gate.Open())
				require.NoError(b, f.Connect(context.Background()))
				s.on(func() {
					for i := range things {
						f.Reading(&sim.Reading{Thing: sim.ThingID(i), Seq: 1, Sensed: s.world.Clock.Stamp(), Values: []float64{81.25, 2.5}})
					}
				})
				require.NoError(b, f.Drain(time.Minute))
				s.on(func() {})
				b.ReportMetric(float64(inUse()-before)/things, "B/session")
				f.Close()
				s.end()
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
