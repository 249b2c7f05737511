package scenarios_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/scenarios"
)

// play loads, stages and plays a scenario and returns its report.
func play(t testing.TB, ref string, o scenarios.Options) *reports.Report {
	s, err := scenarios.Load(ref, o)
	require.NoError(t, err)
	defer s.Close()
	run, err := s.Stage(scenarios.Staging{})
	require.NoError(t, err)
	report, err := run.Play(context.Background())
	require.NoError(t, err)
	return report
}

// BenchmarkLoop plays predictive-maintenance with 40 presses, a week of five days
// per run: every reading is sampled, linked, mirrored, decided on and accounted for.
// An op is a reading.
func BenchmarkLoop(b *testing.B) {
	for _, variant := range []string{"iot", "ioe"} {
		b.Run(variant, func(b *testing.B) {
			readings, mallocs := uint64(0), uint64(0)
			var took time.Duration
			for b.Loop() {
				s, err := scenarios.Load("predictive-maintenance", scenarios.Options{Variant: variant})
				require.NoError(b, err)
				run, err := s.Stage(scenarios.Staging{})
				require.NoError(b, err)
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				begin := time.Now()
				report, err := run.Play(context.Background())
				took += time.Since(begin)
				runtime.ReadMemStats(&after)
				require.NoError(b, err)
				readings += report.Ledger.Readings[0].Sent
				mallocs += after.Mallocs - before.Mallocs
				require.NoError(b, s.Close())
			}
			b.ReportMetric(float64(readings)/took.Seconds(), "readings/s")
			b.ReportMetric(float64(mallocs)/float64(readings), "allocs/reading")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkMillionThings holds a million things with one signal each and plays
// them for three intervals.
func BenchmarkMillionThings(b *testing.B) {
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		s, err := scenarios.Load("testdata/million.yaml", scenarios.Options{})
		require.NoError(b, err)
		run, err := s.Stage(scenarios.Staging{})
		require.NoError(b, err)
		done := make(chan struct{})
		peak := uint64(0)
		run.World.Clock.At(30e9, func() {
			runtime.GC()
			runtime.ReadMemStats(&after)
			peak = after.HeapAlloc - before.HeapAlloc
			close(done)
		})
		report, err := run.Play(context.Background())
		require.NoError(b, err)
		<-done
		b.ReportMetric(float64(peak)/1e6, "MB")
		b.ReportMetric(float64(report.Wall.ReadingsPS), "readings/s")
		require.NoError(b, s.Close())
	}
}
