package reports

import (
	"math/bits"

	"github.com/twinbed/twinbed/sim"
)

// series is what is known of one thing's readings. Both ends count for
// themselves: sent by the thing's own numbers when it sends, received by the
// numbers that reach the twin.
type series struct {
	window uint64 // bit n: number newest-n has been received
	newest uint32 // highest number received; 0: none
	sent   uint32 // highest number sent or claimed
	open   int32  // sent and neither received nor told lost
	kind   uint16
	mixed  bool // a foreign client has spoken for it

	sensed sim.Time // of the newest, for its age; unseen before the first
}

// windowBits is how far behind the newest a late reading can be told from one
// that was seen before.
const windowBits = 64

// A foreign client that is so far behind, or jumps so far ahead, has begun anew.
const (
	restartBehind = 32
	restartAhead  = 1 << 20
)

// claim notes a number that was sent and says how many readings more that makes.
func (s *series) claim(seq uint32, foreign bool) (more uint32) {
	if !foreign {
		s.sent = seq
		return 1
	}
	s.mixed = true
	behind := int64(s.sent) - int64(seq)
	switch {
	case s.sent == 0, behind >= restartBehind, behind < -restartAhead:
		more = 1
	case behind >= 0:
		return 0
	default:
		more = seq - s.sent
	}
	s.sent = seq
	return more
}

// take notes a number that was received: how it fits, whether the window
// reaches back so far, and which of the numbers that leave the window never came
// (bit n: leaving+n).
func (s *series) take(seq uint32, foreign bool) (how sim.Arrival, known bool, missing uint64, leaving uint32) {
	behind := int64(s.newest) - int64(seq)
	switch {
	case behind == -1 && int64(s.window) < 0: // the usual case: the next one, and what leaves the window has come
		s.newest = seq
		s.window = s.window<<1 | 1
		return sim.Fresh, true, 0, 0
	case s.newest == 0, foreign && (behind >= restartBehind || behind < -restartAhead):
		s.newest = seq
		s.window = ^uint64(0)
		if !foreign && seq < windowBits {
			s.window = ^uint64(0)<<seq | 1 // numbers from 1 on may still come
		} else if !foreign {
			s.window = 1
		}
	case behind < 0:
		n := min(-behind, windowBits)
		missing = bits.Reverse64(s.window) // bit 0 the oldest
		if n < windowBits {
			missing |= ^uint64(0) << n
		}
		leaving = s.newest - (windowBits - 1)
		s.newest = seq
		s.window = s.window<<n | 1
		return sim.Fresh, true, ^missing, leaving
	case behind >= windowBits:
		return sim.Late, false, 0, 0
	case s.window>>behind&1 == 1:
		return sim.Duplicate, true, 0, 0
	default:
		s.window |= 1 << behind
		return sim.Late, true, 0, 0
	}
	return sim.Fresh, true, 0, 0
}

// unaccounted is how many readings are neither received nor told lost, and are
// not newer than all that have come: those may be on their way.
func (s *series) unaccounted() int {
	if s.newest == 0 {
		return 0
	}
	return int(s.open) - int(int64(s.sent)-int64(s.newest))
}
