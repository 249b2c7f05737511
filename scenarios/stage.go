package scenarios

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/twinbed/twinbed/broker"
	"github.com/twinbed/twinbed/hardware"
	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/scenarios/language"
	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
	"github.com/twinbed/twinbed/sim/faults"
	"github.com/twinbed/twinbed/sim/formula"
	"github.com/twinbed/twinbed/sim/people"
	_ "github.com/twinbed/twinbed/sim/signals" // registers the signal models
	"github.com/twinbed/twinbed/sim/sources"
	"github.com/twinbed/twinbed/sim/wall"
	"github.com/twinbed/twinbed/twins"
	"github.com/twinbed/twinbed/twins/external"
)

// Staging says how a script is put on its stage.
type Staging struct {
	Replica   int            // 0: the scenario's own seed; another: the same world with other luck
	Wall      sim.Wall       // paces a live run; nil: the most precise there is
	InMemory  bool           // MQTT over pipes in this process instead of TCP, for bubbles and thousands of sessions
	Armed     bool           // let commands through to real devices
	Observers []sim.Observer // further ones, after the recorder
	LookupEnv func(name string) (string, bool)
	WarmUp    time.Duration // scenario time at the beginning that figures leave out; the books are of all
	Beside    bool          // also play the run without its faults, in virtual time, to say what they cost
	Cores     int           // over how many a virtual run is spread, with the same result; 0 and 1: one
	Plain     bool          // every event goes through the run's one queue: what lanes are held against
	Punctual  time.Duration // how late the clock may be at p99 in wall time; 0: a tenth of the tightest period

	beside bool   // it is the run without faults
	Out    string // folder of a durable run
	Resume bool   // go on with the run that is there

	terse bool // one of many: its report need not say where its values come from

	dry bool // only to check: nothing is opened, time is virtual
}

// Run is a scenario on its stage, to be played once.
type Run struct {
	Script   *Script
	World    *sim.World
	Platform *twins.Platform    // nil where another decides
	External *external.Platform // its books, else nil
	Recorder *reports.Recorder
	LeftOut  []LeftOut

	staging  Staging
	router   *broker.Router
	timeline *faults.Timeline
	after    *reports.Aftermath // of a run with faults, or one beside it
	sources  []sim.Source
	lanes    *sim.Lanes // nil on one core
	oneCore  string     // why
	live     *live      // nil in virtual time
	keeping  *keeping   // nil where nothing outlives the process
	played   sim.Time   // when it ended
	over     bool       // played to its end
	limits   []reports.Limit
	cited    []reports.Sourced // by what the world is made, and where that comes from
}

// Stage puts all rooms together for one run of the script. The error is Mistakes
// when the scenario is wrong; all mistakes are told at once.
func (s *Script) Stage(o Staging) (*Run, error) {
	if o.LookupEnv == nil {
		o.LookupEnv = os.LookupEnv
	}
	b := &builder{Run: &Run{Script: s, staging: o}, scenario: &s.Scenario}
	b.world()
	b.fleets()
	b.crews()
	b.platform()
	b.witness()
	b.faults()
	b.durable()
	b.wires()
	if err := b.err(); err != nil {
		b.Run.Close()
		return nil, err
	}
	if !o.terse && !o.dry {
		b.cited = s.sources()
	}
	return b.Run, nil
}

// builder puts a run together and collects what is wrong.
type builder struct {
	*Run
	scenario *Scenario
	wrongs   []*sim.Wrong
	failure  error // not the scenario's fault
}

func (b *builder) wrong(w ...*sim.Wrong) { b.wrongs = append(b.wrongs, w...) }

func (b *builder) err() error {
	if len(b.wrongs) == 0 {
		return b.failure
	}
	var problems []language.Problem
	for _, w := range b.wrongs {
		problems = append(problems, b.Script.document.Problem(w))
	}
	return Mistakes(withoutEchoes(language.Sorted(problems)))
}

func (b *builder) open(name string) (io.ReadCloser, error) { return b.Script.folder.Open(name) }

// world sets the clock, the roster, the bus and the link.
func (b *builder) world() {
	s := b.scenario
	w := &sim.World{
		Clock: sim.NewClock(), Calendar: sim.Calendar{Start: s.Start.WeekTime()},
		Seed:    chance.Seed(s.Seed).Replica(b.staging.Replica),
		Symbols: &formula.Symbols{}, Roster: &sim.Roster{},
	}
	if s.Clock.Live() && !b.staging.dry {
		pace := b.staging.Wall
		if pace == nil {
			pace = wall.New()
		}
		var kept *lifetime
		if s.Durable.journaled() {
			kept = &lifetime{Wall: pace}
			pace = kept
		}
		b.live = &live{wall: pace, kept: kept, ears: &ears{heard: map[sim.ThingID]sim.Time{}}}
		w.Clock = sim.NewLiveClock(s.Clock.Factor, pace)
		if kept != nil {
			kept.clock = w.Clock
		}
	}
	w.Journaled = s.Durable.journaled()
	w.Live, w.ForeignBroker = s.Clock.Live(), s.Broker.URL != ""
	w.Beyond = func(k *sim.Kind) bool {
		return s.Clock.Live() && slices.ContainsFunc(s.Things, func(t Thing) bool { return t.Name == k.Name && t.Connect == "outside" })
	}
	w.Brokered = func(k *sim.Kind) bool {
		return slices.ContainsFunc(s.Things, func(t Thing) bool { return t.Name == k.Name && t.Connect != "bus" })
	}
	b.World = w
	b.names()
	b.wrong(sim.CheckLoad(s.Load)...)
	total := 0
	for i := range s.Things {
		t := &s.Things[i]
		size := s.size(t)
		if total += size; total > maxThings {
			b.wrong(sim.Wrongf("things."+t.Name+".count", "with these there are %d things, and %d are possible", total, maxThings))
			size = 1
		}
		k, wrongs := t.kind(size)
		b.wrong(wrongs...)
		w.Roster.Add(k)
		b.wrong(t.give(w, k, b.open)...)
	}
	b.router = broker.NewRouter(w)
	w.Bus = b.router
	w.Link = sim.NewLink(s.Network, w.Seed, w.Roster.Size())
}

// names refuses names that cannot stand where they will be used.
func (b *builder) names() {
	s := b.scenario
	say := func(path, problem string) {
		if problem != "" {
			b.wrong(sim.Wrongf(path, "%s", problem))
		}
	}
	for _, t := range s.Things {
		say("things."+t.Name, badThing(t.Name))
	}
	for _, d := range s.Data {
		say("data."+d.Name, badName(d.Name))
	}
	for _, c := range s.People {
		say("people."+c.Name, badThing(c.Name))
		if slices.ContainsFunc(s.Things, func(t Thing) bool { return t.Name == c.Name }) {
			b.wrong(sim.Wrongf("people."+c.Name, "%q is already a kind of things", c.Name))
		}
	}
	for _, p := range s.Processes {
		if slices.ContainsFunc(s.Decisions, func(d twins.Decision) bool { return d.Name == p.Name }) {
			b.wrong(sim.Wrongf("decisions."+p.Name, "%q is already a process", p.Name))
		}
	}
}

// fleets puts the simulated things on the stage.
func (b *builder) fleets() {
	for i, k := range b.World.Roster.Kinds {
		t := &b.scenario.Things[i]
		var models []sim.SignalModel
		for _, s := range t.Signals {
			models = append(models, s.Model.SignalModel)
		}
		f, err := sim.NewFleet(b.World, k, models, b.open)
		if err != nil {
			b.wrong(under("things."+t.Name, err)...)
			continue
		}
		f.Unattended = t.Unattended
		b.World.Fleets = append(b.World.Fleets, f)
	}
}

// under sets mistakes below a path of their own.
func under(path string, err error) []*sim.Wrong {
	wrongs := sim.Wrongs(err)
	for _, w := range wrongs {
		w.Path = strings.TrimSuffix(path+"."+w.Path, ".")
	}
	return wrongs
}

// crews hires the people.
func (b *builder) crews() {
	if !b.scenario.has("people") || len(b.scenario.People) == 0 {
		return
	}
	crews, err := people.New(b.World, b.scenario.People)
	if err != nil {
		b.wrong(sim.Wrongs(err)...)
		return
	}
	b.World.Workforce = crews
	if b.live != nil {
		b.live.crews = crews
	}
}

// platform opens the context and makes the system under test. In virtual time an
// external one cannot be, and its scenario is checked as if ours decided.
func (b *builder) platform() {
	if b.scenario.Platform.external() && b.live != nil {
		b.externalPlatform()
		return
	}
	if b.scenario.Platform.external() && !b.scenario.Clock.Live() {
		b.wrong(sim.Wrongf("platform", "an external platform cannot live in virtual time: clock is realtime, or a speed such as 60x"))
	}
	var named []twins.NamedSource
	for _, d := range b.scenario.Data {
		if !b.scenario.has("data") {
			break
		}
		if d.Source.Config == nil {
			continue // told already
		}
		source, err := d.Source.Open(sources.Site{
			Name: d.Name, Open: b.open, Symbols: b.World.Symbols, Live: b.live != nil && b.live.kept == nil, Calendar: b.World.Calendar,
			Getenv: func(name string) string { v, _ := b.staging.LookupEnv(name); return v }, Seed: b.World.Seed,
			Noted: func(what, detail string) {
				b.World.Observers.Noted(sim.Event{At: b.World.Clock.Now(), What: what, Thing: sim.NoThing, Subject: d.Name, Detail: detail})
			},
		})
		if err != nil {
			b.wrong(under("data."+d.Name, err)...)
			continue
		}
		b.sources = append(b.sources, source)
		named = append(named, twins.NamedSource{Name: d.Name, Source: source, Key: d.Join, Fresh: d.Fresh})
	}
	b.World.Feeds = sim.NewFeeds(b.World.Clock)
	for _, n := range named {
		if _, twin := n.Source.(*twins.OtherTwin); !twin {
			b.World.Feeds.Names = append(b.World.Feeds.Names, n.Name)
		}
	}
	var cfg twins.Config
	cfg, b.LeftOut = b.scenario.cast()
	p, err := twins.New(cfg, b.World, named)
	if err != nil {
		b.wrong(sim.Wrongs(err)...)
		return
	}
	b.Platform, b.World.Platform = p, p
}

// witness makes the recorder and holds limits to what there is.
func (b *builder) witness() {
	var decisions, kinds []string
	for _, d := range b.scenario.Decisions {
		decisions = append(decisions, d.Name)
	}
	for _, k := range b.World.Roster.Kinds {
		kinds = append(kinds, k.Name)
	}
	named := decisions
	if b.scenario.Platform.external() {
		named = append(slices.Clip(named), b.scenario.commands()...)
	}
	for n, l := range b.scenario.Limits {
		if err := l.Check(reports.Names{Decisions: named, Kinds: kinds, KPIs: b.scenario.KPIs}); err != nil {
			b.wrong(sim.Wrongf(fmt.Sprintf("limits.%d", n), "%v", err))
		}
		if !slices.ContainsFunc(b.LeftOut, func(x LeftOut) bool { return x.Decision == l.Of }) {
			b.limits = append(b.limits, l)
		}
	}
	if err := b.scenario.Precision.Check(b.scenario.KPIs); err != nil {
		b.wrong(sim.Wrongf("precision", "%v", err))
	}
	setup := reports.Setup{
		Clock: b.World.Clock, Calendar: b.World.Calendar, Roster: b.World.Roster, Symbols: b.World.Symbols,
		Workforce: b.World.Workforce, KPIs: b.scenario.KPIs, Punctual: b.staging.Punctual,
	}
	setup.Decisions, setup.Unlisted = b.decisions(), b.External != nil
	setup.Targets = b.targets(setup.Decisions)
	if b.Platform != nil {
		for _, p := range b.Platform.Processes() {
			setup.Processes = append(setup.Processes, p.Name)
		}
	}
	r, err := reports.NewRecorder(setup)
	if err != nil {
		b.wrong(sim.Wrongs(err)...)
		return
	}
	b.Recorder = r
	b.World.Observers = append(sim.Observers{r}, b.staging.Observers...)
	if len(b.scenario.Faults) > 0 || b.staging.beside {
		b.after = reports.NewAftermath(b.World.Clock, b.World.Roster, b.scenario.Duration)
		b.World.Observers = append(b.World.Observers, b.after)
	}
}

// site is where an adapter is put.
func (b *builder) site(k *sim.Kind, thing string) hardware.Site {
	return hardware.Site{Thing: thing, Signals: k.Signals, Commands: k.Commands, Open: b.open, LookupEnv: b.staging.LookupEnv}
}
