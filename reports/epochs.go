package reports

import (
	"slices"

	"github.com/twinbed/twinbed/sim"
)

// epoch is the time between two cuts, where faults begin or end. It holds what
// was due after from and not after the next cut, so that it does not matter
// whether a reading or the fault came first at the very same time.
type epoch struct {
	from   sim.Time // -1: the beginning
	faults []string // under way
	books  []book   // by kind
}

// book is the readings of one kind that were due in one epoch.
type book struct {
	sent, delivered, duplicates, late, lost uint64
	causes                                  []uint64
}

// mostEpochs bounds memory: what comes after stays in the last one.
const mostEpochs = 2000

// openEpoch begins a new epoch; faults that begin or end at the same time make one.
func (r *Recorder) openEpoch(from sim.Time) {
	last := len(r.epochs) - 1
	if last >= 0 && r.epochs[last].from == from {
		r.epochs[last].faults = slices.Clone(r.faults)
		return
	}
	if len(r.epochs) == mostEpochs {
		return
	}
	r.epochs = append(r.epochs, epoch{from: from, faults: slices.Clone(r.faults), books: newBooks(len(r.kinds))})
}

func newBooks(kinds int) []book {
	books := sim.Room[book](kinds)
	for k := range books {
		books[k].causes = make([]uint64, sim.Causes())
	}
	return books
}

// book finds the book of a kind's reading that was due at a time.
func (r *Recorder) book(due sim.Time, kind uint16) *book {
	e := len(r.epochs) - 1
	for e > 0 && due <= r.epochs[e].from {
		e--
	}
	return &r.epochs[e].books[kind]
}

func (b *book) add(x *book) {
	b.sent += x.sent
	b.delivered += x.delivered
	b.duplicates += x.duplicates
	b.late += x.late
	b.lost += x.lost
	for c, n := range x.causes {
		b.causes[c] += n
	}
}

// open is what was sent and neither delivered nor told lost; negative when more
// arrived than was sent.
func (b *book) open() int64 { return int64(b.sent) - int64(b.delivered) - int64(b.lost) }

// total is a kind's book over all epochs.
func (r *Recorder) total(kind int) book {
	sum := book{causes: make([]uint64, sim.Causes())}
	for e := range r.epochs {
		sum.add(&r.epochs[e].books[kind])
	}
	return sum
}

// suspect is a reading that may be what is missing in the books.
type suspect struct {
	thing sim.ThingID
	seq   uint32 // 0: not known
	why   string
}

// mostSuspects bounds how many are kept.
const mostSuspects = 256

// suspect looks at numbers that left a thing's window without having come. Most
// were told lost; they count while something of the thing is missing. Which of
// several it is nobody can tell, as what is lost is told without its number.
func (r *Recorder) suspect(id sim.ThingID, s *series, missing uint64, leaving uint32) {
	unaccounted := s.unaccounted()
	if unaccounted <= 0 {
		return
	}
	unaccounted -= r.suspectsOf(id)
	for n := uint32(0); unaccounted > 0 && n < windowBits && len(r.suspects) < mostSuspects; n++ {
		if missing>>n&1 == 1 {
			r.suspects = append(r.suspects, suspect{id, leaving + n, neverCame})
			unaccounted--
		}
	}
}

const (
	neverCame = "sent, but neither received nor told lost"
	tooMany   = "received or told lost, but never sent"
)

func (r *Recorder) suspectsOf(id sim.ThingID) (n int) {
	for _, x := range r.suspects {
		if x.thing == id {
			n++
		}
	}
	return n
}

// settle clears those of whom nothing is missing after all, and completes the
// suspects with what is still in the windows: holes, and then what came last.
func (r *Recorder) settle() {
	r.suspects = slices.DeleteFunc(r.suspects, func(x suspect) bool { return r.series[x.thing].unaccounted() <= 0 })
	for _, tail := range []bool{false, true} {
		for i := range r.series {
			if len(r.suspects) >= mostSuspects {
				return
			}
			s, id := &r.series[i], sim.ThingID(i)
			if !tail && s.open < 0 {
				r.suspects = append(r.suspects, suspect{id, 0, tooMany})
			}
			missing := s.unaccounted()
			if tail {
				missing = int(s.open)
			}
			missing -= r.suspectsOf(id)
			for seq := s.oldestMissing(tail); missing > 0 && seq != 0 && len(r.suspects) < mostSuspects; seq = s.nextMissing(seq, tail) {
				r.suspects = append(r.suspects, suspect{id, seq, neverCame})
				missing--
			}
		}
	}
}

// oldestMissing is the first number in the window that has not come, or with
// tail the first after the newest that came; 0 for none.
func (s *series) oldestMissing(tail bool) uint32 {
	if tail {
		return s.nextMissing(s.newest, true)
	}
	if s.newest == 0 {
		return 0
	}
	return s.nextMissing(s.newest-min(s.newest, windowBits), false)
}

func (s *series) nextMissing(seq uint32, tail bool) uint32 {
	if tail {
		if seq < s.sent {
			return seq + 1
		}
		return 0
	}
	for seq++; seq < s.newest; seq++ {
		if behind := s.newest - seq; behind < windowBits && s.window>>behind&1 == 0 {
			return seq
		}
	}
	return 0
}
