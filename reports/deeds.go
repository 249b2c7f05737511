package reports

import (
	"cmp"
	"slices"

	"github.com/twinbed/twinbed/sim"
)

// Outcomes counts how deeds or loops ended.
type Outcomes struct {
	Done      uint64 `json:"done"`
	Failed    uint64 `json:"failed"`
	Refused   uint64 `json:"refused"`
	TimedOut  uint64 `json:"timed_out"`
	Withdrawn uint64 `json:"withdrawn"`
}

func (o *Outcomes) add(x sim.Outcome) {
	*[...]*uint64{&o.Done, &o.Failed, &o.Refused, &o.TimedOut, &o.Withdrawn}[x]++
}

// Total is how many ended.
func (o Outcomes) Total() uint64 {
	return o.Done + o.Failed + o.Refused + o.TimedOut + o.Withdrawn
}

// deedBook is the account of one sort of deeds.
type deedBook struct {
	issued, resent uint64
	outcomes       Outcomes
	wait, work     durations // of tasks that ended well or badly: issued to taken up, taken up to done
}

func (b *deedBook) close(d *sim.Deed, o sim.Outcome, ack *sim.Ack) {
	b.outcomes.add(o)
	if ack == nil || !d.Task || o != sim.Done && o != sim.Failed {
		return
	}
	b.wait.add(ack.Delivered.At.Sub(d.Issued))
	b.work.add(ack.Done.At.Sub(ack.Delivered.At))
}

// stepKey places a deed in a process, or in a decision's own steps.
type stepKey struct {
	process, decision, step int
	name                    string
}

// deedBooks is the account of all deeds: what was sent out and how it ended.
type deedBooks struct {
	commands, tasks deedBook
	steps           map[stepKey]*deedBook
	ids             idSet
	closedTwice     uint64
	unknown         uint64 // closed and never issued
	issuedTwice     uint64
}

func (b *deedBooks) init() { b.steps = map[stepKey]*deedBook{} }

func (b *deedBooks) of(d *sim.Deed) (sum, step *deedBook) {
	sum = &b.commands
	if d.Task {
		sum = &b.tasks
	}
	key := stepKey{d.Process, -1, d.Step, d.Name}
	if d.Process < 0 {
		key.decision = d.Decision
	}
	step = b.steps[key]
	if step == nil {
		step = &deedBook{}
		b.steps[key] = step
	}
	return sum, step
}

// Issued counts a command or task; one that is sent again is the same deed.
func (r *Recorder) Issued(d *sim.Deed) {
	b := &r.deeds
	sum, step := b.of(d)
	switch state := b.ids.state(d.ID); {
	case state == idOpen && d.Attempt > 1:
		sum.resent++
		step.resent++
		return
	case state == idOpen || state == idClosed && d.Attempt <= 1:
		b.issuedTwice++
		return
	}
	b.ids.set(d.ID, idOpen)
	sum.issued++
	step.issued++
}

// Closed counts how a deed ended.
func (r *Recorder) Closed(d *sim.Deed, o sim.Outcome, ack *sim.Ack) {
	b := &r.deeds
	switch b.ids.state(d.ID) {
	case idClosed:
		b.closedTwice++
		return
	case idNew:
		b.unknown++
		return
	}
	b.ids.set(d.ID, idClosed)
	sum, step := b.of(d)
	sum.close(d, o, ack)
	step.close(d, o, ack)
}

// stepKeys are the steps that had deeds, in a fixed order.
func (b *deedBooks) stepKeys() []stepKey {
	keys := make([]stepKey, 0, len(b.steps))
	for k := range b.steps {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(x, y stepKey) int {
		return cmp.Or(cmp.Compare(x.process, y.process), cmp.Compare(x.decision, y.decision),
			cmp.Compare(x.step, y.step), cmp.Compare(x.name, y.name))
	})
	return keys
}

// turnTrouble is what cannot be in the account of turns.
type turnTrouble struct {
	closedTwice, unknown, firedTwice uint64
}

// fired counts a decision; the event's ID is the loop's.
func (r *Recorder) fired(e sim.Event) {
	d := slices.Index(r.setup.Decisions, e.Subject)
	if d < 0 && r.setup.Unlisted {
		d = len(r.decisions)
		r.setup.Decisions = append(slices.Clip(r.setup.Decisions), e.Subject)
		r.decisions = append(r.decisions, turns{})
		r.decisions[d].layOut(d + 1)
	}
	if d < 0 || r.turnIDs.state(e.ID) != idNew {
		r.trouble.firedTwice++
		return
	}
	r.turnIDs.set(e.ID, idOpen)
	r.decisions[d].fired++
	r.detecting(d).fire(e.Thing, e.At)
}

// Turned counts a loop that is closed and measures its segments.
func (r *Recorder) Turned(l *sim.Loop) {
	state := r.turnIDs.state(l.ID)
	if state == idNew || l.Decision < 0 || l.Decision >= len(r.decisions) {
		r.trouble.unknown++
		return
	}
	if state == idClosed {
		r.trouble.closedTwice++
		return
	}
	r.turnIDs.set(l.ID, idClosed)
	t := &r.decisions[l.Decision]
	t.closed++
	t.outcomes.add(l.Outcome)
	if l.Outcome == sim.TimedOut {
		t.lost++
	}
	if l.Foreign {
		t.foreign++
	}
	if l.Manned {
		t.manned++
	}
	r.measure(t, l)
}
