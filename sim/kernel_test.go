package sim_test

import (
	"container/heap"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
)

// kernel is what the models below need of an event loop, so that another one can
// play them beside the clock.
type kernel interface {
	// on says what an event of a sort does.
	on(sort int, do func(who uint32))
	schedule(at sim.Time, sort int, who uint32)
	now() sim.Time
	run(until sim.Time) (events uint64)
}

// clocked is the kernel of every run.
type clocked struct {
	*sim.Clock
	kinds [2]sim.EventKind
}

type handler func(who uint32)

func (h handler) Happen(who, _ uint32) { h(who) }

func newClocked() kernel { return &clocked{Clock: sim.NewClock()} }

func (c *clocked) on(sort int, do func(uint32)) { c.kinds[sort] = c.Handle(handler(do)) }
func (c *clocked) schedule(at sim.Time, sort int, who uint32) {
	c.Schedule(at, c.kinds[sort], who, 0)
}
func (c *clocked) now() sim.Time { return c.Now() }
func (c *clocked) run(until sim.Time) uint64 {
	before := c.Events()
	if err := c.Run(until); err != nil {
		panic(err)
	}
	return c.Events() - before
}

// textbook is the loop of textbooks: a binary heap of closures (container/heap),
// ties by number.
type textbook struct {
	at     sim.Time
	does   [2]func(uint32)
	queue  closures
	pushed uint64
}

type closure struct {
	at  sim.Time
	seq uint64
	do  func()
}

type closures []*closure

func (q closures) Len() int      { return len(q) }
func (q closures) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *closures) Push(x any)   { *q = append(*q, x.(*closure)) }
func (q closures) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].seq < q[j].seq
}
func (q *closures) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

func newTextbook() kernel { return new(textbook) }

func (x *textbook) on(sort int, do func(uint32)) { x.does[sort] = do }
func (x *textbook) now() sim.Time                { return x.at }
func (x *textbook) schedule(at sim.Time, sort int, who uint32) {
	heap.Push(&x.queue, &closure{at, x.pushed, func() { x.does[sort](who) }})
	x.pushed++
}
func (x *textbook) run(until sim.Time) (events uint64) {
	for len(x.queue) > 0 && x.queue[0].at <= until {
		next := heap.Pop(&x.queue).(*closure)
		x.at = next.at
		next.do()
		events++
	}
	return events
}

// mm1 is a queue with one server, Poisson arrivals and exponential service, each
// at a rate per second.
type mm1 struct {
	arrivals, services float64
	luck               [2]chance.Stream
	drawn              [2]uint64

	line   []sim.Time // ring of arrivals that wait or are served
	first  int
	length int
	served int
	waited float64 // seconds in line, of those whose service has begun after warm-up
	count  int
	warm   int
}

const (
	arrive = iota
	leave
)

func (m *mm1) play(k kernel, seed chance.Seed) {
	m.luck = [2]chance.Stream{seed.Stream("arrivals"), seed.Stream("services")}
	m.line = make([]sim.Time, 64)
	k.on(arrive, func(uint32) {
		k.schedule(m.next(k, arrive, m.arrivals), arrive, 0)
		if m.length == len(m.line) {
			longer := make([]sim.Time, 2*len(m.line))
			copy(longer[copy(longer, m.line[m.first:]):], m.line[:m.first])
			m.line, m.first = longer, 0
		}
		m.line[(m.first+m.length)&(len(m.line)-1)] = k.now()
		if m.length++; m.length == 1 {
			m.serve(k)
		}
	})
	k.on(leave, func(uint32) {
		m.first = (m.first + 1) & (len(m.line) - 1)
		m.served++
		if m.length--; m.length > 0 {
			m.serve(k)
		}
	})
	k.schedule(m.next(k, arrive, m.arrivals), arrive, 0)
}

// serve begins with the first in line.
func (m *mm1) serve(k kernel) {
	if m.served >= m.warm {
		m.waited += float64(k.now()-m.line[m.first]) * 1e-9
		m.count++
	}
	k.schedule(m.next(k, leave, m.services), leave, 0)
}

func (m *mm1) next(k kernel, sort int, rate float64) sim.Time {
	m.drawn[sort]++
	return k.now() + exponential(m.luck[sort], 0, m.drawn[sort], 1e9/rate)
}

func exponential(s chance.Stream, who uint32, n uint64, mean float64) sim.Time {
	return sim.Time(-math.Log(s.Uniform(who, n)) * mean)
}

var kernels = []struct {
	name string
	make func() kernel
}{{"clock", newClocked}, {"heap of closures", newTextbook}}

// TestTheMeanWaitOfMM1IsThatOfTheory holds the wait in line to ρ/(μ − λ) (Erlang 1909).
func TestTheMeanWaitOfMM1IsThatOfTheory(t *testing.T) {
	for _, rho := range []float64{0.5, 0.8} {
		var means []float64
		for replica := range 100 {
			m := &mm1{arrivals: rho, services: 1, warm: 2000}
			k := newClocked()
			m.play(k, chance.Seed(1).Replica(replica))
			k.run(sim.Time(20_000 / rho * 1e9))
			means = append(means, m.waited/float64(m.count))
		}
		holdMean(t, means, rho/(1-rho))
	}
}

// TestASaturatedQueueGrowsWithoutBound: with more arrivals than services the line is
// (λ − μ) t long, and where they are just as many √(2 (λ + μ) t / π) by the reflection
// of Brownian motion.
func TestASaturatedQueueGrowsWithoutBound(t *testing.T) {
	for _, seconds := range []float64{2_500, 10_000} {
		for _, arrivals := range []float64{1.25, 1} {
			var lengths []float64
			for replica := range 100 {
				m := &mm1{arrivals: arrivals, services: 1}
				k := newClocked()
				m.play(k, chance.Seed(2).Replica(replica))
				k.run(sim.Time(seconds * 1e9))
				lengths = append(lengths, float64(m.length))
			}
			want := (arrivals - 1) * seconds
			if arrivals == 1 {
				want = math.Sqrt(2 * 2 * seconds / math.Pi)
			}
			holdMean(t, lengths, want)
		}
	}
}

// holdMean finds a mean within the 99 % interval of a sample's.
func holdMean(t *testing.T, sample []float64, want float64) {
	t.Helper()
	mean, sd := stat.MeanStdDev(sample, nil)
	half := 2.63 * sd / math.Sqrt(float64(len(sample))) // Student, 99 degrees of freedom
	t.Logf("%.4g ± %.2g, theory %.4g", mean, half, want)
	require.InDelta(t, want, mean, half)
}

// TestAnotherKernelPlaysTheSame is why the figures below can be held against each other.
func TestAnotherKernelPlaysTheSame(t *testing.T) {
	var seen []string
	for _, x := range kernels {
		m, k := &mm1{arrivals: 0.9, services: 1}, x.make()
		m.play(k, 3)
		events := k.run(1e12)
		h := x.make()
		hold(h, 100, true)
		seen = append(seen, fmt.Sprint(events, m.served, m.length, m.waited, h.run(5e10)))
	}
	require.Equal(t, seen[0], seen[1])
}

// hold is the classic benchmark of event queues (Vaucher and Duval 1975; Jones 1986):
// each event that happens schedules its next, so that as many are always pending.
// Delays are exponential with a mean of ten seconds, or all ten seconds.
func hold(k kernel, pending int, random bool) {
	const period = 10e9
	luck := chance.Seed(4).Stream("hold")
	n := uint64(0)
	k.on(0, func(who uint32) {
		at := k.now() + period
		if random {
			n++
			at = k.now() + exponential(luck, who, n, period)
		}
		k.schedule(at, 0, who)
	})
	for who := range uint32(pending) {
		k.schedule(sim.Time(luck.Uniform(who, 0)*period), 0, who)
	}
}

// BenchmarkKernel is events a second of the clock beside the textbook's loop; one op is
// an event. With exponential delays and M/M/1, drawing them is part of it.
func BenchmarkKernel(b *testing.B) {
	models := []struct {
		name   string
		start  func(kernel)
		perSec float64 // events in a second of scenario time
	}{
		{"MM1", func(k kernel) { (&mm1{arrivals: 0.8, services: 1}).play(k, 1) }, 1.6},
		{"hold100k", func(k kernel) { hold(k, 100_000, true) }, 1e4},
		{"periodic100k", func(k kernel) { hold(k, 100_000, false) }, 1e4},
	}
	for _, m := range models {
		for _, x := range kernels {
			b.Run(m.name+"/"+x.name, func(b *testing.B) {
				k := x.make()
				m.start(k)
				until := sim.Time(30e9)
				k.run(until) // the queue has found its shape
				b.ReportAllocs()
				b.ResetTimer()
				until += sim.Time(float64(b.N) / m.perSec * 1e9)
				events := k.run(until)
				b.ReportMetric(float64(events)/b.Elapsed().Seconds()/1e6, "Mevents/s")
			})
		}
	}
}
