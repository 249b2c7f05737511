package reports_test

import (
	"flag"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
	"github.com/twinbed/twinbed/sim/formula"
	"github.com/twinbed/twinbed/sim/units"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, got, 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
}

// heat rises while the load is on and falls while it is off.
type heat struct{}

type heater struct{ fleet *sim.Fleet }

func (heat) Build(s *sim.Site) (sim.Signal, error) { return heater{s.Fleet}, nil }
func (h heater) Advance(i int, from, now sim.Time) float64 {
	slope := -2.0
	if *h.fleet.State(i, 0) > 0 {
		slope = 1 + float64(i%3)
	}
	return max(0, *h.fleet.Truth(i, 0)+slope*now.Sub(from).Minutes())
}
func (heater) Measure(_ int, _ uint32, truth float64) float64 { return truth }

// line is the smallest platform that closes a loop: it stops a press that is too
// hot and starts it again when it has cooled, one turn at a time for each.
type line struct {
	*sim.World
	fleet   *sim.Fleet
	seen    []uint32
	turns   []*sim.Loop // by thing
	deeds   map[uint64]*sim.Deed
	ids     uint64
	forgets bool // to close deeds
}

const (
	stop sim.CommandID = iota
	start
)

func (l *line) Reading(r *sim.Reading) {
	r.Arrived = l.Clock.Stamp()
	how := sim.Fresh
	if r.Seq <= l.seen[r.Thing] {
		how = sim.Late
	}
	l.seen[r.Thing] = max(l.seen[r.Thing], r.Seq)
	l.Observers.Mirrored(r, how)
	do := sim.NoCommand
	switch hot := *l.fleet.State(int(r.Thing), 0) > 0; {
	case l.turns[r.Thing] != nil:
	case hot && r.Values[0] > 40:
		do = stop
	case !hot && r.Values[0] < 10:
		do = start
	}
	if do != sim.NoCommand {
		l.fire(r, do)
	}
}

func (l *line) fire(r *sim.Reading, do sim.CommandID) {
	now := l.Clock.Stamp()
	l.ids++
	turn := &sim.Loop{ID: l.ids, Decision: int(do), Thing: r.Thing, Seq: r.Seq}
	turn.Stamps = [sim.Stages]sim.Stamp{r.Sensed, r.Arrived, now, now}
	l.turns[r.Thing] = turn
	l.Observers.Noted(sim.Event{At: now.At, What: sim.Fired, Thing: r.Thing, Subject: []string{"too hot", "cool"}[do], ID: l.ids})
	deed := &sim.Deed{ID: l.ids, Thing: r.Thing, Name: []string{"stop", "start"}[do], Decision: int(do), Process: -1, Attempt: 1, Issued: now.At}
	l.deeds[deed.ID] = deed
	l.Observers.Issued(deed)
	l.Bus.Command(&sim.Command{ID: l.ids, Thing: r.Thing, Name: do, Value: math.NaN(), Seq: r.Seq, Attempt: 1, Decided: now})
	l.Clock.After(time.Minute, func() {
		if l.turns[r.Thing] == turn {
			l.close(turn, deed, sim.TimedOut, nil)
		}
	})
}

func (l *line) Ack(a *sim.Ack) {
	l.Observers.Heard(a)
	turn := l.turns[a.Thing]
	if turn == nil || turn.ID != a.ID {
		return
	}
	turn.Stamps[sim.Delivered], turn.Stamps[sim.Acted] = a.Delivered, a.Done
	l.close(turn, l.deeds[a.ID], a.Outcome, a)
}

func (l *line) close(turn *sim.Loop, deed *sim.Deed, o sim.Outcome, a *sim.Ack) {
	turn.Stamps[sim.Acked], turn.Outcome = l.Clock.Stamp(), o
	l.turns[turn.Thing] = nil
	delete(l.deeds, deed.ID)
	if !l.forgets {
		l.Observers.Closed(deed, o, a)
	}
	l.Observers.Turned(turn)
}

func (l *line) Command(c *sim.Command) { l.fleet.Obey(c) }
func (l *line) Task(*sim.Task)         {}
func (l *line) Withdraw(uint64)        {}

// open is what is under way at the end, as wires and platform have it.
func (l *line) open() reports.Flights {
	readings, commands, acks := l.fleet.OnLink()
	open := &reports.Open{Commands: uint64(len(l.deeds))}
	for _, turn := range l.turns {
		if turn != nil {
			open.Turns++
		}
	}
	return reports.Flights{Readings: []uint64{uint64(readings)}, Commands: uint64(commands), Acks: uint64(acks), Open: open}
}

func words(t testing.TB, text string) chance.Distribution {
	d, err := chance.Parse(text, units.Duration, nil)
	require.NoError(t, err)
	return d
}

func press(count int) *sim.Kind {
	return &sim.Kind{
		Name: "press", Count: count, Declared: count, Every: 10 * time.Second,
		Signals: []sim.SignalSpec{{Name: "temperature", Unit: "°C"}},
		States:  []sim.StateSpec{{Name: "load", Initial: 1}},
		Commands: []sim.CommandSpec{
			{Name: "stop", Sets: []sim.Setting{{State: 0, Value: 0}}, Takes: chance.Constant(0.5)},
			{Name: "start", Sets: []sim.Setting{{State: 0, Value: 1}}},
		},
	}
}

// stage is a run with its witness; watch may wrap the witness.
type stage struct {
	*line
	recorder *reports.Recorder
}

func newStage(t testing.TB, things int, clock *sim.Clock, kpis []reports.KPI, watch func(sim.Observer) sim.Observer) *stage {
	w := &sim.World{Clock: clock, Seed: 7, Symbols: &formula.Symbols{}, Roster: &sim.Roster{}}
	w.Roster.Add(press(things))
	l := &line{World: w, seen: make([]uint32, things), turns: make([]*sim.Loop, things), deeds: map[uint64]*sim.Deed{}}
	w.Bus, w.Platform = l, l
	w.Link = sim.NewLink(sim.Network{Latency: words(t, "uniform 10ms..90ms"), Loss: 0.01}, w.Seed, things)
	var err error
	l.fleet, err = sim.NewFleet(w, w.Roster.Kinds[0], []sim.SignalModel{heat{}}, func(string) (io.ReadCloser, error) { return nil, os.ErrNotExist })
	require.NoError(t, err)
	w.Fleets = []*sim.Fleet{l.fleet}
	r, err := reports.NewRecorder(reports.Setup{
		Clock: clock, Roster: w.Roster, Symbols: w.Symbols, Decisions: []string{"too hot", "cool"}, KPIs: kpis,
	})
	require.NoError(t, err)
	w.Observers = sim.Observers{r}
	if watch != nil {
		w.Observers = sim.Observers{watch(r)}
	}
	return &stage{l, r}
}

// storm is a fault as the timeline plays it.
func (s *stage) storm(at, length time.Duration, loss float64) {
	everywhere, _ := s.Roster.Match("press")
	s.Clock.At(sim.Time(at), func() {
		s.Observers.Noted(sim.Event{At: s.Clock.Now(), What: sim.FaultBegins, Thing: sim.NoThing, Subject: "message_loss", Detail: "press"})
		undo := s.Link.Impair("storm", s.Seed, sim.Impairment{Where: everywhere, Up: true, Down: true, Loss: loss, Cause: stormy})
		s.Clock.After(length, func() {
			undo()
			s.Observers.Noted(sim.Event{At: s.Clock.Now(), What: sim.FaultEnds, Thing: sim.NoThing, Subject: "message_loss", Detail: "press"})
		})
	})
}

var stormy = sim.NewCause("storm")

func (s *stage) play(t testing.TB, length time.Duration, limits ...string) *reports.Report {
	s.fleet.Switch(s.fleet.Kind.Count)
	require.NoError(t, s.Clock.Run(sim.Time(length)))
	s.recorder.Close(sim.Time(length), s.open())
	return s.recorder.Report(environment(t, length, limits...))
}

func environment(t testing.TB, length time.Duration, limits ...string) reports.Environment {
	e := reports.Environment{
		Scenario: "hot presses", Question: "Does stopping hot presses keep them cool?", Seed: 7, Clock: "virtual",
		Simulated: []string{"presses"}, Planned: length,
	}
	for _, text := range limits {
		l, err := reports.ParseLimit(text)
		require.NoError(t, err)
		e.Limits = append(e.Limits, l)
	}
	return e
}

var hotKPIs = []reports.KPI{
	{Name: "downtime", BuiltIn: "downtime"},
	{Name: "availability", BuiltIn: "availability"},
	{Name: "repair_time", BuiltIn: "repair_time"},
	{Name: "worker_utilisation", BuiltIn: "worker_utilisation"},
	{Name: "hot", Time: "temperature > 38", Unit: "min", Better: "lower"},
	{Name: "heat", Of: "press", Mean: "temperature", Unit: "°C"},
	{Name: "cost", Formula: "120 * downtime + 2 * commands", Unit: "€", Better: "lower", Doc: "what standing still costs"},
}
