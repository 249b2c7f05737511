package sim_test

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
	_ "github.com/twinbed/twinbed/sim/signals"
	"github.com/twinbed/twinbed/sim/units"
)

// wire is a bus that leads straight to a listener, and records.
type wire struct {
	clock    *sim.Clock
	readings []sim.Reading
	acks     []sim.Ack
	ackedAt  []sim.Time
}

func (w *wire) Reading(r *sim.Reading) {
	c := *r
	c.Arrived = w.clock.Stamp()
	c.Values = append([]float64(nil), r.Values...)
	w.readings = append(w.readings, c)
}
func (w *wire) Ack(a *sim.Ack) {
	w.acks = append(w.acks, *a)
	w.ackedAt = append(w.ackedAt, w.clock.Now())
}
func (w *wire) Command(*sim.Command) {}
func (w *wire) Task(*sim.Task)       {}
func (w *wire) Withdraw(uint64)      {}

// losses counts what observers are told is lost, and keeps events.
type losses struct {
	sim.Silent
	by    map[sim.Cause]int
	notes []string
}

func (l *losses) Lost(_ sim.Medium, _ sim.ThingID, _ sim.Time, why sim.Cause) { l.by[why]++ }
func (l *losses) Noted(e sim.Event)                                           { l.notes = append(l.notes, e.What) }

type stage struct {
	*sim.World
	wire  *wire
	lost  *losses
	fleet *sim.Fleet
}

// newStage puts one kind of things, made by a signal each, on a virtual stage.
func newStage(t testing.TB, k *sim.Kind, network sim.Network, models ...sim.SignalModel) stage {
	c := sim.NewClock()
	w := &sim.World{Clock: c, Seed: 7, Symbols: &formula.Symbols{}, Roster: &sim.Roster{}}
	if k.Declared == 0 {
		k.Declared = k.Count
	}
	w.Roster.Add(k)
	bus, lost := &wire{clock: c}, &losses{by: map[sim.Cause]int{}}
	w.Bus, w.Observers = bus, sim.Observers{lost}
	w.Link = sim.NewLink(network, w.Seed, w.Roster.Size())
	f, err := sim.NewFleet(w, k, models, func(string) (io.ReadCloser, error) { return nil, os.ErrNotExist })
	require.NoError(t, err)
	w.Fleets = []*sim.Fleet{f}
	return stage{w, bus, lost, f}
}

func words(t testing.TB, text string, dim units.Dimension) chance.Distribution {
	d, err := chance.Parse(text, dim, nil)
	require.NoError(t, err)
	return d
}

// ramp is a signal that rises by one a second.
type ramp struct{}

func (ramp) Build(*sim.Site) (sim.Signal, error)            { return ramp{}, nil }
func (ramp) Advance(_ int, _, now sim.Time) float64         { return now.Seconds() }
func (ramp) Measure(_ int, _ uint32, truth float64) float64 { return truth }

func press(count int) *sim.Kind {
	return &sim.Kind{
		Name: "press", Count: count, Every: 10 * time.Second,
		Signals: []sim.SignalSpec{{Name: "x"}},
		States:  []sim.StateSpec{{Name: "load", Initial: 1}},
		Commands: []sim.CommandSpec{
			{Name: "stop", Sets: []sim.Setting{{State: 0, Value: 0}}},
			{Name: "set", Sets: []sim.Setting{{State: 0, FromValue: true}}},
		},
	}
}

func TestEachThingReportsAtItsIntervalWithItsOwnCount(t *testing.T) {
	s := newStage(t, press(3), sim.Network{}, ramp{})
	s.fleet.Switch(3)
	require.NoError(t, s.Clock.Run(sim.Time(time.Minute)))
	require.Len(t, s.wire.readings, 18)
	next := map[sim.ThingID]uint32{}
	due := map[sim.ThingID]sim.Time{}
	for _, r := range s.wire.readings {
		next[r.Thing]++
		require.Equal(t, next[r.Thing], r.Seq)
		if before, ok := due[r.Thing]; ok {
			require.Equal(t, before.Add(10*time.Second), r.Sensed.At)
		}
		due[r.Thing] = r.Sensed.At
		require.InDelta(t, r.Sensed.At.Seconds(), r.Values[0], 1e-9)
	}
}

func TestTheLinkKeepsOrderUnlessToldNotTo(t *testing.T) {
	for _, reorder := range []bool{false, true} {
		k := press(1)
		k.Every = time.Second
		s := newStage(t, k, sim.Network{Latency: words(t, "uniform 0s..5s", units.Duration), Reorder: reorder}, ramp{})
		s.fleet.Switch(1)
		require.NoError(t, s.Clock.Run(sim.Time(10*time.Minute)))
		overtaken := 0
		for i := 1; i < len(s.wire.readings); i++ {
			if s.wire.readings[i].Seq < s.wire.readings[i-1].Seq {
				overtaken++
			}
		}
		require.Equal(t, reorder, overtaken > 0, "%d overtaken", overtaken)
	}
}

func TestWhatTheLinkLosesIsToldAndTheRestArrives(t *testing.T) {
	s := newStage(t, press(100), sim.Network{Loss: 0.2}, ramp{})
	s.fleet.Switch(100)
	require.NoError(t, s.Clock.Run(sim.Time(1000*time.Second)))
	lost := s.lost.by[sim.LostOnLink]
	require.Equal(t, 10_000, lost+len(s.wire.readings))
	require.InDelta(t, 2_000, lost, 4*math.Sqrt(10_000*0.2*0.8))
}

func TestAnImpairmentEndsWithItsUndo(t *testing.T) {
	s := newStage(t, press(130), sim.Network{}, ramp{})
	s.fleet.Switch(130)
	undo := s.Link.Impair("cut", s.Seed, sim.Impairment{Where: []sim.ThingID{0, 129}, Up: true, Loss: 1, Cause: sim.LostOnLink})
	require.NoError(t, s.Clock.Run(sim.Time(10*time.Second)))
	require.Equal(t, 2, s.lost.by[sim.LostOnLink])
	undo()
	require.NoError(t, s.Clock.Run(sim.Time(20*time.Second)))
	require.Equal(t, 2, s.lost.by[sim.LostOnLink])
	require.Len(t, s.wire.readings, 258)
}

func TestACommandIsCarriedOutOnceHoweverOftenItIsSent(t *testing.T) {
	k := press(2)
	k.Commands[0].Takes = words(t, "3s", units.Duration)
	s := newStage(t, k, sim.Network{Latency: words(t, "100ms", units.Duration)}, ramp{})
	s.fleet.Switch(2)
	stop := &sim.Command{ID: 1, Thing: 1, Name: 0, Value: math.NaN(), Attempt: 1}
	s.fleet.Obey(stop)
	require.NoError(t, s.Clock.Run(sim.Time(5*time.Second)))
	stop.Attempt = 2
	s.fleet.Obey(stop)
	s.fleet.Obey(&sim.Command{ID: 2, Thing: 1, Name: 1, Value: math.NaN(), Attempt: 1})
	require.NoError(t, s.Clock.Run(sim.Time(10*time.Second)))
	require.Len(t, s.wire.acks, 3)
	require.Equal(t, sim.Time(3200*time.Millisecond), s.wire.ackedAt[0])
	require.Equal(t, sim.Time(100*time.Millisecond), s.wire.acks[0].Delivered.At)
	require.Equal(t, sim.Time(3100*time.Millisecond), s.wire.acks[0].Done.At)
	require.Equal(t, []float64{0}, s.wire.acks[0].State)
	require.Equal(t, "already carried out", s.wire.acks[1].Note)
	require.Equal(t, sim.Refused, s.wire.acks[2].Outcome)
}

func TestACommandToAThingThatIsOffIsLost(t *testing.T) {
	s := newStage(t, press(2), sim.Network{}, ramp{})
	s.fleet.Switch(1)
	s.fleet.Obey(&sim.Command{ID: 1, Thing: 1, Name: 0, Attempt: 1})
	require.Equal(t, 1, s.lost.by[sim.LostNobody])
}

func TestAThingLeftAloneIsFoundInTheEnd(t *testing.T) {
	s := newStage(t, press(3), sim.Network{}, ramp{})
	s.fleet.Unattended = time.Hour
	s.fleet.Switch(3)
	for id := range sim.ThingID(3) {
		s.Do(id, 0, math.NaN())
	}
	s.Attend(1, 1)
	s.Do(2, 1, 0.5)
	at := func(d time.Duration) []float64 {
		require.NoError(t, s.Clock.Run(sim.Time(d)))
		return []float64{*s.fleet.State(0, 0), *s.fleet.State(1, 0), *s.fleet.State(2, 0)}
	}
	require.Equal(t, []float64{0, 0, 0.5}, at(59*time.Minute))
	require.Equal(t, []float64{1, 0, 0.5}, at(61*time.Minute))
	s.Attend(1, -1)
	require.Equal(t, []float64{1, 0, 0.5}, at(120*time.Minute))
	require.Equal(t, []float64{1, 1, 0.5}, at(122*time.Minute))
	require.Equal(t, []string{"found unattended", "found unattended"}, s.lost.notes)
}

func TestRosterNamesAndPatterns(t *testing.T) {
	r := &sim.Roster{}
	r.Add(&sim.Kind{Name: "press", Count: 120})
	r.Add(&sim.Kind{Name: "hall", Count: 1})
	require.Equal(t, "press-007", r.Name(6))
	require.Equal(t, "hall", r.Name(120))
	for id := range sim.ThingID(121) {
		got, ok := r.Lookup(r.Name(id))
		require.True(t, ok)
		require.Equal(t, id, got)
	}
	for _, name := range []string{"press", "press-7", "press-000", "press-121", "hall-01", "", "press-"} {
		_, ok := r.Lookup(name)
		require.False(t, ok, name)
	}
	for pattern, n := range map[string]int{"press": 120, "press-*": 120, "press-01*": 10, "hall": 1, "*": 121, "door": 0} {
		ids, err := r.Match(pattern)
		require.NoError(t, err)
		require.Len(t, ids, n, pattern)
	}
	_, err := r.Match("press-[")
	require.Error(t, err)
	require.Nil(t, r.Kind(sim.NoThing))
}

func TestADayIsTheCalendars(t *testing.T) {
	c := sim.Calendar{Start: 2*24*time.Hour + 6*time.Hour}
	var day sim.Day
	for at := sim.Time(0); at < sim.Time(10*24*time.Hour); at += sim.Time(17*time.Minute + 3) {
		if !day.Has(at) {
			day = c.Day(at)
		}
		require.Equal(t, c.Hour(at), day.Hour(at))
		require.Equal(t, c.Weekday(at), day.Weekday)
	}
	day = c.Day(0)
	require.Equal(t, sim.Time(-6*time.Hour), day.From)
	require.False(t, day.Has(day.To))
}
