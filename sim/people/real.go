package people

import (
	"slices"

	"github.com/twinbed/twinbed/sim"
)

// Phone tells a worker who is a real person of the task that is theirs now, and
// that it is theirs no more. What the person says of it goes to Began and Ended.
type Phone interface {
	Take(t *sim.Task)
	Withdraw(task uint64)
}

// Employ puts a real person in the place of a worker: whom tasks are sent to, whose
// answer is waited for and whose work is not played. All else is as with those who
// are: lines, shifts, patience, one task at a time.
func (f *Workforce) Employ(worker string, p Phone) {
	for _, x := range f.workers {
		if x.name == worker {
			x.phone = p
			f.real[worker] = x
		}
	}
}

// offer is what a real worker has been sent under a task's id and has not ended;
// nil if there is nothing.
func (f *Workforce) offered(worker string, task uint64) (*worker, *offer) {
	x, j := f.real[worker], f.open[task]
	if x == nil || j == nil || j.worker != nil && j.worker != x {
		return nil, nil
	}
	for i := range j.offers {
		if o := &j.offers[i]; o.called == x {
			return x, o
		}
	}
	return nil, nil
}

// Began says that a real worker has taken a task up.
func (f *Workforce) Began(worker string, task uint64) {
	if x, o := f.offered(worker, task); o != nil && o.unanswered() {
		f.takeUp(x, o)
		f.callOff(&o.offers[1-o.place])
	}
}

// Ended says what came of a task that a real worker had, taken up before or not.
func (f *Workforce) Ended(worker string, task uint64, outcome sim.Outcome, note string) {
	f.Began(worker, task)
	if x, o := f.offered(worker, task); o != nil {
		f.finish(x, o.job, outcome, note)
	}
}

// Unreached says that a task did not get to a real worker, and why: it is offered
// anew, and the worker gets nothing until Reached.
func (f *Workforce) Unreached(worker string, task uint64, why sim.Cause) {
	x, o := f.offered(worker, task)
	if o == nil || !o.unanswered() {
		return
	}
	x.away = true
	f.unreached(o, worker, why)
	o.called = nil
	x.release(f.world.Clock.Now())
	f.place(o)
}

// Reached says that somebody reads a real worker's phone now.
func (f *Workforce) Reached(worker string) {
	if x := f.real[worker]; x != nil && x.away {
		x.away = false
		f.next(x)
	}
}

// Unread lists the workers who would be sent tasks if somebody read their phones.
func (f *Workforce) Unread() (names []string) {
	for _, x := range f.workers {
		if x.away {
			names = append(names, x.name)
		}
	}
	return names
}

// reads says whether anybody with a skill reads their phone, or needs none.
func (f *Workforce) reads(skill string) bool {
	return slices.ContainsFunc(f.workers, func(x *worker) bool { return !x.away && x.crew.can(skill) })
}

func (f *Workforce) unreached(o *offer, who string, why sim.Cause) {
	o.crew.use.Unreached++
	f.note("unreached", o.job, who, o.What+": "+why.String())
}
