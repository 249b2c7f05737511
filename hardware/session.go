package hardware

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/units"
)

// session is one opening of the device. Its context ends, with the cause, when
// the connection is to be given up.
type session struct {
	adapter Adapter
	ctx     context.Context
	end     context.CancelCauseFunc
	served  atomic.Bool // it has given a good reading
}

// grace is how long a call that was told to end may take to say why it failed.
const grace = 100 * time.Millisecond

// hungLimit is how many calls that ignore their deadline are put up with before
// the adapter is left alone.
const hungLimit = 4

// errHung is a call that ignored its deadline.
var errHung = errors.New("the adapter hangs")

// call makes one call of the adapter with a deadline. A call that ignores it is
// left behind and counted until it returns, so what f fills in is not to be reused.
func (d *Device) call(ctx context.Context, timeout time.Duration, f func(context.Context) error) error {
	if n := d.hung.Load(); n >= hungLimit {
		return fmt.Errorf("%w: %d calls have not returned", errHung, n)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	done := make(chan error, 1)
	var left atomic.Int32 // the call: 0 under way, 1 left behind, 2 returned
	go func() {
		done <- guarded(ctx, f)
		if !left.CompareAndSwap(0, 2) {
			d.hung.Add(-1)
		}
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	late := time.NewTimer(grace)
	defer late.Stop()
	select {
	case err := <-done:
		return err
	case <-late.C:
	}
	d.hung.Add(1)
	if !left.CompareAndSwap(0, 1) {
		d.hung.Add(-1)
		return <-done
	}
	return fmt.Errorf("%w: no answer within %s", errHung, units.FormatDuration(timeout))
}

// guarded turns a panic of the adapter into an error: a device must not end a run.
func guarded(ctx context.Context, f func(context.Context) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the adapter panicked: %v", p)
		}
	}()
	return f(ctx)
}

// keep holds the device open until ctx ends: opens it, waits until the session
// is given up, closes it, and opens it again after a pause that doubles until a
// session has served.
func (d *Device) keep(ctx context.Context) {
	pause := d.binding.Backoff
	for ctx.Err() == nil {
		s, err := d.open(ctx)
		if err != nil {
			d.broken.Store(&err)
			d.post(ctx, func() { d.troubled(err) })
		} else {
			d.welcome(ctx, s)
			d.session.Store(s)
		}
		d.tried.Do(func() { close(d.opened) })
		if err == nil {
			d.serve(ctx, s)
			if ctx.Err() != nil {
				return // Close makes the device safe through this session
			}
			cause := context.Cause(s.ctx)
			d.broken.Store(&cause)
			d.post(ctx, func() { d.troubled(cause) })
			d.session.Store(nil)
			_ = d.letGo(s, d.binding.Timeout) // it failed already, which has been told
			if s.served.Load() {
				pause = d.binding.Backoff
			}
		}
		wait(ctx, pause)
		pause = min(2*pause, d.binding.MaxBackoff)
	}
}

// serve lasts until the session is given up; a device that pushes is listened to here.
func (d *Device) serve(ctx context.Context, s *session) {
	if source, ok := s.adapter.(Pushes); ok && d.pushing {
		d.listen(ctx, s, source)
		return
	}
	<-s.ctx.Done()
}

func (d *Device) open(ctx context.Context) (*session, error) {
	opened := make(chan Adapter, 1)
	err := d.call(ctx, d.binding.Timeout, func(call context.Context) error {
		a, err := d.config.Open(call, d.site)
		if err != nil {
			return err
		}
		if call.Err() != nil { // nobody is waiting for it any more
			return errors.Join(call.Err(), a.Close())
		}
		opened <- a
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	s := &session{adapter: <-opened}
	s.ctx, s.end = context.WithCancelCause(ctx)
	return s, nil
}

// letGo closes a session's adapter, also one that hangs.
func (d *Device) letGo(s *session, timeout time.Duration) error {
	s.end(errors.New("closed"))
	err := d.call(context.Background(), timeout, func(context.Context) error { return s.adapter.Close() })
	if err != nil {
		return fmt.Errorf("close: %w", err)
	}
	return nil
}

// welcome tells what the adapter found, once per device.
func (d *Device) welcome(ctx context.Context, s *session) {
	found := ""
	if a, ok := s.adapter.(Describes); ok {
		found = strings.Join(a.Describe(), "; ")
	}
	d.post(ctx, func() {
		if !d.found {
			d.found = true
			d.note(sim.Event{What: "device found", Detail: found})
		}
	})
}

// reach is the session that is open, or why there is none; at the start it waits
// for the first attempt to open the device.
func (d *Device) reach(ctx context.Context) (*session, error) {
	select {
	case <-d.opened:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if s := d.session.Load(); s != nil {
		return s, nil
	}
	if why := d.broken.Load(); why != nil && *why != nil {
		return nil, fmt.Errorf("not connected: %w", *why)
	}
	return nil, errors.New("not connected")
}

// post brings f to the clock's thread. The edge can wait where the inbox is full.
func (d *Device) post(ctx context.Context, f func()) {
	for !d.world.Clock.Post(f) {
		if !wait(ctx, 10*time.Millisecond) {
			return
		}
	}
}

// wait is false when ctx ended first.
func wait(ctx context.Context, pause time.Duration) bool {
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
