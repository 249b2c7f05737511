package broker

import "github.com/twinbed/twinbed/sim"

// Router is the bus of every run: each message goes where it belongs at once,
// in the order it came, on the clock's thread.
type Router struct {
	world  *sim.World
	kinds  []sim.Device // by place in the roster; nil: the kind's fleet
	things map[sim.ThingID]sim.Device
	taps   []Tap
}

var _ sim.Bus = (*Router)(nil)

// Tap is shown every message before it is handed on. It changes nothing.
type Tap interface {
	Reading(r *sim.Reading)
	Command(c *sim.Command)
	Task(t *sim.Task)
	Ack(a *sim.Ack)
}

// NewRouter makes the bus of a world whose roster is complete. Platform, fleets
// and workforce are looked up in the world when a message comes.
func NewRouter(w *sim.World) *Router {
	return &Router{
		world: w, kinds: make([]sim.Device, len(w.Roster.Kinds)),
		things: map[sim.ThingID]sim.Device{},
	}
}

// RouteKind sends the commands of all things of a kind to a device instead of
// the kind's fleet.
func (r *Router) RouteKind(k *sim.Kind, d sim.Device) { r.kinds[r.place(k)] = d }

// Route sends the commands of one thing to a device; it goes before RouteKind.
func (r *Router) Route(id sim.ThingID, d sim.Device) { r.things[id] = d }

// Tap shows messages to t, after those that were registered before.
func (r *Router) Tap(t Tap) { r.taps = append(r.taps, t) }

// Reading stamps a reading's arrival, unless it is stamped, and hands it to the
// platform.
func (r *Router) Reading(x *sim.Reading) {
	if x.Arrived == (sim.Stamp{}) {
		x.Arrived = r.world.Clock.Stamp()
	}
	for _, t := range r.taps {
		t.Reading(x)
	}
	if x.Odd {
		r.world.Lose(x, sim.LostMalformed)
		return
	}
	if r.world.Platform != nil {
		r.world.Platform.Reading(x)
	}
}

// Ack hands an ack to the platform.
func (r *Router) Ack(a *sim.Ack) {
	for _, t := range r.taps {
		t.Ack(a)
	}
	if r.world.Platform != nil {
		r.world.Platform.Ack(a)
	}
}

// Command hands a command to its thing's device. Where there is none the command
// is lost.
func (r *Router) Command(c *sim.Command) {
	for _, t := range r.taps {
		t.Command(c)
	}
	if d := r.device(c.Thing); d != nil {
		d.Obey(c)
		return
	}
	r.world.Observers.Lost(sim.CommandMessage, c.Thing, c.Decided.At, sim.LostNobody)
}

// Task hands a task to the workforce. Where there is none it is lost.
func (r *Router) Task(t *sim.Task) {
	for _, x := range r.taps {
		x.Task(t)
	}
	if r.world.Workforce == nil {
		r.world.Observers.Lost(sim.TaskMessage, t.Thing, t.Decided.At, sim.LostNobody)
		return
	}
	r.world.Workforce.Take(t)
}

// Withdraw takes a task back.
func (r *Router) Withdraw(task uint64) {
	if r.world.Workforce != nil {
		r.world.Workforce.Withdraw(task)
	}
}

func (r *Router) device(id sim.ThingID) sim.Device {
	if d, ok := r.things[id]; ok {
		return d
	}
	k := r.world.Roster.Kind(id)
	if k == nil {
		return nil
	}
	at := r.place(k)
	if d := r.kinds[at]; d != nil {
		return d
	}
	if at < len(r.world.Fleets) {
		return r.world.Fleets[at]
	}
	return nil
}

func (r *Router) place(k *sim.Kind) int {
	for i, x := range r.world.Roster.Kinds {
		if x == k {
			return i
		}
	}
	panic("a kind that is not in the roster")
}
