package signals_test

import (
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
	"github.com/twinbed/twinbed/sim/formula"
	"github.com/twinbed/twinbed/sim/signals"
	"github.com/twinbed/twinbed/sim/units"
)

type deaf struct{}

func (deaf) Reading(*sim.Reading) {}
func (deaf) Ack(*sim.Ack)         {}
func (deaf) Command(*sim.Command) {}
func (deaf) Task(*sim.Task)       {}
func (deaf) Withdraw(uint64)      {}

// watch calls back with every truth.
type watch struct {
	sim.Silent
	truth func(i int, now sim.Time, row []float64)
}

func (w watch) Truth(_ *sim.Kind, i int, now sim.Time, row []float64) {
	if w.truth != nil {
		w.truth(i, now, row)
	}
}

type bench struct {
	*sim.World
	fleet *sim.Fleet
	watch *watch
}

func words(t testing.TB, text string, dim units.Dimension) chance.Distribution {
	d, err := chance.Parse(text, dim, nil)
	require.NoError(t, err)
	return d
}

func put(t testing.TB, count int, every time.Duration, files map[string]string, models ...sim.SignalModel) bench {
	k := &sim.Kind{Name: "thing", Count: count, Declared: count, Every: every}
	for i := range models {
		k.Signals = append(k.Signals, sim.SignalSpec{Name: fmt.Sprintf("s%d", i)})
	}
	b, err := try(k, files, models...)
	require.NoError(t, err)
	return b
}

func try(k *sim.Kind, files map[string]string, models ...sim.SignalModel) (bench, error) {
	w := &sim.World{Clock: sim.NewClock(), Seed: 11, Symbols: &formula.Symbols{}, Roster: &sim.Roster{}, Bus: deaf{}}
	w.Roster.Add(k)
	w.Link = sim.NewLink(sim.Network{}, w.Seed, k.Count)
	see := &watch{}
	w.Observers = sim.Observers{see}
	f, err := sim.NewFleet(w, k, models, func(name string) (io.ReadCloser, error) {
		if text, ok := files[name]; ok {
			return io.NopCloser(strings.NewReader(text)), nil
		}
		return nil, os.ErrNotExist
	})
	if err != nil {
		return bench{}, err
	}
	w.Fleets = []*sim.Fleet{f}
	f.Switch(k.Count)
	return bench{w, f, see}, nil
}

func (b bench) run(t testing.TB, until time.Duration) {
	require.NoError(t, b.Clock.Run(sim.Time(until)))
}

func TestThermalFollowsNewtonsLaw(t *testing.T) {
	start := 80.0
	b := put(t, 1, 10*time.Second, nil, &signals.Thermal{Ambient: 20, Rise: 40, Tau: 30 * time.Minute, Load: "load", Start: &start})
	worst := 0.0
	b.watch.truth = func(_ int, now sim.Time, row []float64) {
		exact := 60 + 20*math.Exp(-now.Seconds()/1800)
		worst = max(worst, math.Abs(row[0]-exact))
	}
	b.run(t, 3*time.Hour)
	require.Less(t, worst, 1e-9)
}

func TestWearBreaksAfterItsWeibullLife(t *testing.T) {
	const shape, scale = 2.5, 90.0
	n := 4000
	b := put(t, n, time.Hour, nil, &signals.Wear{
		From: 2, To: 9, Growth: "exponential", State: "wear", Load: "load",
		Life: words(t, "weibull shape 2.5 scale 90h", units.Duration),
	})
	broke := make([]float64, n)
	count := 0
	b.watch.truth = func(i int, now sim.Time, row []float64) {
		wear, broken := row[1], row[2]
		require.InDelta(t, 2*math.Pow(4.5, wear), row[0], 1e-9)
		if broken == 1 && broke[i] == 0 {
			broke[i] = now.Duration().Hours()
			count++
		}
	}
	b.run(t, 400*time.Hour)
	require.Equal(t, n, count, "all break in the end")
	mean, sd := stat.MeanStdDev(broke, nil)
	theory := scale * math.Gamma(1+1/shape)
	require.InDelta(t, theory, mean, 2.58*sd/math.Sqrt(float64(n)), "99 %% interval of the mean life")
}

func TestHalfLoadWearsHalfAsFastAndARenewalStartsANewPart(t *testing.T) {
	k := &sim.Kind{
		Name: "press", Count: 1, Declared: 1, Every: time.Minute, Signals: []sim.SignalSpec{{Name: "vibration"}},
		States: []sim.StateSpec{{Name: "load", Initial: 0.5}, {Name: "wear"}},
		Commands: []sim.CommandSpec{
			{Name: "renew", Sets: []sim.Setting{{State: 1, Value: 0}}},
			{Name: "full", Sets: []sim.Setting{{State: 0, Value: 1}}},
		},
	}
	b, err := try(k, nil, &signals.Wear{From: 2, To: 9, Growth: "linear", State: "wear", Load: "load", Life: words(t, "10h", units.Duration)})
	require.NoError(t, err)
	state := func(name string) float64 { return *b.fleet.State(0, k.State(name)) }
	b.run(t, 10*time.Hour)
	require.InDelta(t, 0.5, state("wear"), 1e-3)
	b.Do(0, 1, 0)
	b.run(t, 15*time.Hour-time.Second)
	require.Zero(t, state("broken"))
	b.run(t, 15*time.Hour+time.Second)
	require.Equal(t, 1.0, state("broken"))
	b.run(t, 20*time.Hour)
	require.Equal(t, 1.0, state("wear"), "what is broken wears no more")
	b.Do(0, 0, 0)
	require.Zero(t, state("broken"))
	b.run(t, 29*time.Hour)
	require.InDelta(t, 0.9, state("wear"), 1e-2)
}

func TestARandomWalkSpreadsWithTheRootOfTime(t *testing.T) {
	n := 4000
	b := put(t, n, time.Minute, nil, &signals.Walk{Start: words(t, "5", units.Number), Sd: 2})
	b.run(t, 9*time.Hour)
	requireMoments(t, b, n, 5, 6)
}

func TestAPulledWalkSettlesAsOrnsteinUhlenbeck(t *testing.T) {
	n := 4000
	b := put(t, n, time.Minute, nil, &signals.Walk{Start: words(t, "5", units.Number), Sd: 2, Pull: 2 * time.Hour})
	b.run(t, 20*time.Hour)
	requireMoments(t, b, n, 5, 2*math.Sqrt(2.0/2))
}

// requireMoments holds mean and variance across things to theory at 99.9 %.
func requireMoments(t *testing.T, b bench, n int, mean, sd float64) {
	values := make([]float64, n)
	for i := range values {
		values[i] = *b.fleet.Truth(i, 0)
	}
	m, v := stat.MeanVariance(values, nil)
	require.InDelta(t, mean, m, 3.3*sd/math.Sqrt(float64(n)))
	require.InDelta(t, sd*sd, v, 3.3*sd*sd*math.Sqrt(2/float64(n)))
}

func TestAWalkIsReflectedAtItsBounds(t *testing.T) {
	low, high := 0.0, 10.0
	b := put(t, 50, time.Minute, nil, &signals.Walk{Start: words(t, "uniform 0..10", units.Number), Sd: 3, Min: &low, Max: &high})
	b.watch.truth = func(_ int, _ sim.Time, row []float64) {
		require.GreaterOrEqual(t, row[0], low)
		require.LessOrEqual(t, row[0], high)
	}
	b.run(t, 24*time.Hour)
}

func TestSineAndProfileFollowTheDay(t *testing.T) {
	profile := &signals.Profile{Points: []string{"06:00 10", "18:00 20", "12:00 30"}}
	b := put(t, 1, time.Hour, nil, &signals.Sine{Mean: 10, Swing: 5, Period: 24 * time.Hour, Peak: 15 * time.Hour}, profile)
	want := map[int][2]float64{3: {5, 12.5}, 6: {10 - 5*math.Sqrt2/2, 10}, 9: {10, 20}, 12: {10 + 5*math.Sqrt2/2, 30}, 15: {15, 25}, 24: {10 - 5*math.Sqrt2/2, 15}}
	for hour := range 49 {
		b.run(t, time.Duration(hour)*time.Hour)
		b.fleet.Changed(0)
		if x, ok := want[hour]; ok {
			require.InDelta(t, x[0], *b.fleet.Truth(0, 0), 1e-9, "hour %d", hour)
			require.InDelta(t, x[1], *b.fleet.Truth(0, 1), 1e-9, "hour %d", hour)
		}
	}
}

func TestAnExpressionReadsOtherSignalsWhereverTheyStand(t *testing.T) {
	b := put(t, 1, time.Minute, nil,
		&signals.Expression{Value: "s1 * 2 + hour"},
		&signals.Sine{Mean: 3, Swing: 0, Period: time.Hour})
	b.run(t, 5*time.Hour)
	b.fleet.Changed(0)
	require.InDelta(t, 11, *b.fleet.Truth(0, 0), 1e-9)
}

func TestExpressionsThatReadEachOtherAreRefused(t *testing.T) {
	k := &sim.Kind{Name: "thing", Count: 1, Declared: 1, Every: time.Minute, Signals: []sim.SignalSpec{{Name: "a"}, {Name: "b"}}}
	_, err := try(k, nil, &signals.Expression{Value: "b + 1"}, &signals.Expression{Value: "a + 1"})
	require.ErrorContains(t, err, "reads itself, through")
}

func TestARateIsIntegratedWithinHeunsError(t *testing.T) {
	start := words(t, "100", units.Number)
	b := put(t, 1, time.Minute, nil, &signals.Expression{Rate: "-(s0 - 20) / 2", Start: start})
	worst := 0.0
	b.watch.truth = func(_ int, now sim.Time, row []float64) {
		worst = max(worst, math.Abs(row[0]-(20+80*math.Exp(-now.Duration().Hours()/2))))
	}
	b.run(t, 8*time.Hour)
	require.Less(t, worst, 1e-3)
}

func TestReplayPlaysTheTraceAgainAndAgain(t *testing.T) {
	files := map[string]string{"trace.csv": "time,x\n0,1\n10,3\n20s,2\n"}
	line := &signals.Replay{File: "trace.csv", Column: "x", Time: "time", Between: "line", Speed: 1}
	step := &signals.Replay{File: "trace.csv", Column: "x", Time: "time", Between: "step", Speed: 1, Once: true}
	b := put(t, 1, time.Second, files, line, step)
	for _, x := range []struct {
		at         int
		line, step float64
	}{{0, 1, 1}, {5, 2, 1}, {10, 3, 3}, {15, 2.5, 3}, {20, 2, 2}, {35, 2, 2}, {40, 3, 2}, {3005, 2, 2}} {
		b.run(t, time.Duration(x.at)*time.Second)
		b.fleet.Changed(0)
		require.InDelta(t, x.line, *b.fleet.Truth(0, 0), 1e-9, "line at %d s", x.at)
		require.InDelta(t, x.step, *b.fleet.Truth(0, 1), 1e-9, "step at %d s", x.at)
	}
}

func TestABadTraceIsRefusedWithItsLine(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "line 1: no header",
		"time,y\n0,1\n":          `no column "x"; there are time, y`,
		"t,x\n0,1\n":             `no column "time"; there are t, x`,
		"time,x\n0,1\n":          "at least two samples, got 1",
		"time,x\n0,1\n0,2\n":     "line 3: times must rise",
		"time,x\n0,1\n5,hot\n":   `line 3: "hot" is not a number`,
		"time,x\n0,1\nsoon,2\n":  "line 3",
		"time,x\n0,1\n5,NaN\n":   `line 3: "NaN" is not a number`,
		"time,x\n0,1\n5,1,7,8\n": "wrong number of fields",
	} {
		k := &sim.Kind{Name: "thing", Count: 1, Declared: 1, Every: time.Minute, Signals: []sim.SignalSpec{{Name: "a"}}}
		_, err := try(k, map[string]string{"t.csv": text}, &signals.Replay{File: "t.csv", Column: "x", Time: "time", Between: "line", Speed: 1})
		require.ErrorContains(t, err, want, "%q", text)
	}
}

func TestNoiseHasItsSpreadAndLeavesTheTruthAlone(t *testing.T) {
	var noise signals.Noise
	require.NoError(t, noise.FromWords("0.5"))
	m := &signals.Constant{Value: 4, Sensor: signals.Sensor{Noise: noise}}
	b := put(t, 1, time.Second, nil, m)
	values := make([]float64, 10_000)
	for n := range values {
		values[n] = m.Measure(0, uint32(n), 4)
	}
	mean, sd := stat.MeanStdDev(values, nil)
	require.InDelta(t, 4, mean, 3.3*0.5/100)
	require.InDelta(t, 0.5, sd, 3.3*0.5/math.Sqrt(2*10_000))
	b.run(t, time.Minute)
	require.Equal(t, 4.0, *b.fleet.Truth(0, 0))
}

func TestARandomSignalIsTheSameWhoeverAsks(t *testing.T) {
	b := put(t, 1, time.Minute, nil, &signals.Random{Value: words(t, "normal mean 65 sd 6", units.Number)})
	b.run(t, 90*time.Second)
	b.fleet.Changed(0)
	first := *b.fleet.Truth(0, 0)
	b.run(t, 100*time.Second)
	b.fleet.Changed(0)
	require.Equal(t, first, *b.fleet.Truth(0, 0))
	b.run(t, 125*time.Second)
	b.fleet.Changed(0)
	require.NotEqual(t, first, *b.fleet.Truth(0, 0))
}
