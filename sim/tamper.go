package sim

import "time"

// Outgoing is a reading between a thing's sensor and its link, as a fault may
// change it. The truth of the thing is beyond its reach.
type Outgoing struct {
	Thing  ThingID
	Seq    uint32
	At     Time          // when it is due
	Values []float64     // one per signal; NaN for what the sensor does not show
	Lost   bool          // it does not leave the thing
	Cause  Cause         // likewise: why
	Delay  time.Duration // it sets out so much later, also behind readings that come after it
	Copies int           // it is sent so many times more
	Skew   time.Duration // how far the thing's own clock is ahead
	Odd    bool          // its payload has another shape than was agreed on
}

// Tampers are the faults that touch what sensors show. The zero value has none,
// and costs a reading a comparison.
type Tampers struct {
	list []*tampering
	off  map[ThingID][]Cause // things that are down, by the faults that keep them so
}

type tampering struct {
	members []uint64 // bitmap over things
	touch   func(*Outgoing)
}

// members is a bitmap of things.
func members(things []ThingID) (bits []uint64) {
	for _, id := range things {
		for int(id/64) >= len(bits) {
			bits = append(bits, 0)
		}
		bits[id/64] |= 1 << (id % 64)
	}
	return bits
}

func isMember(bits []uint64, id ThingID) bool {
	return int(id/64) < len(bits) && bits[id/64]>>(id%64)&1 == 1
}

// Add has touch see every reading of some things until undo is called.
func (t *Tampers) Add(where []ThingID, touch func(*Outgoing)) (undo func()) {
	x := &tampering{members(where), touch}
	t.list = append(t.list, x)
	return func() {
		for at := range t.list {
			if t.list[at] == x {
				t.list = append(t.list[:at:at], t.list[at+1:]...)
				return
			}
		}
	}
}

// Any says whether there is anybody to be shown a reading.
func (t *Tampers) Any() bool { return len(t.list) > 0 }

// Touch shows a reading to all who tamper with its thing, in the order they began.
func (t *Tampers) Touch(x *Outgoing) {
	for _, by := range t.list {
		if isMember(by.members, x.Thing) {
			by.touch(x)
		}
	}
}

// Unplugger is a Carrier whose things have connections that can be taken away.
type Unplugger interface {
	// Unplug ends a thing's connection without a word, as a device does that loses its
	// power, and keeps it from coming back until plug is called.
	Unplug(id ThingID) (plug func())
}

// TurnOff takes things down until undo is called: they neither sense nor obey, and
// lose their connections where they have one. What happens to them goes on.
func (w *World) TurnOff(where []ThingID, why Cause) (undo func()) {
	if w.Tampers.off == nil {
		w.Tampers.off = map[ThingID][]Cause{}
	}
	var plugs []func()
	for _, id := range where {
		w.Tampers.off[id] = append(w.Tampers.off[id], why)
		if f := w.fleet(id); f.Played(id) {
			if u, ok := f.Carrier.(Unplugger); ok {
				plugs = append(plugs, u.Unplug(id))
			}
		}
	}
	return func() {
		for _, id := range where {
			if left := without(w.Tampers.off[id], why); len(left) > 0 {
				w.Tampers.off[id] = left
			} else {
				delete(w.Tampers.off, id)
			}
		}
		for _, plug := range plugs {
			plug()
		}
	}
}

func without(all []Cause, one Cause) []Cause {
	for i, c := range all {
		if c == one {
			return append(all[:i:i], all[i+1:]...)
		}
	}
	return all
}

// Off says why a thing is down.
func (t *Tampers) Off(id ThingID) (why Cause, off bool) {
	if len(t.off) == 0 {
		return 0, false
	}
	causes := t.off[id]
	if len(causes) == 0 {
		return 0, false
	}
	return causes[0], true
}
