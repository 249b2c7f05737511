package scenarios_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/scenarios"
	"github.com/twinbed/twinbed/sim"
)

// Start lets a wall's time begin: each run of a search has its own.
func (w *slowWall) Start() { w.elapsed = 0 }

// slowly are the changes by which modes.yaml is played on a slowWall: 100 readings
// a second, over no wires.
var slowly = []string{
	"clock=realtime", "things.pump.connect=bus", "things.pump.every=200ms", "network.latency=0s", "network.loss=0%",
	"limits=[unexplained = 0, rate of readings > 90/s]",
}

func TestTheCapacityIsThatOfTheMachine(t *testing.T) {
	s, err := scenarios.Load("testdata/modes.yaml", scenarios.Options{Sets: append(slowly, "load=[{to: 50%}]")})
	require.NoError(t, err)
	defer s.Close()
	for by, want := range map[string]float64{reports.ByRate: 500, reports.ByThings: 500} {
		wall := &slowWall{each: 2 * time.Millisecond} // so 500 readings a second are all it can do
		runs := 0
		c, err := s.Capacity(context.Background(), scenarios.CapacityOptions{
			By: by, StepTime: 4 * time.Second, WarmUp: time.Second,
			Staging: scenarios.Staging{Wall: wall, InMemory: true, Observers: []sim.Observer{wall}},
			Ends:    func(run *reports.Sample) { runs++ },
		})
		require.NoError(t, err)
		require.Equal(t, reports.Pass, c.Verdict(), c.Ended)
		require.LessOrEqual(t, float64(c.Sustained), want)
		require.Greater(t, float64(c.Sustained), 0.9*want, by)
		require.False(t, float64(c.Knee.Low) > want*1.01)
		require.Equal(t, []string{"unexplained = 0"}, c.Limits)
		require.Equal(t, []string{"the load's stages: all things are on", "the limit rate of readings > 90/s"}, c.Notes)
		played := 0
		for _, step := range c.Steps {
			played += len(step.Runs)
			require.True(t, step.Holds || step.Rate > c.Sustained)
			if !step.Holds {
				require.Contains(t, step.Reason, "the clock lagged")
				require.InDelta(t, want, float64(step.Runs[0].Achieved), 10, "more is not to be had")
			}
		}
		require.Equal(t, runs, played)
	}
}

func TestACapacityInVirtualTimeIsTheSameAgain(t *testing.T) {
	s, err := scenarios.Load("testdata/modes.yaml", scenarios.Options{Sets: []string{"limits=p99 of too hot.loop < 10m", "duration=1h"}})
	require.NoError(t, err)
	defer s.Close()
	var texts [2]string
	for i := range texts {
		c, err := s.Capacity(context.Background(), scenarios.CapacityOptions{WarmUp: 10 * time.Minute, Tolerance: 0.1})
		require.NoError(t, err)
		require.Equal(t, reports.Pass, c.Verdict(), "%+v", c)
		require.Equal(t, reports.ByThings, c.By)
		require.Nil(t, c.Law)
		require.False(t, c.AtLeast, "two people can look after so many pumps")
		c.Wall = reports.Wall{}
		text, err := json.Marshal(c)
		require.NoError(t, err)
		texts[i] = string(text)
	}
	require.Equal(t, texts[0], texts[1])
}

func TestACapacityThatIsInterruptedSaysWhatItHas(t *testing.T) {
	s, err := scenarios.Load("testdata/modes.yaml", scenarios.Options{Sets: slowly})
	require.NoError(t, err)
	defer s.Close()
	wall := &slowWall{each: 2 * time.Millisecond}
	ctx, cancel := context.WithCancelCause(context.Background())
	c, err := s.Capacity(ctx, scenarios.CapacityOptions{
		Staging: scenarios.Staging{Wall: wall, InMemory: true, Observers: []sim.Observer{wall}},
		Begins: func(rate float64) {
			if rate > 300 {
				cancel(errors.New("interrupted"))
			}
		},
	})
	require.NoError(t, err)
	require.Equal(t, reports.Untrusted, c.Verdict())
	require.Equal(t, "interrupted", c.Ended)
	require.Equal(t, 200.0, float64(c.Sustained))
	require.Len(t, c.Steps, 2)
}

func TestWhatHasNoCapacityIsToldSo(t *testing.T) {
	ctx := context.Background()
	for says, sets := range map[string][]string{
		"no limit that a rate could break": {"limits=rate of readings > 1/s"},
		"there is nothing to vary":         {"clock=realtime", "things.pump.connect=outside"},
	} {
		s, err := scenarios.Load("testdata/modes.yaml", scenarios.Options{Sets: sets})
		require.NoError(t, err)
		_, err = s.Capacity(ctx, scenarios.CapacityOptions{})
		require.ErrorContains(t, err, says)
		require.NoError(t, s.Close())
	}
}
