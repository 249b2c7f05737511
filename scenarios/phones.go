package scenarios

import (
	"slices"

	"github.com/twinbed/twinbed/broker"
	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/people"
)

// phones are the crews whose workers are real people in a live run. It hands them
// their tasks and keeps account of what comes back; the workforce plays all others.
type phones struct {
	sim.Workforce
	sim.Silent
	workers []carried
	given   map[uint64]sim.Time // tasks by when they were issued first
	use     map[string]*sim.CrewUse
}

// carried is a worker with the phone in the pocket.
type carried struct {
	people.PhoneWorker
	*broker.Phone
}

func newPhones(played sim.Workforce) *phones {
	return &phones{Workforce: played, given: map[uint64]sim.Time{}, use: map[string]*sim.CrewUse{}}
}

// connectPhones hands the tasks of crews with phones to real people.
func (b *builder) connectPhones() {
	p := b.live.phones
	if p == nil {
		return
	}
	for _, x := range people.Phones(b.scenario.People) {
		p.workers = append(p.workers, carried{x, b.live.hub.Phone(x.Name)})
		p.use[x.Crew] = &sim.CrewUse{}
	}
	b.World.Observers = append(b.World.Observers, p)
	b.router.RouteTasks(func(t *sim.Task) broker.Worker {
		if best := p.choose(t.Skill); best != nil {
			if _, again := p.given[t.ID]; !again {
				p.given[t.ID] = b.World.Clock.Now()
			}
			return best
		}
		return nil
	})
}

// choose is the worker with the skill who has the fewest tasks; nil if none has it.
func (p *phones) choose(skill string) (best *broker.Phone) {
	for _, c := range p.workers {
		if slices.Contains(c.Skills, skill) && (best == nil || c.Open() < best.Open()) {
			best = c.Phone
		}
	}
	return best
}

// Answered counts a task that a worker has ended.
func (p *phones) Answered(a *sim.Ack) {
	issued, ours := p.given[a.ID]
	at := slices.IndexFunc(p.workers, func(c carried) bool { return c.Name == a.By })
	if !ours || at < 0 {
		return
	}
	delete(p.given, a.ID)
	use := p.use[p.workers[at].Crew]
	use.Taken++
	use.Waited += a.Delivered.At.Sub(issued)
	use.Busy += a.Done.At.Sub(a.Delivered.At)
	if a.Outcome == sim.Done {
		use.Tasks++
	}
}

// Use is the workforce's account with what the phones told; a task that is still
// with a worker counts as waiting, taken up or not.
func (p *phones) Use(now sim.Time) []sim.CrewUse {
	list := p.Workforce.Use(now)
	for i := range list {
		own := p.use[list[i].Crew]
		if own == nil {
			continue
		}
		list[i].Busy, list[i].Tasks, list[i].Taken, list[i].Waited = own.Busy, own.Tasks, own.Taken, own.Waited
		for _, c := range p.workers {
			if c.Crew == list[i].Crew {
				list[i].Waiting += c.Open()
			}
		}
	}
	return list
}
