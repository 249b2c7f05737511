package broker

import "github.com/twinbed/twinbed/sim"

// Outages books what was lost because a connection to a broker that is not ours
// had ended: at such a broker both ends are ours, and nobody else can know.
// Register it among the world's observers and settle it at the end.
//
// A message is at risk if it was on its way when its session's or the platform's
// connection ended, or was sent while one was down. What has not arrived in the
// end is booked as lost, as far as it was at risk; the rest nobody can explain.
type Outages struct {
	sim.Silent
	remote *Remote
	wires  [][3]wire // by thing: readings, commands, acks
}

var _ sim.Observer = (*Outages)(nil)

// wire is what is on its way in one direction of one thing. Messages are known by
// numbers that go up.
type wire struct {
	open   int32    // sent, not arrived, not known to be lost
	risked int32    // of those, how many are at risk
	ends   uint32   // connections that had ended when it was last looked at
	last   uint64   // number sent
	until  uint64   // the last number that is at risk
	due    sim.Time // of last
	risk   sim.Time // due time of until
}

// Outages makes the observer of the run.
func (r *Remote) Outages() *Outages {
	return &Outages{remote: r, wires: make([][3]wire, r.world.Roster.Size())}
}

// wire brings a wire up to what has happened to the connections; nil where the
// thing has none. down says whether one is down now.
func (o *Outages) wire(id sim.ThingID, m sim.Medium) (w *wire, down bool) {
	if id == sim.NoThing || m > sim.AckMessage || o.remote.players[id] != session {
		return nil, false
	}
	ended, up := o.remote.session(id)
	ends := o.remote.ended.Load() + ended
	down = !up || o.remote.link.Load() == nil
	w = &o.wires[id][m]
	if w.ends != ends {
		w.ends, w.risked, w.until, w.risk = ends, max(w.open, 0), w.last, w.due
	}
	return w, down
}

func (o *Outages) sent(id sim.ThingID, m sim.Medium, number uint64, due sim.Time) {
	w, down := o.wire(id, m)
	if w == nil {
		return
	}
	w.open++
	w.last, w.due = number, due
	if down {
		w.risked++
		w.until, w.risk = number, due
	}
}

func (o *Outages) came(id sim.ThingID, m sim.Medium, number uint64) {
	w, _ := o.wire(id, m)
	if w == nil {
		return
	}
	if number <= w.until {
		w.risked--
	}
	w.left()
}

// left: one message fewer is on its way. A command that is heard of later than its
// thing has it makes open negative for a moment.
func (w *wire) left() {
	w.open--
	w.risked = max(0, min(w.risked, w.open))
}

// Sent: a reading is on its way.
func (o *Outages) Sent(r *sim.Reading) {
	o.sent(r.Thing, sim.ReadingMessage, uint64(r.Seq), r.Sensed.At)
}

// Mirrored: a reading has arrived.
func (o *Outages) Mirrored(r *sim.Reading, how sim.Arrival) {
	if how != sim.Duplicate {
		o.came(r.Thing, sim.ReadingMessage, uint64(r.Seq))
	}
}

// Issued: a command is on its way.
func (o *Outages) Issued(d *sim.Deed) {
	if !d.Task {
		o.sent(d.Thing, sim.CommandMessage, d.ID, d.Issued)
	}
}

// Took: a command has arrived.
func (o *Outages) Took(m sim.Medium, thing sim.ThingID, id uint64) {
	if m == sim.CommandMessage {
		o.came(thing, m, id)
	}
}

// Answered: an ack is on its way.
func (o *Outages) Answered(a *sim.Ack) {
	if a.By == "" {
		o.sent(a.Thing, sim.AckMessage, a.ID, a.Done.At)
	}
}

// Heard: an ack has arrived.
func (o *Outages) Heard(a *sim.Ack) {
	if a.By == "" {
		o.came(a.Thing, sim.AckMessage, a.ID)
	}
}

// Lost: somebody knows better.
func (o *Outages) Lost(m sim.Medium, thing sim.ThingID, _ sim.Time, _ sim.Cause) {
	if w, _ := o.wire(thing, m); w != nil {
		w.left()
	}
}

// Settle tells what was lost in outages, on the clock's thread, once nothing can
// arrive any more.
func (o *Outages) Settle() {
	for i := range o.wires {
		id := sim.ThingID(i)
		for m := sim.ReadingMessage; m <= sim.AckMessage; m++ {
			w, _ := o.wire(id, m)
			if w == nil {
				continue
			}
			every := o.remote.world.Roster.Kind(id).Every
			for due := w.risk; w.risked > 0; due = due.Add(-every) {
				o.remote.world.Observers.Lost(m, id, max(due, 0), sim.LostConnection) // which lowers risked
			}
		}
	}
}
