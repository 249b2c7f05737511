package sim

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// gate has lanes played at once, the first by whoever asks and each of the others by a
// goroutine of its own. Each has some of the shelves, and helps with the others' when it
// is through. Windows are short, so both sides spin for a while before they
// sleep: that is some 50 ns a meeting where there is a core for each.
type gate struct {
	lanes    []*Lane
	end      Time
	round    atomic.Uint64
	left     atomic.Int64 // lanes that are still played
	closing  bool
	patience int
	mu       sync.Mutex
	rung     *sync.Cond
	asleep   int
	workers  sync.WaitGroup
}

// patience is how many times one looks before sleeping, about a millisecond.
const patience = 2_000_000

func (g *gate) open(lanes []*Lane) {
	g.lanes, g.closing, g.patience = lanes, false, patience
	if runtime.GOMAXPROCS(0) < len(lanes) {
		g.patience = 0 // who waits stands in the way of who is waited for
	}
	g.rung = sync.NewCond(&g.mu)
	from := g.round.Load()
	for n := range lanes[1:] {
		g.workers.Go(func() { g.serve(n+1, from) })
	}
}

func (g *gate) close() {
	g.closing = true
	g.ring()
	g.workers.Wait()
}

// begin has all lanes but the first played up to a time, not including it; finish plays
// that one, and waits for the others.
func (g *gate) begin(end Time) {
	g.end = end
	for n, l := range g.lanes {
		all := len(l.lanes.shelves)
		l.next.Store(int64(all * n / len(g.lanes)))
		l.last = int64(all * (n + 1) / len(g.lanes))
	}
	g.left.Store(int64(len(g.lanes)) - 1)
	g.ring()
}

func (g *gate) finish() {
	g.work(0)
	for n := 0; g.left.Load() > 0; n++ {
		if n > g.patience {
			runtime.Gosched()
		}
	}
}

// work plays a lane's shelves, and then those that the others have not come to.
func (g *gate) work(n int) {
	own := g.lanes[n]
	for k := range g.lanes {
		of := g.lanes[(n+k)%len(g.lanes)]
		for at := of.next.Add(1) - 1; at < of.last; at = of.next.Add(1) - 1 {
			own.play(own.lanes.shelves[at], g.end)
		}
	}
}

// ring begins a round.
func (g *gate) ring() {
	g.round.Add(1)
	g.mu.Lock()
	if g.asleep > 0 {
		g.rung.Broadcast()
	}
	g.mu.Unlock()
}

func (g *gate) serve(n int, seen uint64) {
	for {
		seen = g.await(seen)
		if g.closing {
			return
		}
		g.work(n)
		g.left.Add(-1)
	}
}

// await waits for the next round.
func (g *gate) await(seen uint64) uint64 {
	for range g.patience {
		if now := g.round.Load(); now != seen {
			return now
		}
	}
	g.mu.Lock()
	g.asleep++
	for g.round.Load() == seen {
		g.rung.Wait()
	}
	g.asleep--
	g.mu.Unlock()
	return g.round.Load()
}
