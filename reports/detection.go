package reports

import (
	"errors"
	"math"
	"time"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/formula"
)

// Target is what a decision is to detect: a condition over ground truth, which
// belongs to the world and which the twin does not see.
type Target struct {
	Decision int            // place in Setup.Decisions
	Of       string         // the kind it watches; "": the one that has what the condition reads
	Truth    sim.Expression // over signals without noise, states, attributes, hour and weekday
	Ahead    time.Duration  // an alarm so long before the truth is right, too
}

// detection holds the alarms of one decision against the truth of one kind's
// things. The truth is known where it is told, before and after every command; between,
// values are taken to run straight and counts to jump half-way, so that is where it began and
// ended. An alarm is judged when the truth is next told.
type detection struct {
	kind    *sim.Kind
	ahead   time.Duration
	program *formula.Program
	spells  []spell      // by thing
	waits   []bool       // by thing: alarms wait, of this or another detection of the kind
	alarms  [][]sim.Time // by thing, not judged yet
	from    sim.Time     // what began before does not count

	found, missed, open        uint64 // times that it was true
	wrong, repeated, undecided uint64 // alarms
	delay, lead                durations
}

// spell is one thing's present time of truth.
type spell struct {
	since                 sim.Time
	holds, found, alarmed bool // alarmed: alarms wait
}

// detect has alarms of a decision held against a condition over this kind.
func (t *truth) detect(x Target, p *formula.Program) *detection {
	if t.waits == nil {
		t.waits = make([]bool, t.kind.Count)
	}
	d := &detection{kind: t.kind, ahead: x.Ahead, program: p, spells: make([]spell, t.kind.Count), waits: t.waits, alarms: make([][]sim.Time, t.kind.Count)}
	t.reads(p)
	if t.steps.takes(p) {
		t.steps.detections = append(t.steps.detections, d)
	} else {
		t.detections = append(t.detections, d)
	}
	return d
}

// judgeAll has detections judge, and says whether alarms still wait.
func (t *truth) judgeAll(list []*detection, i int, from, now sim.Time, row []float64) (waits bool) {
	for _, d := range list {
		t.judge(d, i, from, now, row)
		waits = waits || d.spells[i].alarmed
	}
	return waits
}

// judge takes in what was told of thing i at now, and before at from, unseen for
// the first time.
func (t *truth) judge(d *detection, i int, from, now sim.Time, row []float64) {
	x := &d.spells[i]
	holds := d.program.Bool(&t.env)
	if holds != x.holds {
		at := now
		if from != unseen && from < now {
			at = t.crossing(d.program, i, from, now, row, holds)
		}
		d.settle(i, x, at)
		if !holds {
			d.end(x)
		}
		*x = spell{since: at, holds: holds, alarmed: x.alarmed}
		if holds {
			d.settle(i, x, at)
		}
	}
	if x.alarmed {
		d.settle(i, x, now)
	}
}

// crossing is when a condition changed between two rows, to the nanosecond: on the
// straight line from one to the other. Whole numbers at both ends are counts, which
// jump: half-way, as nobody knows when.
func (t *truth) crossing(p *formula.Program, i int, from, now sim.Time, row []float64, holds bool) sim.Time {
	before := t.rows[i*len(row):]
	low, high := from, now
	for high-low > 1 {
		mid := low + (high-low)/2
		share := float64(mid-from) / float64(now-from)
		for n := range row {
			switch a, b := before[n], row[n]; {
			case a != math.Trunc(a) || b != math.Trunc(b):
				t.line.Row[n] = a + (b-a)*share
			case share < 0.5:
				t.line.Row[n] = a
			default:
				t.line.Row[n] = b
			}
		}
		t.world(&t.line, mid)
		if p.Bool(&t.line) == holds {
			high = mid
		} else {
			low = mid
		}
	}
	return high
}

// settle judges the alarms of thing i up to a time at which its present spell, of
// truth or of none, lasts.
func (d *detection) settle(i int, x *spell, to sim.Time) {
	if !x.alarmed {
		return
	}
	waiting := d.alarms[i]
	for len(waiting) > 0 {
		at := waiting[0]
		switch {
		case x.holds && at <= to:
			d.right(x, at)
		case !x.holds && at.Add(d.ahead) < to:
			d.count(&d.wrong, at)
		default:
			d.alarms[i] = waiting
			return
		}
		waiting = waiting[1:]
	}
	x.alarmed = false
	d.alarms[i] = nil
}

// right takes an alarm for one that belongs to a time of truth.
func (d *detection) right(x *spell, at sim.Time) {
	switch {
	case x.found:
		d.count(&d.repeated, at)
		return
	case x.since >= d.from && at >= x.since:
		d.delay.add(at.Sub(x.since))
	case x.since >= d.from:
		d.delay.add(0)
		d.lead.add(x.since.Sub(at))
	}
	x.found = true
}

// count counts what belongs to a time, unless that is before figures begin.
func (d *detection) count(n *uint64, at sim.Time) {
	if at >= d.from {
		*n++
	}
}

// end counts a time of truth that is over.
func (d *detection) end(x *spell) {
	if x.found {
		d.count(&d.found, x.since)
	} else {
		d.count(&d.missed, x.since)
	}
}

// fire takes an alarm down; d may be nil.
func (d *detection) fire(id sim.ThingID, at sim.Time) {
	if d == nil || id < d.kind.First || int(id-d.kind.First) >= d.kind.Count {
		return
	}
	i := int(id - d.kind.First)
	d.spells[i].alarmed, d.waits[i] = true, true
	d.alarms[i] = append(d.alarms[i], at)
}

// begin forgets what there was before a time.
func (d *detection) begin(from sim.Time) {
	d.from = from
	d.found, d.missed, d.wrong, d.repeated = 0, 0, 0, 0
	d.delay.clear()
	d.lead.clear()
}

// close judges what is left when the run ends, of things that last told their
// truth at a time.
func (d *detection) close(now sim.Time, last []sim.Time) {
	for i := range d.spells {
		x := &d.spells[i]
		if last[i] != unseen { // who never told, has no truth
			d.settle(i, x, now)
		}
		for _, at := range d.alarms[i] {
			d.count(&d.undecided, at)
		}
		switch {
		case x.holds && x.found:
			d.count(&d.found, x.since)
		case x.holds:
			d.count(&d.open, x.since)
		}
	}
}

// Detection is how good a decision was at finding what it is to detect.
type Detection struct {
	Truth     string    `json:"truth"`
	Ahead     Number    `json:"ahead"`        // alarms so long before it are right, too
	True      uint64    `json:"true"`         // how often it was true = detected + missed + open
	Detected  uint64    `json:"detected"`     // with an alarm while it was, or not too long before
	Missed    uint64    `json:"missed"`       // over without one
	Open      uint64    `json:"open"`         // true at the end, and no alarm yet
	False     uint64    `json:"false_alarms"` // alarms while it was not true
	Repeated  uint64    `json:"repeated"`     // further alarms of what was detected: neither right nor wrong
	Undecided uint64    `json:"undecided"`    // alarms at the end that may still prove right
	Precision Number    `json:"precision"`    // detected / (detected + false alarms)
	Recall    Number    `json:"recall"`       // detected / (detected + missed)
	Delay     Durations `json:"delay"`        // from when it became true to the alarm; 0 where that came before
	Lead      Durations `json:"lead"`         // by how much alarms that came before were early
}

// figures draws up the account; nil where there is no target.
func (d *detection) figures() *Detection {
	if d == nil {
		return nil
	}
	return &Detection{
		Truth: d.program.Source(), Ahead: Number(d.ahead.Seconds()), True: d.found + d.missed + d.open,
		Detected: d.found, Missed: d.missed, Open: d.open, False: d.wrong, Repeated: d.repeated, Undecided: d.undecided,
		Precision: ratio(float64(d.found), float64(d.found+d.wrong)), Recall: ratio(float64(d.found), float64(d.found+d.missed)),
		Delay: d.delay.figures(), Lead: d.lead.figures(),
	}
}

// detecting is the detection that a decision of the run has; nil for none.
func (r *Recorder) detecting(decision int) *detection {
	if decision >= len(r.detections) {
		return nil
	}
	return r.detections[decision]
}

// planTargets compiles what decisions are to detect; the list is by decision.
func (q *kpis) planTargets(s Setup, truths []*truth) ([]*detection, error) {
	list := make([]*detection, len(s.Decisions))
	var wrongs []error
	for _, x := range s.Targets {
		kinds, err := kindsOf(x.Of, s.Roster)
		var fits []fit
		if err == nil {
			fits, err = q.fitting(x.Truth, "truth", timeWhile, kinds, s.Roster)
		}
		switch {
		case err != nil:
		case len(fits) > 1:
			err = sim.Wrongf("truth", "this fits several kinds: say with of which one the decision watches")
		default:
			list[x.Decision] = truths[fits[0].kind].detect(x, fits[0].program)
		}
		wrongs = append(wrongs, below("decisions."+s.Decisions[x.Decision], err))
	}
	return list, errors.Join(wrongs...)
}
