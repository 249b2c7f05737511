package faults

import (
	"errors"
	"time"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/formula"
)

// condition is when an incident begins. Over the truth of things it is looked at
// whenever one of them senses; else every second.
type condition struct {
	sim.Silent
	timeline *Timeline
	incident *incident
	programs map[*sim.Kind]*formula.Program // over the truth of things of a kind
	alone    *formula.Program               // over the world
	held     map[sim.ThingID]bool           // at the latest look; NoThing for the world
	env      formula.Env
	asOf     sim.Time // of what env knows of the world
}

// The names that stand for the world.
const (
	hourSlot = iota
	shareSlot
	waitingSlot
	underWaySlot
	worldSlots
)

var worldNames = [worldSlots]string{"hour", "share_on", "tasks_waiting", "tasks_under_way"}

// lookEvery is how often a condition over the world is looked at.
const lookEvery = time.Second

// newCondition compiles an incident's condition: for the world alone if it reads
// nothing else, else for each kind of the things it meets that has what it reads.
func newCondition(w *sim.World, i *incident) (*condition, error) {
	c := &condition{programs: map[*sim.Kind]*formula.Program{}, held: map[sim.ThingID]bool{}, asOf: -1, env: formula.Env{World: make([]float64, worldSlots)}}
	alone, err := formula.Compile(string(i.When), worldScope(w), formula.Bool)
	if err == nil {
		c.alone = alone
		return c, nil
	}
	if len(i.where.Things) == 0 {
		return nil, err
	}
	for _, id := range i.where.Things {
		k := w.Roster.Kind(id)
		if _, done := c.programs[k]; done {
			continue
		}
		scope := worldScope(w)
		for n, s := range k.Signals {
			scope.Add(s.Name, formula.Ref{Type: formula.Number, Space: formula.Row, Slot: n})
		}
		for n, s := range k.States {
			scope.Add(s.Name, formula.Ref{Type: formula.Number, Space: formula.Row, Slot: len(k.Signals) + n})
		}
		for n, a := range k.Attributes {
			scope.Add(a.Name, formula.Ref{Type: a.Type, Space: formula.Row, Slot: len(k.Signals) + len(k.States) + n})
		}
		if c.programs[k], err = formula.Compile(string(i.When), scope, formula.Bool); err != nil {
			return nil, err
		}
	}
	if i.Pick > 0 {
		return nil, errors.New("a condition over the truth of a thing meets that thing alone: leave out pick")
	}
	return c, nil
}

func worldScope(w *sim.World) *formula.Table {
	t := formula.NewTable(w.Symbols)
	for slot, name := range worldNames {
		t.Add(name, formula.Ref{Type: formula.Number, Space: formula.World, Slot: slot})
	}
	return t
}

// watch begins to look.
func (c *condition) watch(t *Timeline, i *incident) {
	c.timeline, c.incident = t, i
	if c.alone != nil {
		t.world.Clock.Every(lookEvery, func() { c.look(c.alone, sim.NoThing, i.where) })
		return
	}
	met := map[sim.ThingID]bool{}
	for _, id := range i.where.Things {
		met[id] = true
	}
	t.world.Observers = append(t.world.Observers, &beholder{condition: c, met: met})
}

// beholder sees the truth of the things that a condition is about.
type beholder struct {
	*condition
	met map[sim.ThingID]bool
}

// Truth looks at the condition for a thing.
func (b *beholder) Truth(k *sim.Kind, i int, _ sim.Time, row []float64) {
	id := k.First + sim.ThingID(i)
	if p := b.programs[k]; p != nil && b.met[id] {
		b.env.Row = row
		where := b.incident.where
		where.Things = []sim.ThingID{id}
		b.look(p, id, where)
	}
}

// look begins the incident when the condition has become true. It begins as an
// event of its own: whoever shows a truth is in the midst of something.
func (c *condition) look(p *formula.Program, id sim.ThingID, where sim.Selection) {
	w, i := c.timeline.world, c.incident
	now := w.Clock.Now()
	if now < sim.Time(i.At) || i.AtMost > 0 && i.drawn >= i.AtMost {
		return
	}
	c.refresh(w, now)
	holds := p.Bool(&c.env)
	before := c.held[id]
	c.held[id] = holds
	if holds && !before {
		w.Clock.At(now, func() {
			if i.AtMost == 0 || i.drawn < i.AtMost {
				c.timeline.begin(i, where)
			}
		})
	}
}

// refresh brings what is known of the world to now: once a second, as many things
// may be looked at in between.
func (c *condition) refresh(w *sim.World, now sim.Time) {
	if c.asOf >= 0 && now.Sub(c.asOf) < lookEvery {
		return
	}
	c.asOf = now
	on, all, waiting, working := 0, 0, 0, 0
	for _, f := range w.Fleets {
		on, all = on+f.Active(), all+f.Kind.Declared
	}
	if w.Workforce != nil {
		for _, u := range w.Workforce.Use(now) {
			waiting, working = waiting+u.Waiting, working+u.Working
		}
	}
	c.env.World[hourSlot] = w.Calendar.Hour(now)
	c.env.World[shareSlot] = float64(on) / float64(max(all, 1))
	c.env.World[waitingSlot], c.env.World[underWaySlot] = float64(waiting), float64(working)
}
