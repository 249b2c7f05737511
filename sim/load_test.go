package sim_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim"
)

// to is a stage's aim.
func to(share float64) *float64 { return &share }

// storms is a carrier whose things have connections to lose.
type storms struct {
	sim.Carrier
	clock  *sim.Clock
	shares map[sim.Time]float64
}

func (s *storms) Reconnect(share float64) { s.shares[s.clock.Now()] = share }

func TestLoadHasTheShapesThatItsStagesSay(t *testing.T) {
	type moment struct{ at, active int }
	const s = time.Second
	for _, x := range []struct {
		name  string
		load  []sim.LoadStage
		peak  float64
		shape []moment
	}{
		{"without stages all are on", nil, 1, []moment{{0, 10}, {500, 10}}},
		{"ramp, hold, beyond a hundred percent, ramp down",
			[]sim.LoadStage{{Over: 100 * s, To: to(1), Hold: 50 * s}, {To: to(1.5)}, {Over: 10 * s, To: to(0)}}, 1.5,
			[]moment{{0, 0}, {50, 5}, {99, 9}, {100, 10}, {149, 10}, {155, 8}, {160, 0}}},
		{"steps", []sim.LoadStage{{To: to(0.5), Hold: 10 * s}, {To: to(1), Hold: 10 * s}, {To: to(0.2)}}, 1,
			[]moment{{0, 5}, {9, 5}, {10, 10}, {19, 10}, {20, 2}, {99, 2}}},
		{"a spike comes back by itself", []sim.LoadStage{{To: to(0.5), Hold: 10 * s}, {Spike: 1.5, Hold: 5 * s}, {Hold: 5 * s}, {To: to(0.8)}}, 1.5,
			[]moment{{9, 5}, {10, 15}, {14, 15}, {15, 5}, {19, 5}, {20, 8}}},
		{"a spike with slopes", []sim.LoadStage{{Hold: 10 * s}, {Spike: 1.5, Over: 5 * s, Hold: 5 * s}}, 1.5,
			[]moment{{9, 10}, {12, 12}, {15, 15}, {19, 15}, {22, 13}, {25, 10}}},
		{"a storm changes nothing of it", []sim.LoadStage{{Hold: 10 * s}, {Reconnect: 1, Hold: 10 * s}, {To: to(0.5)}}, 1,
			[]moment{{9, 10}, {10, 10}, {19, 10}, {20, 5}}},
	} {
		t.Run(x.name, func(t *testing.T) {
			require.Empty(t, sim.CheckLoad(x.load))
			require.Equal(t, x.peak, sim.Peak(x.load))
			k := press(15)
			k.Declared = 10
			w := newStage(t, k, sim.Network{}, ramp{})
			w.fleet.Play(x.load)
			for _, m := range x.shape {
				require.NoError(t, w.Clock.Run(sim.Time(m.at)*sim.Time(time.Second)))
				require.Equal(t, m.active, w.fleet.Active(), "at %d s", m.at)
			}
		})
	}
}

func TestAReconnectStormBreaksConnectionsAtItsTimeWhereThereAreAny(t *testing.T) {
	load := []sim.LoadStage{{Hold: 10 * time.Second}, {Reconnect: 0.5, Hold: 5 * time.Second}, {Reconnect: 1}}
	w := newStage(t, press(10), sim.Network{}, ramp{})
	told := &storms{w.fleet.Carrier, w.Clock, map[sim.Time]float64{}}
	w.fleet.Carrier = told
	w.fleet.Play(load)
	require.NoError(t, w.Clock.Run(sim.Time(time.Minute)))
	require.Equal(t, map[sim.Time]float64{sim.Time(10 * time.Second): 0.5, sim.Time(15 * time.Second): 1}, told.shares)

	without := newStage(t, press(10), sim.Network{}, ramp{})
	without.fleet.Play(load)
	require.NoError(t, without.Clock.Run(sim.Time(time.Minute)))
	require.Equal(t, w.Clock.Hash(), without.Clock.Hash(), "a run without connections is the same run")
}

func TestAStageDoesOneThing(t *testing.T) {
	for words, s := range map[string]sim.LoadStage{
		"does one of":  {To: to(1), Spike: 2, Hold: time.Second},
		"does nothing": {},
		"a ramp":       {Reconnect: 1, Over: time.Second},
		"needs hold":   {Spike: 2},
	} {
		wrongs := sim.CheckLoad([]sim.LoadStage{{To: to(1)}, s})
		require.Len(t, wrongs, 1, words)
		require.Equal(t, "load.1", wrongs[0].Path)
		require.Contains(t, wrongs[0].Message, words)
	}
}
