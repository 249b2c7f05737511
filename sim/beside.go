package sim

import (
	"reflect"
	"slices"
)

// beside is a clock for a lane: with the same kinds of events, and nothing on it.
func (c *Clock) beside(l *Lane) *Clock {
	b := NewClock()
	b.lane = l
	b.handlers, b.marks, b.kinds = c.handlers, c.marks, c.kinds
	return b
}

// Rehandle gives a lane's clock the lane's own handler for a kind of events.
func (c *Clock) Rehandle(k EventKind, h Handler) { c.handlers[k] = h }

// cacheLine is what cores own of memory at once: two that write into the same one wait
// for each other, whatever they write.
const cacheLine = 64

// Copied is a copy of what a pointer, or one in an interface, points to, for a lane: on
// no cache line with another. What it points to in turn is shared.
func Copied[T any](x T) T {
	from := reflect.ValueOf(x)
	if from.Kind() != reflect.Pointer {
		return x
	}
	sort := from.Type().Elem()
	to := reflect.New(reflect.ArrayOf(1+spare(sort), sort)).Elem().Index(0)
	to.Set(from.Elem())
	return to.Addr().Interface().(T)
}

// Room is a slice for a lane, on no cache line with another.
func Room[T any](n int) []T { return make([]T, n, n+spare(reflect.TypeFor[T]())) }

// spare is how many values of a type fill a cache line.
func spare(t reflect.Type) int {
	size := max(int(t.Size()), 1)
	return (cacheLine + size - 1) / size
}

// beside is the fleet on a lane's stage: with the same things, and with signals, messages
// on the link and reused room of its own.
func (f *Fleet) beside(w *World) *Fleet {
	g := Copied(f)
	g.world = w
	g.flights, g.odd, g.deeds = nil, nil, deeds{}
	g.values = Room[float64](f.flights.width)
	g.signals = nil
	for _, s := range f.signals {
		own := Copied(s)
		if a, ok := own.(Apart); ok {
			a.Apart()
		}
		g.signals = append(g.signals, own)
	}
	w.Clock.Rehandle(f.senseKind, senseHandler{g})
	w.Clock.Rehandle(f.arriveKind, arriveHandler{g})
	return g
}

// fleetPart keeps a lane's fleet to what the run's own does.
type fleetPart struct{ main, lane *Fleet }

func (p fleetPart) Enter() {
	p.lane.Carrier = p.lane.world.Bus
	p.lane.active, p.lane.silent = p.main.active, p.main.silent
}

func (p fleetPart) Join() {}

// adopt takes a reading over that is on the link of a shelf.
func (h arriveHandler) adopt(s *shelf, who uint32) uint32 {
	x, values := s.flights.at(who)
	slot, own := h.f.flights.board(x)
	copy(own, values)
	s.flights.leave(who)
	return slot
}

// Watchable says whether all observers can watch lanes.
func (o Observers) Watchable() bool {
	return !slices.ContainsFunc(o, func(x Observer) bool { _, is := x.(Watcher); return !is })
}

// Watch has the observers of a run watch the lane.
func (l *Lane) Watch(all Observers) {
	l.World.Observers = Observers{}
	for _, x := range all {
		if own, part := x.(Watcher).Beside(l); own != nil {
			l.World.Observers = append(l.World.Observers, own)
			l.Add(part)
		}
	}
}
