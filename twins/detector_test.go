package twins_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/formula"
	"github.com/twinbed/twinbed/twins"
)

// chart is a fleet with one signal that reports every ten seconds, one decision
// that cools, and what some formulae are.
type chart struct {
	testing.TB
	*twins.Platform
	programs []*formula.Program
	seq      []uint32
	fired    []int
	outcome  sim.Outcome // of every command, on the spot
}

// phase1 is how many readings are learned from: the shortest that is allowed.
const phase1 = 30

// newChart has the decision fire when a condition holds.
func newChart(t testing.TB, things int, when string, formulas ...string) *chart {
	w := many(things, "x")
	c := &chart{TB: t, seq: make([]uint32, things), fired: make([]int, things), outcome: sim.Done}
	w.Bus = acting{c}
	p, err := twins.New(twins.Config{Decisions: []twins.Decision{{Name: "alarm", When: sim.Expression(when), Do: list(word("cool"))}}}, w, nil)
	require.NoError(t, err)
	scope, err := p.Scope("sensor")
	require.NoError(t, err)
	for _, f := range formulas {
		program, err := formula.Compile(f, scope, formula.Number)
		require.NoError(t, err)
		c.programs = append(c.programs, program)
	}
	c.Platform = p
	require.NoError(t, p.Start())
	return c
}

type acting struct{ *chart }

func (a acting) Reading(*sim.Reading) {}
func (a acting) Ack(*sim.Ack)         {}
func (a acting) Task(*sim.Task)       {}
func (a acting) Withdraw(uint64)      {}
func (a acting) Command(c *sim.Command) {
	a.fired[c.Thing]++
	a.Platform.Ack(&sim.Ack{ID: c.ID, Thing: c.Thing, Outcome: a.outcome})
}

// read has thing i report a value ten seconds after the last, or so long after.
func (c *chart) read(i int, x float64) {
	c.seq[i]++
	c.readAt(i, time.Duration(c.seq[i])*10*time.Second, x)
}

func (c *chart) readAt(i int, at time.Duration, x float64) {
	r := sim.Reading{Thing: sim.ThingID(i), Seq: c.seq[i], Values: []float64{x}}
	r.Sensed.At = sim.Time(at)
	c.Reading(&r)
}

// learn has thing i learn that a mean of 0 and a standard deviation of 1 are normal.
func (c *chart) learn(i int) {
	for n := range phase1 {
		c.read(i, math.Sqrt((phase1-1.0)/phase1)*float64(1-n%2*2))
	}
}

// see is what a formula is for thing i.
func (c *chart) see(formula, i int) float64 {
	env, ok := c.Env(sim.ThingID(i))
	require.True(c, ok)
	return c.programs[formula].Number(env)
}

func TestADetectorIsUnknownUntilItKnowsWhatIsNormal(t *testing.T) {
	calls := []string{"residual(x, minutes(5))", "ewma_z(x, minutes(1), minutes(5))", "cusum(x, 0.5, minutes(5))", "page_hinkley(x, 0.5, minutes(5))"}
	c := newChart(t, 1, "x > 1000", calls...)
	for range 40 { // nothing varies: learning goes on
		c.read(0, 7)
		require.True(t, math.IsNaN(c.see(0, 0)) && math.IsNaN(c.see(1, 0)) && math.IsNaN(c.see(2, 0)))
	}
	require.Zero(t, c.see(3, 0), "a mean needs no spread")
	c.read(0, 9)
	require.True(t, math.IsNaN(c.see(0, 0)), "the reading that varies is learned from, as it may be one of many")
	c.read(0, 7)
	mean := (40*7.0 + 9) / 41
	sd := math.Sqrt((40*(7-mean)*(7-mean) + (9-mean)*(9-mean)) / 40)
	require.InDelta(t, (7-mean)/sd, c.see(0, 0), 1e-12)

	c.Platform.Restart()
	for n := range 31 {
		for at := range calls {
			require.True(t, math.IsNaN(c.see(at, 0)), "what was known is forgotten with the twin: %s", calls[at])
		}
		c.read(0, float64(n%2))
	}
	for at := range calls {
		require.False(t, math.IsNaN(c.see(at, 0)), calls[at])
	}
}

func TestADetectorBeginsAnewWhenItsDecisionHasActed(t *testing.T) {
	calls := []string{"cusum(x, 0.5, minutes(5))", "ewma_z(x, minutes(1), minutes(5))", "page_hinkley(x, 0.5, minutes(5))", "cusum(x, 0.6, minutes(5))"}
	c := newChart(t, 1, "cusum(x, 0.5, minutes(5)) > 4 or ewma_z(x, minutes(1), minutes(5)) > 99 or page_hinkley(x, 0.5, minutes(5)) > 99", calls...)
	c.learn(0)
	c.read(0, 2)
	c.read(0, 2)
	require.InDelta(t, 3, c.see(0, 0), 1e-12)
	require.Positive(t, c.see(1, 0))
	require.Positive(t, c.see(2, 0))
	c.read(0, 2)
	require.Equal(t, 1, c.fired[0])
	require.Zero(t, c.see(0, 0))
	require.Zero(t, c.see(1, 0))
	require.True(t, math.IsNaN(c.see(2, 0)), "the running mean was of what is over")
	require.InDelta(t, 4.2, c.see(3, 0), 1e-12, "the decision does not read this one")

	c.read(0, 6)
	require.Equal(t, 2, c.fired[0], "it was armed again")
	c.outcome = sim.Failed
	c.read(0, 6)
	require.Equal(t, 3, c.fired[0])
	require.InDelta(t, 5.5, c.see(0, 0), 1e-12, "what has failed has dealt with nothing")
	c.read(0, 6)
	require.Equal(t, 3, c.fired[0], "and is not armed before the condition ceases")
}

func TestADetectorOfWhatIsOnlyToldGoesOn(t *testing.T) {
	s := newStage(t).watch(twins.Decision{When: "cusum(vibration, 0.5, minutes(5)) > 2", Do: list(twins.Step{Notify: "x"})})
	program, err := formula.Compile("cusum(vibration, 0.5, minutes(5))", s.scope(s.Platform), formula.Number)
	require.NoError(t, err)
	for n := range 40 {
		x := float64(n % 2)
		if n >= 30 {
			x = 5
		}
		s.reads(time.Duration(n)*10*time.Second, 0, x, 0)
	}
	require.EqualValues(t, 1, s.alarm().Fired)
	env, _ := s.Env(0)
	require.Greater(t, program.Number(env), 50.0)
}

func TestAMissingReadingIsNoEvidence(t *testing.T) {
	c := newChart(t, 1, "x > 1000", "cusum(x, 0.5, minutes(5))", "page_hinkley(x, 0.5, minutes(5))", "ewma_z(x, seconds(10), minutes(5))", "residual(x, minutes(5))")
	c.learn(0)
	c.read(0, 2)
	c.read(0, 2)
	before := []float64{c.see(0, 0), c.see(1, 0), c.see(2, 0), c.see(3, 0)}
	for range 5 {
		c.read(0, math.NaN())
	}
	require.Equal(t, before, []float64{c.see(0, 0), c.see(1, 0), c.see(2, 0), c.see(3, 0)})
	c.read(0, 1) // a minute after the last: six half-lives
	e, v := 1.0, 0.25
	e, v = e/2+1, v/4+0.25
	left := math.Exp2(-6)
	e, v = e*left+1*(1-left), v*left*left+(1-left)*(1-left)
	require.InDelta(t, e/math.Sqrt(v), c.see(2, 0), 1e-9)
}

func TestPageHinkleyIsItsDefinitionAndACumulativeSum(t *testing.T) {
	c := newChart(t, 1, "x > 1e9", "page_hinkley(x, 0.2, minutes(5))", "page_hinkley(x, -0.2, minutes(5))")
	luck := rand.New(rand.NewPCG(3, 4))
	sum, m, least, fall, leastFall := 0.0, 0.0, 0.0, 0.0, 0.0
	for n := range 3000 {
		x := 100 + luck.NormFloat64() + float64(n/1000%2)
		c.read(0, x)
		sum += x
		if n < phase1 {
			continue
		}
		mean := sum / float64(n+1)
		m, fall = m+x-mean-0.2, fall+mean-x-0.2
		least, leastFall = min(least, m), min(leastFall, fall)
		require.InDelta(t, m-least, c.see(0, 0), 1e-7)
		require.InDelta(t, fall-leastFall, c.see(1, 0), 1e-7)
	}
	require.Greater(t, c.see(0, 0)+c.see(1, 0), 10.0)

	// Where the mean is long known it is the cumulative sum.
	c = newChart(t, 1, "x > 1e9", "page_hinkley(x, 0.5, minutes(5))", "cusum(x, 0.5, minutes(5))")
	c.learn(0)
	for n := range 3_000_000 {
		c.read(0, float64(n%2*2-1)*0.4)
	}
	for range 200 {
		c.read(0, luck.NormFloat64()+0.5)
		require.InDelta(t, c.see(1, 0), c.see(0, 0), 0.01)
	}
}

func TestDetectorsAllocateNothing(t *testing.T) {
	c := newChart(t, 3, "cusum(x, 0.5, minutes(5)) > 1e9", "residual(x, days(2), days(1))", "ewma_z(x, minutes(1), minutes(5))", "page_hinkley(x, 0.5, minutes(5))")
	for i := range 3 {
		c.learn(i)
	}
	values := []float64{0}
	r := sim.Reading{Values: values}
	n := c.seq[0]
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		n++
		r.Thing, r.Seq, r.Sensed.At = sim.ThingID(n%3), n, sim.Time(n)*sim.Time(10*time.Second)
		values[0] = float64(n % 5)
		c.Reading(&r)
	}))
}

func BenchmarkDetectors(b *testing.B) {
	for _, call := range []string{"x", "residual(x, minutes(5))", "residual(x, days(14), days(7))", "ewma_z(x, minutes(1), minutes(5))", "cusum(x, 0.5, minutes(5))", "page_hinkley(x, 0.5, minutes(5))"} {
		b.Run(call, func(b *testing.B) {
			const things = 1000
			c := newChart(b, things, call+" > 1e9")
			values := []float64{0}
			r := sim.Reading{Values: values}
			b.ReportAllocs()
			for n := range b.N {
				r.Thing, r.Seq = sim.ThingID(n%things), uint32(n/things+1)
				r.Sensed.At = sim.Time(n/things+1) * sim.Time(10*time.Second)
				values[0] = float64(n * 7 % 5)
				c.Reading(&r)
			}
		})
	}
}

func ExampleFeatures() {
	for _, f := range twins.Features() {
		if f.Name == "cusum" || f.Name == "residual" {
			fmt.Println(f.Form)
		}
	}
	// Output:
	// residual(signal, learn, [season])
	// cusum(signal, k, learn, [season])
}
