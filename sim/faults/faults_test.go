package faults_test

import (
	"io"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
	"github.com/twinbed/twinbed/sim/faults"
	"github.com/twinbed/twinbed/sim/formula"
	"github.com/twinbed/twinbed/sim/signals"
)

// lasting is a window that is always as long.
func lasting(d time.Duration) chance.Distribution { return chance.Constant(d.Seconds()) }

// ears count what arrives and what is lost, by thing.
type ears struct {
	sim.Silent
	arrived, lost map[sim.ThingID]int
	notes         []string
}

func (e *ears) Reading(r *sim.Reading) { e.arrived[r.Thing]++ }
func (e *ears) Ack(*sim.Ack)           {}
func (e *ears) Command(*sim.Command)   {}
func (e *ears) Task(*sim.Task)         {}
func (e *ears) Withdraw(uint64)        {}

func (e *ears) Lost(_ sim.Medium, id sim.ThingID, _ sim.Time, _ sim.Cause) { e.lost[id]++ }
func (e *ears) Noted(x sim.Event)                                          { e.notes = append(e.notes, x.What) }

// stage has four pumps in turn north and south, each reporting every second.
func stage(t *testing.T) (*sim.World, *ears) {
	symbols := &formula.Symbols{}
	north, south := symbols.ID("north"), symbols.ID("south")
	k := &sim.Kind{
		Name: "pump", Count: 4, Declared: 4, Every: time.Second, Signals: []sim.SignalSpec{{Name: "x"}},
		Attributes: []sim.Attribute{{Name: "site", Type: formula.Text, Values: []float64{north, south, north, south}}},
	}
	e := &ears{arrived: map[sim.ThingID]int{}, lost: map[sim.ThingID]int{}}
	w := &sim.World{Clock: sim.NewClock(), Seed: 3, Symbols: symbols, Roster: &sim.Roster{}, Bus: e, Observers: sim.Observers{e}}
	w.Roster.Add(k)
	w.Link = sim.NewLink(sim.Network{}, w.Seed, 4)
	f, err := sim.NewFleet(w, k, []sim.SignalModel{&signals.Constant{Value: 1}}, func(string) (io.ReadCloser, error) { return nil, os.ErrNotExist })
	require.NoError(t, err)
	w.Fleets = []*sim.Fleet{f}
	f.Switch(4)
	return w, e
}

func TestAFaultMeetsWhomItNamesAndEndsWithItsWindow(t *testing.T) {
	for where, met := range map[string][]sim.ThingID{
		"pump": {0, 1, 2, 3}, "pump-0*": {0, 1, 2, 3}, "pump-02": {1}, `site == "north"`: {0, 2}, `site != "north"`: {1, 3},
	} {
		w, e := stage(t)
		timeline, wrongs := faults.Play(w, []faults.Incident{
			{At: 10 * time.Second, For: lasting(20 * time.Second), Where: where, Name: "partition", Fault: &faults.Partition{}},
		})
		require.Empty(t, wrongs)
		require.NoError(t, w.Clock.Run(sim.Time(time.Minute)))
		for id := range sim.ThingID(4) {
			lost := 0
			for _, m := range met {
				if m == id {
					lost = 20
				}
			}
			require.Equal(t, lost, e.lost[id], "%s, thing %d", where, id)
			require.Equal(t, 60-lost, e.arrived[id], "%s, thing %d", where, id)
		}
		require.Equal(t, []string{sim.FaultBegins, sim.FaultEnds}, e.notes)
		require.Zero(t, timeline.Open())
	}
}

func TestAFaultOfOneWayLeavesTheOtherAlone(t *testing.T) {
	w, e := stage(t)
	_, wrongs := faults.Play(w, []faults.Incident{
		{At: 0, For: lasting(time.Hour), Where: "pump", Name: "partition", Fault: &faults.Partition{Direction: faults.Direction{Way: "down"}}},
	})
	require.Empty(t, wrongs)
	require.NoError(t, w.Clock.Run(sim.Time(10*time.Second)))
	require.Empty(t, e.lost)
	_, _, ok := w.Link.Pass(sim.Down, 0, 1, w.Clock.Now())
	require.False(t, ok)
}

func TestMessageLossLosesItsShare(t *testing.T) {
	w, e := stage(t)
	_, wrongs := faults.Play(w, []faults.Incident{
		{At: 0, For: lasting(3 * time.Hour), Where: "pump-01", Name: "message_loss", Fault: &faults.MessageLoss{Rate: 0.3}},
	})
	require.Empty(t, wrongs)
	require.NoError(t, w.Clock.Run(sim.Time(10_000*time.Second)))
	require.InDelta(t, 3000, e.lost[0], 4*46) // four standard deviations of a binomial
	require.Zero(t, e.lost[1])
}

func TestAFaultThatCannotApplyIsToldBeforeTheRun(t *testing.T) {
	for where, want := range map[string]string{
		"press-*":           `no thing is named "press-*"; there are pump`,
		"pump-[":            "syntax error in pattern",
		`site == "west"`:    "no thing has such attributes",
		`colour == "green"`: "colour",
	} {
		w, _ := stage(t)
		_, wrongs := faults.Play(w, []faults.Incident{{For: lasting(time.Second), Where: where, Fault: &faults.Partition{}}})
		require.Len(t, wrongs, 1, where)
		require.Equal(t, "faults.0.where", wrongs[0].Path)
		require.Contains(t, wrongs[0].Message, want)
	}
	w, _ := stage(t)
	_, wrongs := faults.Play(w, []faults.Incident{{For: lasting(time.Second), Where: "mechanic", Fault: &faults.Absent{}}})
	require.Contains(t, wrongs[0].Message, "the scenario has no people")
}
