package twins

import (
	"slices"
	"time"

	"github.com/twinbed/twinbed/sim"
)

// DecisionInfo is a decision for reports: what it is and what it has done.
type DecisionInfo struct {
	Name  string
	Kind  *sim.Kind
	When  string
	For   time.Duration
	Until string
	Steps []StepInfo // by place, as in sim.Deed.Step

	Fired         uint64 // turns begun
	AlreadyAtWork uint64 // times it would have begun one while the last was not closed
	Suppressed    uint64 // times the condition came true again before it was armed
	Blind         uint64 // times it became impossible to judge for want of context
}

// ProcessInfo is a process for reports.
type ProcessInfo struct {
	Name  string
	Steps []StepInfo // by place, as in sim.Deed.Step
}

// StepInfo is a step, steps within it following it with a greater depth.
type StepInfo struct {
	Depth int
	Sort  string // command, task, wait, if, parallel, notify, process
	What  string // the command, the task's words, the condition, the message, the process
	Skill string // of a task
}

// SourceInfo is what a source has brought.
type SourceInfo struct {
	Name      string
	Joined    uint64 // rows taken over
	Unmatched uint64 // rows under a key that no thing has
	Stale     uint64 // rows that were, or became, too old
	Missing   int    // things that look it up and have no row now
}

// Counts are what the platform has heard.
type Counts struct {
	Readings  [3]uint64 // by sim.Arrival: fresh, late, duplicate
	Strangers uint64    // readings of things that are not on the roster
	LateAcks  uint64    // acks of deeds that had been given up
	StrayAcks uint64    // acks of deeds that are closed or were never issued
}

// Counts are what the platform has heard so far.
func (p *Platform) Counts() Counts { return p.counts }

// Decisions lists the decisions, by their place in sim.Deed.Decision.
func (p *Platform) Decisions() []DecisionInfo {
	var list []DecisionInfo
	for _, d := range p.decisions {
		list = append(list, d.info)
	}
	return list
}

// Processes lists the processes, by their place in sim.Deed.Process.
func (p *Platform) Processes() []ProcessInfo { return p.processes }

// Sources tells what the sources have brought, in their order.
func (p *Platform) Sources() []SourceInfo {
	var list []SourceInfo
	for _, s := range p.sources {
		info := s.info
		for _, t := range s.targets {
			for g, members := range t.members {
				if !s.rows[g].known {
					info.Missing += len(members)
				}
			}
		}
		if !s.keyed && len(s.rows) > 0 && !s.rows[0].known {
			info.Missing = 1
		}
		list = append(list, info)
	}
	return list
}

// Health is how a thing looks to the platform.
type Health uint8

// The healths of a thing.
const (
	OK      Health = iota
	Silent         // not heard for three of its intervals, or never
	Flagged        // its last command failed, was refused or got no ack
)

// String is the health in a word.
func (h Health) String() string { return [...]string{"ok", "silent", "flagged"}[h] }

// Twin is one thing as the platform sees it.
type Twin struct {
	Thing            sim.ThingID
	Health           Health
	Seq              uint32
	Sensed, Mirrored sim.Time  // of the last fresh reading; sim.Never before the first
	Signals          []float64 // by the kind's signals, NaN where not known; borrowed
	Desired          []float64 // by the kind's states, NaN where nothing was asked for; nil before the first command or report; borrowed
	Reported         []float64 // by the kind's states, nil as Desired; borrowed
	Converged        bool      // reported is as desired
}

// Twin shows one thing's twin; false for a thing that is not there,
// and before [Platform.Start].
func (p *Platform) Twin(id sim.ThingID) (Twin, bool) {
	k := p.twinsOf(id)
	if k == nil || !p.started {
		return Twin{}, false
	}
	i := int(id - k.kind.First)
	s := k.seen[i]
	t := Twin{Thing: id, Seq: s.series.Last, Sensed: s.sensed, Mirrored: s.mirrored, Signals: k.row(i)[:len(k.kind.Signals)], Converged: true}
	if !k.heard(i) {
		t.Sensed, t.Mirrored = sim.Never, sim.Never
	}
	if shadow := k.shadows[uint32(i)]; shadow != nil {
		t.Desired, t.Reported, t.Converged = shadow.desired, shadow.reported, shadow.converged()
	}
	switch {
	case k.flagged != nil && k.flagged[i>>6]>>(i&63)&1 == 1:
		t.Health = Flagged
	case !k.heard(i) || k.kind.Every > 0 && p.world.Clock.Now().Sub(s.mirrored) > 3*k.kind.Every:
		t.Health = Silent
	}
	return t, true
}

// Diverged is how many things do not report the state they were told to have.
func (p *Platform) Diverged() int {
	n := 0
	for _, k := range p.kinds {
		for _, s := range k.shadows {
			if !s.converged() {
				n++
			}
		}
	}
	return n
}

func (p *Platform) kindNames() []string {
	var names []string
	for _, k := range p.kinds {
		names = append(names, k.kind.Name)
	}
	return names
}

func (p *Platform) sourceNames() []string {
	var names []string
	for _, s := range p.sources {
		names = append(names, s.Name)
	}
	return names
}

// attributeNames are those of all kinds, and the thing's own name.
func (p *Platform) attributeNames() []string {
	var names []string
	for _, k := range p.kinds {
		for _, a := range k.kind.Attributes {
			if !slices.Contains(names, a.Name) {
				names = append(names, a.Name)
			}
		}
	}
	return append(names, nameKey)
}

func (k *twins) signalNames() []string {
	var names []string
	for _, s := range k.kind.Signals {
		names = append(names, s.Name)
	}
	return names
}

func (k *twins) stateNames() []string {
	var names []string
	for _, s := range k.kind.States {
		names = append(names, s.Name)
	}
	return names
}

func (k *twins) commandNames() []string {
	var names []string
	for _, c := range k.kind.Commands {
		names = append(names, c.Name)
	}
	return names
}
