package reports

import (
	"time"

	"github.com/twinbed/twinbed/sim"
)

// Aftermath watches what faults do to a run. It is an observer of its own, so that
// a run without faults pays nothing for it.
type Aftermath struct {
	sim.Silent
	clock    *sim.Clock
	roster   *sim.Roster
	planned  sim.Time
	strikes  []*strike
	open     []*strike // under way
	awaiting []*strike // over, and some whom they met have not been heard again
	uplinks  []bin
	perTime  float64 // bins a nanosecond
	loops    []turned
	fired    []firing
	storms   []Storm
	storm    *storm              // under way
	up       []int               // connections at the latest looks, of the last second
	carried  map[uint64]struct{} // commands that a simulated thing says it has carried out, the first of them
	twice    uint64              // one that was again, an id
	main     *Aftermath          // of one in a lane: the run's own
}

// strike is one occurrence of a fault.
type strike struct {
	id         uint64
	name       string
	where      string
	from, to   sim.Time // to: sim.Never while it lasts
	met        []sim.ThingID
	missing    map[sim.ThingID]struct{} // of those met, who have not been heard since
	heardAgain sim.Time
	lost       [4][]uint64 // by medium and cause
	duplicates uint64
	timedOut   uint64
}

// bin is the uplinks that ended in a part of the run.
type bin struct {
	count uint64
	sum   exact // nanoseconds
	max   time.Duration
}

func (b *bin) absorb(x *bin) {
	b.count += x.count
	b.sum.absorb(x.sum)
	b.max = max(b.max, x.max)
}

// mean is in seconds.
func (b *bin) mean() float64 { return b.sum.float() / 1e9 / float64(b.count) }

// turned is a loop that was closed.
type turned struct {
	decided  sim.Time
	decision int
	took     float64 // seconds, of the scenario in a virtual run, else of the wall
	known    bool    // it was acknowledged
}

// firing is a decision that fired.
type firing struct {
	decision string
	thing    sim.ThingID
	at       sim.Time
}

// Bounds of what is kept.
const (
	bins        = 4000
	mostStrikes = 1000
	mostTurned  = 1 << 20
)

// NewAftermath makes one for a run that is to last so long.
func NewAftermath(c *sim.Clock, roster *sim.Roster, planned time.Duration) *Aftermath {
	return &Aftermath{clock: c, roster: roster, planned: max(sim.Time(planned), bins), perTime: bins / float64(max(sim.Time(planned), bins)), uplinks: make([]bin, bins), carried: map[uint64]struct{}{}}
}

// place is the bin of a time.
func (a *Aftermath) place(t sim.Time) int {
	return int(min(max(float64(t)*a.perTime, 0), bins-1))
}

// Noted takes faults and decisions down.
func (a *Aftermath) Noted(e sim.Event) {
	if a.main != nil {
		return // the recorder tells it to all, in its time
	}
	switch e.What {
	case sim.FaultBegins:
		if len(a.strikes) < mostStrikes {
			s := &strike{id: e.ID, name: e.Subject, where: e.Detail, from: e.At, to: sim.Never, met: e.Met, heardAgain: sim.Never}
			for m := range s.lost {
				s.lost[m] = make([]uint64, sim.Causes())
			}
			a.strikes, a.open = append(a.strikes, s), append(a.open, s)
		}
	case sim.FaultEnds:
		for i, s := range a.open {
			if s.id == e.ID {
				a.open = append(a.open[:i:i], a.open[i+1:]...)
				a.end(s, e.At)
				return
			}
		}
	case sim.Fired:
		if len(a.fired) < mostTurned {
			a.fired = append(a.fired, firing{e.Subject, e.Thing, e.At})
		}
	}
}

// end begins to wait for those whom a fault met.
func (a *Aftermath) end(s *strike, now sim.Time) {
	s.to = now
	if len(s.met) == 0 {
		return
	}
	s.missing = map[sim.ThingID]struct{}{}
	for _, id := range s.met {
		s.missing[id] = struct{}{}
	}
	a.awaiting = append(a.awaiting, s)
}

// Mirrored takes a reading's way down, and who is heard again.
func (a *Aftermath) Mirrored(r *sim.Reading, how sim.Arrival) {
	if how == sim.Duplicate {
		for _, s := range a.open {
			s.duplicates++
		}
		return
	}
	now := a.clock.Stamp()
	b := &a.uplinks[a.place(now.At)]
	took := a.took(r.Sensed, now)
	b.count++
	b.sum.add(int64(took))
	b.max = max(b.max, took)
	if len(a.awaiting) > 0 && how == sim.Fresh {
		a.heard(r, now.At)
	}
}

func (a *Aftermath) heard(r *sim.Reading, now sim.Time) {
	for i := 0; i < len(a.awaiting); i++ {
		s := a.awaiting[i]
		if r.Sensed.At < s.to {
			continue
		}
		delete(s.missing, r.Thing)
		if len(s.missing) == 0 {
			s.heardAgain = now
			a.awaiting = append(a.awaiting[:i:i], a.awaiting[i+1:]...)
			i--
		}
	}
}

// took is in scenario time in a virtual run, else in wall time.
func (a *Aftermath) took(from, to sim.Stamp) time.Duration {
	if a.clock.Live() {
		return to.Wall - from.Wall
	}
	return to.At.Sub(from.At)
}

// Lost books a loss to all faults under way.
func (a *Aftermath) Lost(m sim.Medium, _ sim.ThingID, _ sim.Time, why sim.Cause) {
	for _, s := range a.open {
		s.lost[m][why]++
	}
}

// Closed counts deeds whose end will never be known.
func (a *Aftermath) Closed(_ *sim.Deed, o sim.Outcome, _ *sim.Ack) {
	if o == sim.TimedOut {
		for _, s := range a.open {
			s.timedOut++
		}
	}
}

// Answered takes down what simulated things have carried out. That something was
// done before already comes with a note.
func (a *Aftermath) Answered(x *sim.Ack) {
	if x.Outcome != sim.Done || x.Note != "" || x.By != "" || x.Real {
		return
	}
	if _, again := a.carried[x.ID]; again {
		a.twice = x.ID
	} else if len(a.carried) < mostTurned {
		a.carried[x.ID] = struct{}{}
	}
}

// Twice is a command that was carried out twice, 0 for none.
func (a *Aftermath) Twice() uint64 { return a.twice }

// Turned takes a loop down.
func (a *Aftermath) Turned(l *sim.Loop) {
	if len(a.loops) == mostTurned {
		return
	}
	t := turned{decided: l.Stamps[sim.Decided].At, decision: l.Decision, known: l.Outcome != sim.TimedOut}
	t.took = a.took(l.Stamps[sim.Sensed], l.Stamps[sim.Acked]).Seconds()
	a.loops = append(a.loops, t)
}
