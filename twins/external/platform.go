package external

import (
	"fmt"
	"slices"
	"time"

	"github.com/twinbed/twinbed/sim"
)

// Platform is the books of a platform that is not ours. All its methods belong on
// the clock's thread.
type Platform struct {
	world   *sim.World
	timeout time.Duration // of commands, in scenario time
	names   []string      // decisions, as loops count them
	memory  memory
	turns   uint64 // begun so far
	own     uint64 // ids given to orders without one
	open    map[uint64]*deed
	past    past
	counts  Counts
}

var _ sim.Platform = (*Platform)(nil)

// Counts are what a report must say of how orders were understood.
type Counts struct {
	Unnumbered uint64 // orders that named no reading: taken to follow from the thing's latest
	Forgotten  uint64 // named a reading that is not remembered: taken to follow from the oldest that is
	Baseless   uint64 // no reading was known: the loop begins with the order
	Clashing   uint64 // orders under an id that stands for another thing or sort: not carried out
	LateAcks   uint64 // came after their deed had been given up
	StrayAcks  uint64 // of what was never ordered
}

// deed is an order under way, with its loop.
type deed struct {
	sim.Deed
	loop  sim.Loop
	order sim.Order
	timer sim.Timer
}

// New makes the books. decisions are the names that the scenario knows, others
// follow as they are heard; a command that is not acknowledged within timeout of
// wall time counts as timed out.
func New(w *sim.World, decisions []string, timeout time.Duration) *Platform {
	p := &Platform{world: w, names: slices.Clone(decisions), open: map[uint64]*deed{}}
	p.timeout = timeout
	if w.Clock.Live() {
		p.timeout = time.Duration(float64(timeout) * w.Clock.Speed())
	}
	p.memory.layOut(w.Roster, p.timeout)
	return p
}

// Reading notes a reading that may lead to something.
func (p *Platform) Reading(r *sim.Reading) {
	how := p.memory.note(r)
	p.world.Observers.Mirrored(r, how)
}

// Order begins a loop, or another attempt of one that is open.
func (p *Platform) Order(o *sim.Order) {
	if p.clashes(o) {
		p.counts.Clashing++
		p.note(sim.Rejected, o.Thing, "platform", fmt.Sprintf("an order under the id %d, which stands for another", o.ID), o.ID)
		return
	}
	if d := p.open[o.ID]; d != nil {
		d.Attempt++
		p.send(d)
		return
	}
	p.turns++
	d := &deed{order: *o}
	if o.ID == 0 {
		p.own++
		d.order.ID = ownIDs + p.own
	}
	name := p.nameOf(o)
	reason := o.Decision
	if reason == "" {
		reason = name
	}
	decision, reason := p.decision(reason)
	d.Deed = sim.Deed{
		ID: p.turns, Task: o.Task != nil, Thing: o.Thing, Name: name, Decision: decision, Process: -1,
		Attempt: 1, Issued: p.world.Clock.Now(),
	}
	d.loop = sim.Loop{ID: p.turns, Decision: decision, Thing: o.Thing, Manned: d.Task}
	p.trace(&d.loop, o)
	p.note(sim.Fired, o.Thing, reason, "", p.turns)
	p.open[d.order.ID] = d
	if !d.Task && p.timeout > 0 {
		d.timer = p.world.Clock.After(p.timeout, func() { p.close(d, sim.TimedOut, nil) })
	}
	p.send(d)
}

// clashes says whether an id stands, or stood a moment ago, for something else: a
// thing would take the order for one that it has carried out.
func (p *Platform) clashes(o *sim.Order) bool {
	if d := p.open[o.ID]; d != nil {
		return d.Thing != o.Thing || d.Task != (o.Task != nil)
	}
	e, used := p.past.ids[o.ID]
	return used && (e.thing != o.Thing || e.task != (o.Task != nil))
}

func (p *Platform) note(what string, id sim.ThingID, subject, detail string, number uint64) {
	p.world.Observers.Noted(sim.Event{At: p.world.Clock.Now(), What: what, Thing: id, Subject: subject, Detail: detail, ID: number})
}

// ownIDs is where ids of orders without one begin.
const ownIDs = 1 << 62

// trace finds the reading that led to an order.
func (p *Platform) trace(l *sim.Loop, o *sim.Order) {
	m, how := p.memory.find(o.Thing, o.Seq)
	decided := p.world.Clock.Stamp()
	switch how {
	case unnumbered:
		p.counts.Unnumbered++
	case forgotten:
		p.counts.Forgotten++
	case baseless:
		p.counts.Baseless++
		m = moment{sensed: decided, arrived: decided, foreign: true}
	}
	l.Seq, l.Foreign = m.seq, m.foreign
	l.Stamps[sim.Sensed], l.Stamps[sim.Arrived], l.Stamps[sim.Mirrored] = m.sensed, m.arrived, m.arrived
	l.Stamps[sim.Decided] = decided
}

// send hands an order to the bus, under the id that its platform knows it by.
func (p *Platform) send(d *deed) {
	o := &d.order
	p.world.Observers.Issued(&d.Deed)
	if !d.Task {
		p.world.Bus.Command(&sim.Command{
			ID: o.ID, Thing: o.Thing, Name: o.Command, Value: o.Value, Seq: d.loop.Seq, Attempt: d.Attempt,
			Decided: d.loop.Stamps[sim.Decided],
		})
		return
	}
	t := *o.Task
	t.ID, t.Thing, t.Seq, t.Attempt, t.Decided = o.ID, o.Thing, d.loop.Seq, d.Attempt, d.loop.Stamps[sim.Decided]
	p.world.Bus.Task(&t)
}

// Ack closes the loop of an order.
func (p *Platform) Ack(a *sim.Ack) {
	p.world.Observers.Heard(a)
	d := p.open[a.ID]
	if d == nil {
		if p.past.ids[a.ID].givenUp {
			p.counts.LateAcks++
		} else {
			p.counts.StrayAcks++
		}
		return
	}
	d.timer.Cancel()
	d.loop.Foreign = d.loop.Foreign || a.Foreign
	d.loop.Real = a.Real
	d.loop.Stamps[sim.Delivered], d.loop.Stamps[sim.Acted] = a.Delivered, a.Done
	d.inOrder()
	if d.Task && a.Outcome == sim.Refused {
		p.note("refused", d.Thing, d.Name, a.Note, a.ID)
	}
	p.close(d, a.Outcome, a)
}

// inOrder puts right what was seen too late: a broker that is not ours may bring a
// reading to its platform and the order to the thing before it brings them to us.
func (d *deed) inOrder() {
	for s := sim.Decided; s > sim.Sensed; s-- {
		at, next := &d.loop.Stamps[s], d.loop.Stamps[s+1]
		at.At, at.Wall = min(at.At, next.At), min(at.Wall, next.Wall)
	}
}

func (p *Platform) close(d *deed, o sim.Outcome, a *sim.Ack) {
	delete(p.open, d.order.ID)
	p.past.note(d.order.ID, ended{d.Thing, d.Task, o == sim.TimedOut})
	d.loop.Outcome = o
	d.loop.Stamps[sim.Acked] = p.world.Clock.Stamp()
	p.world.Observers.Closed(&d.Deed, o, a)
	p.world.Observers.Turned(&d.loop)
}

func (p *Platform) nameOf(o *sim.Order) string {
	if o.Task != nil {
		return o.Task.What
	}
	return p.world.Roster.Kind(o.Thing).Commands[o.Command].Name
}

// mostNames bounds what a platform can write into the report.
const mostNames = 64

// decision is the place of a decision among all names; beyond so many they count
// as one.
func (p *Platform) decision(name string) (place int, known string) {
	if at := slices.Index(p.names, name); at >= 0 {
		return at, name
	}
	if len(p.names) >= mostNames {
		name = fmt.Sprintf("more than %d decisions", mostNames)
		if at := slices.Index(p.names, name); at >= 0 {
			return at, name
		}
	}
	p.names = append(p.names, name)
	return len(p.names) - 1, name
}

// Decisions are the names of all decisions so far, as loops count them.
func (p *Platform) Decisions() []string { return p.names }

// Counts are how orders were understood so far.
func (p *Platform) Counts() Counts { return p.counts }

// Open counts what is under way.
func (p *Platform) Open() (commands, tasks int) {
	for _, d := range p.open {
		if d.Task {
			tasks++
		} else {
			commands++
		}
	}
	return commands, tasks
}
