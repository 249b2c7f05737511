package broker

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim"
)

// full sends readings from the clock's thread as fast as the platform takes them,
// thing after thing, as a run does whose things are always due.
type full struct {
	stage    *stage
	fleet    *Sessions
	platform *counting
	things   int
	left     int // readings still to send
	n        int
	kind     sim.EventKind
	reading  sim.Reading
	done     chan struct{}
}

// ahead is how many readings a thing may have under way.
const ahead = 64

// Happen sends one reading a thing, or fewer when as many as may be are under way.
func (f *full) Happen(uint32, uint32) {
	clock := f.stage.world.Clock
	for range f.things {
		if f.left == 0 {
			close(f.done)
			return
		}
		if int64(f.n)-f.platform.n.Load() >= int64(ahead*f.things) {
			break
		}
		r := &f.reading
		r.Thing, r.Seq = sim.ThingID(f.n%f.things), uint32(f.n/f.things+1)
		r.Sensed = clock.Stamp()
		f.fleet.Reading(r)
		f.n++
		f.left--
	}
	clock.Schedule(clock.Now().Add(time.Millisecond/4), f.kind, 0, 0)
}

// BenchmarkLiveFleet is the whole way of a live run's readings without the
// platform's own work: a thousand sessions over TCP, sent from the clock's
// thread, heard in the broker, handed to the router on the clock's thread. An
// operation is one reading.
func BenchmarkLiveFleet(b *testing.B) {
	for _, x := range []struct {
		name string
		qos  byte
	}{{"QoS0", 0}, {"QoS1", 1}} {
		b.Run(x.name, func(b *testing.B) {
			const things = 1000
			s := newStage(b, things, time.Hour, tcp())
			platform := &counting{}
			s.world.Platform, s.world.Observers = platform, nil
			f := s.sessions(SessionOptions{QoS: x.qos})
			require.NoError(b, s.gate.Open())
			s.run()
			defer s.end()
			require.NoError(b, f.Connect(context.Background()))
			defer f.Close()
			load := &full{stage: s, fleet: f, platform: platform, things: things, left: b.N, done: make(chan struct{})}
			load.reading.Values = []float64{81.28371, 2.7182818}
			b.ReportAllocs()
			b.ResetTimer()
			s.on(func() {
				load.kind = s.world.Clock.Handle(load)
				load.Happen(0, 0)
			})
			<-load.done
			require.NoError(b, f.Drain(time.Minute))
			for platform.n.Load() < int64(b.N) {
				runtime.Gosched()
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "readings/s")
		})
	}
}
