package sim

import "time"

type senseHandler struct{ f *Fleet }

func (h senseHandler) Happen(who, _ uint32)        { h.f.sense(int(who)) }
func (h senseHandler) Thing(who, _ uint32) ThingID { return h.f.Kind.First + ThingID(who) }

type arriveHandler struct{ f *Fleet }

func (h arriveHandler) Happen(slot, _ uint32) { h.f.arrive(slot) }
func (h arriveHandler) Thing(slot, _ uint32) ThingID {
	return h.f.Kind.First + ThingID(h.f.flights.slots[slot].who)
}

// sense takes thing i's due reading and puts it on the link.
func (f *Fleet) sense(i int) {
	w := f.world
	if f.silent || i >= f.active || f.real.has(i) {
		f.ticking[i] = false
		return
	}
	now := w.Clock.Now()
	w.Clock.Schedule(now.Add(f.Kind.Every), f.senseKind, uint32(i), 0)
	row := f.carry(i, now)
	w.Observers.Truth(f.Kind, i, now, row)
	id := f.Kind.First + ThingID(i)
	if _, off := w.Tampers.Off(id); off {
		return
	}
	f.seq[i]++
	seq := f.seq[i]
	slot, values := f.flights.board(flight{uint32(i), seq, now})
	for s, signal := range f.signals {
		values[s] = signal.Measure(i, seq, row[s])
	}
	f.reading.begin(id, seq, w.Clock.StampOf(now), values)
	w.Observers.Sent(&f.reading)
	if w.Tampers.Any() {
		f.sendTampered(slot)
		return
	}
	arrives, why, ok := w.Link.Pass(Up, id, uint64(seq), now)
	switch {
	case !ok:
		f.flights.leave(slot)
		w.Observers.Lost(ReadingMessage, id, now, why)
	case arrives <= now:
		f.Carrier.Reading(&f.reading)
		f.flights.leave(slot)
	default:
		w.Clock.Schedule(arrives, f.arriveKind, slot, 0)
	}
}

// begin makes a reused reading another one: field by field, where a literal would be made
// beside it and copied.
func (r *Reading) begin(id ThingID, seq uint32, sensed Stamp, values []float64) {
	r.Thing, r.Seq, r.Foreign, r.Sensed, r.Arrived, r.Values = id, seq, false, sensed, Stamp{}, values
	r.Skew, r.Odd, r.Again = 0, false, false
}

// arrive hands a reading that has passed the link to the carrier.
func (f *Fleet) arrive(slot uint32) {
	x, values := f.flights.at(slot)
	f.reading.begin(f.Kind.First+ThingID(x.who), x.seq, f.world.Clock.StampOf(x.sensed), values)
	if len(f.odd) > 0 {
		f.reading.oddly(f.odd[slot])
		delete(f.odd, slot)
	}
	f.Carrier.Reading(&f.reading)
	f.flights.leave(slot)
}

// sendTampered puts a reading on its link that faults may have changed.
func (f *Fleet) sendTampered(slot uint32) {
	w := f.world
	f.out = Outgoing{Thing: f.reading.Thing, Seq: f.reading.Seq, At: f.reading.Sensed.At, Values: f.reading.Values}
	w.Tampers.Touch(&f.out)
	x := f.out
	if x.Lost {
		f.flights.leave(slot)
		w.Observers.Lost(ReadingMessage, x.Thing, x.At, x.Cause)
		return
	}
	arrives, why, ok := w.Link.Pass(Up, x.Thing, uint64(x.Seq), x.At)
	if !ok {
		f.flights.leave(slot)
		w.Observers.Lost(ReadingMessage, x.Thing, x.At, why)
		return
	}
	for copies := range x.Copies + 1 {
		if copies > 0 {
			slot = f.boardAgain(&x)
		}
		if x.Skew != 0 || x.Odd || copies > 0 {
			if f.odd == nil {
				f.odd = map[uint32]oddity{}
			}
			f.odd[slot] = oddity{x.Skew, x.Odd, copies > 0}
		}
		w.Clock.Schedule(arrives.Add(x.Delay), f.arriveKind, slot, 0)
	}
}

// boardAgain puts a copy of a reading on the link.
func (f *Fleet) boardAgain(x *Outgoing) (slot uint32) {
	was := append([]float64(nil), x.Values...) // boarding may move what it borrows
	slot, values := f.flights.board(flight{uint32(x.Thing - f.Kind.First), x.Seq, x.At})
	copy(values, was)
	return slot
}

// oddity is what is seldom different about a reading.
type oddity struct {
	skew       time.Duration
	odd, again bool
}

func (r *Reading) oddly(x oddity) { r.Skew, r.Odd, r.Again = x.skew, x.odd, x.again }

// flights are the readings on the link, in reused slots.
type flights struct {
	width  int // values of one
	count  int
	slots  []flight
	values []float64
	free   []uint32
}

type flight struct {
	who, seq uint32
	sensed   Time
}

func (f *flights) board(x flight) (slot uint32, values []float64) {
	f.count++
	if n := len(f.free); n > 0 {
		slot, f.free = f.free[n-1], f.free[:n-1]
		f.slots[slot] = x
	} else {
		slot = uint32(len(f.slots))
		f.slots = append(f.slots, x)
		for range f.width {
			f.values = append(f.values, 0)
		}
	}
	_, values = f.at(slot)
	return slot, values
}

func (f *flights) at(slot uint32) (flight, []float64) {
	from := int(slot) * f.width
	return f.slots[slot], f.values[from : from+f.width : from+f.width]
}

func (f *flights) leave(slot uint32) {
	f.count--
	f.free = append(f.free, slot)
}

// bitmap is one bit a thing.
type bitmap []uint64

func newBitmap(n int) bitmap    { return make(bitmap, (n+63)/64) }
func (b bitmap) has(i int) bool { return b[i>>6]>>(i&63)&1 == 1 }
func (b bitmap) set(i int)      { b[i>>6] |= 1 << (i & 63) }
