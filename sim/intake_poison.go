package sim

import (
	"fmt"
	"slices"
	"time"
)

// Poisoning is what makes the platform fail at some readings: it tries each again, one
// after the other, while what came later waits, and sets aside what it fails at each
// time.
type Poisoning struct {
	Bad   func(*Reading) bool               // whether it is one of them
	Fails func(*Reading, int) bool          // whether the nth try at it fails, from 1
	Takes func(*Reading, int) time.Duration // time that a try takes which fails
	Tries int                               // in all
}

// LostToPoison is a message that the platform failed at each time it was tried.
var LostToPoison = NewCause("dead letter")

// Poison has the platform fail at some readings until undo is called. One that is being
// tried then is tried once more, and works.
func (p *Intake) Poison(x *Poisoning) (undo func()) {
	p.poison = append(p.poison, x)
	return func() { p.poison = slices.DeleteFunc(p.poison, func(y *Poisoning) bool { return y == x }) }
}

// poisoned is what makes the platform fail at a reading, nil for nothing.
func (p *Intake) poisoned(r *Reading) *Poisoning {
	for _, x := range p.poison {
		if x.Bad(r) {
			return x
		}
	}
	return nil
}

// fails has the platform try the message at the head, and says whether that failed:
// then it is busy for as long as that took, and the message stays, or is set aside.
func (p *Intake) fails(m *intaken) bool {
	if m.reading == nil {
		return false
	}
	x := p.poisoned(m.reading)
	if x == nil {
		return false
	}
	if m.failed < x.Tries {
		if !x.Fails(m.reading, m.failed+1) {
			return false
		}
		m.failed++
		p.free = p.free.Add(x.Takes(m.reading, m.failed))
		return true
	}
	w := p.world
	w.Observers.Noted(Event{At: w.Clock.Now(), What: "dead letter", Thing: m.reading.Thing, ID: uint64(m.reading.Seq), Detail: fmt.Sprintf("failed %d times", m.failed)})
	w.Lose(m.reading, LostToPoison)
	p.waiting = p.waiting[1:]
	return true
}
