package scenarios_test

import (
	"context"
	"runtime"
	"slices"
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

// plant makes predictive-maintenance a works of a thousand presses.
var plant = []string{"things.press.count=1000", "people.mechanic.count=75", "people.operator.count=100", "data.spare_bearings.stock=750", "things.hall.attributes.full=1000"}

// BenchmarkLoop plays predictive-maintenance on one core: forty presses with a reading
// every ten seconds for a week of five days, and a thousand with one every minute for two
// days. Every reading is sampled, linked, mirrored, decided on and accounted for. Queue is
// the same with every event in the run's one queue.
func BenchmarkLoop(b *testing.B) {
	for _, x := range []struct {
		name, variant string
		plain         bool
		sets          []string
	}{
		{"iot", "iot", false, nil},
		{"ioe", "ioe", false, nil},
		{"iot-thousand", "iot", false, append(slices.Clip(plant), "things.press.every=1m", "duration=2 days")},
		{"ioe-thousand", "ioe", false, append(slices.Clip(plant), "things.press.every=1m", "duration=2 days")},
		{"ioe-thousand-queue", "ioe", true, append(slices.Clip(plant), "things.press.every=1m", "duration=2 days")},
	} {
		b.Run(x.name, func(b *testing.B) {
			readings, mallocs := uint64(0), uint64(0)
			var took time.Duration
			for b.Loop() {
				s, err := scenarios.Load("predictive-maintenance", scenarios.Options{Variant: x.variant, Sets: x.sets})
				require.NoError(b, err)
				run, err := s.Stage(scenarios.Staging{Plain: x.plain})
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

// BenchmarkSpread plays a run on one core and on two, in turn: how many times as fast is it?
// A thousand presses for a day, with a reading every ten seconds and every minute, and a
// hundred thousand simple things for twenty minutes.
func BenchmarkSpread(b *testing.B) {
	for _, x := range []struct {
		name, ref, variant string
		sets               []string
	}{
		{"presses", "predictive-maintenance", "ioe", append(slices.Clip(plant), "duration=1 day")},
		{"presses-by-the-minute", "predictive-maintenance", "ioe", append(slices.Clip(plant), "things.press.every=1m", "duration=5 days")},
		{"simple", "testdata/million.yaml", "", []string{"things.sensor.count=100000", "duration=20m"}},
	} {
		b.Run(x.name, func(b *testing.B) {
			took := [3]time.Duration{}
			for b.Loop() {
				for _, cores := range []int{1, 2} {
					s, err := scenarios.Load(x.ref, scenarios.Options{Variant: x.variant, Sets: x.sets})
					require.NoError(b, err)
					run, err := s.Stage(scenarios.Staging{Cores: cores})
					require.NoError(b, err)
					begin := time.Now()
					_, err = run.Play(context.Background())
					took[cores] += time.Since(begin)
					require.NoError(b, err)
					require.Empty(b, run.OneCore())
					require.NoError(b, s.Close())
				}
			}
			b.ReportMetric(took[1].Seconds()/took[2].Seconds(), "times")
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
