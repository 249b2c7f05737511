package twins

import (
	"math"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
	"github.com/twinbed/twinbed/sim/formula"
)

// command tells the thing to act and waits for its ack.
type command struct {
	id    sim.CommandID
	name  string
	value *formula.Program // nil for none
}

func (c *command) begin(r *run) {
	t := r.t
	p := t.p
	if r.deed == nil {
		r.deed = p.deed(r, false, c.name)
		r.deed.value = t.evaluate(c.value)
	}
	r.deed.Attempt = r.attempt
	order := c.order(r)
	t.d.k.desire(t.i, c.id, order.Value)
	p.world.Observers.Issued(&r.deed.Deed)
	p.world.Bus.Command(order)
}

// evaluate is the value of a formula over the turn's twin, NaN for none.
func (t *turn) evaluate(f *formula.Program) float64 {
	if f == nil {
		return math.NaN()
	}
	return f.Number(t.p.over(t.d.k, t.i))
}

// task asks a person to act, once what it uses is there, and waits for the ack.
type task struct {
	template sim.Task // all but what an attempt makes of it
	value    *formula.Program
	urgent   *int // its own priority
	stock    sim.Stock
	uses     string // the stock's name
	count    int
}

func (x *task) begin(r *run) {
	if x.stock == nil {
		x.issue(r)
		return
	}
	r.t.p.waiting++
	there := false
	cancel := x.stock.Take(x.count, func() {
		there, r.cancel = true, nil
		r.t.p.waiting--
		x.issue(r)
	})
	if !there {
		r.t.p.note("waiting for stock", r.t.loop.Thing, x.uses, x.template.What, r.t.loop.ID)
		r.cancel = func() { r.t.p.waiting--; cancel() }
	}
}

func (x *task) issue(r *run) {
	t := r.t
	p := t.p
	r.deed = p.deed(r, true, x.template.What)
	r.deed.Attempt = r.attempt
	if x.stock != nil {
		r.deed.give = func() { x.stock.Give(x.count) }
	}
	order := x.template
	order.ID, order.Thing, order.Seq, order.Attempt = r.deed.ID, t.loop.Thing, t.loop.Seq, r.attempt
	order.Value, order.Decided = t.evaluate(x.value), p.world.Clock.Stamp()
	order.Priority = t.d.priority
	if x.urgent != nil {
		order.Priority = *x.urgent
	}
	p.world.Observers.Issued(&r.deed.Deed)
	p.world.Bus.Task(&order)
}

// wait lets time pass.
type wait struct {
	lasts chance.Distribution
	luck  chance.Stream
}

func (x *wait) begin(r *run) {
	u := x.luck.Uniform(uint32(r.t.i), uint64(r.t.loop.Seq)<<8|uint64(uint8(r.attempt)))
	timer := r.t.p.world.Clock.AmongAfter(sim.Seconds(x.lasts.Quantile(u)), func() {
		r.cancel = nil
		r.end(sim.Done)
	})
	r.cancel = timer.Cancel
}

// branch goes one of two ways.
type branch struct {
	cond    *formula.Program
	yes, no []step
}

func (x *branch) begin(r *run) {
	way := x.no
	if x.cond.Bool(r.t.p.over(r.t.d.k, r.t.i)) {
		way = x.yes
	}
	r.t.sequence(r, way, r.end)
}

// parallel runs lists of steps side by side and waits for all.
type parallel struct{ lists [][]step }

func (x *parallel) begin(r *run) {
	left, outcome := len(x.lists), sim.Done
	for _, steps := range x.lists {
		r.t.sequence(r, steps, func(o sim.Outcome) {
			if outcome == sim.Done {
				outcome = o
			}
			if left--; left == 0 {
				r.end(outcome)
			}
		})
	}
}

// notify tells the observers.
type notify struct{ topic, text string }

func (x *notify) begin(r *run) {
	r.t.p.note(Notification, r.t.loop.Thing, x.topic, x.text, r.t.loop.ID)
	r.end(sim.Done)
}

// Notification is the word of the event that a notify step makes: its Subject
// is the topic, its Detail the message.
const Notification = "notify"

// routine is a process compiled for one kind; as an action it is the call.
type routine struct{ steps []step }

func (x *routine) begin(r *run) { r.t.sequence(r, x.steps, r.end) }
