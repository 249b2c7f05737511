package sim

import (
	"math"
	"math/bits"
)

// event is what waits in the queue: when, and kind, arg and who in one word.
type event struct {
	at  Time
	key uint64
}

// queue orders events by time, ties in the order they were pushed. It is flat
// in the number of pending events as long as most of them are due within a
// common horizon, as periodic readings are:
//
//	 now                openEnd                                  horizon
//	──┼─ cur + soon ──────┼─ slot ┼─ slot ┼─ slot ┼ … ┼─ slot ┼───┼── far ──▶
//	   sorted    heap       unsorted blocks of 15 events             heap
//
// Events go unsorted into the slot of the ring that holds their time; a slot is
// sorted only when it is opened. What falls into the open slot goes to a small
// heap beside it, what lies beyond the ring into another, and moves into the
// ring when the horizon reaches it. Width and number of slots follow the delays
// and the load that are seen; a few events need no ring: they are all soon.
type queue struct {
	cur     []event // the open slot, sorted; cur[head:] is still to come
	head    int
	soon    eventHeap
	open    uint64 // number of the open slot: its time >> shift
	openEnd uint64 // where the open slot ends; always where there are few events
	shift   uint   // a slot is 1<<shift ns wide
	ring    []slot // a power of two of them; slot n stands at n & mask
	filled  []uint64
	inRing  int
	far     eventHeap
	blocks  blockPool
	scratch []event

	last   Time       // of the latest pop
	pops   int        // since the last look at the shape
	delays [65]uint32 // pushes by bits.Len64 of their delay
}

// A heap alone is faster up to most few; it is returned to when far fewer are left.
const (
	mostFew  = 64
	fewAgain = 16
	always   = math.MaxUint64
)

// slot is a chain of blocks, all full but the last: its number and, in the lowest four bits, how
// many it holds; 0 for no block. That stands here and not in the block, so that an event is
// put there without waiting for the block's memory.
type slot struct{ first, last uint32 }

func newQueue() *queue {
	q := &queue{}
	q.reshape(20, 64)
	q.openEnd = always
	return q
}

func (q *queue) len() int {
	return len(q.cur) - q.head + q.soon.len() + q.inRing + q.far.len()
}

func (q *queue) push(e event) {
	q.delays[bits.Len64(uint64(e.at-q.last))]++
	q.place(e)
}

// place puts an event where its time belongs.
func (q *queue) place(e event) {
	n := uint64(e.at) >> q.shift
	switch {
	case uint64(e.at) < q.openEnd:
		q.soon.push(e)
		if q.openEnd == always && q.soon.len() > mostFew {
			q.reconsider()
		}
	case n-q.open < uint64(len(q.ring)):
		at := n & uint64(len(q.ring)-1)
		s := &q.ring[at]
		if s.last == 0 {
			q.filled[at/64] |= 1 << (at % 64)
		}
		q.blocks.append(s, e)
		q.inRing++
	default:
		q.far.push(e)
	}
}

// next is the time of the event that pop will return; Never if there is none.
func (q *queue) next() Time {
	for {
		if q.head < len(q.cur) {
			t := q.cur[q.head].at
			if q.soon.len() > 0 {
				t = min(t, q.soon.next())
			}
			return t
		}
		if q.soon.len() > 0 {
			return q.soon.next()
		}
		if !q.advance() {
			return Never
		}
	}
}

// pop takes the next event; there must be one, and next must have been asked.
func (q *queue) pop() event {
	var e event
	if q.head < len(q.cur) && (q.soon.len() == 0 || q.cur[q.head].at <= q.soon.next()) {
		e = q.cur[q.head]
		q.head++
	} else {
		e = q.soon.pop()
	}
	q.last = e.at
	q.pops++
	return e
}

// advance opens the next slot that holds something; false if nothing waits.
func (q *queue) advance() bool {
	if q.pops > 4096 && q.pops > q.len() {
		q.reconsider()
	}
	switch {
	case q.soon.len() > 0: // the new shape's open slot holds some
	case q.inRing > 0:
		q.openSlot(q.nextFilled())
	case q.far.len() > 0:
		q.openSlot(uint64(q.far.next()) >> q.shift)
	default:
		return false
	}
	return true
}

// nextFilled is the number of the first filled slot after the open one.
func (q *queue) nextFilled() uint64 {
	mask := uint64(len(q.ring) - 1)
	from := q.open + 1
	at := from & mask
	word := q.filled[at/64] >> (at % 64)
	for step := uint64(0); ; {
		if word != 0 {
			return from + step + uint64(bits.TrailingZeros64(word))
		}
		step += 64 - (at+step)%64
		word = q.filled[((at+step)&mask)/64]
	}
}

// openSlot makes slot n the open one, after bringing in what the horizon has reached.
func (q *queue) openSlot(n uint64) {
	q.cur, q.head = q.cur[:0], 0
	q.open, q.openEnd = n, 0 // nothing is soon while far events move into the ring
	for q.far.len() > 0 && uint64(q.far.next())>>q.shift-n < uint64(len(q.ring)) {
		q.place(q.far.pop())
	}
	q.openEnd = (n + 1) << q.shift
	at := n & uint64(len(q.ring)-1)
	s := &q.ring[at]
	q.filled[at/64] &^= 1 << (at % 64)
	q.cur = q.blocks.drain(s, q.cur)
	q.inRing -= len(q.cur)
	q.cur, q.scratch = sortEvents(q.cur, q.scratch, q.shift)
}

// reconsider fits the ring to what was seen since the last look: it reaches as
// far as nine of ten pushes, with about a block of events in a slot.
func (q *queue) reconsider() {
	var pushes, within uint64
	for _, n := range q.delays {
		pushes += uint64(n)
	}
	reach := uint(0)
	for ; reach < 62; reach++ {
		if within += uint64(q.delays[reach]); within*10 >= pushes*9 {
			break
		}
	}
	clear(q.delays[:])
	q.pops = 0
	if q.len() <= fewAgain {
		q.rebuild(q.shift, len(q.ring), always)
		return
	}
	slots := uint(6)
	for slots < 16 && 20<<slots < q.len() {
		slots++
	}
	shift := max(reach, slots+4) - slots
	if have := uint(bits.Len(uint(len(q.ring))) - 1); shift != q.shift || slots > have || slots+1 < have || q.openEnd == always {
		q.rebuild(shift, 1<<slots, 0)
	}
}

// rebuild moves everything into a ring of another shape, ties in their order, or all of
// it into the heap.
func (q *queue) rebuild(shift uint, slots int, openEnd uint64) {
	all := make([]event, 0, q.len())
	all = append(all, q.cur[q.head:]...)
	for q.soon.len() > 0 {
		all = append(all, q.soon.pop())
	}
	for q.inRing > 0 {
		at := q.nextFilled()
		q.filled[at&uint64(len(q.ring)-1)/64] &^= 1 << (at & uint64(len(q.ring)-1) % 64)
		before := len(all)
		all = q.blocks.drain(&q.ring[at&uint64(len(q.ring)-1)], all)
		q.inRing -= len(all) - before
		q.open = at
	}
	for q.far.len() > 0 {
		all = append(all, q.far.pop())
	}
	q.blocks.used, q.blocks.free = 0, 0 // all are free: those of neighbours in time are to be neighbours in memory again
	q.reshape(shift, slots)
	q.openEnd = max(q.openEnd, openEnd)
	for _, e := range all {
		q.place(e)
	}
}

// reshape starts an empty ring whose open slot is the one before the latest pop's.
func (q *queue) reshape(shift uint, slots int) {
	q.shift = shift
	q.ring = make([]slot, slots)
	q.filled = make([]uint64, (slots+63)/64, cacheLine/8+(slots+63)/64)
	q.cur, q.head = q.cur[:0], 0
	q.open = uint64(q.last) >> shift
	q.openEnd = (q.open + 1) << shift
}
