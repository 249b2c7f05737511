package sim

// blockPool holds the events of all slots in blocks, so that slots of any
// length cost no allocation once the pool has grown.
type blockPool struct {
	chunks [][]block
	used   uint32 // blocks ever handed out, counting block 0, which stands for none
	free   uint32 // chain of blocks given back
}

type block struct {
	events [blockSize]event
	next   uint32
	_      [3]uint32 // fills four cache lines
}

const (
	countBits = 4
	blockSize = 1<<countBits - 1
	chunkBits = 10
)

func (p *blockPool) at(id uint32) *block {
	return &p.chunks[id>>chunkBits][id&(1<<chunkBits-1)]
}

func (p *blockPool) take() uint32 {
	if id := p.free; id != 0 {
		b := p.at(id)
		p.free = b.next
		b.next = 0
		return id
	}
	if p.used == 0 {
		p.used = 1
	}
	id := p.used
	if id>>chunkBits >= uint32(len(p.chunks)) {
		p.chunks = append(p.chunks, make([]block, 1<<chunkBits))
	}
	p.used++
	return id
}

// append adds an event to the end of a slot.
func (p *blockPool) append(s *slot, e event) {
	switch {
	case s.last == 0:
		s.first = p.take()
		s.last = s.first << countBits
	case s.last&blockSize == blockSize:
		id := p.take()
		p.at(s.last >> countBits).next = id
		s.last = id << countBits
	}
	p.at(s.last >> countBits).events[s.last&blockSize] = e
	s.last++
}

// drain appends a slot's events to a slice, in order, and empties it.
func (p *blockPool) drain(s *slot, to []event) []event {
	for id := s.first; id != 0; {
		b := p.at(id)
		next, n := b.next, uint32(blockSize)
		if id == s.last>>countBits {
			next, n = 0, s.last&blockSize
		}
		to = append(to, b.events[:n]...)
		b.next = p.free
		p.free = id
		id = next
	}
	*s = slot{}
	return to
}

// eventHeap is a 4-ary heap, ties in the order they were pushed. What is pushed in the
// order of time, as what recurs is, waits in a line beside it.
type eventHeap struct {
	events []heapEvent
	line   []heapEvent
	head   int // line[head:] is still to come
	pushed uint64
}

type heapEvent struct {
	event
	seq uint64
}

func (a *heapEvent) before(b *heapEvent) bool {
	return a.at < b.at || a.at == b.at && a.seq < b.seq
}

func (h *eventHeap) push(e event) {
	x := heapEvent{e, h.pushed}
	h.pushed++
	if n := len(h.line); h.head == n || h.line[n-1].at <= e.at {
		h.queueUp(x)
		return
	}
	h.events = append(h.events, x)
	i := len(h.events) - 1
	for i > 0 {
		parent := (i - 1) / 4
		if !x.before(&h.events[parent]) {
			break
		}
		h.events[i] = h.events[parent]
		i = parent
	}
	h.events[i] = x
}

func (h *eventHeap) queueUp(x heapEvent) {
	if n := len(h.line); h.head == n || n == cap(h.line) && 4*h.head >= n {
		h.line = h.line[:copy(h.line, h.line[h.head:])]
		h.head = 0
	}
	h.line = append(h.line, x)
}

func (h *eventHeap) len() int { return len(h.events) + len(h.line) - h.head }

// inLine says whether the next event is the line's first.
func (h *eventHeap) inLine() bool {
	return h.head < len(h.line) && (len(h.events) == 0 || h.line[h.head].before(&h.events[0]))
}

// next is the time of the next event, of which there must be one.
func (h *eventHeap) next() Time {
	if h.inLine() {
		return h.line[h.head].at
	}
	return h.events[0].at
}

func (h *eventHeap) pop() event {
	if h.inLine() {
		h.head++
		return h.line[h.head-1].event
	}
	top := h.events[0].event
	n := len(h.events) - 1
	x := h.events[n]
	h.events = h.events[:n]
	if n == 0 {
		return top
	}
	i := 0
	for {
		child := 4*i + 1
		if child >= n {
			break
		}
		least := child
		for c := child + 1; c < min(child+4, n); c++ {
			if h.events[c].before(&h.events[least]) {
				least = c
			}
		}
		if !h.events[least].before(&x) {
			break
		}
		h.events[i] = h.events[least]
		i = least
	}
	h.events[i] = x
	return top
}

// sortEvents orders the events of one slot by time, ties as they stand. All
// times agree above bit shift. It returns the sorted slice and the spare one. A few are
// inserted; more are first dealt out by the highest bits in which they differ, since
// times in a slot are mostly spread evenly, and by all bits, byte by byte, where they are not.
func sortEvents(events, spare []event, shift uint) (sorted, rest []event) {
	if len(events) <= 16 {
		insertEvents(events)
		return events, spare
	}
	if inOrder(events) {
		return events, spare
	}
	if cap(spare) < len(events) {
		spare = make([]event, len(events), cap(events))
	}
	spare = spare[:len(events)]
	const bits, mostAlike = 6, 24
	if high := max(shift, bits) - bits; len(events) <= 16<<bits && dealEvents(events, spare, high, 1<<bits, mostAlike) {
		insertEvents(spare)
		return spare, events
	}
	for from := uint(0); from < shift; from += 8 {
		if dealEvents(events, spare, from, 256, len(events)-1) {
			events, spare = spare, events
		}
	}
	return events, spare
}

func inOrder(events []event) bool {
	for i := 1; i < len(events); i++ {
		if events[i-1].at > events[i].at {
			return false
		}
	}
	return true
}

// insertEvents sorts by insertion.
func insertEvents(events []event) {
	for i := 1; i < len(events); i++ {
		e := events[i]
		j := i
		for ; j > 0 && events[j-1].at > e.at; j-- {
			events[j] = events[j-1]
		}
		events[j] = e
	}
}

// dealEvents orders events by a digit of their times, of so many values (up to 256) from bit
// from on, ties as they stand; false, and nothing, where more than most have the same.
func dealEvents(events, to []event, from uint, values, most int) bool {
	var count [256]uint32
	mask := uint8(values - 1)
	for i := range events {
		count[uint8(events[i].at>>from)&mask]++
	}
	at := uint32(0)
	for d, n := range count[:values] {
		if int(n) > most {
			return false
		}
		count[d] = at
		at += n
	}
	for _, e := range events {
		d := uint8(e.at>>from) & mask
		to[count[d]] = e
		count[d]++
	}
	return true
}
