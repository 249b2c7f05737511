package scenarios_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/scenarios"
	"github.com/twinbed/twinbed/sim"
)

// story is what came of a run of testdata/faults.yaml.
type story struct {
	*reports.Report
	noted map[string]int
}

type noting struct {
	sim.Silent
	noted map[string]int
}

func (n *noting) Noted(e sim.Event) { n.noted[e.What]++ }

func (s *story) pumps() reports.ReadingsBook { return s.Ledger.Readings[0] }

func (s *story) lost(cause string) (n uint64) {
	for _, l := range s.pumps().Lost {
		if l.Cause == cause {
			n = l.Count
		}
	}
	return n
}

func (s *story) fired(decision string) uint64 {
	for _, d := range s.Decisions {
		if d.Name == decision {
			return d.Fired
		}
	}
	return 0
}

func (s *story) crew(name string) reports.Crew {
	for _, c := range s.People {
		if c.Name == name {
			return c
		}
	}
	return reports.Crew{}
}

func tell(t *testing.T, faults string) *story {
	t.Helper()
	s, err := scenarios.Load("testdata/faults.yaml", scenarios.Options{Sets: []string{"faults=[" + faults + "]"}})
	require.NoError(t, err)
	defer s.Close()
	n := &noting{noted: map[string]int{}}
	run, err := s.Stage(scenarios.Staging{Observers: []sim.Observer{n}})
	require.NoError(t, err)
	r, err := run.Play(context.Background())
	require.NoError(t, err)
	require.True(t, r.Ledger.Balanced, "%v", r.Reasons)
	require.NotEqual(t, reports.Untrusted, r.Verdict, r.Reasons)
	return &story{r, n.noted}
}

// Six hours, ten pumps, a reading every ten seconds; a window of an hour has 3,600.
func TestEachFaultsStory(t *testing.T) {
	calm := tell(t, "")
	require.Empty(t, calm.pumps().Lost)
	require.EqualValues(t, 21_600, calm.pumps().Sent)
	require.NotZero(t, calm.fired("hot"))
	require.Zero(t, calm.fired("wild"))
	require.Zero(t, calm.fired("silent"))
	all := calm.pumps().Sent
	for fault, told := range map[string]func(t *testing.T, s *story){
		"fault: crash, where: 'pump-0[1-5]'": func(t *testing.T, s *story) {
			require.EqualValues(t, all-1800, s.pumps().Sent, "who is down sends nothing")
			require.EqualValues(t, 5, s.fired("silent"), "and is missed")
		},
		"fault: reboot_loop, where: pump-01, up: 30s, down: 30s": func(t *testing.T, s *story) {
			require.InDelta(t, float64(all-180), float64(s.pumps().Sent), 3, "down half of the time")
		},
		"fault: battery_death, where: pump, over: 30m, signal: level": func(t *testing.T, s *story) {
			require.InDelta(t, float64(all-1800), float64(s.pumps().Sent), 10)
		},
		"fault: dropout, where: pump, share: 30%, gap: 5": func(t *testing.T, s *story) {
			// The share of a two-state chain: its variance is larger by (1+rho)/(1-rho), rho = 1 - p - q.
			require.InDelta(t, 0.3*3600, float64(s.lost("fault: dropout")), 4*77)
		},
		"fault: stuck_at, where: pump, signal: heat, value: 20": func(t *testing.T, s *story) {
			require.Less(t, s.fired("hot"), calm.fired("hot"), "nobody sees the heat")
		},
		"fault: drift, where: pump, signal: heat, per_hour: -60": func(t *testing.T, s *story) {
			require.Less(t, s.fired("hot"), calm.fired("hot"))
		},
		"fault: spike, where: pump, signal: heat, size: 100, share: 1%": func(t *testing.T, s *story) {
			require.InDelta(t, 36, float64(s.fired("wild")), 24, "one condition believes every spike")
			require.Equal(t, calm.fired("hot"), s.fired("hot"), "one that has to last believes none")
		},
		"fault: noise_burst, where: pump, signal: heat, sd: 40": func(t *testing.T, s *story) {
			require.NotZero(t, s.fired("wild"))
		},
		"fault: clock_skew, where: pump, ahead: 1h, drift: 50": func(t *testing.T, s *story) {
			require.Equal(t, s.pumps().Sent, s.pumps().Delivered)
			require.Zero(t, s.pumps().Late, "order is that of the numbers")
			require.Zero(t, s.fired("silent"), "age is that of the arrival")
		},
		"fault: late, where: pump, by: uniform 10s..60s, share: 50%": func(t *testing.T, s *story) {
			require.Greater(t, s.pumps().Late, uint64(1000))
			require.Equal(t, s.pumps().Sent, s.pumps().Delivered+s.pumps().InFlight)
		},
		"fault: reordered, where: pump, share: 10%": func(t *testing.T, s *story) {
			require.InDelta(t, 360*0.9, float64(s.pumps().Late), 80)
		},
		"fault: duplicated, where: pump, share: 20%, times: 2": func(t *testing.T, s *story) {
			require.InDelta(t, 2*720, float64(s.pumps().Duplicates), 200)
			require.Equal(t, calm.fired("hot"), s.fired("hot"), "each counts once")
		},
		"fault: wrong_unit, where: pump, signal: heat": func(t *testing.T, s *story) {
			require.NotZero(t, s.fired("wild"), "78 degrees are 172")
		},
		"fault: firmware, where: pump, share: 50%": func(t *testing.T, s *story) {
			require.InDelta(t, 1800, float64(s.lost("malformed")), 120)
		},
		"fault: unplugged, where: pump-01": func(t *testing.T, s *story) {
			require.InDelta(t, 360, float64(s.lost("fault: unplugged")), 1)
		},
		"fault: time_out, where: pump, share: 50%": func(t *testing.T, s *story) {
			require.InDelta(t, 1800, float64(s.lost("fault: time_out")), 120)
		},
		"fault: garbage, where: pump, share: 20%": func(t *testing.T, s *story) {
			require.InDelta(t, 720, float64(s.lost("fault: garbage")), 96)
		},
		"fault: nan, where: pump": func(t *testing.T, s *story) {
			require.InDelta(t, 3600, float64(s.lost("malformed")), 10, "a reading of nothing")
		},
		"fault: nan, where: pump, signal: level": func(t *testing.T, s *story) {
			require.Equal(t, s.pumps().Sent, s.pumps().Delivered+s.pumps().InFlight)
		},
		"fault: message_loss, where: pump, rate: 30%, way: up": func(t *testing.T, s *story) {
			require.InDelta(t, 1080, float64(s.lost("fault: message_loss")), 4*28)
		},
		"fault: partition, where: site == \"north\"": func(t *testing.T, s *story) {
			require.InDelta(t, 1800, float64(s.lost("fault: partition")), 5)
			require.EqualValues(t, 5, s.fired("silent"))
		},
		"fault: half_open, where: pump": func(t *testing.T, s *story) {
			require.InDelta(t, 3600, float64(s.lost("fault: half_open")), 10)
		},
		"fault: flapping, where: pump, up: 50s, down: 50s": func(t *testing.T, s *story) {
			require.InDelta(t, 1800, float64(s.lost("fault: flapping")), 40)
		},
		"fault: reset, where: pump, apart: 100s, back: 20s": func(t *testing.T, s *story) {
			require.InDelta(t, 3600/6, float64(s.lost("fault: reset")), 20)
		},
		"fault: latency, where: pump, by: 5s": func(t *testing.T, s *story) {
			require.Greater(t, float64(s.Uplinks[0].P99), 5.0)
			require.Zero(t, s.pumps().Late, "as over TCP")
		},
		"fault: jitter, where: pump, by: exponential mean 20s": func(t *testing.T, s *story) {
			require.Greater(t, float64(s.Uplinks[0].P99), 20.0)
			require.Zero(t, s.pumps().Late)
		},
		"fault: bandwidth, where: pump, bits: 200": func(t *testing.T, s *story) {
			// 112 bytes take 4.5 s of 10: the wire keeps up, and acks are in the way.
			require.Greater(t, float64(s.Uplinks[0].P99), 4.48)
			require.Less(t, float64(s.Uplinks[0].Max), 20.0)
		},
		"fault: absent, where: fitter": func(t *testing.T, s *story) {
			require.Less(t, s.crew("fitter").OnShift, calm.crew("fitter").OnShift)
		},
		"fault: shift_gap, where: fitter": func(t *testing.T, s *story) {
			require.InDelta(t, float64(calm.crew("fitter").OnShift)-3*1800, float64(s.crew("fitter").OnShift), 1, "half an hour late, three of them")
		},
		"fault: slow_answers, where: fitter, times: 10": func(t *testing.T, s *story) {
			require.Greater(t, s.crew("fitter").MeanWait, calm.crew("fitter").MeanWait)
		},
		"fault: refuses, where: fitter, share: 100%": func(t *testing.T, s *story) {
			require.NotZero(t, s.Ledger.Tasks.Closed.Refused)
		},
		"fault: wrong_action, where: fitter, share: 100%, instead: go": func(t *testing.T, s *story) {
			require.NotZero(t, s.noted["wrong action"])
		},
		"fault: alarm_fatigue, where: fitter, some: 5, many: 5": func(t *testing.T, s *story) {
			require.Greater(t, s.crew("fitter").MeanWait, calm.crew("fitter").MeanWait)
		},
		"fault: stale, where: price": func(t *testing.T, s *story) {
			require.Equal(t, calm.fired("dear"), s.fired("dear"), "late, when it is over")
		},
		"fault: unavailable, where: price": func(t *testing.T, s *story) {
			require.NotZero(t, s.noted["blind"])
		},
		"fault: slow, where: price, by: 10m": func(t *testing.T, s *story) {
			require.Equal(t, calm.fired("dear"), s.fired("dear"))
		},
		"fault: wrong, where: price, times: 0.1": func(t *testing.T, s *story) {
			require.NotEqual(t, 0, s.fired("dear"))
		},
		"fault: missing, where: price, share: 100%": func(t *testing.T, s *story) {
			require.NotZero(t, s.noted["blind"])
		},
		"fault: stall": func(t *testing.T, s *story) {
			require.Greater(t, float64(s.Uplinks[0].Max), 3590.0, "what was held back is an hour late")
			require.Equal(t, s.pumps().Sent, s.pumps().Delivered+s.pumps().InFlight)
		},
		"fault: slow_decision, takes: 900ms": func(t *testing.T, s *story) {
			require.Greater(t, float64(s.Uplinks[0].P99), 1.0)
		},
		"fault: platform_crash": func(t *testing.T, s *story) {
			require.InDelta(t, 3600, float64(s.lost("fault: platform_crash")), 10)
		},
		"fault: poison, share: 10%, takes: 2s": func(t *testing.T, s *story) {
			require.InDelta(t, 360, float64(s.lost("dead letter")), 72)
			require.EqualValues(t, s.lost("dead letter"), s.noted["dead letter"])
			require.InDelta(t, float64(3*s.lost("dead letter")), float64(s.Resilience.Faults[0].Hits), 2, "each is tried three times, but for one at the end")
			require.Greater(t, float64(s.Uplinks[0].P99), 4.0, "and the others wait meanwhile, six seconds or more")
		},
		"fault: poison, share: 10%, tries: 5, takes: 100ms, fails: 50%": func(t *testing.T, s *story) {
			require.InDelta(t, 360./32, float64(s.lost("dead letter")), 4*3.4, "those that fail five times")
			// Of a reading as many tries fail as of five throws come before the first head.
			require.InDelta(t, 360*(1-1./32), float64(s.Resilience.Faults[0].Hits), 4*30)
			require.Equal(t, s.pumps().Sent, s.pumps().Delivered+s.pumps().InFlight+s.lost("dead letter"), "the others work in the end")
		},
		"fault: broker_down": func(t *testing.T, s *story) {
			require.InDelta(t, 3600, float64(s.lost("fault: broker_down")), 10)
			require.NotZero(t, s.fired("silent"))
		},
		"fault: broker_kill, sessions: kept": func(t *testing.T, s *story) {
			require.InDelta(t, 3600, float64(s.lost("fault: broker_kill")), 10)
		},
		"fault: queue_overflow": func(t *testing.T, s *story) {
			require.InDelta(t, 3600, float64(s.lost("fault: queue_overflow")), 10, "there is no room at all")
		},
		"fault: queue_overflow, room: 5}, {at: 1h, for: 10m, fault: stall": func(t *testing.T, s *story) {
			require.InDelta(t, 600-5, float64(s.lost("fault: queue_overflow")), 10, "where nothing waits nothing is lost")
		},
	} {
		t.Run(fault, func(t *testing.T) {
			s := tell(t, "{at: 30m, for: 1h, "+fault+"}")
			require.Equal(t, strings.Count(fault, "fault:"), s.noted[sim.FaultBegins])
			require.Equal(t, strings.Count(fault, "fault:"), s.noted[sim.FaultEnds], "no fault outlives its window")
			told(t, s)
			require.Equal(t, s.Hash, tell(t, "{at: 30m, for: 1h, "+fault+"}").Hash, "the same again")
		})
	}
}

func TestFaultsComeAtRandomAndWhenSomethingHolds(t *testing.T) {
	for faults, times := range map[string]func(n int) bool{
		"{every: exponential mean 20m, for: exponential mean 2m, fault: crash, where: pump, pick: 1}":          func(n int) bool { return n > 8 && n < 30 },
		"{every: 20m, for: 1m, at most: 3, fault: stall}":                                                      func(n int) bool { return n == 3 },
		"{at: 1h, every: 30m, for: 10m, fault: absent, where: fitter}":                                         func(n int) bool { return n == 7 },
		"{when: 'hour >= 8 and hour < 9', for: 10m, fault: partition, where: pump}":                            func(n int) bool { return n == 1 },
		"{when: 'heat > 70', for: 1m, fault: dropout, share: 100%, where: pump}":                               func(n int) bool { return n >= 10 },
		"{when: 'heat > 70 and site == \"north\"', for: 1m, at most: 4, fault: crash, where: pump}":            func(n int) bool { return n == 4 },
		"{when: 'tasks_waiting > 0 and share_on >= 1', for: 5m, at most: 2, fault: slow_answers, where: 'f*'}": func(n int) bool { return n == 1 || n == 2 },
	} {
		t.Run(faults, func(t *testing.T) {
			s := tell(t, faults)
			require.True(t, times(s.noted[sim.FaultBegins]), "%d times", s.noted[sim.FaultBegins])
			require.LessOrEqual(t, s.noted[sim.FaultBegins]-s.noted[sim.FaultEnds], 1, "one may last at the end")
			require.Equal(t, s.Hash, tell(t, faults).Hash)
		})
	}
}

// What comes so late that nobody can tell from its number whether it came before, and
// waits for the platform at the end, is on its way and not unexplained.
func TestWhatIsVeryLateAndWaitsAtTheEndIsInTheBooks(t *testing.T) {
	s := tell(t, "{at: 5h30m, for: 10m, fault: late, where: pump, by: 400s, share: 50%}, {at: 5h38m, for: 1h, fault: stall}")
	require.Greater(t, s.pumps().InFlight, uint64(1320), "22 minutes of ten pumps")
	require.Zero(t, s.pumps().Unexplained)
}
