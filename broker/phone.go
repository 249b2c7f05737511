package broker

import (
	"github.com/twinbed/twinbed/sim"
)

// Phone is a real worker who takes tasks and answers them with an MQTT client of
// their own. Who gets which task is the caller's business.
type Phone struct {
	desk   *desk
	worker string
	open   map[uint64]*errand
}

var _ Worker = (*Phone)(nil)

// errand is a task that the worker has been sent.
type errand struct {
	thing sim.ThingID
	does  sim.CommandID
	value float64
	taken bool
	at    sim.Stamp
}

// Phone declares a worker with a phone.
func (d *desk) Phone(worker string) *Phone {
	if d.serving {
		panic("phones are declared before the gate opens")
	}
	p := &Phone{desk: d, worker: worker, open: map[uint64]*errand{}}
	d.phones[worker] = p
	return p
}

// Worker is whose phone it is.
func (p *Phone) Worker() string { return p.worker }

// Open is how many tasks the worker has been sent and not ended.
func (p *Phone) Open() int { return len(p.open) }

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
	if _, again := p.open[t.ID]; !again {
		p.open[t.ID] = &errand{thing: t.Thing, does: t.Does, value: t.Value}
		p.attend(t.Thing, +1)
	}
	p.desk.send(letter{
		room: Tasks, name: p.worker, payload: AppendTask(nil, t, thing, does), qos: 1,
		medium: sim.TaskMessage, thing: t.Thing, due: t.Decided.At, vital: true, id: t.ID,
	})
}

// Withdraw takes a task back that the worker has not taken up.
func (p *Phone) Withdraw(task uint64) {
	e, ok := p.open[task]
	if !ok || e.taken {
		return
	}
	delete(p.open, task)
	p.attend(e.thing, -1)
	p.desk.send(letter{
		room: Tasks, name: p.worker, payload: AppendWithdrawal(nil, task), qos: 1,
		medium: sim.TaskMessage, thing: e.thing,
	})
}

// answer is what the worker says of a task, on the clock's thread.
func (p *Phone) answer(a *answered) {
	w := p.desk.world
	e, ok := p.open[a.ID]
	if !ok {
		p.desk.counts.add(strayAcks)
		w.Observers.Noted(sim.Event{
			At: w.Clock.Now(), What: "rejected", Thing: sim.NoThing, Subject: p.worker,
			Detail: "an ack of a task that is not open", ID: a.ID,
		})
		return
	}
	now := w.Clock.Stamp()
	if !e.taken {
		e.taken, e.at = true, now
	}
	if a.Taken {
		return
	}
	delete(p.open, a.ID)
	if a.Outcome == sim.Done && e.does != sim.NoCommand && e.thing != sim.NoThing {
		w.Do(e.thing, e.does, e.value)
	}
	p.attend(e.thing, -1)
	ack := &sim.Ack{
		ID: a.ID, Thing: e.thing, Outcome: a.Outcome, Foreign: true, Real: true, Delivered: e.at, Done: now,
		By: p.worker, Note: a.Note,
	}
	w.Observers.Answered(ack)
	w.Bus.Ack(ack)
}

func (p *Phone) attend(thing sim.ThingID, people int) {
	if thing != sim.NoThing {
		p.desk.world.Attend(thing, people)
	}
}
