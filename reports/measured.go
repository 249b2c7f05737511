package reports

import (
	"time"

	"github.com/twinbed/twinbed/sim"
)

// measured is the part of a run that latencies, rates and the clock's lateness
// are of: without the warm-up before it, and without what comes in after play
// has ended. The books are of all.
type measured struct {
	from, to     sim.Stamp
	before, upTo tally
	lag          sim.Lag // before
	ended        bool
}

// tally is what rates are made of.
type tally struct {
	sent uint64
	done [4]uint64 // as rated: readings delivered, loops closed, commands and tasks issued
}

// tally counts up to now.
func (r *Recorder) tally() (t tally) {
	for k := range r.kinds {
		b := r.total(k)
		t.sent += b.sent
		t.done[0] += b.delivered
	}
	for d := range r.decisions {
		t.done[1] += r.decisions[d].closed
	}
	t.done[2], t.done[3] = r.deeds.commands.issued, r.deeds.tasks.issued
	return t
}

// Begin ends the warm-up: figures are of what is due from now on. Without it
// they are of the whole run.
func (r *Recorder) Begin() {
	r.measured.from, r.measured.before, r.measured.lag = r.clock.Stamp(), r.tally(), *r.clock.Lag()
	for k := range r.kinds {
		r.kinds[k].uplink.clear()
		r.kinds[k].age = age{}
	}
	for i := range r.series {
		r.series[i].sensed = unseen
	}
	for _, d := range r.detections {
		if d != nil {
			d.begin(r.measured.from.At)
		}
	}
	for d := range r.decisions {
		t := &r.decisions[d]
		t.times = [segments]timesOf{}
		for s := range t.segments {
			t.segments[s].clear()
		}
	}
}

// End ends play: rates are of what was achieved until now. What is still on its
// way may come in until Close.
func (r *Recorder) End() {
	r.measured.to, r.measured.upTo, r.measured.ended = r.clock.Stamp(), r.tally(), true
}

// endAt is End for a recording that is closed without.
func (r *Recorder) endAt(now sim.Time) {
	if r.measured.ended {
		return
	}
	r.End()
	r.measured.to = r.clock.StampOf(now)
}

// warm says whether what was due at a time belongs to the warm-up.
func (r *Recorder) warm(due sim.Time) bool { return due < r.measured.from.At }

// achieved counts readings delivered, loops closed, commands and tasks issued
// in the measured part.
func (r *Recorder) achieved() (n [4]uint64) {
	for i := range n {
		n[i] = r.measured.upTo.done[i] - r.measured.before.done[i]
	}
	return n
}

// offered counts the readings that were due in the measured part: the clock skips none,
// however late it is.
func (r *Recorder) offered() uint64 { return r.measured.upTo.sent - r.measured.before.sent }

// seconds is how long the measured part lasted, in wall time where it was live.
func (r *Recorder) seconds() float64 {
	if r.live {
		return (r.measured.to.Wall - r.measured.from.Wall).Seconds()
	}
	return r.measured.to.At.Sub(r.measured.from.At).Seconds()
}

// lag is how late the clock was in the measured part.
func (r *Recorder) lag() *sim.Lag { return r.clock.Lag().Less(&r.measured.lag) }

// punctual is how late the clock may be at its 99th percentile, in wall time; 0
// where nothing is due.
func (r *Recorder) punctual() time.Duration {
	if r.setup.Punctual > 0 {
		return r.setup.Punctual
	}
	return time.Duration(lagShare * float64(r.tightest()))
}
