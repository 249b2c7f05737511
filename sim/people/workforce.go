package people

import (
	"fmt"
	"hash/fnv"
	"math"
	"slices"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
)

// Workforce is all crews of a run. It is the sim.Workforce.
type Workforce struct {
	world   *sim.World
	crews   []*crew
	workers []*worker
	lines   map[string]*line // by skill
	open    map[uint64]*job  // offered and not ended, by task
	offered uint64
	answers chance.Stream
	works   chance.Stream
	drawn   map[luckKey]uint64
}

var _ sim.Workforce = (*Workforce)(nil)

// job is a task among people.
type job struct {
	sim.Task
	order    uint64 // of arrival
	since    sim.Time
	worker   *worker // called or at work
	taken    bool    // answered
	gone     bool    // ended or withdrawn: still in a line, perhaps
	crew     *crew   // whose figures it goes into until somebody takes it
	patience sim.Timer
	answer   sim.Timer
}

// line is what waits for one skill: higher priorities first, then by arrival.
// Jobs that somebody has taken stay until they come to the front.
type line struct{ jobs []*job }

func (l *line) join(j *job) {
	at, _ := slices.BinarySearchFunc(l.jobs, j, func(a, b *job) int {
		if a.Priority != b.Priority {
			return b.Priority - a.Priority
		}
		return int(int64(a.order) - int64(b.order))
	})
	l.jobs = slices.Insert(l.jobs, at, j)
}

// first is the job at the front; nil if none waits.
func (l *line) first() *job {
	for len(l.jobs) > 0 && (l.jobs[0].gone || l.jobs[0].worker != nil) {
		l.jobs = l.jobs[1:]
	}
	if len(l.jobs) == 0 {
		return nil
	}
	return l.jobs[0]
}

func (f *Workforce) line(skill string) *line {
	l, ok := f.lines[skill]
	if !ok {
		l = &line{}
		f.lines[skill] = l
	}
	return l
}

// Take offers a task to whoever has its skill. If nobody ever has, it is refused.
func (f *Workforce) Take(t *sim.Task) {
	w := f.world
	if !f.anybody(t.Skill) {
		ack := sim.Ack{ID: t.ID, Thing: t.Thing, Outcome: sim.Refused, Note: fmt.Sprintf("nobody has the skill %q", t.Skill)}
		w.Clock.At(w.Clock.Now(), func() {
			ack.Delivered = w.Clock.Stamp()
			ack.Done = ack.Delivered
			w.Bus.Ack(&ack)
		})
		return
	}
	j := &job{Task: *t, order: f.offered, since: w.Clock.Now()}
	f.offered++
	f.open[t.ID] = j
	for _, c := range f.crews {
		if c.can(t.Skill) {
			c.offer(j.since)
			if j.crew == nil {
				j.crew = c
			}
		}
	}
	j.crew.use.Waiting++
	if t.Thing != sim.NoThing {
		w.Attend(t.Thing, +1)
	}
	if j.Patience <= 0 {
		j.Patience, j.Escalate = j.crew.Patience, j.crew.Crew.Escalate
	}
	f.line(t.Skill).join(j)
	f.call(j, t.Skill)
	if j.worker == nil && j.Patience > 0 && j.Escalate != "" {
		j.patience = w.Clock.After(j.Patience, func() { f.escalate(j) })
	}
}

// escalate offers a job to a second skill as well.
func (f *Workforce) escalate(j *job) {
	if j.gone || j.worker != nil {
		return
	}
	j.crew.use.Escalated++
	f.world.Observers.Noted(sim.Event{
		At: f.world.Clock.Now(), What: sim.Escalated, Thing: j.Thing, Subject: j.Escalate, Detail: j.What, ID: j.ID,
	})
	if !f.anybody(j.Escalate) {
		return
	}
	f.line(j.Escalate).join(j)
	f.call(j, j.Escalate)
}

// call finds the longest idle worker for a job, if one is free.
func (f *Workforce) call(j *job, skill string) {
	var best *worker
	for _, x := range f.workers {
		if x.free() && x.crew.can(skill) && (best == nil || x.idle < best.idle) {
			best = x
		}
	}
	if best != nil {
		f.assign(best, j)
	}
}

// next gives a free worker the best job that waits for any of his skills.
func (f *Workforce) next(x *worker) {
	if !x.free() {
		return
	}
	best := f.line(x.crew.Name).first()
	for _, skill := range x.crew.Skills {
		if j := f.line(skill).first(); j != nil &&
			(best == nil || j.Priority > best.Priority || j.Priority == best.Priority && j.order < best.order) {
			best = j
		}
	}
	if best != nil {
		f.assign(x, best)
	}
}

// assign calls a worker to a job; he answers, works and is done.
func (f *Workforce) assign(x *worker, j *job) {
	now := f.world.Clock.Now()
	j.patience.Cancel()
	j.worker, x.job = x, j
	x.engaged(now)
	n := f.luck(&j.Task)
	wait := 0.0
	if a := x.crew.Answers; a != nil {
		wait = a.Quantile(f.answers.Uniform(uint32(j.Thing), n)) * x.crew.slower(now, f.world.Calendar)
	}
	begin := func() { f.begin(x, j, n) }
	if wait <= 0 {
		begin()
		return
	}
	j.answer = f.world.Clock.After(sim.Seconds(wait), begin)
}

// begin is when the worker takes the task up.
func (f *Workforce) begin(x *worker, j *job, n uint64) {
	w := f.world
	j.taken = true
	delivered := w.Clock.Stamp()
	j.crew.use.Waiting--
	use := &x.crew.use
	use.Taken++
	use.Working++
	use.Waited += w.Clock.Now().Sub(j.since)
	takes := j.Takes
	if takes == nil {
		takes = x.crew.Takes
	}
	seconds := 0.0
	if takes != nil {
		seconds = takes.Quantile(f.works.Uniform(uint32(j.Thing), n))
	}
	w.Clock.After(sim.Seconds(seconds), func() { f.finish(x, j, delivered) })
}

// finish does what the task does to the thing, acknowledges and looks for the next.
func (f *Workforce) finish(x *worker, j *job, delivered sim.Stamp) {
	w := f.world
	x.crew.use.Working--
	x.crew.use.Tasks++
	if j.Does != sim.NoCommand && j.Thing != sim.NoThing {
		w.Do(j.Thing, j.Does, j.Value)
	}
	f.end(j)
	x.release(w.Clock.Now())
	w.Bus.Ack(&sim.Ack{ID: j.ID, Thing: j.Thing, Outcome: sim.Done, Delivered: delivered, Done: w.Clock.Stamp(), By: x.name})
	f.next(x)
}

// end takes a job off the books.
func (f *Workforce) end(j *job) {
	j.gone = true
	delete(f.open, j.ID)
	if j.Thing != sim.NoThing {
		f.world.Attend(j.Thing, -1)
	}
}

// Withdraw takes back a task that nobody has answered; one under way goes on.
func (f *Workforce) Withdraw(task uint64) {
	j, ok := f.open[task]
	if !ok || j.taken {
		return
	}
	j.patience.Cancel()
	j.answer.Cancel()
	j.crew.use.Waiting--
	f.end(j)
	if x := j.worker; x != nil {
		x.release(f.world.Clock.Now())
		f.next(x)
	}
}

// luckKey is what a task is drawn by, so that variants of a scenario share luck.
type luckKey struct {
	thing sim.ThingID
	what  uint64
}

// luck numbers a task among those of its words about its thing: the third look
// at a bearing takes as long in any variant.
func (f *Workforce) luck(t *sim.Task) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(t.What))
	key := luckKey{t.Thing, h.Sum64()}
	n := f.drawn[key]
	f.drawn[key] = n + 1
	return key.what ^ n*0x9e3779b97f4a7c15
}

func pow(base, exponent float64) float64 { return math.Pow(base, exponent) }

// PhoneWorker is a worker who is a real person in live runs.
type PhoneWorker struct {
	Name   string
	Crew   string
	Skills []string
}

// Phones lists the workers who are real people in live runs.
func Phones(crews []Crew) (list []PhoneWorker) {
	for _, c := range crews {
		for n := range c.Count {
			name := c.Name
			if c.Count > 1 {
				name = fmt.Sprintf("%s-%d", c.Name, n+1)
			}
			if c.Phone {
				list = append(list, PhoneWorker{name, c.Name, append([]string{c.Name}, c.Skills...)})
			}
		}
	}
	return list
}
