package broker

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/twinbed/twinbed/sim"
)

// dialer brings sessions up: those that are due at the connect rate, those of a
// storm at once, and so many at a time.
type dialer struct {
	due   chan *fleetSession // room for all: each is in once
	storm chan *fleetSession
	seats chan struct{}
	pace  pace
}

// handshakes is how many connections are being made at a time.
const handshakes = 256

func newDialer(sessions int, rate float64) *dialer {
	return &dialer{
		due: make(chan *fleetSession, sessions), storm: make(chan *fleetSession, sessions),
		seats: make(chan struct{}, handshakes), pace: pace{every: time.Duration(float64(time.Second) / rate)},
	}
}

func (d *dialer) run(ctx context.Context, connecting *sync.WaitGroup) {
	for {
		var s *fleetSession
		select {
		case s = <-d.storm:
		default:
			select {
			case s = <-d.storm:
			case s = <-d.due:
				if !d.pace.wait(ctx) {
					return
				}
			case <-ctx.Done():
				return
			}
		}
		select {
		case d.seats <- struct{}{}:
		case <-ctx.Done():
			return
		}
		connecting.Go(func() {
			defer func() { <-d.seats }()
			s.connect(ctx)
		})
	}
}

// connect tries once to bring the session up.
func (s *fleetSession) connect(ctx context.Context) {
	if s.park() {
		return
	}
	g, err := s.greet(ctx)
	if err == nil && s.fleet.options.Persistent && s.fleet.options.Version == MQTT311 && !s.known {
		// A clean session has wiped what an earlier run left behind; MQTT 3.1.1 takes
		// another to begin one that lasts.
		sayGoodbye(g.conn)
		_ = g.conn.Close()
		s.known = true
		g, err = s.greet(ctx)
	}
	switch {
	case err == nil:
		s.known = true
		s.online(g)
	case errors.Is(err, errRefused):
		s.fleet.counts.add(refusedSessions)
		s.settle(func() { s.why = err })
	default:
		s.alter(func() { s.why = err })
		s.again()
	}
}

// again has the session tried again after a while.
func (s *fleetSession) again() {
	f := s.fleet
	if f.run.Err() != nil || s.park() {
		return
	}
	s.mu.Lock()
	wait := f.backoff(s.things.first, uint64(s.attempt))
	s.attempt = min(s.attempt+1, 100)
	s.mu.Unlock()
	time.AfterFunc(wait, func() { f.dialer.due <- s })
}

// backoff is how long a session waits before it tries again: twice as long each
// time up to 10 s, and each thing a part of that of its own.
func (s *Sessions) backoff(id sim.ThingID, attempt uint64) time.Duration {
	full := min(100*time.Millisecond<<min(attempt, 10), 10*time.Second)
	return time.Duration(float64(full) * (0.5 + s.luck.Uniform(uint32(id), attempt)))
}

// pace spreads connections over time.
type pace struct {
	every time.Duration
	next  time.Time
}

// behind is how far a pace may make up for having been late.
const behind = 50 * time.Millisecond

// wait returns when it is time for the next; false when the context ended first.
func (p *pace) wait(ctx context.Context) bool {
	now := time.Now()
	if earliest := now.Add(-behind); p.next.Before(earliest) {
		p.next = now
	}
	at := p.next
	p.next = at.Add(p.every)
	return pause(ctx, at.Sub(now))
}

func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
