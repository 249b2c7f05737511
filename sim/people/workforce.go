package people

import (
	"cmp"
	"fmt"
	"math"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
)

// Workforce is all crews of a run. It is the sim.Workforce.
type Workforce struct {
	world   *sim.World
	crews   []*crew
	workers []*worker // of all crews, in order
	real    map[string]*worker
	lines   map[string]*line // by skill
	open    map[uint64]*job  // taken in and not closed, by task
	arrived uint64
	answers chance.Stream
	works   chance.Stream
	drawn   map[luckKey]uint64
}

var _ sim.Workforce = (*Workforce)(nil)

// Take offers a task to whoever has its skill. If nobody ever has, it is refused.
// A task that is still open and comes again is the same one.
func (f *Workforce) Take(t *sim.Task) {
	if _, again := f.open[t.ID]; again {
		return
	}
	w := f.world
	w.Observers.Took(sim.TaskMessage, t.Thing, t.ID)
	now := w.Clock.Now()
	if !f.anybody(t.Skill) {
		f.refuse(t)
		return
	}
	j := &job{Task: *t, order: f.arrived, luck: f.drawNumber(t), since: now}
	f.arrived++
	f.open[t.ID] = j
	w.Hold(t.Thing)
	for _, c := range f.crews {
		if c.can(t.Skill) {
			j.crew = c
			break
		}
	}
	j.crew.use.Waiting++
	if j.Patience <= 0 {
		j.Patience = j.crew.Patience
	}
	if j.Escalate == "" {
		j.Escalate = j.crew.Crew.Escalate
	}
	f.attend(j, +1)
	f.offerTo(j.Skill, j, 0)
	if j.unanswered() && j.Patience > 0 && j.Escalate != "" {
		j.patience = w.Clock.AmongAfter(j.Patience, func() { f.escalate(j) })
	}
}

// refuse acks at the same time, but not within Take: the platform has yet to note
// what it has sent.
func (f *Workforce) refuse(t *sim.Task) {
	w := f.world
	ack := sim.Ack{
		ID: t.ID, Thing: t.Thing, Outcome: sim.Refused,
		Note: fmt.Sprintf("nobody has the skill %q%s", t.Skill, meant(t.Skill, f.skills())),
	}
	w.Clock.Among(w.Clock.Now(), func() {
		ack.Delivered = w.Clock.Stamp()
		ack.Done = ack.Delivered
		w.Observers.Answered(&ack)
		w.Bus.Ack(&ack)
	})
}

func (f *Workforce) attend(j *job, people int) {
	if j.Thing != sim.NoThing {
		f.world.Attend(j.Thing, people)
	}
}

// escalate offers an unanswered job to a second skill as well, also when somebody
// has been called and is not there yet.
func (f *Workforce) escalate(j *job) {
	j.crew.use.Escalated++
	f.note(sim.Escalated, j, j.Escalate, j.What)
	if f.anybody(j.Escalate) {
		f.offerTo(j.Escalate, j, 1)
	}
}

func (f *Workforce) note(what string, j *job, subject, detail string) {
	f.world.Observers.Noted(sim.Event{
		At: f.world.Clock.Now(), What: what, Thing: j.Thing, Subject: subject, Detail: detail, ID: j.ID,
	})
}

// call sends a worker to a job; he answers, works and is done.
func (f *Workforce) call(x *worker, o *offer) {
	o.called = x
	x.engage(f.world.Clock.Now())
	if x.phone != nil {
		x.phone.Take(&o.Task)
		return
	}
	if wait := f.answerTime(o, x); wait > 0 {
		o.answer = f.world.Clock.AmongAfter(sim.Seconds(wait), func() { f.begin(x, o) })
		return
	}
	f.begin(x, o)
}

// begin is when a called worker takes the job up; another who has been called to
// it is free again.
func (f *Workforce) begin(x *worker, o *offer) {
	f.takeUp(x, o)
	if d := x.amissWith(o.job, func(d *sim.Disturbance) float64 { return d.Refuses }); d != nil {
		d.Hits.Add()
		f.world.Clock.Among(f.world.Clock.Now(), func() { f.finish(x, o.job, sim.Refused, "would not do it") })
	} else {
		f.world.Clock.AmongAfter(sim.Seconds(f.workTime(o.job, x.crew)), func() { f.finish(x, o.job, sim.Done, "") })
	}
	f.callOff(&o.offers[1-o.place])
}

func (f *Workforce) takeUp(x *worker, o *offer) {
	j := o.job
	j.worker = x
	j.patience.Cancel()
	j.taken = f.world.Clock.Stamp()
	x.answer(j.taken.At)
	j.crew.use.Waiting--
	use := &x.crew.use
	use.Taken++
	use.Working++
	use.Waited += f.moment(x).Sub(j.since)
}

// moment is now; of what a real person says it is when it was said.
func (f *Workforce) moment(x *worker) sim.Time {
	if x.phone != nil {
		return f.world.Clock.Stamp().At
	}
	return f.world.Clock.Now()
}

// callOff frees the worker who is on the way to a job.
func (f *Workforce) callOff(o *offer) {
	if x := o.called; x != nil {
		o.called = nil
		o.answer.Cancel()
		if x.phone != nil {
			x.phone.Withdraw(o.ID)
		}
		x.release(f.world.Clock.Now())
		f.next(x)
	}
}

// finish does what the task does to the thing, turns to the next and acknowledges.
func (f *Workforce) finish(x *worker, j *job, outcome sim.Outcome, note string) {
	w := f.world
	x.crew.use.Working--
	if outcome == sim.Done {
		x.crew.use.Tasks++
		f.handle(x, j)
	}
	f.end(j)
	x.release(f.moment(x))
	f.next(x) // before the ack: a task that follows from it waits for its turn
	ack := &sim.Ack{
		ID: j.ID, Thing: j.Thing, Outcome: outcome, Foreign: x.phone != nil, Real: x.phone != nil,
		Delivered: j.taken, Done: w.Clock.Stamp(), By: x.name, Note: note,
	}
	if outcome == sim.Done && j.Thing != sim.NoThing {
		for _, signal := range j.Finds {
			ack.Found = append(ack.Found, sim.Finding{Signal: signal, Value: w.Look(j.Thing, signal)})
		}
	}
	w.Observers.Answered(ack)
	w.Bus.Ack(ack)
}

// handle does to the thing what the task does, or what the worker does instead.
func (f *Workforce) handle(x *worker, j *job) {
	w := f.world
	if j.Thing == sim.NoThing {
		return
	}
	does, value := j.Does, j.Value
	if d := x.amissWith(j, func(d *sim.Disturbance) float64 { return d.Wrong }); d != nil {
		d.Hits.Add()
		does, value = w.Roster.Kind(j.Thing).Command(d.Instead), math.NaN()
		f.note("wrong action", j, x.name, cmp.Or(d.Instead, "nothing was done"))
	}
	if does != sim.NoCommand {
		w.Do(j.Thing, does, value)
	}
}

// end takes a job off the books.
func (f *Workforce) end(j *job) {
	j.closed = true
	delete(f.open, j.ID)
	f.attend(j, -1)
	f.world.Release(j.Thing)
}

// Withdraw takes back a task that nobody has answered. One that is under way goes
// on and is acknowledged.
func (f *Workforce) Withdraw(task uint64) {
	j, ok := f.open[task]
	if !ok || !j.unanswered() {
		return
	}
	j.patience.Cancel()
	j.crew.use.Waiting--
	f.end(j)
	for i := range j.offers {
		f.callOff(&j.offers[i])
	}
}
