package sim

import (
	"fmt"
	"math"
)

// deeds remembers which commands a fleet has carried out, so that one that is
// sent again is acknowledged again and not done again.
type deeds struct {
	outcome map[uint64]Outcome
	recent  []uint64
	oldest  int
}

const deedsRemembered = 1 << 14

func (d *deeds) seen(id uint64) (Outcome, bool) { o, ok := d.outcome[id]; return o, ok }

func (d *deeds) note(id uint64, o Outcome) {
	if d.outcome == nil {
		d.outcome = map[uint64]Outcome{}
	}
	d.outcome[id] = o
	if len(d.recent) < deedsRemembered {
		d.recent = append(d.recent, id)
		return
	}
	delete(d.outcome, d.recent[d.oldest])
	d.recent[d.oldest] = id
	d.oldest = (d.oldest + 1) % deedsRemembered
}

// Obey sends a command down the link to its thing, which acts and acknowledges.
// Fleet is the Device of all its things.
func (f *Fleet) Obey(c *Command) {
	w := f.world
	now := w.Clock.Now()
	arrives, why, ok := w.Link.Pass(Down, c.Thing, c.Luck(), now)
	if !ok {
		w.Observers.Lost(CommandMessage, c.Thing, c.Decided.At, why)
		return
	}
	command := *c
	f.inbound++
	w.Hold(c.Thing)
	if arrives <= now {
		f.take(&command)
		return
	}
	w.Clock.Among(arrives, func() { f.take(&command) })
}

// Luck numbers a command among all that its thing may get, for the link and other
// draws.
func (c *Command) Luck() uint64 {
	return uint64(c.Seq)<<24 | uint64(uint16(c.Name))<<8 | uint64(uint8(c.Attempt))
}

// take is a command's arrival at the thing.
func (f *Fleet) take(c *Command) {
	f.inbound--
	w, i := f.world, int(c.Thing-f.Kind.First)
	if i >= f.active {
		w.Observers.Lost(CommandMessage, c.Thing, c.Decided.At, LostNobody)
		w.Release(c.Thing)
		return
	}
	if why, off := w.Tampers.Off(c.Thing); off {
		w.Observers.Lost(CommandMessage, c.Thing, c.Decided.At, why)
		w.Release(c.Thing)
		return
	}
	w.Observers.Took(CommandMessage, c.Thing, c.ID)
	ack := Ack{ID: c.ID, Thing: c.Thing, Delivered: w.Clock.Stamp()}
	if before, again := f.deeds.seen(c.ID); again {
		ack.Outcome, ack.Note = before, "already carried out"
		f.acknowledge(c, ack)
		return
	}
	spec := &f.Kind.Commands[c.Name]
	if spec.TakesValue() && math.IsNaN(c.Value) {
		ack.Outcome, ack.Note = Refused, fmt.Sprintf("%s needs a value", spec.Name)
		f.acknowledge(c, ack)
		return
	}
	f.deeds.note(c.ID, Done)
	act := func() {
		if spec.Fails > 0 && f.fails.Uniform(uint32(i), c.Luck()) < spec.Fails {
			f.deeds.note(c.ID, Failed)
			ack.Outcome, ack.Note = Failed, "the device did not manage"
		} else {
			f.set(i, spec, c.Value)
		}
		f.acknowledge(c, ack)
	}
	if spec.Takes == nil {
		act()
		return
	}
	w.Clock.AmongAfter(Seconds(spec.Takes.Quantile(f.takes.Uniform(uint32(i), c.Luck()))), act)
}

// set brings the truth of thing i to now under its old states, then sets the new.
func (f *Fleet) set(i int, spec *CommandSpec, value float64) {
	now := f.world.Clock.Now()
	f.world.Observers.Truth(f.Kind, i, now, f.carry(i, now))
	for _, s := range spec.Sets {
		v := s.Value
		if s.FromValue {
			v = value
		}
		*f.State(i, s.State) = v
	}
	f.Settle(i)
}

// Settle tells models and observers that states of thing i have been set. A model
// calls it, in an event of its own, after it has set a state that others live by.
func (f *Fleet) Settle(i int) {
	now := f.world.Clock.Now()
	for _, s := range f.signals {
		if r, ok := s.(Reactive); ok {
			r.StateSet(i, now)
		}
	}
	f.Changed(i)
}

// acknowledge sends what became of a command up the link.
func (f *Fleet) acknowledge(c *Command, ack Ack) {
	w := f.world
	ack.Done = w.Clock.Stamp()
	w.Observers.Answered(&ack)
	now := w.Clock.Now()
	arrives, why, ok := w.Link.Pass(Up, c.Thing, 1<<63|c.Luck(), now)
	if !ok {
		w.Observers.Lost(AckMessage, c.Thing, c.Decided.At, why)
		w.Release(c.Thing)
		return
	}
	f.outbound++
	send := func() {
		f.outbound--
		i, k := int(c.Thing-f.Kind.First), f.Kind
		ack.State = f.Row(i)[len(k.Signals) : len(k.Signals)+len(k.States)]
		f.Carrier.Ack(&ack)
		w.Release(c.Thing)
	}
	if arrives <= now {
		send()
		return
	}
	w.Clock.Among(arrives, send)
}

// Do carries a command out on the spot: a person's hands. A thing that is not
// played here does its own.
func (f *Fleet) Do(id ThingID, c CommandID, value float64) {
	if f.Played(id) {
		f.set(int(id-f.Kind.First), &f.Kind.Commands[c], value)
	}
}

// Look is the truth of a signal at now: a person's eyes and instruments. Of a
// thing that is not played here nobody knows it.
func (f *Fleet) Look(id ThingID, signal int) float64 {
	if !f.Played(id) {
		return math.NaN()
	}
	i := int(id - f.Kind.First)
	return f.carry(i, f.world.Clock.Now())[signal]
}
