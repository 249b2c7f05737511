// Package wall is the outside's clock for live runs: the one place where a run
// may look at the wall.
package wall

import (
	"time"
)

// Timer is a sim.Wall on Go's own timers: portable, and at home in a
// testing/synctest bubble. An idle process oversleeps by up to a millisecond.
type Timer struct {
	start time.Time
	wake  chan struct{}
}

// NewTimer starts a wall at elapsed time zero.
func NewTimer() *Timer { return &Timer{time.Now(), make(chan struct{}, 1)} }

// Start sets the elapsed time back to zero.
func (w *Timer) Start() { w.start = time.Now() }

// Elapsed is the time since the start.
func (w *Timer) Elapsed() time.Duration { return time.Since(w.start) }

// Sleep returns at the elapsed time until, or earlier after a Wake.
func (w *Timer) Sleep(until time.Duration) {
	left := until - w.Elapsed()
	if left <= 0 {
		return
	}
	t := time.NewTimer(left)
	defer t.Stop()
	select {
	case <-t.C:
	case <-w.wake:
	}
}

// Wake ends the present or the next Sleep; from any goroutine.
func (w *Timer) Wake() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Close does nothing: a Timer holds no descriptors.
func (w *Timer) Close() error { return nil }

// Closer is a sim.Wall that may hold descriptors.
type Closer interface {
	Start() // sets the elapsed time back to zero; before the clock runs
	Elapsed() time.Duration
	Sleep(until time.Duration)
	Wake()
	Close() error
}
