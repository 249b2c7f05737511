package twins

import (
	"cmp"
	"slices"

	"github.com/twinbed/twinbed/sim"
)

// deed is a command or task whose end is not known, or came too late.
type deed struct {
	sim.Deed
	run   *run // the step that waits for it, nil once it has been given up
	value float64
	give  func() // puts back what it has taken from a stock; nil for nothing
}

// deeds are all that have been issued and not closed, and the latest ones that
// were given up, should an ack still come.
type deeds struct {
	last   uint64 // id
	open   map[uint64]*deed
	late   map[uint64]*deed
	oldest []uint64 // of late, a ring
	next   int
}

// lateKept is how many deeds that were given up are remembered.
const lateKept = 1 << 16

func newDeeds() deeds { return deeds{open: map[uint64]*deed{}, late: map[uint64]*deed{}} }

// deed opens a deed for a step.
func (p *Platform) deed(r *run, isTask bool, name string) *deed {
	t := r.t
	p.deeds.last++
	d := &deed{run: r, Deed: sim.Deed{
		ID: p.deeds.last, Task: isTask, Thing: t.loop.Thing, Name: name, Decision: t.loop.Decision,
		Process: r.s.process, Step: r.s.place, Issued: p.world.Clock.Now(),
	}}
	if t.deeds++; t.deeds == 1 {
		t.loop.Manned = isTask
	}
	p.deeds.open[d.ID] = d
	return d
}

// abandon closes a deed that nobody waits for any more; a task is withdrawn.
func (p *Platform) abandon(d *deed, o sim.Outcome) {
	q := &p.deeds
	delete(q.open, d.ID)
	d.run = nil
	q.late[d.ID] = d
	if len(q.oldest) < lateKept {
		q.oldest = append(q.oldest, d.ID)
	} else {
		delete(q.late, q.oldest[q.next])
		q.oldest[q.next] = d.ID
		q.next = (q.next + 1) % lateKept
	}
	if d.Task {
		p.world.Bus.Withdraw(d.ID)
	} else if k := p.twinsOf(d.Thing); k != nil {
		k.flag(int(d.Thing-k.kind.First), true)
	}
	p.world.Observers.Closed(&d.Deed, o, nil)
}

// Ack takes in what became of a command or task: the twin's reported state, the
// deed, and the step that waits for it. An ack of a deed that was given up only
// changes the twin.
func (p *Platform) Ack(a *sim.Ack) {
	p.world.Observers.Heard(a)
	k, changed := p.twinsOf(a.Thing), false
	i := 0
	if k != nil {
		i = int(a.Thing - k.kind.First)
		changed = len(a.State) > 0 && k.report(i, a.State, a.Done.At)
	}
	if k != nil {
		k.learn(i, a)
	}
	d := p.deeds.open[a.ID]
	switch {
	case d != nil:
		delete(p.deeds.open, a.ID)
		p.known(d, a)
		if countsTwice && d.Attempt > 1 {
			p.world.Observers.Heard(a)
		}
		r := d.run
		r.deed = nil
		r.t.acknowledged(a)
		p.world.Observers.Closed(&d.Deed, a.Outcome, a)
		r.end(a.Outcome)
	case p.deeds.late[a.ID] != nil:
		d = p.deeds.late[a.ID]
		delete(p.deeds.late, a.ID)
		p.known(d, a)
		if a.Outcome != sim.Withdrawn {
			p.counts.LateAcks++
			p.note("late ack", a.Thing, d.Name, a.Outcome.String(), a.ID)
		}
	default:
		p.counts.StrayAcks++
	}
	if changed && k.heard(i) {
		p.judgeAll(k, k.onState, i, nil)
	}
}

// known draws the conclusions from an ack that do not depend on who waits:
// stock that was not used goes back, a thing that did not obey is flagged.
func (p *Platform) known(d *deed, a *sim.Ack) {
	if d.give != nil && (a.Outcome == sim.Withdrawn || a.Outcome == sim.Refused) {
		d.give()
	}
	if k := p.twinsOf(d.Thing); k != nil && !d.Task {
		k.flag(int(d.Thing-k.kind.First), a.Outcome != sim.Done)
	}
}

// OpenDeeds lists what is not closed, by id.
func (p *Platform) OpenDeeds() []sim.Deed {
	var list []sim.Deed
	for _, d := range p.deeds.open {
		list = append(list, d.Deed)
	}
	slices.SortFunc(list, func(a, b sim.Deed) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// Open counts what is under way.
type Open struct {
	Turns    int // decisions that have fired and whose steps have not all ended
	Commands int // issued and not closed
	Tasks    int // issued and not closed
	Waiting  int // tasks that wait for stock and are not issued yet
}

// Open counts what is under way now.
func (p *Platform) Open() Open {
	open := Open{Turns: len(p.open), Waiting: p.waiting}
	for _, d := range p.deeds.open {
		if d.Task {
			open.Tasks++
		} else {
			open.Commands++
		}
	}
	return open
}
