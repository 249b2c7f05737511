package sim

import "slices"

// narrowing is a bound of how many messages may wait for the platform.
type narrowing struct {
	members []uint64 // whose messages it meets
	room    int
	why     Cause
	hits    *Hits
}

// Narrow has no more than so many messages wait for the platform until undo is called.
// What some things send beyond that is lost.
func (p *Intake) Narrow(where []ThingID, room int, why Cause, hits *Hits) (undo func()) {
	x := &narrowing{members(where), room, why, hits}
	p.narrow = append(p.narrow, x)
	return func() { p.narrow = slices.DeleteFunc(p.narrow, func(y *narrowing) bool { return y == x }) }
}

// full says whether there is no room for a thing's message, and why.
func (p *Intake) full(id ThingID) (why Cause, full bool) {
	for _, x := range p.narrow {
		if len(p.waiting) >= x.room && isMember(x.members, id) {
			x.hits.Add()
			return x.why, true
		}
	}
	return 0, false
}
