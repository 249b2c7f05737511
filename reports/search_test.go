package reports_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/sim/chance"
)

// system is one with a known knee: the logarithm of what it can do scatters
// logistically from run to run, and some runs are spoilt by what else is going on.
type system struct {
	knee, scatter, spoilt float64
	luck                  chance.Stream
	runs                  int
}

func (s *system) play(_ context.Context, rate float64, _ int) (reports.Sample, error) {
	u, v := s.luck.Uniform(uint32(s.runs), 0), s.luck.Uniform(uint32(s.runs), 1)
	s.runs++
	can := s.knee * math.Exp(s.scatter*math.Log(u/(1-u)))
	x := reports.Sample{Rate: reports.Number(rate), Holds: rate <= can && v >= s.spoilt}
	if !x.Holds {
		x.Reason = "too much"
	}
	return x, nil
}

// playUnlucky is play where the first two runs at a rate, of which two decide, are spoilt.
func (s *system) playUnlucky(ctx context.Context, rate float64, number int) (reports.Sample, error) {
	x, err := s.play(ctx, rate, number)
	if rate == 128_000 && number < 2 {
		x.Holds, x.Reason = false, "something else was going on"
	}
	return x, err
}

func search(s *system, start float64) *reports.Search {
	return &reports.Search{Start: start, Max: math.Inf(1), Tolerance: 0.05, Round: math.Round, Play: s.play}
}

func TestTheSearchFindsAKneeThatIsSharp(t *testing.T) {
	for _, knee := range []float64{999, 1000, 1001, 61_234, 3.2e6, 40, 1} {
		s := &system{knee: knee}
		found, err := search(s, 1000).Run(context.Background())
		require.NoError(t, err)
		require.True(t, found.Confirmed)
		require.LessOrEqual(t, found.Sustained, knee)
		require.Greater(t, found.Sustained*1.05*1.05+1, knee)
		require.Less(t, s.runs, 100)
		e := reports.FitKnee(all(found))
		broken := slices.IndexFunc(found.Steps, func(s reports.LoadStep) bool { return !s.Holds })
		require.False(t, e.Low > found.Steps[broken].Rate)
		require.False(t, float64(e.High) < found.Sustained)
		for i := 1; i < len(found.Steps); i++ {
			require.Greater(t, float64(found.Steps[i].Rate), float64(found.Steps[i-1].Rate))
		}
	}
}

func all(f reports.Found) (runs []reports.Sample) {
	for _, s := range f.Steps {
		runs = append(runs, s.Runs...)
	}
	return runs
}

func TestTheSearchFindsTheSameKneeOnABusyMachine(t *testing.T) {
	const rounds, knee = 24, 61_234.0
	apart, held, runs, wide := 0, 0, 0, 0.0
	for round := range rounds {
		lowest, highest := math.Inf(1), 0.0
		for n := range 3 {
			s := &system{knee: knee, scatter: 0.02, spoilt: 0.03, luck: chance.Seed(5).Replica(round).Stream(string(rune('a' + n)))}
			found, err := search(s, 1000).Run(context.Background())
			require.NoError(t, err)
			require.Less(t, s.runs, 100)
			runs += s.runs
			lowest, highest = min(lowest, found.Sustained), max(highest, found.Sustained)
			if n == 0 {
				e := reports.FitKnee(all(found))
				if !(float64(e.Low) > knee) && !(float64(e.High) < knee) {
					held++
				}
				if e.High.Known() {
					wide += math.Log(float64(e.High/e.Low)) / rounds
				}
			}
		}
		if highest > 1.15*lowest {
			apart++
		}
	}
	require.Less(t, runs, 3*rounds*30)
	require.LessOrEqual(t, apart, rounds/12, "three searches are within 15%% of each other")
	require.GreaterOrEqual(t, held, rounds*9/10, "the interval holds the knee")
	require.Less(t, wide, 0.12, "and says something")
}

func TestThreeSearchesAgreeWhereRunsScatterMuch(t *testing.T) {
	const rounds, knee = 6, 61_234.0
	apart, runs := 0, 0
	for round := range rounds {
		lowest, highest := math.Inf(1), 0.0
		for n := range 3 {
			s := &system{knee: knee, scatter: 0.12, spoilt: 0.03, luck: chance.Seed(5).Replica(round).Stream(string(rune('a' + n)))}
			found, err := search(s, 1000).Run(context.Background())
			require.NoError(t, err)
			runs += s.runs
			at := float64(reports.FitKnee(all(found)).At)
			lowest, highest = min(lowest, at), max(highest, at)
		}
		if highest > 1.15*lowest {
			apart++
		}
	}
	require.LessOrEqual(t, apart, 1, "three knees are within 15%% of each other")
	require.Less(t, runs, 3*rounds*100)
}

func TestTheSearchEndsWhereItMust(t *testing.T) {
	most := &system{knee: 1e9}
	capped := search(most, 1000)
	capped.Max = 5000
	found, err := capped.Run(context.Background())
	require.NoError(t, err)
	require.True(t, found.AtLeast)
	require.True(t, found.Confirmed)
	require.Equal(t, 5000.0, found.Sustained)
	e := reports.FitKnee(all(found))
	require.False(t, e.At.Known())

	found, err = search(&system{knee: 1e-9}, 1000).Run(context.Background())
	require.NoError(t, err)
	require.Zero(t, found.Sustained)
	require.False(t, found.Confirmed)

	coarse := search(&system{knee: 7.5}, 3) // whole multiples of 3 can be played
	coarse.Round = func(rate float64) float64 { return max(3, 3*math.Round(rate/3)) }
	found, err = coarse.Run(context.Background())
	require.NoError(t, err)
	require.Equal(t, 6.0, found.Sustained)
}

func TestRunsThatAreSpoiltDoNotHideTheKnee(t *testing.T) {
	s := &system{knee: 150_000}
	spoilt := search(s, 1000)
	spoilt.Play = s.playUnlucky
	found, err := spoilt.Run(context.Background())
	require.NoError(t, err)
	require.True(t, found.Confirmed)
	e := reports.FitKnee(all(found))
	require.True(t, e.At.Known(), "%v", e)
	require.InDelta(t, 150_000, float64(e.At), 22_000)
	require.LessOrEqual(t, found.Sustained, 150_000.0)
	require.Less(t, s.runs, 45)
}

func TestASearchThatBeganOnABusyMachineStillFindsTheKnee(t *testing.T) {
	for seed := range 4 {
		s := &system{knee: 280_000, scatter: 0.05, luck: chance.Seed(seed).Stream("busy")}
		busy := search(s, 1000)
		busy.Play = func(ctx context.Context, rate float64, number int) (reports.Sample, error) {
			if s.spoilt = 0; s.runs > 6 && s.runs < 30 {
				s.spoilt = 0.2
			}
			return s.playUnlucky(ctx, rate, number)
		}
		found, err := busy.Run(context.Background())
		require.NoError(t, err)
		require.InEpsilon(t, 280_000, float64(reports.FitKnee(all(found)).At), 0.12, "%d: %d runs", seed, s.runs)
	}
}

func TestASearchThatIsInterruptedTellsWhatItHas(t *testing.T) {
	s := &system{knee: 61_234}
	cut := search(s, 1000)
	cut.Play = func(ctx context.Context, rate float64, number int) (reports.Sample, error) {
		if s.runs == 4 {
			return reports.Sample{}, errors.New("interrupted")
		}
		return s.play(ctx, rate, number)
	}
	found, err := cut.Run(context.Background())
	require.EqualError(t, err, "interrupted")
	require.Equal(t, 8000.0, found.Sustained)
	require.False(t, found.Confirmed)
	require.Len(t, all(found), 4)
}

func TestARateThatCannotBeConfirmedIsGivenUp(t *testing.T) {
	s := &system{knee: 61_234}
	tired := search(s, 1000)
	tired.Play = func(ctx context.Context, rate float64, number int) (reports.Sample, error) {
		if s.runs == 16 { // from here on it can do less
			s.knee = 50_000
		}
		return s.play(ctx, rate, number)
	}
	found, err := tired.Run(context.Background())
	require.NoError(t, err)
	require.True(t, found.Confirmed)
	require.LessOrEqual(t, found.Sustained, 50_000.0)
	require.Greater(t, found.Sustained, 35_000.0)
}
