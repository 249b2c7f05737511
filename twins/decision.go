package twins

import (
	"math"
	"time"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/formula"
)

// decision is one compiled decision over all things of its kind. What it knows
// of thing i is a byte of flags in the kind's array, and the beginning of a
// condition that must last.
type decision struct {
	info      DecisionInfo
	index     int // among all decisions
	place     int // among the kind's
	k         *twins
	when      *formula.Program
	until     *formula.Program // nil for none
	lasts     time.Duration
	again     time.Duration   // armed anew so long after a turn; 0: not
	latest    map[uint32]ring // of a thing, where again asks for it
	since     []sim.Time      // when the condition came true, where it must last
	check     time.Duration
	calendar  bool // time changes it by the hour and the day alone
	priority  int
	steps     []step
	context   []formula.Ref // slots of the condition that sources fill
	detectors []detector    // that the condition reads
}

// The flags of a decision and a thing.
const (
	holds uint8 = 1 << iota // the condition was true when last looked at
	fired                   // and has not been armed again
	busy                    // its turn is not closed
	blind                   // it could not be judged for want of context
	timed                   // a timer is set for the condition to last
)

func (d *decision) layOut(things int) {
	if d.lasts > 0 {
		d.since = make([]sim.Time, things)
	}
}

func (d *decision) flags(i int) *uint8 { return &d.k.flags[i*len(d.k.decisions)+d.place] }

// judgeAll looks at some decisions for thing i, because of a reading or nil.
func (p *Platform) judgeAll(k *twins, list []*decision, i int, r *sim.Reading) {
	if len(list) == 0 {
		return
	}
	single := r != nil || p.single // and not what comes of it
	p.single = false
	env := p.over(k, i)
	row, known := env.Row, k.flags[i*len(k.decisions):][:len(k.decisions)]
	for n, d := range list {
		env.Row = row // a decision before may have led elsewhere
		flags := &known[d.place]
		if d.when.Bool(env) {
			if !p.met(d, i, flags, single) {
				continue
			}
			if p.lane != nil {
				p.handOver(d, list[n+1:], i, r)
				return
			}
			p.fire(d, i, flags, r)
		} else if *flags&^busy != 0 || len(d.context) > 0 {
			p.unmet(d, i, flags)
		}
	}
}

// met is what happens while the condition is true, and says whether the decision fires.
// single is what has come of this thing alone, a reading of it.
func (p *Platform) met(d *decision, i int, flags *uint8, single bool) (fires bool) {
	began := *flags&holds == 0
	*flags = *flags&^blind | holds
	if *flags&fired != 0 {
		if began {
			d.info.Suppressed++
		}
		return false
	}
	if d.lasts > 0 {
		now := p.world.Clock.Now()
		if began {
			d.since[i] = now
		}
		due := d.since[i].Add(d.lasts)
		if now < due {
			if *flags&timed == 0 {
				*flags |= timed
				p.awaits(d, i, due, single)
			}
			return false
		}
	}
	*flags |= fired
	return true
}

// awaits has a decision looked at again when its condition may have lasted: a moment
// later, each decision's its own, so that a reading which comes just then goes first and
// nothing hangs on the order of what is due for one thing. What a reading has begun is its
// thing's alone. What a source has begun may be due for many things at once, where the
// order counts and the source may change then, too: those times are everybody's.
func (p *Platform) awaits(d *decision, i int, due sim.Time, single bool) {
	kind := p.holdsKind
	if single {
		kind = p.holdKind
	}
	p.world.Clock.Schedule(due+1+sim.Time(d.place), kind, uint32(i), uint32(d.index))
}

// unmet is what happens while the condition is not true. One that is unknown
// for want of context neither holds nor has ceased to.
func (p *Platform) unmet(d *decision, i int, flags *uint8) {
	*flags &^= holds
	if d.wantsContext(&p.env) {
		if *flags&blind == 0 {
			*flags |= blind
			d.info.Blind++
			p.note("blind", d.k.kind.First+sim.ThingID(i), d.info.Name, "the condition needs context that is missing or too old", 0)
		}
		return
	}
	*flags &^= blind
	if *flags&fired != 0 && (d.until == nil || d.until.Bool(&p.env)) {
		*flags &^= fired
	}
}

// wantsContext says whether the condition is unknown because of a source.
func (d *decision) wantsContext(env *formula.Env) bool {
	for _, ref := range d.context {
		from := env.Row
		if ref.Space == formula.World {
			from = env.World
		}
		if math.IsNaN(from[ref.Slot]) {
			return math.IsNaN(d.when.Number(env))
		}
	}
	return false
}

// fire begins a turn, unless the last one is not closed.
func (p *Platform) fire(d *decision, i int, flags *uint8, r *sim.Reading) {
	id := d.k.kind.First + sim.ThingID(i)
	if *flags&busy != 0 {
		d.info.AlreadyAtWork++
		p.note("already at work", id, d.info.Name, "", 0)
		return
	}
	*flags |= busy
	d.info.Fired++
	p.turns++
	if d.latest != nil {
		d.latest[uint32(i)] = ring{p.turns, sim.Never}
	}
	t := &turn{p: p, d: d, i: i, flags: flags, loop: sim.Loop{ID: p.turns, Decision: d.index, Thing: id, Seq: d.k.seen[i].series.Last}}
	stamps := &t.loop.Stamps
	if r != nil {
		stamps[sim.Sensed], stamps[sim.Arrived], stamps[sim.Mirrored] = r.Sensed, r.Arrived, p.mirrored
		t.loop.Foreign = r.Foreign
	} else {
		due := p.world.Clock.StampOf(p.world.Clock.Now())
		stamps[sim.Sensed], stamps[sim.Arrived], stamps[sim.Mirrored] = due, due, due
	}
	stamps[sim.Decided] = p.world.Clock.Stamp()
	p.note(sim.Fired, id, d.info.Name, "", t.loop.ID)
	p.open[t] = struct{}{}
	p.world.Hold(id)
	t.sequence(nil, d.steps, t.close)
}

// holdHandler looks again when a condition has lasted as long as it must, for one thing.
type holdHandler struct{ p *Platform }

func (h holdHandler) Happen(who, arg uint32) {
	h.p.single = true
	h.p.lasted(h.p.decisions[arg], int(who))
	h.p.single = false
}

func (h holdHandler) Thing(who, arg uint32) sim.ThingID {
	return h.p.decisions[arg].k.kind.First + sim.ThingID(who)
}

// holdsHandler is the same where many things may be due at once.
type holdsHandler struct{ p *Platform }

func (h holdsHandler) Happen(who, arg uint32) { h.p.lasted(h.p.decisions[arg], int(who)) }

func (p *Platform) lasted(d *decision, i int) {
	flags := d.flags(i)
	*flags &^= timed
	if *flags&holds != 0 && *flags&fired == 0 {
		p.judgeAll(d.k, d.k.decisions[d.place:d.place+1], i, nil)
	}
}

// sweep is how many things are checked in one event: a check of many is spread
// over its interval.
const sweep = 1024

// startChecks has a decision that depends on time looked at between readings.
func (p *Platform) startChecks(d *decision) {
	if d.check <= 0 {
		return
	}
	parts := (d.k.kind.Count + sweep - 1) / sweep
	now := p.world.Clock.Now()
	for n := range parts {
		wait := d.check - time.Duration(float64(d.check)*float64(n)/float64(parts))
		p.world.Clock.Schedule(now.Add(wait), p.checkKind, uint32(n), uint32(d.index))
	}
}

type checkHandler struct{ p *Platform }

func (h checkHandler) Happen(part, arg uint32) {
	d := h.p.decisions[arg]
	h.p.world.Clock.Schedule(h.p.world.Clock.Now().Add(d.check), h.p.checkKind, part, arg)
	only := d.k.decisions[d.place : d.place+1]
	since := h.p.world.Clock.Now() - sim.Time(d.check)
	for i := int(part) * sweep; i < min((int(part)+1)*sweep, d.k.kind.Count); i++ {
		if d.k.heard(i) && !(d.calendar && d.k.seen[i].mirrored > since) { // a reading has seen to it
			h.p.judgeAll(d.k, only, i, nil)
		}
	}
}

// enlist finds out what a decision depends on besides readings.
func (p *Platform) enlist(d *decision) {
	refs := append([]formula.Ref{}, d.when.Slots()...)
	inWhen := len(refs)
	d.calendar = d.check == 0
	if d.until != nil {
		refs = append(refs, d.until.Slots()...)
	}
	dependsOnTime, onState := d.check > 0, false
	for n, ref := range refs {
		u := p.useOf(d.k, ref)
		dependsOnTime = dependsOnTime || u.timed()
		d.calendar = d.calendar && u.sort != silentUse && u.sort != ageUse
		onState = onState || u.sort == stateUse
		if u.sort == contextUse || u.sort == presentUse || u.sort == ageUse {
			p.sources[u.of].inform(d)
			if n < inWhen {
				d.context = append(d.context, ref)
			}
		}
	}
	d.detectors = d.k.detectorsOf(d.when)
	if onState {
		d.k.onState = append(d.k.onState, d)
	}
	switch {
	case !dependsOnTime:
	case d.check == 0 && d.k.kind.Every > 0:
		d.check = d.k.kind.Every
	case d.check == 0:
		d.check = time.Second
	}
}

func (p *Platform) useOf(k *twins, ref formula.Ref) use {
	if ref.Space == formula.World {
		return p.worldUses[ref.Slot]
	}
	return k.uses[ref.Slot]
}

// note tells the observers something worth telling.
func (p *Platform) note(what string, id sim.ThingID, subject, detail string, number uint64) {
	p.world.Observers.Noted(sim.Event{At: p.world.Clock.Now(), What: what, Thing: id, Subject: subject, Detail: detail, ID: number})
}
