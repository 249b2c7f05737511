package broker

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim"
)

func benchCodec(b *testing.B) (*Codec, *sim.Reading) {
	c, err := NewCodec(&sim.Kind{Name: "press", Signals: []sim.SignalSpec{{Name: "temperature"}, {Name: "vibration"}}})
	require.NoError(b, err)
	return c, &sim.Reading{Seq: 1234, Sensed: sim.Stamp{At: 123456789012}, Values: []float64{81.28371, 2.7182818}}
}

func BenchmarkWriteReading(b *testing.B) {
	c, r := benchCodec(b)
	buf := make([]byte, 0, 256)
	b.ReportAllocs()
	for b.Loop() {
		buf = c.AppendReading(buf[:0], r)
	}
}

func BenchmarkReadReading(b *testing.B) {
	c, r := benchCodec(b)
	buf := c.AppendReading(nil, r)
	var h Heard
	b.ReportAllocs()
	for b.Loop() {
		_ = c.ReadReading(buf, &h)
	}
}

func BenchmarkRouterReading(b *testing.B) {
	s := newStage(b, 1, time.Second, GateOptions{})
	s.world.Clock = sim.NewClock()
	s.world.Platform = deaf{}
	x := &sim.Reading{Values: []float64{1, 2}}
	b.ReportAllocs()
	for b.Loop() {
		s.router.Reading(x)
	}
}

// counting is a platform that only counts.
type counting struct{ n atomic.Int64 }

func (c *counting) Reading(*sim.Reading) { c.n.Add(1) }
func (c *counting) Ack(*sim.Ack)         {}

// BenchmarkGateFanIn is the way from a fleet's clients over TCP through the
// broker to the platform; an operation is one reading.
func BenchmarkGateFanIn(b *testing.B) {
	for _, x := range []struct {
		name string
		qos  byte
	}{{"QoS0", 0}, {"QoS1", 1}} {
		b.Run(x.name, func(b *testing.B) {
			const things = 100
			s := newStage(b, things, time.Hour, tcp())
			platform := &counting{}
			s.world.Platform, s.world.Observers = platform, nil
			f := s.sessions(SessionOptions{QoS: x.qos})
			require.NoError(b, s.gate.Open())
			s.run()
			defer s.end()
			require.NoError(b, f.Connect(context.Background()))
			defer f.Close()
			b.ReportAllocs()
			b.ResetTimer()
			r := sim.Reading{Values: []float64{81.28371, 2.7182818}}
			for n := 0; n < b.N; n++ {
				// As fast as it goes: no more under way than the outboxes hold.
				for int64(n)-platform.n.Load() > 64*things {
					runtime.Gosched()
				}
				r.Thing, r.Seq = sim.ThingID(n%things), uint32(n/things+1)
				f.Reading(&r)
			}
			require.NoError(b, f.Drain(time.Minute))
			for platform.n.Load() < int64(b.N) {
				runtime.Gosched()
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "readings/s")
		})
	}
}

// BenchmarkCommands is a command's way from the router through the broker to its
// thing, over TCP, with a thousand sessions.
func BenchmarkCommands(b *testing.B) {
	const things, ahead = 1000, 1 << 12
	s := newStage(b, things, time.Hour, tcp())
	s.world.Platform, s.world.Observers = &counting{}, nil
	f := s.sessions(SessionOptions{ConnectRate: 1e5})
	require.NoError(b, s.gate.Open())
	s.run()
	defer s.end()
	require.NoError(b, f.Connect(context.Background()))
	defer f.Close()
	obeyed := &f.counts[obeyedCommands]
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; n += 100 {
		for uint64(n) > obeyed.Load()+ahead {
			runtime.Gosched()
		}
		s.on(func() {
			for i := n; i < min(n+100, b.N); i++ {
				s.router.Command(&sim.Command{ID: uint64(i + 1), Thing: sim.ThingID(i % things), Value: noValue, Attempt: 1, Decided: s.world.Clock.Stamp()})
			}
		})
	}
	for obeyed.Load() < uint64(b.N) {
		runtime.Gosched()
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commands/s")
}
