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
	if !f.plays(i) {
		return
	}
	w := f.world
	now := w.Clock.Now()
	w.Clock.Schedule(now.Add(f.Kind.Every), f.senseKind, uint32(i), 0)
	row := f.told(i, now)
	id := f.Kind.First + ThingID(i)
	if _, off := w.Tampers.Off(id); off {
		return
	}
	slot, values := f.flights.board(flight{uint32(i), f.seq[i] + 1, now})
	f.measure(i, row, values, now)
	if w.Tampers.Any() {
		f.sendTampered(slot)
		return
	}
	arrives, ok := f.pass(id, now)
	switch {
	case !ok:
		f.flights.leave(slot)
	case arrives <= now:
		f.Carrier.Reading(&f.reading)
		f.flights.leave(slot)
	default:
		w.Clock.Schedule(arrives, f.arriveKind, slot, 0)
	}
}

// plays says whether thing i goes on sensing.
func (f *Fleet) plays(i int) bool {
	if f.silent || i >= f.active || f.real.has(i) {
		f.ticking[i] = false
		return false
	}
	return true
}

// told brings thing i's truth to now, and tells the observers.
func (f *Fleet) told(i int, now Time) []float64 {
	row := f.carry(i, now)
	f.world.Observers.Truth(f.Kind, i, now, row)
	return row
}

// measure makes thing i's next reading of its truth.
func (f *Fleet) measure(i int, row, values []float64, now Time) {
	f.seq[i]++
	seq := f.seq[i]
	for s, signal := range f.signals {
		values[s] = signal.Measure(i, seq, row[s])
	}
	f.reading.begin(f.Kind.First+ThingID(i), seq, f.world.Clock.StampOf(now), values)
	f.world.Observers.Sent(&f.reading)
}

// pass puts the reading on its link: when it arrives, or that it does not.
func (f *Fleet) pass(id ThingID, now Time) (arrives Time, ok bool) {
	arrives, why, ok := f.world.Link.Pass(Up, id, uint64(f.reading.Seq), now)
	if !ok {
		f.world.Observers.Lost(ReadingMessage, id, now, why)
	}
	return arrives, ok
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
	arrives, ok := f.pass(x.Thing, x.At)
	if !ok {
		f.flights.leave(slot)
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
