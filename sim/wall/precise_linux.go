package wall

import (
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Precise is a sim.Wall whose Sleep is a ppoll on a thread of its own with the
// kernel's timer slack switched off: it oversleeps by tens of microseconds where
// Go's timers, which share an epoll with millisecond steps, take up to one
// millisecond. Wake writes to an eventfd that the same ppoll watches.
type Precise struct {
	start  time.Time
	event  int
	lock   sync.Once
	thread int // the one that sleeps
	nice   int // its value before
}

// NewPrecise starts a wall at elapsed time zero.
func NewPrecise() (*Precise, error) {
	fd, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		return nil, err
	}
	return &Precise{start: time.Now(), event: fd}, nil
}

// Start sets the elapsed time back to zero.
func (w *Precise) Start() { w.start = time.Now() }

// Elapsed is the time since the start.
func (w *Precise) Elapsed() time.Duration { return time.Since(w.start) }

// Sleep returns at the elapsed time until, or earlier after a Wake. It binds the
// calling goroutine to its thread: there is one caller, the clock.
func (w *Precise) Sleep(until time.Duration) {
	w.lock.Do(w.settle)
	left := until - w.Elapsed()
	if left <= 0 {
		return
	}
	timeout := unix.NsecToTimespec(int64(left))
	fds := [1]unix.PollFd{{Fd: int32(w.event), Events: unix.POLLIN}}
	if n, _ := unix.Ppoll(fds[:], &timeout, nil); n > 0 {
		var count [8]byte
		_, _ = unix.Read(w.event, count[:])
	}
}

// settle binds the thread and, where that is allowed, lets it go before the others of the
// machine: what a clock does is short, and all wait for it. Without either a clock is
// later, which is no reason to stop.
func (w *Precise) settle() {
	runtime.LockOSThread()
	w.thread = unix.Gettid()
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	w.nice, _ = goFirst()
}

// ahead is by how much the nice value of a clock's thread is lower.
const ahead = 10

// goFirst lowers the nice value of the calling thread, as root, with CAP_SYS_NICE or
// RLIMIT_NICE (ulimit -e 30), and says what it was.
func goFirst() (before int, err error) {
	raw, err := unix.Getpriority(unix.PRIO_PROCESS, 0)
	before = 20 - raw // which is what the system call returns
	if err == nil {
		err = renice(before - ahead)
	}
	return before, err
}

func renice(to int) error { return unix.Setpriority(unix.PRIO_PROCESS, 0, to) }

// First says whether a clock's thread may go before others here.
func First() bool {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before, err := goFirst()
	return err == nil && renice(before) == nil
}

// Wake ends the present or the next Sleep; from any goroutine.
func (w *Precise) Wake() {
	one := [8]byte{1}
	_, _ = unix.Write(w.event, one[:])
}

// Close gives the descriptor back, and the thread to others; after the clock's run.
func (w *Precise) Close() error {
	if w.thread == unix.Gettid() {
		_ = renice(w.nice)
		runtime.UnlockOSThread()
	}
	return unix.Close(w.event)
}
