package twins

import (
	"math"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/formula"
)

// Platform is the system under test. All its methods belong on the clock's
// thread.
type Platform struct {
	world     *sim.World
	kinds     []*twins // one per kind, in the roster's order
	sources   []*source
	decisions []*decision
	processes []ProcessInfo
	started   bool

	env        formula.Env // reused: what the formula under way is evaluated over
	worldUses  []use       // what each World slot is
	worldClock []clocked   // those that change with time
	worldTime  sim.Time    // when they were last brought up to date
	day        sim.Day     // in which

	mirrored             sim.Stamp // of the reading under way
	turns                uint64    // begun so far
	open                 map[*turn]struct{}
	waiting              int // tasks that wait for stock
	deeds                deeds
	counts               Counts
	single               bool // what is judged has come of one thing alone
	holdKind, holdsKind  sim.EventKind
	againKind            sim.EventKind
	checkKind, staleKind sim.EventKind

	beside *Platform // of one in a lane: the run's own
	lane   *sim.Lane
}

var _ sim.Platform = (*Platform)(nil)

// New compiles decisions and processes for the things of a world. The error
// joins all mistakes, each a *[sim.Wrong]. The world's Bus and Observers are
// first used after [Platform.Start]. Sources stay their maker's to close.
func New(cfg Config, w *sim.World, sources []NamedSource) (*Platform, error) {
	p := &Platform{world: w, worldTime: -1, deeds: newDeeds(), open: map[*turn]struct{}{}}
	for _, k := range w.Roster.Kinds {
		t := &twins{kind: k, features: make([][]feature, len(k.Signals)), bound: map[string]int{}, windows: map[string]any{}}
		for at := range k.Signals {
			t.uses = append(t.uses, use{sort: signalUse, of: at})
		}
		p.kinds = append(p.kinds, t)
	}
	b := &builder{p: p, cfg: &cfg, routines: map[routineKey]*routine{}, said: map[string]bool{}}
	b.sources(sources)
	b.processes()
	b.decisions()
	if err := b.err(); err != nil {
		return nil, err
	}
	p.holdKind = w.Clock.Handle(holdHandler{p})
	p.holdsKind = w.Clock.Handle(holdsHandler{p})
	p.againKind = w.Clock.Handle(againHandler{p})
	p.checkKind = w.Clock.Handle(checkHandler{p})
	p.staleKind = w.Clock.Handle(staleHandler{p})
	return p, nil
}

// Start lays out the twins, begins to refresh the sources and to check what
// depends on time. Readings may come from then on.
func (p *Platform) Start() error {
	p.started = true
	for _, k := range p.kinds {
		k.layOut()
	}
	p.env.World = make([]float64, len(p.worldUses))
	for slot, u := range p.worldUses {
		p.env.World[slot] = u.initial(nil, 0)
		if u.timed() {
			from := -1
			for at, v := range p.worldUses {
				if u.sort == ageUse && v.sort == asOfUse && v.of == u.of {
					from = at
				}
			}
			p.worldClock = append(p.worldClock, clocked{slot, from})
		}
	}
	for _, d := range p.decisions {
		p.enlist(d)
	}
	for _, s := range p.sources {
		if err := s.start(); err != nil {
			return err
		}
	}
	for _, d := range p.decisions {
		p.startChecks(d)
	}
	return nil
}

// twinsOf finds the twins of a thing's kind; nil for a thing that is not there.
func (p *Platform) twinsOf(id sim.ThingID) *twins {
	for _, k := range p.kinds {
		if id-k.kind.First < sim.ThingID(k.kind.Count) {
			return k
		}
	}
	return nil
}

// Reading mirrors a reading in its thing's twin and decides. One that is late
// or has come before is counted and changes nothing.
func (p *Platform) Reading(r *sim.Reading) {
	k := p.twinsOf(r.Thing)
	if k == nil {
		p.counts.Strangers++
		return
	}
	i := int(r.Thing - k.kind.First)
	how := k.seen[i].series.Fit(r.Seq, r.Foreign)
	p.counts.Readings[how]++
	if how != sim.Fresh {
		p.world.Observers.Mirrored(r, how)
		return
	}
	k.mirror(i, r, p.world.Clock.Now())
	p.mirrored = p.world.Clock.Stamp()
	p.world.Observers.Mirrored(r, how)
	for _, f := range k.feeds {
		f.pass(i, r)
	}
	p.judgeAll(k, k.decisions, i, r)
}

// mirror takes a fresh reading into the row: features first, as they may look
// at the value before.
func (k *twins) mirror(i int, r *sim.Reading, now sim.Time) {
	at := r.Sensed.At
	if r.Skew != 0 || at < k.seen[i].sensed {
		at = max(at.Add(r.Skew), k.seen[i].sensed) // a clock that is set back stands still
	}
	k.seen[i].sensed, k.seen[i].mirrored = at, now
	row := k.row(i)
	for n, x := range r.Values {
		if math.IsNaN(x) {
			continue
		}
		for _, f := range k.features[n] {
			f.update(i, x, at, row)
		}
		row[n] = x
	}
}

// refreshWorld brings the shared slots that change with time to now.
func (p *Platform) refreshWorld(now sim.Time) {
	if now == p.worldTime {
		return
	}
	p.worldTime = now
	if !p.day.Has(now) {
		p.day = p.world.Calendar.Day(now)
	}
	for _, c := range p.worldClock {
		switch p.worldUses[c.slot].sort {
		case hourUse:
			p.env.World[c.slot] = p.day.Hour(now)
		case weekdayUse:
			p.env.World[c.slot] = float64(p.day.Weekday)
		default:
			p.env.World[c.slot] = now.Seconds() - p.env.World[c.from]
		}
	}
}

// over sets the formulas' view to thing i of a kind, as of now.
func (p *Platform) over(k *twins, i int) *formula.Env {
	now := p.world.Clock.Now()
	if len(k.clocked) > 0 {
		k.refresh(i, now)
	}
	if len(p.worldClock) > 0 {
		p.refreshWorld(now)
	}
	p.env.Row = k.row(i)
	return &p.env
}
