package twins_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/formula"
	"github.com/twinbed/twinbed/twins"
)

// stage is a platform on a real clock, with a bus that keeps what is issued
// and answers as the test says.
type stage struct {
	*testing.T
	*sim.World
	*twins.Platform
	press, tank *sim.Kind
	seq         map[sim.ThingID]uint32
	log         []string // what was issued, withdrawn, closed, turned, noted
	commands    []sim.Command
	tasks       []sim.Task
	loops       []sim.Loop
	onCommand   func(sim.Command)
	onTask      func(sim.Task)
	onWithdraw  func(uint64)
}

// newStage has 40 presses of two sites and two tanks, which have one each.
func newStage(t *testing.T) *stage {
	s := &stage{T: t, World: &sim.World{Clock: sim.NewClock(), Symbols: new(formula.Symbols), Roster: new(sim.Roster)}, seq: map[sim.ThingID]uint32{}}
	north, south := s.Symbols.ID("north"), s.Symbols.ID("south")
	sites := make([]float64, 40)
	for i := range sites {
		sites[i] = []float64{north, south}[i%2]
	}
	s.press = &sim.Kind{
		Name: "press", Count: 40, Declared: 40, Every: 10 * time.Second,
		Signals:    []sim.SignalSpec{{Name: "vibration"}, {Name: "temperature"}},
		States:     []sim.StateSpec{{Name: "load", Initial: 1}},
		Attributes: []sim.Attribute{{Name: "site", Type: formula.Text, Values: sites}},
		Commands: []sim.CommandSpec{
			{Name: "stop", Sets: []sim.Setting{{State: 0, Value: 0}}},
			{Name: "resume", Sets: []sim.Setting{{State: 0, Value: 1}}},
			{Name: "turn_to", Sets: []sim.Setting{{State: 0, FromValue: true}}},
			{Name: "renew"},
		},
	}
	s.tank = &sim.Kind{
		Name: "tank", Count: 2, Declared: 2, Every: 10 * time.Second, Signals: []sim.SignalSpec{{Name: "level"}},
		Attributes: []sim.Attribute{{Name: "site", Type: formula.Text, Values: []float64{north, south}}},
		Commands:   []sim.CommandSpec{{Name: "drain"}},
	}
	s.Roster.Add(s.press)
	s.Roster.Add(s.tank)
	s.World.Bus = bus{s}
	s.World.Observers = sim.Observers{witness{s: s}}
	return s
}

// play makes and starts the platform.
func (s *stage) play(cfg twins.Config, sources ...twins.NamedSource) *stage {
	s.Helper()
	if cfg.Skills == nil {
		cfg.Skills = []string{"bearings", "inspection"}
	}
	p, err := twins.New(cfg, s.World, sources)
	require.NoError(s, err)
	s.Platform = p
	s.World.Platform = p
	require.NoError(s, p.Start())
	return s
}

// watch plays one decision about presses.
func (s *stage) watch(d twins.Decision, sources ...twins.NamedSource) *stage {
	s.Helper()
	if d.Name == "" {
		d.Name = "alarm"
	}
	if d.Do == nil {
		d.Do = []twins.Step{{Word: "stop"}}
	}
	return s.play(twins.Config{Decisions: []twins.Decision{d}}, sources...)
}

// steps plays steps that begin when a vibration is above 8.
func (s *stage) steps(steps ...twins.Step) *stage {
	s.Helper()
	return s.watch(twins.Decision{When: "vibration > 8", Do: steps})
}

func (s *stage) until(d time.Duration) { require.NoError(s, s.World.Clock.Run(sim.Time(d))) }

// reads has a thing report at a time.
func (s *stage) reads(at time.Duration, id sim.ThingID, values ...float64) {
	s.Helper()
	s.until(at)
	s.seq[id]++
	s.hears(sim.Reading{Thing: id, Seq: s.seq[id], Values: values})
}

func (s *stage) hears(r sim.Reading) {
	r.Sensed, r.Arrived = s.World.Clock.Stamp(), s.World.Clock.Stamp()
	s.Reading(&r)
}

// answers acknowledges a deed now.
func (s *stage) answers(id uint64, thing sim.ThingID, o sim.Outcome, state ...float64) {
	now := s.World.Clock.Stamp()
	s.Ack(&sim.Ack{ID: id, Thing: thing, Outcome: o, Delivered: now, Done: now, State: state})
}

func (s *stage) say(format string, args ...any) {
	s.log = append(s.log, fmt.Sprintf("%v ", s.World.Clock.Now().Duration())+fmt.Sprintf(format, args...))
}

// told is what has been logged since the last time.
func (s *stage) told() []string {
	told := s.log
	s.log = nil
	return told
}

func (s *stage) alarm() twins.DecisionInfo { return s.Decisions()[0] }

type bus struct{ *stage }

func (b bus) Reading(r *sim.Reading) { b.Platform.Reading(r) }
func (b bus) Ack(a *sim.Ack)         { b.Platform.Ack(a) }

func (b bus) Command(c *sim.Command) {
	b.commands = append(b.commands, *c)
	if b.onCommand != nil {
		b.onCommand(*c)
	}
}

func (b bus) Task(t *sim.Task) {
	b.tasks = append(b.tasks, *t)
	if b.onTask != nil {
		b.onTask(*t)
	}
}

func (b bus) Withdraw(id uint64) {
	b.say("withdraw %d", id)
	if b.onWithdraw != nil {
		b.onWithdraw(id)
	}
}

type witness struct {
	sim.Silent
	s *stage
}

func (w witness) Issued(d *sim.Deed) {
	w.s.say("%s %d attempt %d", d.Name, d.ID, d.Attempt)
}

func (w witness) Closed(d *sim.Deed, o sim.Outcome, a *sim.Ack) { w.s.say("%d %v", d.ID, o) }

func (w witness) Turned(l *sim.Loop) {
	w.s.loops = append(w.s.loops, *l)
	w.s.say("turn %d %v", l.ID, l.Outcome)
}

func (w witness) Noted(e sim.Event) {
	if e.What != sim.Fired {
		w.s.say("%s: %s", e.What, e.Subject)
	}
}

// obeys has every command carried out on the spot.
func (s *stage) obeys() {
	s.onCommand = func(c sim.Command) { s.answers(c.ID, c.Thing, sim.Done) }
}

// table is a source whose rows the test pushes.
type table struct {
	columns []sim.Column
	keyed   bool
	join    func(string, []float64, sim.Time)
}

func (x *table) Columns() []sim.Column { return x.columns }
func (x *table) Keyed() bool           { return x.keyed }
func (x *table) Close() error          { return nil }
func (x *table) Start(_ *sim.Clock, join func(string, []float64, sim.Time)) error {
	x.join = join
	return nil
}

func columns(names ...string) (c []sim.Column) {
	for _, n := range names {
		c = append(c, sim.Column{Name: n})
	}
	return c
}

// shelf is a stock of which the test says when there is enough.
type shelf struct {
	table
	there   int
	waiting []func()
	given   int
}

func (x *shelf) Take(n int, ready func()) func() {
	if x.there >= n {
		x.there -= n
		ready()
		return func() {}
	}
	at := len(x.waiting)
	x.waiting = append(x.waiting, ready)
	return func() { x.waiting[at] = nil }
}

func (x *shelf) Give(n int) { x.there += n; x.given += n }

func (x *shelf) refill() {
	for _, ready := range x.waiting {
		if ready != nil {
			ready()
		}
	}
	x.waiting = nil
}

var unknown = math.NaN()
