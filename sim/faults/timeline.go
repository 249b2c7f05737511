// Package faults holds what can go wrong, one file a fault, and the timeline on
// which it does.
package faults

import (
	"fmt"
	"time"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
)

// Incident is a fault on the timeline: at a time, at random, or whenever something
// holds. Each time it lasts for its window and is undone.
type Incident struct {
	At     time.Duration       `min:"0s" doc:"when it begins, or from when on it may; default: the run's beginning"`
	For    chance.Distribution `required:"true" unit:"s" doc:"how long it lasts each time; then it is undone"`
	Every  chance.Distribution `unit:"s" doc:"it happens again and again: time from at, and from the end of one, to the beginning of the next, such as exponential mean 2h"`
	When   sim.Expression      `doc:"it happens whenever this becomes true: over the truth of each thing it meets (that thing alone is met then), and hour, share_on, tasks_waiting, tasks_under_way"`
	AtMost int                 `key:"at most" default:"0" min:"0" doc:"so many times in all; 0: as often as it comes to" source:"plain"`
	Pick   int                 `default:"0" min:"0" doc:"meets so many of the things that where names, others each time; 0: all of them" source:"plain"`
	Where  string              `doc:"whom it meets: a kind, a thing, a crew, a worker, a source of data, a pattern such as press-1*, or a condition over attributes such as site == \"north\"; of the broker and the platform there is one"`
	Name   string              `key:"-"` // the fault's
	Fault  sim.Fault           `key:"-"`
	Skip   bool                `key:"-"` // whom it meets takes no part in this run
}

// Timeline plays incidents on a world and sees that none outlives its window.
type Timeline struct {
	world     *sim.World
	incidents []*incident
	open      int
}

// incident is one as it is played.
type incident struct {
	Incident
	number int // in the scenario's list
	where  sim.Selection
	luck   chance.Stream
	drawn  int        // times that it was to begin
	begun  int        // and did
	when   *condition // nil without
}

// Play checks all incidents and schedules them; mistakes come back as sim.Wrong
// with paths below "faults".
func Play(w *sim.World, incidents []Incident) (*Timeline, []*sim.Wrong) {
	t := &Timeline{world: w}
	var wrongs []*sim.Wrong
	same := map[string]int{}
	for n, x := range incidents {
		if x.Skip {
			continue
		}
		// Its luck depends on what it is, not on how many others stand in the list.
		name := x.Name + " " + x.Where
		same[name]++
		i := &incident{Incident: x, number: n, luck: w.Seed.Stream(fmt.Sprintf("incident %s %d", name, same[name]))}
		if wrong := t.check(i); wrong != nil {
			wrong.Path = fmt.Sprintf("faults.%d.%s", n, wrong.Path)
			wrongs = append(wrongs, wrong)
			continue
		}
		t.incidents = append(t.incidents, i)
	}
	if len(wrongs) > 0 {
		return t, wrongs
	}
	for _, i := range t.incidents {
		t.enter(i)
	}
	return t, nil
}

// check finds whom an incident meets and whether it can.
func (t *Timeline) check(i *incident) *sim.Wrong {
	area := i.Fault.Area()
	switch {
	case i.For.Quantile(0.5) <= 0:
		return sim.Wrongf("for", "a fault lasts for some time")
	case i.Every != nil && i.When != "":
		return sim.Wrongf("when", "a fault comes at random (every) or when something holds, not both")
	case i.Every != nil && i.Every.Quantile(0.5) <= 0:
		return sim.Wrongf("every", "some time has to lie between two")
	case area.Names() && i.Where == "":
		return sim.Wrongf("where", "the key where is missing; it says whom %s meets", i.Name)
	case !area.Names() && i.Where != "":
		return sim.Wrongf("where", "there is one %s: leave out where", area)
	}
	i.where = sim.Selection{Pattern: i.Where, Hits: &sim.Hits{}}
	var err error
	if meetsThings(area) {
		i.where, err = Select(t.world, i.Where)
		i.where.Hits = &sim.Hits{}
	}
	if err == nil {
		if c, ok := i.Fault.(sim.Checked); ok {
			err = c.Check(t.world, i.where)
		}
	}
	switch {
	case err != nil && !area.Names():
		return sim.Wrongf("fault", "%v", err)
	case err != nil:
		return sim.Wrongf("where", "%v", err)
	case i.Pick > 0 && i.Pick > len(i.where.Things):
		return sim.Wrongf("pick", "%d are more than the %d things that where names", i.Pick, len(i.where.Things))
	case i.When == "":
		return nil
	}
	if i.when, err = newCondition(t.world, i); err != nil {
		return sim.Wrongf("when", "%v", err)
	}
	return nil
}

// meetsThings says whether faults of an area meet things.
func meetsThings(a sim.Area) bool {
	return a == sim.Things || a == sim.NetworkOf || a == sim.HardwareOf || a == sim.Attackers
}

// enter puts an incident on the clock.
func (t *Timeline) enter(i *incident) {
	if p, ok := i.Fault.(sim.Prepared); ok {
		p.Prepare(t.world)
	}
	switch clock := t.world.Clock; {
	case i.when != nil:
		i.when.watch(t, i)
	case i.Every != nil:
		clock.At(sim.Time(i.At).Add(i.draw(i.Every, 0)), func() { t.again(i) })
	default:
		clock.At(sim.Time(i.At), func() { t.begin(i, i.where) })
	}
}

// again begins an incident that comes at random, and awaits the next.
func (t *Timeline) again(i *incident) {
	ends := t.begin(i, i.where)
	if i.AtMost == 0 || i.drawn < i.AtMost {
		t.world.Clock.At(ends.Add(i.draw(i.Every, 0)), func() { t.again(i) })
	}
}

// draw draws a duration for the next occurrence; sort sets draws apart.
func (i *incident) draw(d chance.Distribution, sort uint32) time.Duration {
	return max(sim.Seconds(d.Quantile(i.luck.Uniform(sort, uint64(i.drawn)))), time.Nanosecond)
}

// begin does the harm, and says when it will be undone.
func (t *Timeline) begin(i *incident, where sim.Selection) (ends sim.Time) {
	clock, now := t.world.Clock, t.world.Clock.Now()
	ends = now.Add(i.draw(i.For, 1))
	if i.Pick > 0 {
		where.Things = i.pick(where.Things)
	}
	id := uint64(i.drawn)<<32 | uint64(i.number)
	i.drawn++
	detail := i.Where
	if len(where.Things) == 1 {
		detail = t.world.Roster.Name(where.Things[0])
	}
	undo, err := i.Fault.Begin(t.world, where)
	if err != nil {
		t.world.Observers.Noted(sim.Event{At: now, What: "fault does not apply", Thing: sim.NoThing, Subject: i.Name, Detail: err.Error()})
		return ends
	}
	t.open++
	i.begun++
	e := sim.Event{At: now, What: sim.FaultBegins, Thing: sim.NoThing, Subject: i.Name, Detail: detail, ID: id, Met: where.Things}
	t.world.Observers.Noted(e)
	clock.At(ends, func() {
		if i.Name != forgetful {
			undo()
		}
		t.open--
		e.At, e.What = clock.Now(), sim.FaultEnds
		t.world.Observers.Noted(e)
	})
	return ends
}

// pick draws some of the things without putting them back (Fisher and Yates).
func (i *incident) pick(from []sim.ThingID) []sim.ThingID {
	all := append([]sim.ThingID(nil), from...)
	for n := range i.Pick {
		u := i.luck.Uniform(2+uint32(n), uint64(i.drawn))
		other := n + int(u*float64(len(all)-n))
		all[n], all[other] = all[other], all[n]
	}
	return all[:i.Pick]
}

// Open is how many faults are under way.
func (t *Timeline) Open() int { return t.open }

// Account is what became of an incident.
type Account struct {
	Number int // in the scenario's list
	Name   string
	Where  string
	Begun  int    // how many times
	Hits   uint64 // messages, values, answers or connections that it did harm to
	Area   sim.Area

	LetIn, Through uint64 // of a stranger: how often it was let in, and what got through
}

// Accounts tells of all incidents that took part.
func (t *Timeline) Accounts() (list []Account) {
	for _, i := range t.incidents {
		x := Account{Number: i.number, Name: i.Name, Where: i.Where, Begun: i.begun, Hits: i.where.Hits.Count(), Area: i.Fault.Area()}
		x.LetIn, x.Through = i.where.Hits.Intrusion()
		list = append(list, x)
	}
	return list
}
