package people_test

import (
	"io"
	"math"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
	"github.com/twinbed/twinbed/sim/formula"
	"github.com/twinbed/twinbed/sim/people"
	"github.com/twinbed/twinbed/sim/units"
)

// stage is a workforce on a real clock, with presses it can put its hands on.
type stage struct {
	testing.TB
	*sim.World
	*people.Workforce
	acks  []sim.Ack
	onAck func(*sim.Ack)
	notes []sim.Event
	tasks uint64
}

// bus brings acks to the test; nothing else travels here.
type bus struct {
	sim.Bus
	s *stage
}

func (b bus) Ack(a *sim.Ack) {
	b.s.acks = append(b.s.acks, *a)
	if b.s.onAck != nil {
		b.s.onAck(a)
	}
}

type witness struct {
	sim.Silent
	s *stage
}

func (w witness) Noted(e sim.Event) { w.s.notes = append(w.s.notes, e) }

// newStage begins at a moment of the week.
func newStage(t testing.TB, start string, seed chance.Seed, crews ...people.Crew) *stage {
	t.Helper()
	moment, err := units.ParseMoment(start)
	require.NoError(t, err)
	s := &stage{TB: t}
	s.World = &sim.World{
		Clock: sim.NewClock(), Calendar: sim.Calendar{Start: moment.WeekTime()}, Seed: seed,
		Symbols: &formula.Symbols{}, Roster: &sim.Roster{},
	}
	press := &sim.Kind{
		Name: "press", Count: 3, Declared: 3, Every: time.Hour,
		States:   []sim.StateSpec{{Name: "load", Initial: 1}},
		Commands: []sim.CommandSpec{{Name: "turn_to", Sets: []sim.Setting{{State: 0, FromValue: true}}}},
	}
	s.Roster.Add(press)
	s.World.Bus, s.World.Observers = bus{s: s}, sim.Observers{witness{s: s}}
	s.Link = sim.NewLink(sim.Network{}, seed, s.Roster.Size())
	fleet, err := sim.NewFleet(s.World, press, nil, func(string) (io.ReadCloser, error) { return nil, os.ErrNotExist })
	require.NoError(t, err)
	s.Fleets = []*sim.Fleet{fleet}
	f, err := people.New(s.World, crews)
	require.NoError(t, err)
	s.Workforce, s.World.Workforce = f, f
	return s
}

// asks issues a task now; it is about nothing unless the change says so.
func (s *stage) asks(skill string, change ...func(*sim.Task)) uint64 {
	s.tasks++
	t := sim.Task{ID: s.tasks, Thing: sim.NoThing, What: "work", Skill: skill, Does: sim.NoCommand, Value: math.NaN(), Decided: s.Clock.Stamp()}
	for _, f := range change {
		f(&t)
	}
	s.Take(&t)
	return t.ID
}

func (s *stage) until(d time.Duration) { require.NoError(s, s.Clock.Run(sim.Time(d))) }

func (s *stage) use(crew int) sim.CrewUse { return s.Use(s.Clock.Now())[crew] }

// told is who did which task, from when to when, since the last time.
func (s *stage) told() (lines []string) {
	for _, a := range s.acks {
		line := string(rune('0'+a.ID)) + " " + a.By + " " + a.Delivered.At.Duration().String() + " " + a.Done.At.Duration().String()
		if a.Outcome != sim.Done {
			line = string(rune('0'+a.ID)) + " " + a.Outcome.String() + ": " + a.Note
		}
		lines = append(lines, line)
	}
	s.acks = nil
	return lines
}

func words(t testing.TB, text string) chance.Distribution {
	d, err := chance.Parse(text, units.Duration, nil)
	require.NoError(t, err)
	return d
}

func shift(t testing.TB, text string) units.Shift {
	x, err := units.ParseShift(text)
	require.NoError(t, err)
	return x
}

func takes(d time.Duration) func(*sim.Task) {
	return func(t *sim.Task) { t.Takes = chance.Constant(d.Seconds()) }
}

func about(thing sim.ThingID) func(*sim.Task) { return func(t *sim.Task) { t.Thing = thing } }
func urgent(priority int) func(*sim.Task)     { return func(t *sim.Task) { t.Priority = priority } }
func named(what string) func(*sim.Task)       { return func(t *sim.Task) { t.What = what } }

// mechanics are so many workers who answer at once and work an hour.
func mechanics(count int) people.Crew {
	return people.Crew{Name: "mechanic", Count: count, Skills: []string{"bearings", "inspection"}, Takes: chance.Constant(3600)}
}
