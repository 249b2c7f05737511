package twins

import (
	"cmp"
	"slices"

	"github.com/twinbed/twinbed/sim"
)

var _ sim.Restarter = (*Platform)(nil)

// Restart forgets what a process that ends would: twins, the conditions that held,
// and every turn under way, whose deeds end as timed out, for nobody will ever know
// what came of them. Tasks stay with the people and commands with their things.
// What context says is asked for again, and ids go on: they are of the next epoch.
func (p *Platform) Restart() {
	turns := make([]*turn, 0, len(p.open))
	for t := range p.open {
		turns = append(turns, t)
	}
	slices.SortFunc(turns, func(a, b *turn) int { return cmp.Compare(a.loop.ID, b.loop.ID) })
	for _, t := range turns {
		p.note("forgotten", t.loop.Thing, t.d.info.Name, "", t.loop.ID)
		t.current.forget()
		t.close(sim.TimedOut)
	}
	last := p.deeds.last
	p.deeds = newDeeds()
	p.deeds.last = last
	for _, k := range p.kinds {
		k.restart()
	}
}

// forget ends a step and all that is under way in it, without telling anybody.
func (r *run) forget() {
	r.timer.Cancel()
	if r.cancel != nil {
		r.cancel()
	}
	for _, part := range r.parts {
		part.forget()
	}
	if r.deed != nil {
		r.t.p.world.Observers.Closed(&r.deed.Deed, sim.TimedOut, nil)
	}
}

// restart makes the twins of a kind as they were at the beginning, but for what
// sources have said.
func (k *twins) restart() {
	before := k.rows
	k.layOut()
	k.shadows, k.flagged = nil, nil
	for slot, u := range k.uses {
		if u.sort != contextUse && u.sort != presentUse && u.sort != asOfUse && u.sort != ageUse {
			continue
		}
		for i := range k.kind.Count {
			k.row(i)[slot] = before[i*len(k.uses)+slot]
		}
	}
}
