package hardware

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/units"
)

// order is a command that waits for the device.
type order struct {
	sim.Command
	taken time.Time
}

// Obey sends a command down the link to the device.
func (d *Device) Obey(c *sim.Command) {
	w := d.world
	now := w.Clock.Now()
	arrives, why, ok := w.Link.Pass(sim.Down, d.thing, c.Luck(), now)
	if !ok {
		w.Observers.Lost(sim.CommandMessage, d.thing, c.Decided.At, why)
		return
	}
	command := *c
	if arrives <= now {
		d.take(&command)
		return
	}
	d.travel(arrives, false, &d.onLink.commands, func() { d.take(&command) })
}

// take is a command's arrival at the device. One that was here before is not
// given twice: its ack is sent again, or is still to come.
func (d *Device) take(c *sim.Command) {
	d.world.Observers.Took(sim.CommandMessage, d.thing, c.ID)
	if before, again := d.deeds.find(c.ID); again {
		if before != nil {
			ack := *before
			ack.Note = "already carried out"
			d.acknowledge(c, ack)
		}
		return
	}
	d.deeds.begin(c.ID)
	d.counts.Commands++
	select {
	case d.orders <- order{*c, time.Now()}:
	default:
		stamp := d.world.Clock.Stamp()
		d.closed(c, sim.Ack{Outcome: sim.Refused, Delivered: stamp, Done: stamp,
			Note: fmt.Sprintf("%d commands are waiting already", cap(d.orders))})
	}
}

// act gives commands to the device, one at a time.
func (d *Device) act(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case o := <-d.orders:
			begun := time.Now()
			outcome, err := d.carryOut(ctx, &o, begun)
			ack := sim.Ack{Outcome: outcome, Delivered: d.stamp(begun), Done: d.stamp(time.Now())}
			if err != nil {
				ack.Note = err.Error()
			}
			d.post(ctx, func() { d.closed(&o.Command, ack) })
		}
	}
}

// carryOut judges a command and, where nothing forbids it, gives it to the device.
func (d *Device) carryOut(ctx context.Context, o *order, now time.Time) (sim.Outcome, error) {
	r := &d.rules[o.Name]
	name := d.kind.Commands[o.Name].Name
	if waited := now.Sub(o.taken); waited > d.binding.Patience {
		return sim.Refused, fmt.Errorf("waited %s for the device", units.FormatDuration(waited))
	}
	if err := r.bounds(o.Value); err != nil {
		return sim.Refused, err
	}
	if age := now.UnixNano() - d.lastOK.Load(); d.binding.StateAge > 0 && age > int64(d.binding.StateAge) {
		return sim.Refused, fmt.Errorf("the device's state is not known: no good reading for %s",
			units.FormatDuration(d.binding.StateAge))
	}
	var s *session
	if d.armed {
		var err error
		if s, err = d.reach(ctx); err != nil {
			return sim.Refused, err
		}
	}
	if err := r.admit(o.Value, now); err != nil {
		return sim.Refused, err
	}
	if !d.armed {
		r.achieved(o.Value)
		return sim.Refused, fmt.Errorf("not armed: %s was not given to %s", name, d.site.Thing)
	}
	return d.give(s, d.binding.Timeout, r, name, o.Value)
}

// give is the one place where a command reaches a device.
func (d *Device) give(s *session, timeout time.Duration, r *rule, name string, value float64) (sim.Outcome, error) {
	err := d.call(s.ctx, timeout, func(call context.Context) error {
		return s.adapter.Act(call, name, value)
	})
	switch {
	case err == nil:
		r.achieved(value)
		return sim.Done, nil
	case errors.Is(err, ErrUnknownCommand), errors.Is(err, ErrRefused):
		return sim.Refused, err
	case errors.Is(err, errHung):
		s.end(err)
		return sim.Failed, fmt.Errorf("%w: what came of it is unknown", err)
	case errors.Is(err, context.DeadlineExceeded):
		return sim.Failed, fmt.Errorf("no answer within %s: what came of it is unknown: %w", units.FormatDuration(timeout), err)
	}
	return sim.Failed, err
}

// closed books what became of a command and acknowledges it.
func (d *Device) closed(c *sim.Command, ack sim.Ack) {
	ack.ID, ack.Thing = c.ID, d.thing
	d.deeds.end(c.ID, &ack)
	switch ack.Outcome {
	case sim.Done:
		d.counts.Done++
	case sim.Refused:
		d.counts.Refused++
		d.note(sim.Event{What: "refused", Subject: d.kind.Commands[c.Name].Name, Detail: ack.Note, ID: c.ID})
	default:
		d.counts.Faulty++
	}
	d.acknowledge(c, ack)
}

// acknowledge sends an ack up the link.
func (d *Device) acknowledge(c *sim.Command, ack sim.Ack) {
	w := d.world
	ack.Real = true
	w.Observers.Answered(&ack)
	now := w.Clock.Now()
	arrives, why, ok := w.Link.Pass(sim.Up, d.thing, 1<<63|c.Luck(), now)
	switch {
	case !ok:
		w.Observers.Lost(sim.AckMessage, d.thing, c.Decided.At, why)
	case arrives <= now:
		d.carrier.Ack(&ack)
	default:
		d.travel(arrives, false, &d.onLink.acks, func() { d.carrier.Ack(&ack) })
	}
}

// leaveSafe gives an armed device its safe commands: within their range, but
// whatever rate and interval say, through a new session where there is none.
func (d *Device) leaveSafe(deadline time.Time) error {
	if !d.armed || len(d.binding.Safe) == 0 {
		return nil
	}
	ctx, cancel := context.WithDeadline(context.Background(), deadline)
	defer cancel()
	if s := d.session.Swap(nil); s != nil {
		ended := errors.Is(context.Cause(s.ctx), context.Canceled) // by Close alone, not by a failure
		if ended && d.hung.Load() == 0 {
			s.ctx, s.end = context.WithCancelCause(ctx)
			d.session.Store(s)
		} else {
			_ = d.letGo(s, min(d.binding.Timeout, time.Until(deadline)/2)) // it failed, which has been told
		}
	}
	s := d.session.Load()
	if s == nil {
		var err error
		if s, err = d.open(ctx); err != nil {
			return fmt.Errorf("not left safe: %w", err)
		}
		d.session.Store(s)
	}
	var errs []error
	for _, safe := range d.binding.Safe {
		r := &d.rules[d.kind.Command(safe.Command)]
		if _, err := d.give(s, d.binding.Timeout, r, safe.Command, safe.Value); err != nil {
			errs = append(errs, fmt.Errorf("not left safe: %s: %w", safe.Command, err))
		}
	}
	return errors.Join(errs...)
}

// deeds remembers the acks of commands, so that one that is sent again is not
// carried out again.
type deeds struct {
	acks   map[uint64]*sim.Ack // nil: under way
	recent []uint64
	oldest int
}

const deedsRemembered = 1 << 12

func (d *deeds) find(id uint64) (ack *sim.Ack, seen bool) { ack, seen = d.acks[id]; return }

func (d *deeds) begin(id uint64) {
	if d.acks == nil {
		d.acks = map[uint64]*sim.Ack{}
	}
	d.acks[id] = nil
	if len(d.recent) < deedsRemembered {
		d.recent = append(d.recent, id)
		return
	}
	delete(d.acks, d.recent[d.oldest])
	d.recent[d.oldest] = id
	d.oldest = (d.oldest + 1) % deedsRemembered
}

func (d *deeds) end(id uint64, ack *sim.Ack) {
	if _, known := d.acks[id]; known {
		d.acks[id] = ack
	}
}
