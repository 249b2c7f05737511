package sim_test

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// BenchmarkMeeting is what it costs two cores to wait for each other once, by a
// barrier that spins: what each window of a run that is spread over both would
// cost (gate.go).
func BenchmarkMeeting(b *testing.B) {
	var arrived [2]struct {
		n atomic.Int64
		_ [56]byte // a cache line each
	}
	var both sync.WaitGroup
	for me := range arrived {
		both.Go(func() {
			other := &arrived[1-me].n
			for round := range int64(b.N) {
				arrived[me].n.Store(round + 1)
				for spins := 0; other.Load() <= round; spins++ {
					if spins > 1000 {
						runtime.Gosched()
					}
				}
			}
		})
	}
	both.Wait()
}
