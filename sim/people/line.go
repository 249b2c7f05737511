package people

import (
	"slices"

	"github.com/twinbed/twinbed/sim"
)

// job is a task among people.
type job struct {
	sim.Task
	order    uint64 // of arrival
	luck     uint64 // number of its draws
	since    sim.Time
	crew     *crew // whose figures it waits in
	offers   [2]offer
	worker   *worker // who has answered
	taken    sim.Stamp
	closed   bool // done or withdrawn
	patience sim.Timer
}

// unanswered says whether nobody has taken the job up yet.
func (j *job) unanswered() bool { return j.worker == nil && !j.closed }

// offer is a job's place in the line of one skill: 0 its own, 1 the one it has
// been escalated to.
type offer struct {
	*job
	place  int
	skill  string
	called *worker // who is on the way to it
	answer sim.Timer
}

// line is what waits for one skill: higher priorities first, then by arrival.
// Offers that wait no longer stay until they come to the front.
type line struct{ offers []*offer }

func (l *line) join(o *offer) {
	at, _ := slices.BinarySearchFunc(l.offers, o, func(a, b *offer) int {
		if a.before(b) {
			return -1
		}
		return 1
	})
	l.offers = slices.Insert(l.offers, at, o)
}

func (o *offer) before(p *offer) bool {
	if o.Priority != p.Priority {
		return o.Priority > p.Priority
	}
	return o.order < p.order
}

// first is the offer at the front; nil if none waits.
func (l *line) first() *offer {
	for len(l.offers) > 0 {
		if o := l.offers[0]; o.called == nil && o.unanswered() {
			return o
		}
		l.offers[0] = nil
		l.offers = l.offers[1:]
	}
	return nil
}

func (f *Workforce) line(skill string) *line {
	l, ok := f.lines[skill]
	if !ok {
		l = &line{}
		f.lines[skill] = l
	}
	return l
}

// offerTo puts a job in a skill's line, and calls a free worker if there is one.
func (f *Workforce) offerTo(skill string, j *job, place int) {
	now := f.world.Clock.Now()
	o := &j.offers[place]
	*o = offer{job: j, place: place, skill: skill}
	for _, c := range f.crews {
		if c.can(skill) {
			c.offered(now)
		}
	}
	if f.place(o); o.called == nil && !f.reads(skill) {
		f.unreached(o, skill, sim.LostNobody)
	}
}

// place calls whoever has been free longest, or has the offer wait.
func (f *Workforce) place(o *offer) {
	var longest *worker
	for _, x := range f.workers {
		if x.free() && (longest == nil || x.idle < longest.idle) && x.crew.can(o.skill) {
			longest = x
		}
	}
	if longest != nil {
		f.call(longest, o) // nobody free means nothing he could do is waiting: no overtaking
		return
	}
	f.line(o.skill).join(o)
}

// next calls a worker, if he is free, to the best job that waits for any of his skills.
func (f *Workforce) next(x *worker) {
	if !x.free() {
		return
	}
	best := f.line(x.crew.Name).first()
	for _, skill := range x.crew.Skills {
		if o := f.line(skill).first(); o != nil && (best == nil || o.before(best)) {
			best = o
		}
	}
	if best != nil {
		f.call(x, best)
	}
}
