package twins

import "github.com/twinbed/twinbed/sim"

// ring is the latest turn of a decision and a thing, and when the alarm rings again.
type ring struct {
	turn uint64
	at   sim.Time // Never while the turn is open
}

// ringAgain arms a decision for thing i anew some time after its turn has closed,
// if it has not been armed by then: an alarm that still stands rings again.
func (p *Platform) ringAgain(t *turn) {
	r := t.d.latest[uint32(t.i)]
	if r.turn != t.loop.ID {
		return // another has begun since
	}
	r.at = p.world.Clock.Now().Add(t.d.again)
	t.d.latest[uint32(t.i)] = r
	p.world.Clock.Schedule(r.at, p.againKind, uint32(t.i), uint32(t.d.index))
}

type againHandler struct{ p *Platform }

func (h againHandler) Happen(who, arg uint32) {
	p, d, i := h.p, h.p.decisions[arg], int(who)
	flags := d.flags(i)
	if d.latest[who].at != p.world.Clock.Now() || *flags&fired == 0 {
		return // another turn has begun since, or the condition has ceased
	}
	*flags &^= fired
	if *flags&holds != 0 {
		p.judgeAll(d.k, d.k.decisions[d.place:d.place+1], i, nil)
	}
}

func (h againHandler) Thing(who, arg uint32) sim.ThingID {
	return h.p.decisions[arg].k.kind.First + sim.ThingID(who)
}
