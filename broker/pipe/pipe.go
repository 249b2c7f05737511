// Package pipe is connections in memory that behave like sockets and cost less:
// for more sessions than there are descriptors, and inside test bubbles.
package pipe

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// New is a connection in memory. Unlike net.Pipe's it holds what is written until
// it is read, as a socket does, and nothing while there is nothing to hold; a
// deadline costs a timer only while somebody waits.
func New() (here, there *End) {
	p := &pipe{}
	for i := range p.lanes {
		p.lanes[i].moved.L = &p.lanes[i].mu
	}
	p.ends[0] = End{in: &p.lanes[0], out: &p.lanes[1]}
	p.ends[1] = End{in: &p.lanes[1], out: &p.lanes[0]}
	return &p.ends[0], &p.ends[1]
}

type pipe struct {
	lanes [2]lane
	ends  [2]End
}

// laneSize is how much may wait in one direction.
const laneSize = 1 << 16

// lane is one direction of a pipe.
type lane struct {
	mu      sync.Mutex
	moved   sync.Cond
	held    *store // nil: nothing
	shut    bool   // nothing more is written
	left    bool   // nothing more is read
	reading deadline
	writing deadline
	notify  func() // nil where nobody wants to know
}

// store is what waits in a lane, borrowed while something does.
type store struct {
	b    []byte
	from int // what lies before has been read
}

var stores = sync.Pool{New: func() any { return &store{b: make([]byte, 0, 512)} }}

func (l *lane) waiting() int {
	if l.held == nil {
		return 0
	}
	return len(l.held.b) - l.held.from
}

func (l *lane) release() {
	if l.held != nil {
		l.held.b, l.held.from = l.held.b[:0], 0
		stores.Put(l.held)
		l.held = nil
	}
}

// End is one end of a pipe.
type End struct{ in, out *lane }

var _ net.Conn = (*End)(nil)

// Read waits until there is something to read.
func (e *End) Read(b []byte) (int, error) {
	l := e.in
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		n, err := l.get(b)
		if n > 0 || err != nil || len(b) == 0 {
			return n, err
		}
		l.wait(&l.reading)
	}
}

// TryRead takes what there is and does not wait.
func (e *End) TryRead(b []byte) (int, error) {
	e.in.mu.Lock()
	defer e.in.mu.Unlock()
	return e.in.get(b)
}

// Await returns when there is something to find out by reading.
func (e *End) Await() {
	l := e.in
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.held == nil && !l.left && !l.shut && !l.reading.passed() {
		l.wait(&l.reading)
	}
}

// Notify has f called whenever there is something new to find out by reading, on
// the writer's goroutine and not to wait for anything; once at once.
func (e *End) Notify(f func()) {
	e.in.mu.Lock()
	e.in.notify = f
	e.in.mu.Unlock()
	f()
}

func (l *lane) get(b []byte) (int, error) {
	switch {
	case l.left:
		return 0, net.ErrClosed
	case l.reading.passed():
		return 0, os.ErrDeadlineExceeded
	case l.held != nil:
		return l.take(b), nil
	case l.shut:
		return 0, io.EOF
	}
	return 0, nil
}

func (l *lane) take(b []byte) int {
	n := copy(b, l.held.b[l.held.from:])
	if l.held.from += n; l.held.from == len(l.held.b) {
		l.release()
	}
	l.moved.Broadcast()
	return n
}

// Write waits until all has found room.
func (e *End) Write(b []byte) (n int, err error) {
	l := e.out
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		put, err := l.put(b[n:])
		if n += put; err != nil || n == len(b) {
			return n, err
		}
		l.wait(&l.writing)
	}
}

// TryWrite takes what fits and does not wait.
func (e *End) TryWrite(b []byte) (int, error) {
	e.out.mu.Lock()
	defer e.out.mu.Unlock()
	return e.out.put(b)
}

// changed tells whoever reads; l.mu is held.
func (l *lane) changed() {
	l.moved.Broadcast()
	if l.notify != nil {
		l.notify()
	}
}

func (l *lane) put(b []byte) (int, error) {
	switch {
	case l.shut:
		return 0, net.ErrClosed
	case l.left:
		return 0, io.ErrClosedPipe
	case l.writing.passed():
		return 0, os.ErrDeadlineExceeded
	}
	n := min(len(b), laneSize-l.waiting())
	if n == 0 {
		return 0, nil
	}
	if l.held == nil {
		l.held = stores.Get().(*store)
	}
	if s := l.held; s.from > len(s.b)/2 {
		s.b, s.from = s.b[:copy(s.b, s.b[s.from:])], 0
	}
	l.held.b = append(l.held.b, b[:n]...)
	l.changed()
	return n, nil
}

// Close ends both directions: the other end can still read what was written
// before, and what it writes has nowhere to go.
func (e *End) Close() error {
	e.out.mu.Lock()
	e.out.shut = true
	e.out.writing.stop()
	e.out.changed()
	e.out.mu.Unlock()

	e.in.mu.Lock()
	e.in.left = true
	e.in.release()
	e.in.reading.stop()
	e.in.changed()
	e.in.mu.Unlock()
	return nil
}

// Address is that of every pipe.
type Address struct{}

// Network is "memory".
func (Address) Network() string { return "memory" }

// String is "memory".
func (Address) String() string { return "memory" }

// LocalAddr is an Address.
func (e *End) LocalAddr() net.Addr { return Address{} }

// RemoteAddr is an Address.
func (e *End) RemoteAddr() net.Addr { return Address{} }

// SetDeadline sets both.
func (e *End) SetDeadline(t time.Time) error {
	_ = e.SetReadDeadline(t)
	return e.SetWriteDeadline(t)
}

// SetReadDeadline ends waits for something to read.
func (e *End) SetReadDeadline(t time.Time) error {
	e.in.mu.Lock()
	defer e.in.mu.Unlock()
	e.in.set(&e.in.reading, t)
	return nil
}

// SetWriteDeadline ends waits for room.
func (e *End) SetWriteDeadline(t time.Time) error {
	e.out.mu.Lock()
	defer e.out.mu.Unlock()
	e.out.set(&e.out.writing, t)
	return nil
}

// deadline is the end of a wait, checked by its waiters: its timer only wakes
// them, at the latest when the deadline passes.
type deadline struct {
	at    time.Duration // since epoch; 0: none
	waits bool
	timer *time.Timer
	rings time.Duration // when the timer does; 0: it is not running
}

var epoch = time.Now().Add(-time.Nanosecond)

func (d *deadline) passed() bool { return d.at != 0 && time.Since(epoch) >= d.at }

func (d *deadline) stop() {
	d.at = 0
	if d.timer != nil {
		d.timer.Stop()
		d.timer, d.rings = nil, 0
	}
}

func (l *lane) set(d *deadline, t time.Time) {
	d.at = 0
	if !t.IsZero() {
		if d.at = t.Sub(epoch); d.at == 0 {
			d.at = 1
		}
	}
	if d.waits {
		l.moved.Broadcast() // whoever waits has to wind the timer anew
	}
}

// wait returns after something has changed; l.mu is held.
func (l *lane) wait(d *deadline) {
	if d.at != 0 && (d.rings == 0 || d.at < d.rings) {
		d.rings = d.at
		left := d.at - time.Since(epoch)
		if d.timer == nil {
			d.timer = time.AfterFunc(left, func() {
				l.mu.Lock()
				defer l.mu.Unlock()
				d.rings = 0
				l.moved.Broadcast()
			})
		} else {
			d.timer.Reset(left)
		}
	}
	d.waits = true
	l.moved.Wait()
	d.waits = false
}
