package scenarios_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/scenarios"
	"github.com/twinbed/twinbed/sim"
)

// slowWall is a wall by which each reading that is sent takes its time: what a
// machine that is too slow does to a run.
type slowWall struct {
	sim.Silent
	elapsed, each time.Duration
}

func (w *slowWall) Elapsed() time.Duration    { return w.elapsed }
func (w *slowWall) Sleep(until time.Duration) { w.elapsed = max(w.elapsed, until) }
func (w *slowWall) Wake()                     {}
func (w *slowWall) Sent(*sim.Reading)         { w.elapsed += w.each }

// playSlowly plays 100 readings a second for 10 s where each takes a time to send.
func playSlowly(t *testing.T, each time.Duration) *reports.Report {
	s, err := scenarios.Load("testdata/modes.yaml", scenarios.Options{Sets: []string{
		"clock=realtime", "duration=10s", "things.pump.connect=bus", "things.pump.every=200ms", "network.latency=0s", "network.loss=0%",
	}})
	require.NoError(t, err)
	defer s.Close()
	wall := &slowWall{each: each}
	run, err := s.Stage(scenarios.Staging{Wall: wall, InMemory: true, Observers: []sim.Observer{wall}})
	require.NoError(t, err)
	report, err := run.Play(context.Background())
	require.NoError(t, err)
	return report
}

func TestAStarvedGeneratorConfesses(t *testing.T) {
	quick := playSlowly(t, time.Millisecond)
	require.Equal(t, reports.Pass, quick.Verdict, quick.Reasons)
	require.InDelta(t, 100, float64(quick.Throughput.Readings), 1)

	slow := playSlowly(t, 15*time.Millisecond)
	require.Equal(t, reports.Untrusted, slow.Verdict)
	require.Contains(t, slow.Reasons[0], "the clock lagged")
	require.True(t, slow.Ledger.Balanced)
	require.InDelta(t, 1000/15.0, float64(slow.Throughput.Readings), 1, "a second of the wall has so many, not as many as were due")
	// The last reading was due at 10 s and could go out at 15 s; it is as late as that.
	require.InDelta(t, 5, float64(slow.Uplinks[0].Max), 0.1, "lateness is measured from when a reading was due")
	require.InDelta(t, 2.5, float64(slow.Uplinks[0].P50), 0.1)
}
