package twins

import (
	"slices"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/formula"
)

// Fits says whether things of a kind can be played in lanes, once the platform has been
// started: not where they read other twins or are read by them, nor where they read what
// deeds use up, nor with detectors, which share what they work out of a reading.
func (p *Platform) Fits(kind *sim.Kind) bool {
	for _, k := range p.kinds {
		if k.kind == kind && len(k.feeds)+len(k.detectors) > 0 {
			return false
		}
	}
	for _, s := range p.sources {
		_, stock := s.Source.(sim.Stock)
		if (stock || s.from != nil) && slices.ContainsFunc(s.targets, func(t *target) bool { return t.k.kind == kind }) {
			return false
		}
	}
	return true
}

// Beside puts the platform, once it has been started, on a lane's stage: with the same
// twins, with what is under way in one reading of its own, and without turns. A decision
// that fires there begins its turn on the run's own clock.
func (p *Platform) Beside(l *sim.Lane) {
	q := sim.Copied(p)
	q.world, q.lane, q.counts = &l.World, l, Counts{}
	q.beside = p
	q.env = formula.Env{World: sim.Room[float64](len(p.env.World))}
	q.decisions = make([]*decision, len(p.decisions))
	q.kinds = nil
	for _, k := range p.kinds {
		own := sim.Copied(k)
		own.features = make([][]feature, len(k.features))
		for n, list := range k.features {
			for _, f := range list {
				own.features[n] = append(own.features[n], sim.Copied(f))
			}
		}
		own.decisions = nil
		for _, d := range k.decisions {
			x := sim.Copied(d)
			x.k, x.info.Suppressed, x.info.Blind = own, 0, 0
			own.decisions = append(own.decisions, x)
			q.decisions[d.index] = x
		}
		q.kinds = append(q.kinds, own)
	}
	l.World.Clock.Rehandle(p.holdKind, holdHandler{q})
	l.World.Platform = q
	l.Add(besidePart{q})
}

type besidePart struct{ p *Platform }

// Enter takes over what context there is.
func (b besidePart) Enter() {
	copy(b.p.env.World, b.p.beside.env.World)
	b.p.worldTime = -1
}

// Join hands over what was counted.
func (b besidePart) Join() {
	main, own := b.p.beside, b.p
	for how, n := range own.counts.Readings {
		main.counts.Readings[how] += n
	}
	main.counts.Strangers += own.counts.Strangers
	own.counts = Counts{}
	for n, d := range own.decisions {
		info := &main.decisions[n].info
		info.Suppressed, info.Blind = info.Suppressed+d.info.Suppressed, info.Blind+d.info.Blind
		d.info.Suppressed, d.info.Blind = 0, 0
	}
}

// handOver leaves a decision that fires, and those of a list that are still to be looked
// at, to the run's own clock: the thing is in hand from here on.
func (p *Platform) handOver(d *decision, rest []*decision, i int, r *sim.Reading) {
	main, mirrored := p.beside, p.mirrored
	id := d.k.kind.First + sim.ThingID(i)
	if r != nil {
		copied := *r
		copied.Values = nil
		r = &copied
	}
	var then []*decision
	for _, x := range rest {
		then = append(then, main.decisions[x.index])
	}
	p.lane.Stop(id)
	p.lane.Give(func() {
		main.mirrored = mirrored
		own := main.decisions[d.index]
		main.fire(own, i, own.flags(i), r)
		main.judgeAll(own.k, then, i, r)
	})
}
