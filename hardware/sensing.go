package hardware

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/units"
)

// tick: a reading is due. It is asked for now or not at all; each due reading has
// its number, and the books say what became of it.
func (d *Device) tick() {
	d.counts.Due++
	now := d.world.Clock.Now()
	if d.asking {
		d.counts.Missed++
		d.withhold(d.world.Clock.StampOf(now), false, lostBusy)
		return
	}
	d.asking = true
	d.dues <- now // has room: one is asked for at a time
}

// sense asks the device for each due reading.
func (d *Device) sense(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case due := <-d.dues:
			values, err := d.ask(ctx)
			d.post(ctx, func() { d.sensed(due, values, err) })
		}
	}
}

// ask senses once, and again as often as the binding allows; a device that still
// fails is given up, to be opened anew.
func (d *Device) ask(ctx context.Context) ([]float64, error) {
	s, err := d.reach(ctx)
	if err != nil {
		return nil, err
	}
	for try := 0; ; try++ {
		values := blank(len(d.kind.Signals))
		err := d.call(s.ctx, d.binding.Timeout, func(call context.Context) error {
			return s.adapter.Sense(call, values)
		})
		if err == nil {
			d.good(s)
			return values, nil
		}
		if try >= d.binding.Retries || errors.Is(err, errHung) || !wait(s.ctx, d.binding.Backoff) {
			s.end(err)
			return nil, err
		}
	}
}

// listen takes what a device sends on its own until the session ends.
func (d *Device) listen(ctx context.Context, s *session, source Pushes) {
	for {
		values := blank(len(d.kind.Signals))
		var push Push
		err := d.call(s.ctx, math.MaxInt64, func(call context.Context) (err error) {
			push, err = source.Next(call, values)
			return err
		})
		switch {
		case s.ctx.Err() != nil:
			return
		case err == nil:
			d.good(s)
		case !errors.Is(err, ErrMalformed):
			s.end(err)
			d.post(ctx, func() { d.counts.Failed++ })
			return
		}
		d.post(ctx, func() { d.pushed(push, values, err) })
	}
}

// pushed takes what the device sent, on the clock's thread.
func (d *Device) pushed(p Push, values []float64, malformed error) {
	came := d.stamp(p.Came)
	for range p.Skipped {
		d.counts.Missed++
		d.withhold(came, true, lostBehind)
	}
	if malformed != nil {
		d.counts.Malformed++
		if d.counts.Malformed == 1 {
			d.note(sim.Event{What: "device malformed", Detail: malformed.Error()})
		}
		d.withhold(came, true, sim.LostMalformed)
		return
	}
	d.recovered()
	d.counts.Sensed++
	d.send(came, values, true)
}

func (d *Device) good(s *session) {
	s.served.Store(true)
	d.lastOK.Store(time.Now().UnixNano())
}

// sensed takes the answer to a due reading, back on the clock's thread.
func (d *Device) sensed(due sim.Time, values []float64, err error) {
	d.asking = false
	if err != nil {
		d.counts.Failed++
		d.troubled(err)
		d.withhold(d.world.Clock.StampOf(due), false, lostSilent)
		return
	}
	d.recovered()
	d.counts.Sensed++
	if d.world.Clock.Now().Sub(due) > d.kind.Every {
		d.counts.Late++
	}
	d.send(d.world.Clock.StampOf(due), values, false)
}

// withhold books a reading that came to nothing.
func (d *Device) withhold(sensed sim.Stamp, foreign bool, why sim.Cause) {
	d.number(sensed, blank(len(d.kind.Signals)), foreign)
	d.world.Observers.Lost(sim.ReadingMessage, d.thing, sensed.At, why)
}

// number gives a reading the next number and shows it to the observers.
func (d *Device) number(sensed sim.Stamp, values []float64, foreign bool) {
	d.seq++
	d.reading = sim.Reading{Thing: d.thing, Seq: d.seq, Foreign: foreign, Sensed: sensed, Values: values}
	d.world.Observers.Sent(&d.reading)
}

// send puts a reading on the link. values are its own.
func (d *Device) send(sensed sim.Stamp, values []float64, foreign bool) {
	w := d.world
	if why, off := w.Tampers.Off(d.thing); off {
		d.withhold(sensed, foreign, why)
		return
	}
	d.number(sensed, values, foreign)
	now := w.Clock.Now()
	x := sim.Outgoing{Thing: d.thing, Seq: d.seq, At: sensed.At, Values: values}
	if w.Tampers.Touch(&x); x.Lost {
		w.Observers.Lost(sim.ReadingMessage, d.thing, sensed.At, x.Cause)
		return
	}
	d.reading.Skew, d.reading.Odd = x.Skew, x.Odd
	arrives, why, ok := w.Link.Pass(sim.Up, d.thing, uint64(d.seq), now)
	if !ok {
		w.Observers.Lost(sim.ReadingMessage, d.thing, sensed.At, why)
		return
	}
	for arrives = arrives.Add(x.Delay); x.Copies >= 0; x.Copies-- {
		if arrives <= now {
			d.carrier.Reading(&d.reading)
		} else {
			reading := d.reading
			d.travel(arrives, reading.Again, &d.onLink.readings, func() { d.carrier.Reading(&reading) })
		}
		d.reading.Again = true
	}
}

// troubled tells the first failure of a series.
func (d *Device) troubled(err error) {
	if d.lost {
		return
	}
	d.lost, d.lostSince = true, d.world.Clock.Now()
	d.counts.Outages++
	d.note(sim.Event{What: "device lost", Detail: err.Error()})
}

func (d *Device) recovered() {
	if !d.lost {
		return
	}
	d.lost = false
	away := d.world.Clock.Now().Sub(d.lostSince)
	d.note(sim.Event{What: "device back", Detail: fmt.Sprintf("after %s", units.FormatDuration(away))})
}

func blank(n int) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = math.NaN()
	}
	return values
}
