package scenarios

import (
	"os"
	"runtime"
	"runtime/debug"
	"sync"

	"github.com/twinbed/twinbed/sim/wall"
)

// lively is what live runs change of the process while one of them is played.
var lively struct {
	sync.Mutex
	runs             int
	percent, threads int // as they were before
}

// enliven fits Go to live runs, where nobody has said otherwise (GOGC, GOMAXPROCS); undo
// sets it back.
//
//   - The collector runs a quarter as often: at 50,000 messages a second that is a tenth
//     of a core.
//   - There are more threads than cores. With one each, busy goroutines keep it for 10 ms,
//     and Go asks its poller for sockets as seldom: every step of a loop waits for that.
//     The operating system is quicker to take turns. But it gives each thread an equal
//     share, the clock's as well, which under load needs most of a core: so there are two
//     a core only where the clock's goes before the others, and else one more than cores.
func enliven() (undo func()) {
	l := &lively
	l.Lock()
	defer l.Unlock()
	l.runs++
	if l.runs == 1 {
		if os.Getenv("GOGC") == "" {
			l.percent = debug.SetGCPercent(400)
		}
		if os.Getenv("GOMAXPROCS") == "" {
			l.threads = runtime.GOMAXPROCS(0)
			if wall.First() {
				runtime.GOMAXPROCS(2 * l.threads)
			} else {
				runtime.GOMAXPROCS(l.threads + 1)
			}
		}
	}
	return func() {
		l.Lock()
		defer l.Unlock()
		l.runs--
		if l.runs > 0 {
			return
		}
		if os.Getenv("GOGC") == "" {
			debug.SetGCPercent(l.percent)
		}
		if os.Getenv("GOMAXPROCS") == "" {
			runtime.GOMAXPROCS(l.threads)
		}
	}
}
