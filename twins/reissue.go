package twins

import (
	"cmp"
	"slices"

	"github.com/twinbed/twinbed/sim"
)

// Reissue sends all commands again whose end is not known, with the ids they had: a
// thing that has carried one out says so and does not do it twice. It is for a
// platform that was ended and goes on. It says how many there were.
func (p *Platform) Reissue() int {
	var open []*deed
	for _, d := range p.deeds.open {
		if !d.Task {
			open = append(open, d)
		}
	}
	slices.SortFunc(open, func(a, b *deed) int { return cmp.Compare(a.ID, b.ID) })
	for _, d := range open {
		c := d.run.s.action.(*command)
		again := d.Deed
		again.Attempt++
		p.world.Observers.Issued(&again)
		p.world.Bus.Command(c.order(d.run))
	}
	return len(open)
}

// order is the command as it stands for the present attempt.
func (c *command) order(r *run) *sim.Command {
	return &sim.Command{
		ID: r.deed.ID, Thing: r.t.loop.Thing, Name: c.id, Value: r.deed.value,
		Seq: r.t.loop.Seq, Attempt: r.attempt, Decided: r.t.p.world.Clock.Stamp(),
	}
}
