package reports_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/reports"
)

// lawful is a system that follows the law up to where a limit on its p99 breaks.
func lawful(_ context.Context, rate float64, number int) (reports.Sample, error) {
	n := 0.0
	for usl(2000, 0.02, 1e-5, n) < rate && n < 400 {
		n += 0.01
	}
	x := reports.Sample{
		Rate: reports.Number(rate), Offered: reports.Number(rate), Achieved: reports.Number(usl(2000, 0.02, 1e-5, n)), Holds: true,
		Concurrency: reports.Number(n), Of: "too hot", P50: reports.Number(n / rate), P99: reports.Number(4 * n / rate), Lateness: 0.001,
	}
	if x.P99 > 0.006 || n >= 400 {
		x.Holds, x.Reason = false, "broken limit: p99 of loop < 6ms: measured more"
	}
	return x, nil
}

func TestACapacityReadsWell(t *testing.T) {
	s := &reports.Search{Start: 1000, Max: math.Inf(1), Tolerance: 0.05, Round: math.Round, Play: lawful}
	found, err := s.Run(context.Background())
	require.NoError(t, err)
	c := &reports.Capacity{
		Scenario: "hot presses", Question: "How many?", Seed: 7, Clock: "realtime", By: reports.ByRate, Time: reports.WallTime,
		WarmUp: 2, StepTime: 5, Tolerance: 0.05, Limits: []string{"p99 of loop < 6ms"}, Notes: []string{"the faults"},
		Wall: reports.Wall{Started: "2026-01-01T06:00:00Z", Took: 200, Machine: "linux/amd64, 2 cores", Go: "go1.26", Version: "0.1"},
	}
	c.Conclude(found)
	require.Equal(t, reports.Pass, c.Verdict())
	require.InEpsilon(t, 0.02, float64(c.Law.Sigma.At), 0.05, "the law is found in what was measured")
	var b strings.Builder
	require.NoError(t, c.Text(&b, false))
	golden(t, "capacity.txt", []byte(b.String()))
	text, err := c.JSON()
	require.NoError(t, err)
	golden(t, "capacity.json", text)
}

func TestARunHoldsOnlyWhereTheRateWasOfferedAndServed(t *testing.T) {
	report := func(offered, achieved, delivered float64) *reports.Report {
		return &reports.Report{
			Verdict:    reports.Pass,
			Throughput: reports.Throughput{Time: reports.WallTime, Offered: reports.Number(offered), Readings: reports.Number(achieved)},
			Ledger:     reports.Ledger{Readings: []reports.ReadingsBook{{Sent: 1000, Delivered: uint64(delivered)}}},
		}
	}
	require.Empty(t, report(1000, 995, 1000).Sample(1000).Reason)
	require.Empty(t, report(1000, 895, 900).Sample(1000).Reason, "what the network loses is not to be served")
	require.Contains(t, report(900, 900, 1000).Sample(1000).Reason, "the testbed could offer 900/s of 1 000/s")
	require.Contains(t, report(1000, 900, 1000).Sample(1000).Reason, "readings piled up")
	broken := report(1000, 1000, 1000)
	broken.Verdict, broken.Reasons = reports.Fail, []string{"broken limit"}
	require.False(t, broken.Sample(1000).Holds)
	require.Equal(t, "broken limit", broken.Sample(1000).Reason)
}
