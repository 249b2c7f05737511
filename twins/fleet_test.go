package twins_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
	"github.com/twinbed/twinbed/sim/formula"
	"github.com/twinbed/twinbed/twins"
)

// ramp is a signal that rises by the hour while its thing runs.
type ramp struct{ fleet *sim.Fleet }

func (r *ramp) States() []sim.StateSpec { return []sim.StateSpec{{Name: "load", Initial: 1}} }

func (r *ramp) Build(s *sim.Site) (sim.Signal, error) { return &ramp{s.Fleet}, nil }

func (r *ramp) Advance(i int, from, now sim.Time) float64 {
	return *r.fleet.Truth(i, 0) + now.Sub(from).Hours()**r.fleet.State(i, 0)
}

func (r *ramp) Measure(_ int, _ uint32, truth float64) float64 { return truth }

// wire takes messages straight between a fleet and the platform.
type wire struct{ w *sim.World }

func (b wire) Reading(r *sim.Reading) {
	r.Arrived = b.w.Clock.Stamp()
	b.w.Platform.Reading(r)
}
func (b wire) Ack(a *sim.Ack)         { b.w.Platform.Ack(a) }
func (b wire) Command(c *sim.Command) { b.w.Fleets[0].Obey(c) }
func (b wire) Task(*sim.Task)         {}
func (b wire) Withdraw(uint64)        {}

type loops struct {
	sim.Silent
	closed []sim.Loop
}

func (x *loops) Turned(l *sim.Loop) { x.closed = append(x.closed, *l) }

func TestAFleetOverALossyLinkIsStoppedAndKnownToBe(t *testing.T) {
	play := func() ([]sim.Loop, uint64) {
		seen := &loops{}
		w := &sim.World{Clock: sim.NewClock(), Seed: 7, Symbols: new(formula.Symbols), Roster: new(sim.Roster), Observers: sim.Observers{seen}}
		w.Bus = wire{w}
		k := &sim.Kind{Name: "press", Count: 40, Declared: 40, Every: 10 * time.Second, Signals: []sim.SignalSpec{{Name: "wear"}},
			Commands: []sim.CommandSpec{{Name: "stop", Sets: []sim.Setting{{State: 0, Value: 0}}}}}
		w.Roster.Add(k)
		w.Link = sim.NewLink(sim.Network{Latency: chance.Constant(0.05), Loss: 0.3}, w.Seed, 40)
		fleet, err := sim.NewFleet(w, k, []sim.SignalModel{&ramp{}}, nil)
		require.NoError(t, err)
		w.Fleets = []*sim.Fleet{fleet}
		p, err := twins.New(twins.Config{Decisions: []twins.Decision{{Name: "worn", When: "reaches(wear, 2, minutes(10)) < minutes(30) and load > 0",
			Do: []twins.Step{{Command: "stop", Timeout: time.Second, Retry: &twins.Retry{Times: 50, Backoff: time.Second}}}}}}, w, nil)
		require.NoError(t, err)
		w.Platform = p
		require.NoError(t, p.Start())
		fleet.Play(nil)
		require.NoError(t, w.Clock.Run(sim.Time(6*time.Hour)))
		for i := range 40 {
			twin, _ := p.Twin(sim.ThingID(i))
			require.Equal(t, []float64{0}, twin.Reported)
			require.True(t, twin.Converged)
			require.InDelta(t, 1.5, twin.Signals[0], 0.05, "stopped half an hour ahead")
		}
		require.EqualValues(t, 40, p.Decisions()[0].Fired)
		require.Equal(t, twins.Open{}, p.Open())
		require.Zero(t, p.Diverged())
		return seen.closed, w.Clock.Hash()
	}
	first, hash := play()
	require.Len(t, first, 40)
	for _, l := range first {
		for stage := sim.Arrived; stage < sim.Stages; stage++ {
			require.GreaterOrEqual(t, l.Stamps[stage].At, l.Stamps[stage-1].At, "stages follow one another")
		}
	}
	again, hashAgain := play()
	require.Equal(t, first, again)
	require.Equal(t, hash, hashAgain)
}
