package sim

// shelf is where things that stand together wait while they are alone: each for its next
// reading, and some for what else is due of them, a reading on the link or a condition
// that has to last. What is due of one thing is played in its order up to a window's end
// before the next thing is looked at, so there is nothing to be sorted, and what is known
// of a thing stays in the core's cache meanwhile.
type shelf struct {
	fleet    int  // in whose world's list
	from, to int  // its things
	soonest  Time // when anything of them is due, or later
	flights  flights
	waits    []wait // chained: what else is due of a thing, in its order; the first is the chain of free ones
}

type wait struct {
	event
	next uint32 // 0: none
}

// together is how many things are on one shelf, unless there are so many that the most
// shelves are not enough: what a window needs of a few is little memory, and whoever has
// played all of its shelves can take one of somebody else's.
const (
	together    = 32
	mostShelves = 2048
)

// shelve makes the shelves of a fleet's things.
func (f *Fleet) shelve(place int) (all []*shelf) {
	f.due = make([]Time, f.Kind.Count)
	for i := range f.due {
		f.due[i] = Never
	}
	f.onShelf = max(together, (f.Kind.Count+mostShelves-1)/mostShelves)
	for i := 0; i < f.Kind.Count; i += f.onShelf {
		s := Copied(&shelf{fleet: place, from: i, to: min(i+f.onShelf, f.Kind.Count), soonest: Never, flights: flights{width: f.flights.width}})
		s.waits = make([]wait, 1)
		f.shelves = append(f.shelves, s)
	}
	return f.shelves
}

// put has something else wait that is due of a thing: after what is due at the same time.
func (s *shelf) put(h *hand, e event) {
	at := s.waits[0].next
	if at == 0 {
		at = uint32(len(s.waits))
		s.waits = append(s.waits, wait{})
	} else {
		s.waits[0].next = s.waits[at].next
	}
	before := &h.waits
	for *before != 0 && s.waits[*before].at <= e.at {
		before = &s.waits[*before].next
	}
	s.waits[at] = wait{e, *before}
	*before = at
}

// other is when something else is due of a thing than its next reading.
func (s *shelf) other(h *hand) Time {
	if h.waits == 0 {
		return Never
	}
	return s.waits[h.waits].at
}

// take takes the first of what else is due of a thing.
func (s *shelf) take(h *hand) event {
	at := h.waits
	x := &s.waits[at]
	h.waits, x.next, s.waits[0].next = x.next, s.waits[0].next, at
	return x.event
}

// play lets happen what is due of a shelf's things up to a time, not including it.
func (l *Lane) play(s *shelf, end Time) {
	if s.soonest >= end {
		return
	}
	f := l.World.Fleets[s.fleet]
	f.flights, l.shelf = &s.flights, s
	hands := l.lanes.hands[f.Kind.First:][:f.Kind.Count]
	soonest := Never
	for i := s.from; i < s.to; i++ {
		h := &hands[i]
		if f.due[i] < end || h.waits != 0 {
			f.playAlone(i, h, l, end)
			soonest = min(soonest, s.other(h))
		}
		soonest = min(soonest, f.due[i])
	}
	s.soonest = soonest
}

// playAlone lets happen what is due of thing i for as long as it is alone, and leaves what
// is due after that to the run's own clock, as it does what is no lane's to play.
func (f *Fleet) playAlone(i int, h *hand, l *Lane, end Time) {
	for h.alone {
		due, other := f.due[i], l.shelf.other(h)
		switch {
		case min(due, other) >= end:
			return
		case due <= other:
			f.senseAlone(i, due, min(end, other), h)
		case l.lanes.mains[l.shelf.waits[h.waits].key>>56]:
			h.alone = false
		default:
			f.world.Clock.happen(l.shelf.take(h))
		}
	}
	id := f.Kind.First + ThingID(i)
	if f.due[i] < end {
		l.passed = append(l.passed, passed{event{f.due[i], uint64(f.senseKind)<<56 | uint64(i)}, id, nil})
		f.due[i] = Never
	}
	for l.shelf.other(h) < end {
		l.passed = append(l.passed, passed{l.shelf.take(h), id, l.shelf})
	}
}

// senseAlone plays thing i's due reading, and its arrival with it if that is before a time
// and before the next reading.
func (f *Fleet) senseAlone(i int, now, end Time, h *hand) {
	c := f.world.Clock
	c.count(event{now, uint64(f.senseKind)<<56 | uint64(i)})
	f.due[i] = Never
	if !f.plays(i) {
		return
	}
	next := now.Add(f.Kind.Every)
	f.due[i] = next
	f.measure(i, f.told(i, now), f.values, now)
	arrives, ok := f.pass(f.reading.Thing, now)
	switch {
	case !ok:
	case arrives <= now:
		f.Carrier.Reading(&f.reading)
	case arrives < min(end, next):
		c.count(event{arrives, uint64(f.arriveKind) << 56})
		f.Carrier.Reading(&f.reading)
	default:
		slot, values := f.flights.board(flight{uint32(i), f.reading.Seq, now})
		copy(values, f.values)
		c.lane.shelf.put(h, event{arrives, uint64(f.arriveKind)<<56 | uint64(slot)})
	}
}
