package scenarios_test

import (
	"bytes"
	"context"
	"encoding/json"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/scenarios"
	"github.com/twinbed/twinbed/sim"
)

// settled is a report as JSON without its one place for what depends on the wall.
func settled(t *testing.T, r *reports.Report) string {
	text, err := r.JSON()
	require.NoError(t, err)
	var all map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(text, &all))
	require.Contains(t, all, "wall")
	before, _, found := bytes.Cut(text, all["wall"])
	require.True(t, found)
	return string(before)
}

func TestTheSameSeedGivesTheSameReportByteForByte(t *testing.T) {
	o := scenarios.Options{Variant: "ioe", Sets: []string{"seed=7", "duration=2 days"}}
	first := play(t, "predictive-maintenance", o)
	again := play(t, "predictive-maintenance", o)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	alone := play(t, "predictive-maintenance", o)
	require.Equal(t, first.Hash, again.Hash)
	require.Equal(t, first.Hash, alone.Hash)
	require.Equal(t, settled(t, first), settled(t, again))
	require.Equal(t, settled(t, first), settled(t, alone))
	o.Sets[0] = "seed=8"
	require.NotEqual(t, first.Hash, play(t, "predictive-maintenance", o).Hash)
}

func TestAComparisonIsTheSameOnAnyNumberOfCores(t *testing.T) {
	s, err := scenarios.Load("predictive-maintenance", scenarios.Options{Sets: []string{"duration=1 day"}})
	require.NoError(t, err)
	defer s.Close()
	texts := make([][]byte, 2)
	for i, cores := range []int{1, 4} {
		result, err := s.Compare(context.Background(), scenarios.CompareOptions{Replications: 5, Cores: cores})
		require.NoError(t, err)
		texts[i], err = result.JSON()
		require.NoError(t, err)
	}
	require.Equal(t, string(texts[0]), string(texts[1]))
}

func TestAComparisonThatIsNarrowEnoughEndsTheSameOnAnyNumberOfCores(t *testing.T) {
	s, err := scenarios.Load("predictive-maintenance", scenarios.Options{Sets: []string{"duration=1 day", "things.press.every=1m", "faults=[]", "precision=20%", "replications=200"}})
	require.NoError(t, err)
	defer s.Close()
	texts := make([][]byte, 2)
	for i, cores := range []int{1, 3} {
		c, err := s.Compare(context.Background(), scenarios.CompareOptions{Cores: cores})
		require.NoError(t, err)
		require.True(t, c.Precision.Held)
		require.Equal(t, "downtime", c.Precision.Of)
		require.Greater(t, len(c.Seeds), reports.FewestSeeds)
		require.Less(t, len(c.Seeds), 200)
		for _, v := range c.Variants {
			require.Equal(t, len(c.Seeds), v.Runs)
		}
		texts[i], err = c.JSON()
		require.NoError(t, err)
	}
	require.Equal(t, string(texts[0]), string(texts[1]))
}

func TestVariantsHaveTheSameLuck(t *testing.T) {
	sent := map[string][]uint64{}
	for _, variant := range []string{"iot", "ioe"} {
		r := play(t, "predictive-maintenance", scenarios.Options{Variant: variant, Sets: []string{"duration=1 day"}})
		for _, b := range r.Ledger.Readings {
			sent[variant] = append(sent[variant], b.Sent, b.Delivered)
		}
	}
	require.Equal(t, sent["iot"], sent["ioe"], "the same presses send and lose the same readings")
}

// thief lets one reading vanish between the bus and the twins.
type thief struct {
	sim.Platform
	stolen bool
}

func (f *thief) Reading(r *sim.Reading) {
	if !f.stolen && r.Seq == 3 {
		f.stolen = true
		return
	}
	f.Platform.Reading(r)
}

func TestOneStolenReadingIsFoundAndTheRunIsNotTrusted(t *testing.T) {
	s, err := scenarios.Load("predictive-maintenance", scenarios.Options{Sets: []string{"duration=1h"}})
	require.NoError(t, err)
	defer s.Close()
	run, err := s.Stage(scenarios.Staging{})
	require.NoError(t, err)
	run.World.Platform = &thief{Platform: run.World.Platform}
	report, err := run.Play(context.Background())
	require.NoError(t, err)
	require.Equal(t, reports.Untrusted, report.Verdict)
	require.Equal(t, 3, report.Exit)
	require.Contains(t, report.Reasons[0], "the books do not balance")
}

// ackThief lets one ack vanish between the bus and the platform.
type ackThief struct {
	sim.Platform
	stolen bool
}

func (f *ackThief) Ack(a *sim.Ack) {
	if f.stolen {
		f.Platform.Ack(a)
	}
	f.stolen = true
}

func TestOneStolenAckIsFoundToo(t *testing.T) {
	s, err := scenarios.Load("testdata/modes.yaml", scenarios.Options{Sets: []string{"network.loss=0%"}})
	require.NoError(t, err)
	defer s.Close()
	run, err := s.Stage(scenarios.Staging{})
	require.NoError(t, err)
	run.World.Platform = &ackThief{Platform: run.World.Platform}
	report, err := run.Play(context.Background())
	require.NoError(t, err)
	require.Equal(t, reports.Untrusted, report.Verdict)
	require.Contains(t, report.Reasons[0], "1 ack unexplained")
}

func TestALimitThatNothingWasMeasuredForFails(t *testing.T) {
	r := play(t, "predictive-maintenance", scenarios.Options{Variant: "iot", Sets: []string{"duration=1m", "limits=p99 of alarm.loop < 1s"}})
	require.Equal(t, reports.Fail, r.Verdict)
	require.Equal(t, 1, r.Exit)
	require.Contains(t, r.Reasons[0], "nothing was measured")
}

func TestARunThatIsCutShortStillReports(t *testing.T) {
	s, err := scenarios.Load("predictive-maintenance", scenarios.Options{})
	require.NoError(t, err)
	defer s.Close()
	run, err := s.Stage(scenarios.Staging{})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	run.World.Clock.At(3600e9, cancel)
	report, err := run.Play(ctx)
	require.NoError(t, err)
	require.Equal(t, reports.Untrusted, report.Verdict)
	require.Contains(t, report.Reasons[0], "not played to its end")
	require.Less(t, float64(report.Played), 5*24*3600.0)
	require.GreaterOrEqual(t, float64(report.Played), 3600.0)
}

// Once its slabs and slots have grown, the whole loop of a reading allocates
// nothing: what little there is belongs to decisions that fire.
func TestAReadingAllocatesNothing(t *testing.T) {
	s, err := scenarios.Load("predictive-maintenance", scenarios.Options{Variant: "ioe", Sets: []string{"decisions.early.when=vibration > 99"}})
	require.NoError(t, err)
	defer s.Close()
	run, err := s.Stage(scenarios.Staging{})
	require.NoError(t, err)
	var before, after runtime.MemStats
	run.World.Clock.At(2*3600e9, func() { runtime.ReadMemStats(&before) })
	run.World.Clock.At(4*3600e9, func() { runtime.ReadMemStats(&after); run.World.Clock.Stop(nil) })
	_, err = run.Play(context.Background())
	require.NoError(t, err)
	readings := 40 * 2 * 360
	require.Less(t, after.Mallocs-before.Mallocs, uint64(readings/500), "of %d readings", readings)
}

// What a decision is to detect is the world's own; the age of what the twin knows
// is half an interval, stretched by what is lost, and the time on the way.
func TestTheReportSaysHowGoodDecisionsWere(t *testing.T) {
	r := play(t, "predictive-maintenance", scenarios.Options{Variant: "ioe", Sets: []string{"faults=[]"}})
	for _, d := range r.Decisions {
		if x := d.Detection; x != nil {
			require.Equal(t, x.True, x.Detected+x.Missed+x.Open)
			require.Equal(t, x.Detected, x.Delay.Count)
			require.LessOrEqual(t, x.Detected+x.False+x.Repeated+x.Undecided, d.Fired)
		}
	}
	early := detectionOf(t, r, "early")
	require.NotZero(t, early.Detected)
	b := r.Ledger.Readings[0]
	lost := 1 - float64(b.Delivered)/float64(b.Sent)
	require.InDelta(t, 10*(1+lost)/(2*(1-lost))+float64(r.Uplinks[0].Mean), float64(r.Ages[0].Mean), 0.002)
	other := play(t, "predictive-maintenance", scenarios.Options{Variant: "ioe", Sets: []string{"faults=[]", "decisions.early.truth=wear > 0.5"}})
	require.Equal(t, r.Hash, other.Hash, "to know the truth changes nothing")
	require.NotEqual(t, early, detectionOf(t, other, "early"))
}

func detectionOf(t testing.TB, r *reports.Report, decision string) *reports.Detection {
	for _, d := range r.Decisions {
		if d.Name == decision {
			require.NotNil(t, d.Detection)
			return d.Detection
		}
	}
	t.Fatalf("%s is no decision of the run", decision)
	return nil
}

// What sensors show can be wrong, the truth cannot: bearings wear behind them.
func TestASensorThatIsStuckMakesADecisionMissWhatIsTrue(t *testing.T) {
	r := play(t, "predictive-maintenance", scenarios.Options{Variant: "ioe", Sets: []string{"faults=[{at: 0s, for: 5 days, fault: stuck_at, where: press-*}]"}})
	x := detectionOf(t, r, "early")
	require.NotZero(t, x.Missed)
	require.Zero(t, x.Detected)
}
