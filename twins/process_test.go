package twins_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
	"github.com/twinbed/twinbed/twins"
)

func list(steps ...twins.Step) []twins.Step { return steps }

func word(w string) twins.Step { return twins.Step{Word: w} }

func TestStepsFollowOneAnother(t *testing.T) {
	s := newStage(t).play(twins.Config{
		Decisions: []twins.Decision{{Name: "early", When: "vibration > 8", Do: list(word("change bearing"), word("renew"))}},
		Processes: []twins.Process{{Name: "change bearing", Steps: list(
			word("stop"),
			twins.Step{Wait: chance.Constant(60)},
			twins.Step{Task: "fit a new bearing", Skill: "bearings", Does: "turn_to", Value: "vibration / 10"},
			twins.Step{Notify: "done", Topic: "shop"},
			word("resume"),
		)}},
	})
	s.obeys()
	s.onTask = func(x sim.Task) { s.answers(x.ID, x.Thing, sim.Done) }
	s.reads(second, 2, 9, 0)
	s.until(time.Hour)
	require.Equal(t, []string{
		"1s stop 1 attempt 1", "1s 1 done", "1m1s fit a new bearing 2 attempt 1", "1m1s 2 done", "1m1s notify: shop",
		"1m1s resume 3 attempt 1", "1m1s 3 done", "1m1s renew 4 attempt 1", "1m1s 4 done", "1m1s turn 1 done",
	}, s.told())
	require.InDelta(t, 0.9, s.tasks[0].Value, 1e-12)
	require.Equal(t, s.press.Command("turn_to"), s.tasks[0].Does)
	require.Equal(t, twins.Open{}, s.Open())
}

func TestATimedOutCommandIsSentAgainUnderItsID(t *testing.T) {
	s := newStage(t).steps(twins.Step{
		Command: "stop", Timeout: 5 * second, Retry: &twins.Retry{Times: 3, Backoff: 2 * second},
		OnFailure: list(twins.Step{Notify: "help"}),
	})
	s.reads(0, 0, 9, 0)
	s.until(time.Hour)
	require.Equal(t, []string{
		"0s stop 1 attempt 1", "7s stop 1 attempt 2", "16s stop 1 attempt 3", "29s stop 1 attempt 4",
		"34s 1 timed out", "34s compensating: alarm", "34s notify: alarm", "34s turn 1 timed out",
	}, s.told())
	s.answers(1, 0, sim.Done, 0)
	require.Equal(t, []string{"1h0m0s late ack: stop"}, s.told())
	twin, _ := s.Twin(0)
	require.True(t, twin.Converged, "a late ack reconciles the twin")
	s.answers(1, 0, sim.Done, 0)
	require.EqualValues(t, 1, s.Counts().StrayAcks)
}

func TestAnAckBetweenAttemptsIsEnough(t *testing.T) {
	s := newStage(t).steps(twins.Step{Command: "stop", Timeout: 5 * second, Retry: &twins.Retry{Times: 1, Backoff: 10 * second}})
	s.reads(0, 0, 9, 0)
	s.until(8 * second)
	s.answers(1, 0, sim.Done)
	s.until(time.Hour)
	require.Equal(t, []string{"0s stop 1 attempt 1", "8s 1 done", "8s turn 1 done"}, s.told())
}

func TestWhatFailedIsTriedAnewAndWhatWasRefusedIsNot(t *testing.T) {
	for o, want := range map[sim.Outcome][]string{
		sim.Failed:  {"0s stop 1 attempt 1", "0s 1 failed", "0s stop 2 attempt 2", "0s 2 failed", "0s turn 1 failed"},
		sim.Refused: {"0s stop 1 attempt 1", "0s 1 refused", "0s turn 1 refused"},
	} {
		s := newStage(t).steps(twins.Step{Command: "stop", Retry: &twins.Retry{Times: 1}}, word("renew"))
		s.onCommand = func(c sim.Command) { s.answers(c.ID, c.Thing, o) }
		s.reads(0, 0, 9, 0)
		require.Equal(t, want, s.told())
	}
}

func TestATaskThatTimesOutIsWithdrawnFirst(t *testing.T) {
	s := newStage(t).steps(twins.Step{
		Task: "look", Skill: "inspection", Timeout: time.Minute, Retry: &twins.Retry{Times: 1},
		Escalate: &twins.Escalate{After: 20 * second, To: "bearings"}, Takes: chance.Constant(600),
	})
	s.onWithdraw = func(id uint64) { s.answers(id, 0, sim.Withdrawn) }
	s.reads(0, 0, 9, 0)
	s.until(90 * second)
	require.Equal(t, []string{"0s look 1 attempt 1", "1m0s withdraw 1", "1m0s 1 timed out", "1m0s look 2 attempt 2"}, s.told())
	require.Equal(t, twins.Open{Turns: 1, Tasks: 1}, s.Open())
	require.Equal(t, uint64(2), s.OpenDeeds()[0].ID)
	x := s.tasks[0]
	require.Equal(t, []any{20 * second, "bearings", "inspection", sim.NoCommand}, []any{x.Patience, x.Escalate, x.Skill, x.Does})
	require.Equal(t, 600.0, x.Takes.Quantile(0.5))
	s.answers(2, 0, sim.Done)
	require.Equal(t, []string{"1m30s 2 done", "1m30s turn 1 done"}, s.told())
	require.True(t, s.loops[0].Manned)
}

func TestTasksHaveTheDecisionsPriorityOrTheirOwn(t *testing.T) {
	five := 5
	s := newStage(t).watch(twins.Decision{When: "vibration > 8", Priority: 2, Do: list(twins.Step{Parallel: [][]twins.Step{
		{{Task: "look", Skill: "inspection"}}, {{Task: "mend", Skill: "bearings", Priority: &five}},
	}})})
	s.reads(0, 0, 9, 0)
	require.Equal(t, []int{2, 5}, []int{s.tasks[0].Priority, s.tasks[1].Priority})
}

func TestABranchGoesOneWay(t *testing.T) {
	for vibration, want := range map[float64]string{9: "resume", 11: "stop"} {
		s := newStage(t).steps(twins.Step{If: "vibration > 10", Then: list(word("stop")), Else: list(word("resume"))})
		s.obeys()
		s.reads(0, 0, vibration, 0)
		require.Equal(t, s.press.Command(want), s.commands[0].Name)
		require.Len(t, s.commands, 1)
		require.Equal(t, sim.Done, s.loops[0].Outcome)
	}
}

func TestParallelListsJoinAndFailIfOneHas(t *testing.T) {
	s := newStage(t).steps(
		twins.Step{Parallel: [][]twins.Step{
			{word("stop"), word("renew")},
			{{Task: "look", Skill: "inspection"}},
			{{Wait: chance.Constant(5)}},
		}},
		word("resume"))
	s.reads(0, 0, 9, 0)
	s.until(10 * second)
	s.answers(2, 0, sim.Done)
	s.answers(1, 0, sim.Done)
	s.until(20 * second)
	s.answers(3, 0, sim.Done)
	s.answers(4, 0, sim.Done)
	require.Equal(t, []string{
		"0s stop 1 attempt 1", "0s look 2 attempt 1", "10s 2 done", "10s 1 done", "10s renew 3 attempt 1",
		"20s 3 done", "20s resume 4 attempt 1", "20s 4 done", "20s turn 1 done",
	}, s.told())

	s.reads(30*second, 1, 9, 0)
	s.answers(5, 1, sim.Failed)
	s.until(40 * second)
	require.Equal(t, twins.Open{Turns: 1, Tasks: 1}, s.Open(), "the others are not cut short")
	s.answers(6, 1, sim.Done)
	require.Equal(t, sim.Failed, s.loops[1].Outcome)
	require.Len(t, s.commands, 4, "nothing follows a failure")
}

func TestATimeoutTakesBackAllThatIsUnderWay(t *testing.T) {
	s := newStage(t).play(twins.Config{
		Decisions: []twins.Decision{{Name: "alarm", When: "vibration > 8", Do: list(twins.Step{
			Process: "repair", Timeout: time.Minute, Retry: &twins.Retry{Times: 1}, OnFailure: list(word("resume")),
		})}},
		Processes: []twins.Process{{Name: "repair", Steps: list(word("stop"), twins.Step{Parallel: [][]twins.Step{
			{{Task: "look", Skill: "inspection"}}, {word("renew")}, {{Wait: chance.Constant(3600)}, word("resume")},
		}})}},
	})
	s.onCommand = func(c sim.Command) {
		if c.Name != s.press.Command("renew") {
			s.answers(c.ID, c.Thing, sim.Done)
		}
	}
	s.reads(0, 0, 9, 0)
	s.until(3 * time.Hour)
	require.Equal(t, []string{
		"0s stop 1 attempt 1", "0s 1 done", "0s look 2 attempt 1", "0s renew 3 attempt 1",
		"1m0s withdraw 2", "1m0s 2 timed out", "1m0s 3 timed out",
		"1m0s stop 4 attempt 1", "1m0s 4 done", "1m0s look 5 attempt 1", "1m0s renew 6 attempt 1",
		"2m0s withdraw 5", "2m0s 5 timed out", "2m0s 6 timed out",
		"2m0s compensating: alarm", "2m0s resume 7 attempt 1", "2m0s 7 done", "2m0s turn 1 timed out",
	}, s.told())
	require.Equal(t, twins.Open{}, s.Open())
}

func TestCompensationRunsFromTheInsideOut(t *testing.T) {
	s := newStage(t).play(twins.Config{
		Decisions: []twins.Decision{{Name: "alarm", When: "vibration > 8", Do: list(
			twins.Step{Process: "repair", OnFailure: list(twins.Step{Notify: "outer", Topic: "outer"})}, word("resume"))}},
		Processes: []twins.Process{{Name: "repair", Steps: list(
			twins.Step{Command: "renew", OnFailure: list(word("stop"), twins.Step{Notify: "never", Topic: "never"})})}},
	})
	s.onCommand = func(c sim.Command) { s.answers(c.ID, c.Thing, sim.Failed) }
	s.reads(0, 0, 9, 0)
	require.Equal(t, []string{
		"0s renew 1 attempt 1", "0s 1 failed", "0s compensating: alarm", "0s stop 2 attempt 1", "0s 2 failed",
		"0s compensating: alarm", "0s notify: outer", "0s turn 1 failed",
	}, s.told())
}

func TestATaskWaitsForStockAndGivesBackWhatItDidNotUse(t *testing.T) {
	bearings := &shelf{table: table{columns: columns("stock")}}
	play := func() *stage {
		*bearings = shelf{table: bearings.table}
		return newStage(t).watch(twins.Decision{When: "vibration > 8", Do: list(twins.Step{
			Task: "fit", Skill: "bearings", Uses: "spares", Count: 2, Timeout: time.Hour,
		})}, twins.NamedSource{Name: "spares", Source: bearings})
	}
	s := play()
	s.reads(0, 0, 9, 0)
	require.Empty(t, s.tasks)
	require.Equal(t, twins.Open{Turns: 1, Waiting: 1}, s.Open())
	s.until(10 * second)
	bearings.refill()
	require.Len(t, s.tasks, 1)
	require.Equal(t, sim.Time(10*second), s.tasks[0].Decided.At)
	require.Equal(t, twins.Open{Turns: 1, Tasks: 1}, s.Open())
	s.answers(1, 0, sim.Failed)
	require.Zero(t, bearings.given, "what was tried is used up")

	s = play() // timed out while waiting
	s.reads(0, 0, 9, 0)
	s.until(2 * time.Hour)
	bearings.refill()
	require.Empty(t, s.tasks)
	require.Equal(t, twins.Open{}, s.Open())

	s = play() // withdrawn before anybody began
	bearings.there = 2
	s.onWithdraw = func(id uint64) { s.answers(id, 0, sim.Withdrawn) }
	s.reads(0, 0, 9, 0)
	s.until(2 * time.Hour)
	require.Equal(t, 2, bearings.given)
	require.Zero(t, s.Counts().LateAcks)

	s = play() // under way when it timed out
	bearings.there = 2
	s.reads(0, 0, 9, 0)
	s.until(2 * time.Hour)
	s.answers(1, 0, sim.Done)
	require.Zero(t, bearings.given)
	require.EqualValues(t, 1, s.Counts().LateAcks)
}

func TestOpenDeedsSayWhereTheyWait(t *testing.T) {
	s := newStage(t).play(twins.Config{
		Decisions: []twins.Decision{
			{Name: "hot", When: "temperature > 80", Do: list(word("stop"))},
			{Name: "alarm", When: "vibration > 8", Do: list(word("repair"))},
		},
		Processes: []twins.Process{{Name: "idle", Steps: list(twins.Step{Notify: "-"})}, {Name: "repair", Steps: list(
			twins.Step{If: "temperature > 1", Then: list(twins.Step{Notify: "x"}, word("renew"))})}},
	})
	s.reads(second, 4, 9, 90)
	require.Equal(t, []sim.Deed{
		{ID: 1, Thing: 4, Name: "stop", Decision: 0, Process: -1, Step: 0, Attempt: 1, Issued: sim.Time(second)},
		{ID: 2, Thing: 4, Name: "renew", Decision: 1, Process: 1, Step: 2, Attempt: 1, Issued: sim.Time(second)},
	}, s.OpenDeeds())
	require.Equal(t, twins.StepInfo{Depth: 1, Sort: "command", What: "renew"}, s.Processes()[1].Steps[2])
}

func TestTheSameInputsGiveTheSameDeeds(t *testing.T) {
	play := func() ([]string, uint64) {
		s := newStage(t).watch(twins.Decision{When: "vibration > 8 or silent_for() > seconds(15)", Until: "vibration < 3", For: 5 * second, Do: list(
			twins.Step{Command: "stop", Timeout: 7 * second, Retry: &twins.Retry{Times: 2, Backoff: second}, OnFailure: list(word("renew"))},
			twins.Step{Parallel: [][]twins.Step{{{Wait: chance.Constant(3)}, word("resume")}, {{Task: "look", Skill: "inspection", Timeout: time.Minute}}}},
		)})
		s.onCommand = func(c sim.Command) {
			if (c.ID+uint64(c.Attempt))%3 > 0 {
				s.World.Clock.After(time.Duration(c.ID%9)*second, func() { s.answers(c.ID, c.Thing, sim.Outcome(c.ID%2)) })
			}
		}
		for n := range 2000 {
			s.reads(time.Duration(n)*second, sim.ThingID(n*n%40), float64(n*7919%12), 0)
		}
		s.until(3 * time.Hour)
		return s.told(), s.World.Clock.Hash()
	}
	first, hash := play()
	second, again := play()
	require.Greater(t, len(first), 500)
	require.Equal(t, first, second)
	require.Equal(t, hash, again)
}
