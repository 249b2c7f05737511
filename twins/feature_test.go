package twins_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/formula"
	"github.com/twinbed/twinbed/twins"
)

// lens shows what formulas see of press-01.
type lens struct {
	*stage
}

// look compiles formulas over presses next to a decision that never fires;
// what they yield is shown by a command whose value they are.
func look(t *testing.T, formulas ...string) *lens {
	s := newStage(t)
	var decisions []twins.Decision
	for n, f := range formulas {
		decisions = append(decisions, twins.Decision{
			Name: fmt.Sprint(n), Of: "press", When: "temperature == 1", Do: list(twins.Step{Command: "turn_to", Value: sim.Expression(f)}),
		})
	}
	s.play(twins.Config{Decisions: decisions})
	s.obeys()
	return &lens{stage: s}
}

// see reads a value and yields what each formula then is.
func (l *lens) see(at time.Duration, x float64) []float64 {
	l.commands = nil
	l.reads(at, 0, x, 0)
	l.reads(at, 0, unknown, 1)
	var seen []float64
	for _, c := range l.commands {
		seen = append(seen, c.Value)
	}
	return seen
}

type point struct {
	at time.Duration
	x  float64
}

// points are n readings, some missing, of a noisy signal far from zero.
func points(n int, every time.Duration, jitter bool) (list []point) {
	luck := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		if luck.Float64() < 0.1 || i > n/2 && i < n/2+40 {
			continue
		}
		at := time.Duration(i) * every
		if jitter {
			at += time.Duration(luck.Float64() * float64(every) * 0.9)
		}
		list = append(list, point{at, 1e6 + 0.01*at.Seconds() + luck.NormFloat64()})
	}
	return list
}

// within are the readings that a window in parts of a width covers at the last of them.
func within(list []point, width time.Duration, parts int) (t, x []float64) {
	last := list[len(list)-1].at / width
	for _, p := range list {
		if p.at/width > last-time.Duration(parts) {
			t, x = append(t, p.at.Seconds()), append(x, p.x)
		}
	}
	return t, x
}

func TestWindowsAgreeWithBruteForce(t *testing.T) {
	for _, c := range []struct {
		window string
		length time.Duration
		width  time.Duration
		parts  int
		jitter bool
	}{
		{"minutes(10)", 10 * time.Minute, time.Minute, 10, true},
		{"minutes(1)", time.Minute, 10 * time.Second, 6, false}, // holds six readings: exact
		{"seconds(25)", 25 * time.Second, 25 * time.Second / 3, 3, true},
	} {
		t.Run(c.window, func(t *testing.T) {
			args := "(vibration, " + c.window + ")"
			l := look(t, "mean"+args, "sd"+args, "rolling_min"+args, "rolling_max"+args, "slope"+args, "reaches(vibration, 1000100, "+c.window+") / seconds(1)")
			all := points(600, 10*time.Second, c.jitter)
			known := 0
			for n, p := range all {
				seen := l.see(p.at, p.x)
				ts, xs := within(all[:n+1], c.width, c.parts)
				require.InDelta(t, stat.Mean(xs, nil), seen[0], 1e-8)
				if len(xs) > 1 {
					require.InDelta(t, stat.StdDev(xs, nil), seen[1], 1e-8)
				} else {
					require.True(t, math.IsNaN(seen[1]))
				}
				require.Equal(t, floats.Min(xs), seen[2])
				require.Equal(t, floats.Max(xs), seen[3])
				if len(xs) < 2 || ts[len(ts)-1]-ts[0] < c.length.Seconds()/2 {
					require.True(t, math.IsNaN(seen[4]) && math.IsNaN(seen[5]), "a trend needs readings over half its window")
					continue
				}
				known++
				from, slope := stat.LinearRegression(ts, xs, nil, false)
				require.InDelta(t, slope*3600, seen[4], 1e-4)
				left := 1000100 - (from + slope*p.at.Seconds())
				switch {
				case left <= 0:
					require.Zero(t, seen[5])
				case slope <= 0:
					require.Equal(t, twins.Unreached, seen[5])
				default:
					require.InEpsilon(t, left/slope, seen[5], 1e-3)
				}
			}
			require.Greater(t, known, 100)
		})
	}
}

func TestALevelIsReachedFromTheSideTheThingStartedOn(t *testing.T) {
	at := func(n int) time.Duration { return time.Duration(n) * 10 * time.Second }
	for _, x := range []struct {
		name        string
		first, rise float64
		want        float64 // after the eleventh reading, seconds
	}{
		{"rising to it", 2, 0.1, 60 * 10},
		{"falling to it", 16, -0.2, 25 * 10},
		{"led away below", 8, -0.1, twins.Unreached},
		{"led away above", 10, 0.1, twins.Unreached},
		{"level below", 8, 0, twins.Unreached},
		{"beyond, rising", 8.5, 0.1, 0},
		{"beyond, falling", 9.2, -0.1, 0},
	} {
		t.Run(x.name, func(t *testing.T) {
			l := look(t, "reaches(vibration, 9, seconds(100)) / seconds(1)")
			var seen []float64
			for n := range 11 {
				seen = l.see(at(n), x.first+x.rise*float64(n))
			}
			require.InDelta(t, x.want, seen[0], 1e-6)
		})
	}
}

func TestNeverIsLaterThanAnyTime(t *testing.T) {
	s := newStage(t).watch(twins.Decision{When: "not (reaches(vibration, 9, minutes(1)) < hours(12))"})
	for n := range 10 {
		s.reads(time.Duration(n)*10*time.Second, 0, 5, 0)
	}
	require.Len(t, s.commands, 1)
	require.Equal(t, sim.Time(30*time.Second), s.commands[0].Decided.At, "unknown before readings span half the window")
}

func TestFeaturesOfTheLastReadings(t *testing.T) {
	l := look(t, "previous(vibration)", "rate(vibration)", "ewma(vibration, minutes(1))")
	var before point
	mean := math.NaN()
	for n, p := range points(200, 10*time.Second, true) {
		seen := l.see(p.at, p.x)
		if n == 0 {
			require.True(t, math.IsNaN(seen[0]) && math.IsNaN(seen[1]))
			mean = p.x
		} else {
			step := (p.at - before.at).Seconds()
			require.Equal(t, before.x, seen[0])
			require.InDelta(t, (p.x-before.x)/step, seen[1], 1e-9)
			mean += (1 - math.Exp(-math.Ln2*step/60)) * (p.x - mean)
		}
		require.InDelta(t, mean, seen[2], 1e-6)
		before = p
	}
}

func TestTheSameCallIsKeptOnce(t *testing.T) {
	s := newStage(t)
	p, err := twins.New(twins.Config{}, s.World, nil)
	require.NoError(t, err)
	scope, err := p.Scope("press")
	require.NoError(t, err)
	slot := func(source string) formula.Ref {
		program, err := formula.Compile(source, scope, formula.Any)
		require.NoError(t, err)
		return program.Slots()[0]
	}
	require.Equal(t, slot("mean(vibration, minutes(5))"), slot("mean(vibration, seconds(300)) + 1"))
	require.NotEqual(t, slot("mean(vibration, minutes(5))"), slot("mean(vibration, minutes(6))"))
	require.NotEqual(t, slot("mean(vibration, minutes(5))"), slot("sd(vibration, minutes(5))"))
	require.Equal(t, slot("reaches(vibration, 9)"), slot("reaches(vibration, 9, hours(2))"), "720 readings of 10 s")
	_, err = p.Scope("presss")
	require.EqualError(t, err, `unknown kind "presss", did you mean "press"?`)
	require.NoError(t, p.Start())
	_, err = formula.Compile("mean(vibration, minutes(7))", scope, formula.Any)
	require.ErrorContains(t, err, "while the platform runs")

	_, err = formula.Compile("mean(vibration, minutes(5)) * hour", s.scope(p), formula.Number)
	require.ErrorContains(t, err, "unknown name", "hour has no slot")
	program, err := formula.Compile("mean(vibration, minutes(5)) * 2", s.scope(p), formula.Number)
	require.NoError(t, err)
	s.Platform = p
	s.reads(second, 1, 4, 0)
	env, ok := p.Env(1)
	require.True(t, ok)
	require.Equal(t, 8.0, program.Number(env))
	_, ok = p.Env(99)
	require.False(t, ok)
}

func (s *stage) scope(p *twins.Platform) formula.Scope {
	scope, err := p.Scope("press")
	require.NoError(s, err)
	return scope
}
