package sim

import "slices"

// Lanes play one virtual run on several cores, with the same result as on one.
//
// A thing that nobody has in hand is alone: what it senses and what its twin makes of
// that depend on its own past, until a decision fires. So such things are played in
// lanes, side by side, up to the next event that may concern anybody:
//
//	lanes   ─ senses ─ arrives ─ senses ─ arrives ─ fires ┐              (things that are alone)
//	clock   ──────────────── a command's ack ─ task taken ┴ turn begins ─▶ event for all
//	        │◀──────────────────────── window ─────────────────────────▶│ (things in hand, people, stock)
//
// Whoever fires in a lane stops there and is in hand: of an open turn, a command that is
// under way, a person who has been sent. What happens to things in hand happens on the
// run's own clock, in its order, after the lanes have come to the window's end. It
// concerns those things alone, so no lane has gone too far; a thing that is alone and
// yet touched in a window that its lane has played is a mistake in the program, and
// [Fleet.carry] panics. While a fault lasts, nothing is alone.
//
// Things that are alone in different lanes and do something at the very same nanosecond
// may do it in another order than on one clock, which is why nothing that is common to
// things depends on their order: sums are exact, the hash is a sum, and what many wait
// for at one time is on the run's own clock.
type Lanes struct {
	// Calm says whether things may be alone now; nil: always.
	Calm func() bool

	main    *World
	lanes   []*Lane
	things  [256]ThingHandler // by kind of event; nil where it is not about a thing
	first   [256]ThingID      // of those that name their thing by its place: its kind's first
	named   [256]bool
	held    *queue  // events of things in hand
	hands   []hand  // by thing
	given   []given // what has come of the window in the lanes, by time
	until   Time    // lanes have been played up to there
	resting bool    // nothing is alone
	gate    gate
}

// hand is how far a thing is in somebody's hand.
type hand struct {
	matters uint32 // turns, commands and people that it is about
	waiting uint32 // its events that wait on the run's own clock
	alone   bool
}

// Lane is a stage for some of the things, with a clock of its own. What belongs to a
// thing is shared with the run's world; what is common to things is a lane's own.
type Lane struct {
	World   World
	lanes   *Lanes
	shelves []*queue // of its events, by the things they are about
	parts   []Part
	passed  []event // of things that are not alone
	given   []given
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
// things are never alone: it plans events, or reads other things. Those of the kind whose
// signals it reads are not alone either; nil for none, or for states, which only jump.
type Coupled interface{ Coupled() *Kind }

// Watcher is an Observer that can watch a lane: of a thing that is alone, Sent, Mirrored,
// Truth and Lost of readings. A nil Observer has nothing to see there.
type Watcher interface {
	Observer
	Beside(l *Lane) (Observer, Part)
}

// adopter is a handler whose events are about something in a lane's own room.
type adopter interface {
	// adopt takes it over from the lane's handler, and says who it is here.
	adopt(lane Handler, who uint32) uint32
}

type given struct {
	at Time
	do func()
}

// together is how many things that stand together are in one lane, and on one shelf of
// it: few, since those that stand together sense one after the other, and since the
// shelves are played one after the other, so that what a window needs of a few things
// stays in the core's cache. More shelves than the most would take memory: then one
// takes all.
const (
	together    = 32
	mostShelves = 2048
)

// NewLanes splits the things of a world, on whose clock nothing of them is scheduled yet,
// among n lanes. stage completes a lane's world: its Bus, Platform and Observers. Of
// kinds that do not fit no thing is ever alone.
func NewLanes(w *World, n int, fits func(*Kind) bool, stage func(*Lane)) *Lanes {
	x := &Lanes{main: w, hands: make([]hand, w.Roster.Size()), held: newQueue()}
	for k, h := range w.Clock.handlers[:w.Clock.kinds] {
		x.things[k], _ = h.(ThingHandler)
		if s, is := h.(senseHandler); is {
			x.first[k], x.named[k] = s.f.Kind.First, true
		}
	}
	for _, k := range w.Roster.Kinds {
		separable := separable(w, k, fits)
		for i := range k.Count {
			h := &x.hands[int(k.First)+i]
			if h.alone = separable; !separable {
				h.matters++
			}
		}
	}
	blocks := (len(x.hands) + together - 1) / together
	shelves := (blocks + n - 1) / n
	if shelves > mostShelves {
		shelves = 1
	}
	for range n {
		l := Copied(&Lane{World: *w, lanes: x})
		for range shelves {
			l.shelves = append(l.shelves, newQueue())
		}
		l.World.Clock = w.Clock.beside()
		l.World.Fleets = nil
		for _, f := range w.Fleets {
			g := f.beside(&l.World)
			l.World.Fleets = append(l.World.Fleets, g)
			l.Add(fleetPart{f, g})
		}
		stage(l)
		x.lanes = append(x.lanes, l)
	}
	w.Clock.lanes = x
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
		x.hands[id].alone = false
	}
}

// Release is the end of a Hold.
func (w *World) Release(id ThingID) {
	if x := w.Clock.lanes; x != nil && int(id) < len(x.hands) {
		x.hands[id].matters--
		x.leave(id)
	}
}

// leave lets a thing be alone again that nothing is about any more.
func (x *Lanes) leave(id ThingID) {
	h := &x.hands[id]
	h.alone = h.matters == 0 && h.waiting == 0 && !x.resting
}

// shelf is where a thing's events wait while it is alone.
func (x *Lanes) shelf(id ThingID) *queue {
	block, n := int(id)/together, len(x.lanes)
	l := x.lanes[block%n]
	return l.shelves[block/n%len(l.shelves)]
}

// takes takes an event of a thing that is scheduled on the run's own clock.
func (x *Lanes) takes(e event) bool {
	t := x.things[e.key>>56]
	if t == nil {
		return false
	}
	id := t.Thing(uint32(e.key), uint32(e.key>>32)&MaxArg)
	if x.named[e.key>>56] && !x.resting && x.hands[id].matters == 0 && e.at >= x.until {
		x.shelf(id).push(e)
		return true
	}
	x.hold(e, id)
	return true
}

func (x *Lanes) hold(e event, id ThingID) {
	x.hands[id].waiting++
	x.hands[id].alone = false
	x.held.push(e)
}
