package sim

import (
	"slices"
	"sync/atomic"
)

// Lanes play one virtual run with what things do by themselves kept out of the queue, on
// one core or several, with the same result as without.
//
// A thing that nobody has in hand is alone: what it senses and what its twin makes of
// that depend on its own past, until a decision fires. So such things are played one by
// one up to the next event that may concern anybody, those of different lanes side by side:
//
//	lanes   ─ senses ─ arrives ─ senses ─ arrives ─ fires ┐              (things that are alone)
//	clock   ──────────────── a command's ack ─ task taken ┴ turn begins ─▶ event for all
//	        │◀──────────────────────── window ─────────────────────────▶│ (things in hand, people, stock)
//
// Whoever fires in a lane stops there and is in hand: of an open turn, a command that is
// under way, a person who has been sent. What happens to things in hand happens on the
// run's own clock, in its order, after the lanes have come to the window's end, and while
// they play the next window if no event for all stands between. It concerns those things
// alone, so no lane has gone too far; a thing that is alone and yet touched in a window
// that its lane has played is a mistake in the program, and [Fleet.carry] panics. Who is
// let go of is alone from the end of the last window on that the lanes have begun. While
// a fault lasts, nothing is alone.
//
// Things that are alone and do something at the very same nanosecond may do it in another
// order than on one clock, which is why nothing that is common to things depends on their
// order: sums are exact, the hash is a sum, and what many wait for at one time is on the
// run's own clock.
type Lanes struct {
	// Calm says whether things may be alone now; nil: always.
	Calm func() bool

	main    *World
	lanes   []*Lane
	shelves []*shelf
	things  [256]ThingHandler // by kind of event; nil where it is not about a thing
	fleets  [256]*Fleet       // of those that are a thing's next reading
	mains   [256]bool         // lanes have no handler of their own for it: it is the run's own clock's
	held    *queue            // events of things in hand
	hands   []hand            // by thing
	loose   []ThingID         // that may be alone again
	back    []passed          // what is due of things after the window
	given   []given           // what has come of the window in the lanes, by time
	until   Time              // lanes have been played up to there, or are about to be
	resting bool              // nothing is alone
	ahead   bool              // lanes are being played
	gate    gate
}

// hand is how far a thing is in somebody's hand.
type hand struct {
	matters uint32 // turns, commands and people that it is about
	waiting uint32 // its events that wait on the run's own clock
	waits   uint32 // those on its shelf, but for the next reading
	alone   bool
}

// Lane is a stage for things that are alone, with a clock of its own, on which no event
// waits. What belongs to a thing is shared with the run's world; what is common to things
// is a lane's own.
type Lane struct {
	World  World
	lanes  *Lanes
	shelf  *shelf // whose things are played
	parts  []Part
	passed []passed
	given  []given
	next   atomic.Int64 // of its shelves to be played,
	last   int64        // and where they end
}

// passed is an event of a thing that is not alone any more.
type passed struct {
	event
	id    ThingID
	shelf *shelf // of a reading on the link; nil for one that is still to be sensed
}

// Part is a lane's own form of what is common to things: a book, a twin's scratch. Both
// methods are called while no lane is played.
type Part interface {
	Enter() // before a window: take over what has changed
	Join()  // hand over what has been counted since the last time
}

// Apart is a signal with room of its own that is not a thing's: a copy of it is told to
// get another, so that both can be used at once.
type Apart interface{ Apart() }

// Coupled is a signal whose Advance does more than carry its thing forward, so that its
// things are never alone: it plans events, or reads other things. Those of the kind of
// which it reads what moves are not alone either; nil for none, or for states that only jump.
type Coupled interface{ Coupled() *Kind }

// Watcher is an Observer that can watch a lane: of a thing that is alone, Sent, Mirrored,
// Truth and Lost of readings. A nil Observer has nothing to see there.
type Watcher interface {
	Observer
	Beside(l *Lane) (Observer, Part)
}

// adopter is a handler whose events are about something in a lane's own room.
type adopter interface {
	// adopt takes it over from a shelf, and says who it is here.
	adopt(from *shelf, who uint32) uint32
}

type given struct {
	at Time
	do func()
}

// NewLanes makes n lanes for a world that has been staged and not played yet. stage
// completes a lane's world: its Bus, Platform and Observers. Of kinds that do not fit no
// thing is ever alone.
func NewLanes(w *World, n int, fits func(*Kind) bool, stage func(*Lane)) *Lanes {
	x := &Lanes{main: w, hands: make([]hand, w.Roster.Size()), held: newQueue()}
	for k, h := range w.Clock.handlers[:w.Clock.kinds] {
		x.things[k], _ = h.(ThingHandler)
		if s, is := h.(senseHandler); is {
			x.fleets[k] = s.f
		}
	}
	for place, f := range w.Fleets {
		separable := separable(w, f.Kind, fits)
		for i := range f.Kind.Count {
			h := &x.hands[int(f.Kind.First)+i]
			if h.alone = separable; !separable {
				h.matters++
			}
		}
		if separable {
			x.shelves = append(x.shelves, f.shelve(place)...)
		}
	}
	for range n {
		l := Copied(&Lane{World: *w, lanes: x})
		l.World.Clock = w.Clock.beside(l)
		l.World.Fleets = nil
		for _, f := range w.Fleets {
			g := f.beside(&l.World)
			l.World.Fleets = append(l.World.Fleets, g)
			l.Add(fleetPart{f, g})
		}
		stage(l)
		x.lanes = append(x.lanes, l)
	}
	for k, h := range x.things {
		x.mains[k] = h != nil && Handler(h) == x.lanes[0].World.Clock.handlers[k]
	}
	w.Clock.lanes = x
	x.reorder(&w.Clock.queue)
	return x
}

// Separable says whether any thing of a world can be alone.
func Separable(w *World, fits func(*Kind) bool) bool {
	return slices.ContainsFunc(w.Roster.Kinds, func(k *Kind) bool { return separable(w, k, fits) })
}

func separable(w *World, k *Kind, fits func(*Kind) bool) bool {
	for _, f := range w.Fleets {
		for _, s := range f.signals {
			if c, is := s.(Coupled); is && (f.Kind == k || c.Coupled() == k) {
				return false
			}
		}
	}
	return fits(k)
}

// Add has a part follow the lane.
func (l *Lane) Add(p Part) { l.parts = append(l.parts, p) }

// Give has f happen on the run's own clock, at the lane's now.
func (l *Lane) Give(f func()) { l.given = append(l.given, given{l.World.Clock.now, f}) }

// Tell tells the run's own observers of an event, in its time.
func (l *Lane) Tell(e Event) { l.Give(func() { l.lanes.main.Observers.Noted(e) }) }

// Stop has a thing be in hand from now on.
func (l *Lane) Stop(id ThingID) { l.lanes.hands[id].alone = false }

// Hold says that something is about the thing from now on that may lead to others, or
// from them to it; Release that it is over.
func (w *World) Hold(id ThingID) {
	if x := w.Clock.lanes; x != nil && int(id) < len(x.hands) {
		x.hands[id].matters++
		x.hands[id].stop()
	}
}

// Release is the end of a Hold.
func (w *World) Release(id ThingID) {
	if x := w.Clock.lanes; x != nil && int(id) < len(x.hands) {
		x.hands[id].matters--
		x.loosen(id)
	}
}

// stop has a thing not be alone. That of one in hand is only read, as lanes do, too.
func (h *hand) stop() {
	if h.alone {
		h.alone = false
	}
}

// loosen lets a thing be alone again if nothing is about it any more: once lanes are not
// being played.
func (x *Lanes) loosen(id ThingID) {
	h := &x.hands[id]
	switch {
	case h.matters > 0 || h.waiting > 0:
	case x.ahead:
		x.loose = append(x.loose, id)
	default:
		h.alone = !x.resting
	}
}

// takes takes an event of a thing that is scheduled on the run's own clock.
func (x *Lanes) takes(e event) bool {
	t := x.things[e.key>>56]
	if t == nil {
		return false
	}
	id := t.Thing(uint32(e.key), uint32(e.key>>32)&MaxArg)
	if x.shelvable(e, id) {
		x.await(e, id)
	} else {
		x.hold(e, id)
	}
	return true
}

// shelvable says whether an event can wait on its thing's shelf: not one that is due in
// the window under way, nor what is in the fleet's own room, and the next reading only of
// things that may soon be alone.
func (x *Lanes) shelvable(e event, id ThingID) bool {
	if x.resting || e.at < x.until {
		return false
	}
	if x.fleets[e.key>>56] != nil {
		return x.hands[id].matters == 0
	}
	_, bound := x.things[e.key>>56].(adopter)
	return !bound && x.main.fleet(id).shelves != nil
}

// await has an event of a thing wait on its shelf, once lanes are not being played.
func (x *Lanes) await(e event, id ThingID) {
	if x.ahead {
		x.back = append(x.back, passed{event: e, id: id})
		return
	}
	f := x.main.fleet(id)
	i := int(id - f.Kind.First)
	s := f.shelves[i/f.onShelf]
	s.soonest = min(s.soonest, e.at)
	if x.fleets[e.key>>56] != nil {
		f.due[i] = e.at
		return
	}
	s.put(&x.hands[id], e)
}

// reorder has all that waits in a queue wait where it does now.
func (x *Lanes) reorder(q **queue) {
	was := *q
	*q = newQueue()
	for was.next() != Never {
		if e := was.pop(); !x.takes(e) {
			(*q).push(e)
		}
	}
}

func (x *Lanes) hold(e event, id ThingID) {
	x.hands[id].waiting++
	x.hands[id].stop()
	x.held.push(e)
}

// take puts an event on the shelf of the thing that is played.
func (l *Lane) take(e event) {
	t := l.World.Clock.handlers[e.key>>56].(ThingHandler)
	l.shelf.put(&l.lanes.hands[t.Thing(uint32(e.key), uint32(e.key>>32)&MaxArg)], e)
}
