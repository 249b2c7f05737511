// Package faults holds what can go wrong, one file a fault, and the timeline on
// which it does.
package faults

import (
	"fmt"
	"strings"
	"time"

	"github.com/twinbed/twinbed/sim"
)

// Incident is one fault on the timeline.
type Incident struct {
	At    time.Duration `required:"true" min:"0s" doc:"when it begins"`
	For   time.Duration `required:"true" above:"0s" doc:"how long it lasts; then it is undone"`
	Where string        `required:"true" doc:"whom it meets: a kind, a thing, a crew, a worker, a pattern such as press-1*, or a condition over attributes such as site == \"north\""`
	Name  string        `key:"-"` // the fault's
	Fault sim.Fault     `key:"-"`
	Skip  bool          `key:"-"` // whom it meets takes no part in this run
}

// Timeline plays incidents on a world and sees that none outlives its window.
type Timeline struct {
	world *sim.World
	open  map[int]func() // undo by incident
}

// Play checks all incidents and schedules them; mistakes come back as sim.Wrong
// with paths below "faults".
func Play(w *sim.World, incidents []Incident) (*Timeline, []*sim.Wrong) {
	t := &Timeline{world: w, open: map[int]func(){}}
	var wrongs []*sim.Wrong
	for n, x := range incidents {
		if x.Skip {
			continue
		}
		path := fmt.Sprintf("faults.%d", n)
		where, err := Select(w, x.Where)
		if err == nil {
			if c, ok := x.Fault.(sim.Checked); ok {
				err = c.Check(w, where)
			}
		}
		if err != nil {
			wrongs = append(wrongs, &sim.Wrong{Path: path + ".where", Message: err.Error()})
			continue
		}
		w.Clock.At(sim.Time(x.At), func() { t.begin(n, x, where) })
	}
	return t, wrongs
}

func (t *Timeline) begin(n int, x Incident, where sim.Selection) {
	now := t.world.Clock.Now()
	undo, err := x.Fault.Begin(t.world, where)
	if err != nil {
		t.world.Observers.Noted(sim.Event{At: now, What: "fault does not apply", Thing: sim.NoThing, Subject: x.Name, Detail: err.Error()})
		return
	}
	t.open[n] = undo
	t.world.Observers.Noted(sim.Event{At: now, What: sim.FaultBegins, Thing: sim.NoThing, Subject: x.Name, Detail: x.Where, ID: uint64(n)})
	t.world.Clock.At(now.Add(x.For), func() { t.end(n, x) })
}

func (t *Timeline) end(n int, x Incident) {
	undo := t.open[n]
	delete(t.open, n)
	undo()
	t.world.Observers.Noted(sim.Event{At: t.world.Clock.Now(), What: sim.FaultEnds, Thing: sim.NoThing, Subject: x.Name, Detail: x.Where, ID: uint64(n)})
}

// Open is how many faults are under way.
func (t *Timeline) Open() int { return len(t.open) }

// needThings is the check of faults that meet things.
func needThings(w *sim.World, where sim.Selection) error {
	if len(where.Things) > 0 {
		return nil
	}
	var kinds []string
	for _, k := range w.Roster.Kinds {
		kinds = append(kinds, w.Roster.Names(k))
	}
	return fmt.Errorf("no thing is named %q; there are %s", where.Pattern, strings.Join(kinds, ", "))
}
