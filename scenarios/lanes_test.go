package scenarios_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/scenarios"
	"github.com/twinbed/twinbed/scenarios/language"
	"github.com/twinbed/twinbed/sim"
)

// spread plays a script on so many cores, on 0 without lanes, and gives what must not depend on them.
func spread(t *testing.T, s *scenarios.Script, err error, cores int) (run *scenarios.Run, report, events string) {
	require.NoError(t, err)
	defer s.Close()
	run, err = s.Stage(scenarios.Staging{Cores: cores, Plain: cores == 0})
	require.NoError(t, err)
	var told bytes.Buffer
	file := run.Observe(&told)
	r, err := run.Play(context.Background())
	require.NoError(t, err)
	require.NoError(t, file.Flush())
	if run.OneCore() == "" && cores > 1 {
		require.Equal(t, cores, r.Wall.Cores)
	}
	return run, settled(t, r), told.String()
}

// anywhere plays the same without lanes and in lanes on one, two and three cores: report and
// events are the same, and it is spread unless a run says why not.
func anywhere(t *testing.T, why string, load func() (*scenarios.Script, error)) (report, events string) {
	s, err := load()
	_, report, events = spread(t, s, err, 0)
	for _, cores := range []int{1, 2, 3} {
		s, err := load()
		run, same, told := spread(t, s, err, cores)
		require.Equal(t, report, same, fmt.Sprint(cores, " cores"))
		require.Equal(t, events, told, fmt.Sprint(cores, " cores"))
		if why == "" || cores == 1 {
			require.Empty(t, run.OneCore())
		} else {
			require.Contains(t, run.OneCore(), why)
		}
	}
	return report, events
}

// The shipped worlds, on one core and on several: report and events are the same,
// whatever people, faults and data do in them. More worlds, at random, are in
// TestTheBooksBalanceInAnyWorld.
func TestARunSpreadOverCoresGivesTheSameBytes(t *testing.T) {
	for _, x := range []struct{ ref, variant, duration, apart string }{
		{"predictive-maintenance", "ioe", "30h", ""},
		{"predictive-maintenance", "iot", "10h", ""},
		{"cold-chain", "ioe", "1 day", ""},
		{"retail", "ioe", "12h", ""},
		{"patient-monitoring", "ioe", "12h", ""},
		{"thermostat", "ioe", "12h", ""},
		{"hello", "", "1m", ""},
		{"smart-grid", "ioe", "1h", "hang together"},
		{"truck-fleet", "ioe", "1h", "hang together"},
	} {
		t.Run(x.ref+" "+x.variant, func(t *testing.T) {
			anywhere(t, x.apart, func() (*scenarios.Script, error) {
				return scenarios.Load(x.ref, scenarios.Options{Variant: x.variant, Sets: []string{"duration=" + x.duration, "clock=virtual"}})
			})
		})
	}
}

// What couples all things keeps a run on one core, and the run says so.
func TestWhatKeepsARunOnOneCore(t *testing.T) {
	const world = `
name: coupled
duration: 1h
things:
  pump:
    count: 20
    every: 1s
    signals: {x: normal mean 5 sd 1}
    commands: [stop]
data: {spares: {stock: 3}}
people: {fitter: {}}
decisions:
  high: {when: "%s", do: {task: fit, skill: fitter, takes: 1m, uses: spares}}
%s`
	for _, x := range []struct{ when, more, why string }{
		{"x > 8", "", ""},
		{"x > 8 and spares > 0", "", "a stock"},
		{"ewma_z(x, minutes(1), minutes(5)) > 3", "", "detectors"},
		{"x > 8", "faults: [{when: x > 7, for: 10s, fault: partition, where: pump}]", "begins when"},
		{"x > 8", "faults: [{at: 10m, for: 10s, fault: slow_decision, takes: 1ms}]", "wait for one another"},
	} {
		anywhere(t, x.why, func() (*scenarios.Script, error) {
			return scenarios.Parse("coupled.yaml", fmt.Appendf(nil, world, x.when, x.more), language.NewFolder(os.DirFS("testdata/good")), scenarios.Options{})
		})
	}
}

// A run on several cores listens to what comes from outside while it plays.
func TestARunOnSeveralCoresCanBeCutShortAndWatched(t *testing.T) {
	s, err := scenarios.Load("testdata/million.yaml", scenarios.Options{Sets: []string{"things.sensor.count=10000", "duration=365 days"}})
	require.NoError(t, err)
	defer s.Close()
	run, err := s.Stage(scenarios.Staging{Cores: 2})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer cancel()
		var last uint64
		for p := range run.Progress(ctx, 20*time.Millisecond) {
			if sent := p.Sent(); last > 0 && sent > last && p.Played > 0 {
				return
			} else {
				last = sent
			}
		}
	}()
	r, err := run.Play(ctx)
	require.NoError(t, err)
	require.Equal(t, reports.Untrusted, r.Verdict)
	require.Positive(t, r.Ledger.Readings[0].Delivered)
	require.InEpsilon(t, r.Ledger.Readings[0].Sent, float64(r.Played)/10*10_000, 0.01, "the books are of as long as it was played")
	require.Zero(t, r.Ledger.Readings[0].Unexplained)
}

// A source that all things look at changes every five minutes, and conditions have to last
// for multiples of that: many are looked at again at the moment at which it changes.
func TestWhatComesAtTheSameMomentComesInItsOrder(t *testing.T) {
	const world = `
name: rhythm
duration: 3h
things:
  pump:
    count: 100
    every: 7s
    signals: {x: normal mean 5 sd 1}
    commands: [stop]
data: {orders: {file: orders.csv, time: at}}
people: {fitter: {count: 3, answers: lognormal median 1m p95 4m}}
decisions:
  some: {when: orders > 10, for: 5m, do: {task: look, skill: fitter, takes: 1m}}
  all: {when: orders > 10, for: 15m, do: stop}
  many: {when: orders > 10 and x > 5, for: 10m, again: 5m, do: stop}
  none: {when: orders < 10, for: 5m, do: stop}
network: {latency: lognormal median 20ms p95 90ms}
`
	var orders strings.Builder
	orders.WriteString("at,open\n")
	for n := range 40 {
		fmt.Fprintf(&orders, "%dm,%d\n", 5*n, 20*(n/3%2)+n%2)
	}
	files := fstest.MapFS{"orders.csv": {Data: []byte(orders.String())}}
	_, events := anywhere(t, "", func() (*scenarios.Script, error) {
		return scenarios.Parse("rhythm.yaml", []byte(world), language.NewFolder(files), scenarios.Options{})
	})
	require.Greater(t, strings.Count(events, `"what":"fired"`), 300)
}

// Without latency a condition has lasted just when a reading comes, several at once for one
// thing; and spares that come and somebody who comes by are on the run's own clock.
func TestWhatHasLastedWhenAReadingComesIsTheSameOnSeveralCores(t *testing.T) {
	const world = `
name: lasting
duration: 6h
start: Mon 08:00
things:
  pump:
    count: 300
    every: 10s
    unattended: 30s
    signals: {x: normal mean 5 sd 1, y: {model: sine, mean: 5, swing: 3, period: 10m}}
    state: {load: 1}
    commands: {stop: {load: 0}, mend: {load: 1}}
data: {seals: {stock: 5, restock: 3m}}
people: {fitter: {count: 4, answers: lognormal median 1m p95 4m}}
decisions:
  a: {when: y > 7 and x > 5.5, for: 10s, do: stop}
  b: {when: y > 7 and x > 4.2, for: 20s, again: 10m, do: {notify: long}}
  c: {when: x > 8.5, do: {task: seal, skill: fitter, takes: 2m, uses: seals, does: mend}}
  d: {when: y > 7 and x > 3.8, for: 20s, do: {notify: longer}}
  e: {when: x > 7.4, do: [{wait: 25s}]}
  f: {when: x > 8.2, do: stop}
  g: {when: load == 0, for: 40s, do: mend}
`
	_, events := anywhere(t, "", func() (*scenarios.Script, error) {
		return scenarios.Parse("lasting.yaml", []byte(world), language.NewFolder(fstest.MapFS{}), scenarios.Options{})
	})
	require.Greater(t, strings.Count(events, `"what":"fired"`), 10_000)
	require.Contains(t, events, `"what":"found unattended"`)
}

// A sum over a state that only jumps leaves those summed over alone; one over a state that a
// model moves as time passes, such as wear, does not: it would be of different times.
func TestASumOverWhatMovesKeepsThingsTogether(t *testing.T) {
	const world = `
name: summed
duration: 6h
things:
  press:
    count: 50
    every: 10s
    signals: {vibration: {model: wear, from: 2, to: 9, life: uniform 2h..20h, worn: uniform 0..0.5}}
    commands: {renew: {wear: 0}}
  hall: {count: 1, every: 1m, signals: {sum: {model: total, of: press, sum: %s}}}
people: {mechanic: {count: 4}}
decisions:
  worn: {when: vibration > 8, do: {task: change, skill: mechanic, takes: 1h, does: renew}}
  full: {when: sum > 20, do: {task: look, skill: mechanic, takes: 5m}}
network: {latency: lognormal median 20ms p95 90ms}
`
	for _, x := range []struct{ sum, why string }{{"wear", "hang together"}, {"broken", ""}, {"load", ""}} {
		anywhere(t, x.why, func() (*scenarios.Script, error) {
			return scenarios.Parse("summed.yaml", fmt.Appendf(nil, world, x.sum), language.NewFolder(fstest.MapFS{}), scenarios.Options{})
		})
	}
}

// What another twin shows changes whenever that one hears of its thing, so neither those
// that are read nor those that read are alone; others are.
func TestThingsThatReadOtherTwinsAreNotAlone(t *testing.T) {
	const world = `
name: others
duration: 2h
things:
  tank: {count: 3, every: 7s, signals: {level: normal mean 5 sd 2}}
  pump: {count: 50, every: 5s, signals: {x: normal mean 5 sd 1}, commands: [stop]}
  gauge: {count: 50, every: 5s, signals: {g: normal mean 5 sd 1}, commands: [ring]}
data: {tank_level: {twin: tank-02, signal: level}}
people: {fitter: {count: 4}}
decisions:
  high: {when: x > 7 and tank_level > 8, do: {task: fit, skill: fitter, takes: 1m}}
  loud: {when: g > 8, do: ring}
network: {latency: lognormal median 20ms p95 90ms}
`
	anywhere(t, "", func() (*scenarios.Script, error) {
		return scenarios.Parse("others.yaml", []byte(world), language.NewFolder(fstest.MapFS{}), scenarios.Options{})
	})
}

// jumps sees to it that a state of which no model says that it moves only jumps: truth is
// told before and after a jump, so between two calls such a state is what it was.
type jumps struct {
	sim.Silent
	t    *testing.T
	last map[sim.ThingID][]float64
	seen map[string]bool // kinds and states that moved
}

func (j *jumps) Truth(k *sim.Kind, i int, now sim.Time, row []float64) {
	id := k.First + sim.ThingID(i)
	was := j.last[id]
	if was != nil && now > sim.Time(was[0]) {
		for n, s := range k.States {
			if v := row[len(k.Signals)+n]; v != was[1+n] && !s.Moves {
				require.Fail(j.t, "a state moves", "%s of %s: %g became %g by %v", s.Name, k.Name, was[1+n], v, now)
			} else if v != was[1+n] {
				j.seen[s.Name] = true
			}
		}
	}
	j.last[id] = append(append(was[:0], float64(now)), row[len(k.Signals):][:len(k.States)]...)
}

func TestStatesThatMoveSaySo(t *testing.T) {
	j := &jumps{t: t, seen: map[string]bool{}}
	for _, ref := range []string{"predictive-maintenance", "cold-chain", "retail", "patient-monitoring", "thermostat", "smart-grid", "truck-fleet"} {
		s, err := scenarios.Load(ref, scenarios.Options{Variant: "ioe", Sets: []string{"duration=1 day"}})
		require.NoError(t, err)
		j.last = map[sim.ThingID][]float64{}
		run, err := s.Stage(scenarios.Staging{Observers: []sim.Observer{j}})
		require.NoError(t, err)
		_, err = run.Play(context.Background())
		require.NoError(t, err)
		require.NoError(t, s.Close())
	}
	for _, state := range []string{"wear", "stored", "litres", "used", "sold", "missed", "ill"} {
		require.True(t, j.seen[state], state)
	}
}
