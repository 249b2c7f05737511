package twins

// ringAgain arms a decision for thing i anew some time after its turn has closed,
// if it has not been armed by then: an alarm that still stands rings again.
func (p *Platform) ringAgain(t *turn) {
	d, i, id := t.d, t.i, t.loop.ID
	p.world.Clock.After(d.again, func() {
		flags := d.flags(i)
		if d.latest[uint32(i)] != id || *flags&fired == 0 {
			return // another turn has begun since, or the condition has ceased
		}
		*flags &^= fired
		if *flags&holds != 0 {
			p.judgeAll(d.k, d.k.decisions[d.place:d.place+1], i, nil)
		}
	})
}
