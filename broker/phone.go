package broker

import (
	"strings"
	"time"

	"github.com/twinbed/twinbed/broker/contained"
	"github.com/twinbed/twinbed/sim"
)

// Phone is an MQTT client of a worker who is a real person. A foreman sends it one
// task at a time.
type Phone struct {
	desk    *desk
	worker  string
	foreman Foreman
	open    map[uint64]bool // tasks that it has been sent, and whether they are taken up
}

// Foreman is told what a worker with a phone says, on the clock's thread.
type Foreman interface {
	Began(worker string, task uint64)
	Ended(worker string, task uint64, o sim.Outcome, note string)
	Unreached(worker string, task uint64, why sim.Cause) // the phone has not got it
	Reached(worker string)                               // somebody reads the phone now
}

// Phone declares a worker with a phone.
func (d *desk) Phone(worker string, f Foreman) *Phone {
	if d.serving {
		panic("phones are declared before the gate opens")
	}
	p := &Phone{desk: d, worker: worker, foreman: f, open: map[uint64]bool{}}
	d.phones[worker] = p
	return p
}

// Take sends a task to the phone, at QoS 1. It never blocks.
func (p *Phone) Take(t *sim.Task) {
	w := p.desk.world
	thing, does := "", ""
	if t.Thing != sim.NoThing {
		thing = w.Roster.Name(t.Thing)
		if t.Does != sim.NoCommand {
			does = w.Roster.Kind(t.Thing).Commands[t.Does].Name
		}
	}
	p.open[t.ID] = false
	p.desk.send(letter{
		room: Tasks, name: p.worker, payload: AppendTask(nil, t, thing, does), qos: 1,
		medium: sim.TaskMessage, thing: t.Thing, due: t.Decided.At, vital: true, id: t.ID, phone: p,
	})
}

// Withdraw takes a task back that the worker has not taken up.
func (p *Phone) Withdraw(task uint64) {
	if taken, ok := p.open[task]; !ok || taken {
		return
	}
	delete(p.open, task)
	p.desk.send(letter{
		room: Tasks, name: p.worker, payload: AppendWithdrawal(nil, task), qos: 1,
		medium: sim.TaskMessage, thing: sim.NoThing,
	})
}

// answer is what the worker says of a task, on the clock's thread.
func (p *Phone) answer(a *answered) {
	w := p.desk.world
	p.foreman.Reached(p.worker)
	if _, ok := p.open[a.ID]; !ok {
		p.desk.counts.add(strayAcks)
		w.Observers.Noted(sim.Event{
			At: w.Clock.Now(), What: "rejected", Thing: sim.NoThing, Subject: p.worker,
			Detail: "an ack of a task that is not open", ID: a.ID,
		})
		return
	}
	if a.Taken {
		p.open[a.ID] = true
		p.foreman.Began(p.worker, a.ID)
		return
	}
	delete(p.open, a.ID)
	p.foreman.Ended(p.worker, a.ID, a.Outcome, a.Note)
}

// unreached is that a task, or withdrawal, did not get to the phone; id 0 where it is not
// known which.
func (p *Phone) unreached(id uint64, why sim.Cause) {
	for task, taken := range p.open {
		if (id == 0 || id == task) && !taken {
			delete(p.open, task)
			p.foreman.Unreached(p.worker, task, why)
			return // there is one that is not taken at most
		}
	}
}

// triedAgain is how long after a letter was lost on the way to somebody who is there
// the phone is taken to be read again, in wall time.
const triedAgain = 10 * time.Second

// tell passes on what is known of a letter to a phone, on the clock's thread.
func (p *Phone) tell(l loss) {
	if l.took {
		p.foreman.Reached(p.worker)
		return
	}
	p.unreached(l.id, l.why)
	if c := p.desk.world.Clock; l.why != sim.LostNobody {
		c.After(time.Duration(float64(triedAgain)*c.Speed()), func() { p.foreman.Reached(p.worker) })
	}
}

// addressed says whether whoever has a filter means what comes by it: one that
// ends in # is an observer's.
func addressed(filter string) bool { return !strings.HasSuffix(filter, "#") }

// readPhones tells whose phones are read by a new subscription.
func (d *desk) readPhones(filter string) {
	if !addressed(filter) {
		return
	}
	if room, name := ReadTopic(filter); room == Tasks {
		if p := d.phones[name]; p != nil {
			d.lose(loss{phone: p, took: true})
		}
		return
	}
	for name, p := range d.phones {
		if contained.Covers(filter, Topic(Tasks, name)) {
			d.lose(loss{phone: p, took: true})
		}
	}
}
