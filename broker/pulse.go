package broker

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"
)

// pulse keeps the sessions of a fleet alive: it visits each twice in a keep-alive
// interval, a few at a time.
type pulse struct{ interval atomic.Int64 }

func (p *pulse) atMost(d time.Duration) {
	for {
		before := p.interval.Load()
		if d <= 0 || int64(d) >= before || p.interval.CompareAndSwap(before, int64(d)) {
			return
		}
	}
}

// turns is in how many parts a fleet is visited.
const turns = 8

func (p *pulse) run(ctx context.Context, all []*fleetSession) {
	for turn := 0; ; turn = (turn + 1) % turns {
		t := time.NewTimer(time.Duration(p.interval.Load()) / (2 * turns))
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return
		}
		for i := turn; i < len(all); i += turns {
			if all[i] != nil {
				all[i].visit()
			}
		}
	}
}

var errNoPong = errors.New("no PINGRESP")

// visit pings unless both sides have spoken since the last visit, and gives up a
// broker that has not answered since.
func (s *fleetSession) visit() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn == nil {
		return
	}
	if s.waited && s.pongs != s.pings && !s.heard {
		s.hangUp(errNoPong)
		return
	}
	if s.pongs == s.pings && !(s.heard && s.spoke) {
		s.ping()
	}
	if s.heard {
		s.attempt = 0 // it holds: no reason to be shy next time
	}
	s.waited = s.pongs != s.pings
	s.heard, s.spoke = false, false
}

// ping asks for a PINGRESP: what was written before has arrived when it comes.
func (s *fleetSession) ping() {
	s.pings++
	s.out.post([]byte{packets.Pingreq << 4, 0})
	s.startWriting()
}
