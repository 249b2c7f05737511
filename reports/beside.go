package reports

import (
	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/formula"
)

var (
	_ sim.Watcher = (*Recorder)(nil)
	_ sim.Watcher = (*Aftermath)(nil)
	_ sim.Watcher = (*Events)(nil)
)

// besideRecorder is a Recorder in a lane of the run: with what is kept of each thing
// shared, and books of its own until they are joined.
type besideRecorder struct{ *Recorder }

// Beside makes the recorder's part in a lane.
func (r *Recorder) Beside(l *sim.Lane) (sim.Observer, sim.Part) {
	b := sim.Copied(r)
	b.main, b.lane, b.clock = r, l, l.World.Clock
	b.kinds = sim.Room[kindRecord](len(r.kinds))
	b.epochs, b.suspects = nil, nil
	b.disagreements, b.strangers = 0, 0
	b.truths = make([]*truth, len(r.truths))
	for k, t := range r.truths {
		if t != nil {
			b.truths[k] = t.beside()
		}
	}
	return b, besideRecorder{b}
}

// Enter takes over where faults have cut the run, and what is measured.
func (b besideRecorder) Enter() {
	b.measured = b.main.measured
	for n := len(b.epochs); n < len(b.main.epochs); n++ {
		b.epochs = append(b.epochs, epoch{from: b.main.epochs[n].from, books: newBooks(len(b.kinds))})
	}
	for k, t := range b.truths {
		if t != nil {
			t.enter(b.main.truths[k])
		}
	}
}

// Join hands over what the books hold.
func (b besideRecorder) Join() {
	r := b.main
	for k := range b.kinds {
		own := &b.kinds[k]
		r.kinds[k].uplink.absorb(&own.uplink)
		r.kinds[k].age.absorb(&own.age)
		r.kinds[k].foreign += own.foreign
		*own = kindRecord{}
		if t := b.truths[k]; t != nil {
			t.join(r.truths[k])
		}
	}
	for e := range b.epochs {
		for k := range b.epochs[e].books {
			own := &b.epochs[e].books[k]
			r.epochs[e].books[k].add(own)
			*own = book{causes: make([]uint64, len(own.causes))}
		}
	}
	r.suspects = append(r.suspects, b.suspects...)
	r.disagreements, r.strangers = r.disagreements+b.disagreements, r.strangers+b.strangers
	b.suspects, b.disagreements, b.strangers = nil, 0, 0
}

// beside is the truth as a lane sees it.
func (t *truth) beside() *truth {
	own := sim.Copied(t)
	own.env = formula.Env{World: sim.Room[float64](len(t.env.World))}
	own.line = formula.Env{Row: make([]float64, len(t.line.Row)), World: make([]float64, len(t.line.World))}
	own.at = unseen
	own.begun, own.seen = exact{}, 0
	own.steps.detections = besideOf(t.steps.detections)
	own.detections = besideOf(t.detections)
	return own
}

func besideOf(list []*detection) (copies []*detection) {
	for _, d := range list {
		own := sim.Copied(d)
		own.begin(d.from)
		copies = append(copies, own)
	}
	return copies
}

// both are the detections of a lane's truth beside those of the run's.
func (t *truth) both(main *truth, do func(own, main *detection)) {
	for n, d := range t.steps.detections {
		do(d, main.steps.detections[n])
	}
	for n, d := range t.detections {
		do(d, main.detections[n])
	}
}

func (t *truth) enter(main *truth) {
	t.both(main, func(own, main *detection) { own.from = main.from })
}

func (t *truth) join(main *truth) {
	main.begun.absorb(t.begun)
	main.seen += t.seen
	t.begun, t.seen = exact{}, 0
	t.both(main, func(own, main *detection) {
		for n, x := range own.counters() {
			*main.counters()[n] += *x
		}
		main.delay.absorb(&own.delay)
		main.lead.absorb(&own.lead)
		own.begin(own.from)
	})
}

func (d *detection) counters() []*uint64 {
	return []*uint64{&d.found, &d.missed, &d.open, &d.wrong, &d.repeated, &d.undecided}
}

func (d *durations) absorb(x *durations) {
	d.count, d.zeros = d.count+x.count, d.zeros+x.zeros
	d.sum.absorb(x.sum)
	d.max = max(d.max, x.max)
	switch {
	case x.histogram == nil:
	case d.histogram == nil:
		d.histogram, x.histogram = x.histogram, nil
	default:
		d.histogram.Merge(x.histogram)
	}
}

func (g *age) absorb(x *age) {
	g.twice.absorb(x.twice)
	g.begun.absorb(x.begun)
	g.peaks.absorb(x.peaks)
	g.max = max(g.max, x.max)
	g.things, g.count = g.things+x.things, g.count+x.count
}

// besideAftermath keeps the uplinks of a lane, where nothing is while a fault is under way.
type besideAftermath struct{ *Aftermath }

// Beside makes the aftermath's part in a lane.
func (a *Aftermath) Beside(l *sim.Lane) (sim.Observer, sim.Part) {
	b := sim.Copied(a)
	b.main, b.clock = a, l.World.Clock
	b.uplinks = make([]bin, len(a.uplinks))
	return b, besideAftermath{b}
}

// Quiet says whether no fault is under way and nobody is waited for.
func (a *Aftermath) Quiet() bool { return len(a.open) == 0 && len(a.awaiting) == 0 }

// Enter finds nothing to take over.
func (b besideAftermath) Enter() {}

// Join hands over the uplinks.
func (b besideAftermath) Join() {
	for n := range b.uplinks {
		b.main.uplinks[n].absorb(&b.uplinks[n])
	}
	clear(b.uplinks)
}

// Beside has nothing to write about things that are alone.
func (e *Events) Beside(*sim.Lane) (sim.Observer, sim.Part) { return nil, nil }
