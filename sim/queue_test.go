package sim

import (
	"math"
	"math/rand/v2"
	"sort"
	"testing"

	"github.com/stretchr/testify/require"
)

// The queue must give the same order as a stable sort, whatever the delays.
func TestQueueOrdersByTimeAndTiesByInsertion(t *testing.T) {
	laws := map[string]func(r *rand.Rand) int64{
		"uniform":     func(r *rand.Rand) int64 { return r.Int64N(1e9) },
		"exponential": func(r *rand.Rand) int64 { return int64(r.ExpFloat64() * 1e7) },
		"ties":        func(r *rand.Rand) int64 { return r.Int64N(5) * 1e8 },
		"zero":        func(r *rand.Rand) int64 { return 0 },
		"bimodal": func(r *rand.Rand) int64 {
			if r.IntN(20) == 0 {
				return r.Int64N(1e13)
			}
			return r.Int64N(1e5)
		},
		"far apart": func(r *rand.Rand) int64 { return int64(1) << r.IntN(50) },
	}
	for name, law := range laws {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			q := newQueue()
			type waiting struct {
				at  Time
				seq uint64
			}
			var model []waiting
			seq, now := uint64(0), Time(0)
			push := func() {
				at := now + Time(law(r))
				q.push(event{at, seq})
				i := sort.Search(len(model), func(i int) bool { return model[i].at > at })
				model = append(model, waiting{})
				copy(model[i+1:], model[i:])
				model[i] = waiting{at, seq}
				seq++
			}
			for range 300 {
				push()
			}
			for step := range 15_000 {
				require.Equal(t, model[0].at, q.next())
				e := q.pop()
				require.Equal(t, model[0].seq, e.key, "step %d", step)
				now, model = e.at, model[1:]
				for range 1 + (step/5_000)*r.IntN(3) - r.IntN(1+step/5_000) {
					push()
				}
				if len(model) == 0 {
					push()
				}
				require.Equal(t, len(model), q.len())
			}
			for len(model) > 0 {
				require.Equal(t, model[0].at, q.next())
				require.Equal(t, model[0].seq, q.pop().key)
				model = model[1:]
			}
			require.Equal(t, Never, q.next())
		})
	}
}

func TestQueueTakesTheEndOfTime(t *testing.T) {
	q := newQueue()
	q.push(event{Never - 1, 1})
	q.push(event{Never, 2})
	q.push(event{5, 0})
	for want := range uint64(3) {
		q.next()
		require.Equal(t, want, q.pop().key)
	}
}

func holdPeriodic(b *testing.B, pending int) {
	q := newQueue()
	const period = Time(10e9)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range pending {
		q.push(event{Time(r.Int64N(int64(period))), uint64(i)})
	}
	for range 3 * pending {
		q.next()
		e := q.pop()
		e.at += period
		q.push(e)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		q.next()
		e := q.pop()
		e.at += period
		q.push(e)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Mevents/s")
}

func BenchmarkQueuePeriodic1k(b *testing.B)   { holdPeriodic(b, 1_000) }
func BenchmarkQueuePeriodic100k(b *testing.B) { holdPeriodic(b, 100_000) }
func BenchmarkQueuePeriodic1M(b *testing.B)   { holdPeriodic(b, 1_000_000) }

// BenchmarkQueueReadings is the queue alone under the events of predictive-maintenance: a thing's
// next reading, and one that arrives after the latency of its link. A whole loop is held against it.
func BenchmarkQueueReadings(b *testing.B) {
	for name, x := range map[string]struct {
		things int
		every  Time
	}{"40 every 10s": {40, 10e9}, "1000 every minute": {1000, 60e9}} {
		b.Run(name, func(b *testing.B) {
			r := rand.New(rand.NewPCG(1, 2))
			var latencies [4096]Time
			for i := range latencies {
				latencies[i] = Time(20e6 * math.Exp(0.914*r.NormFloat64())) // p95 is 90 ms
			}
			q := newQueue()
			for i := range x.things {
				q.push(event{Time(r.Int64N(int64(x.every))), uint64(i) << 1})
			}
			b.ReportAllocs()
			for i := range b.N {
				q.next()
				if e := q.pop(); e.key&1 == 0 {
					q.push(event{e.at + x.every, e.key})
					q.push(event{e.at + latencies[i%len(latencies)], e.key | 1})
				}
			}
		})
	}
}

func BenchmarkQueueExponential100k(b *testing.B) {
	q := newQueue()
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 100_000 {
		q.push(event{Time(r.ExpFloat64() * 1e9), uint64(i)})
	}
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		q.next()
		e := q.pop()
		e.at += Time(r.ExpFloat64() * 1e9)
		q.push(e)
	}
}
