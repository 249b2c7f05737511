package twins_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
	"github.com/twinbed/twinbed/twins"
)

func TestMistakesAreToldWithTheirPlace(t *testing.T) {
	alarm := func(do ...twins.Step) twins.Config {
		return twins.Config{Decisions: []twins.Decision{{Name: "alarm", When: "vibration > 8", Do: do}}}
	}
	decide := func(d twins.Decision) twins.Config {
		d.Name = "alarm"
		if d.Do == nil {
			d.Do = list(twins.Step{Notify: "x"})
		}
		return twins.Config{Decisions: []twins.Decision{d}}
	}
	orders := &table{columns: columns("n", "m"), keyed: true}
	for name, x := range map[string]struct {
		cfg     twins.Config
		sources []twins.NamedSource
		want    []string
	}{
		"unknown name": {cfg: decide(twins.Decision{When: "1 < 2 or vibraton > 8", Of: "press"}),
			want: []string{`decisions.alarm.when:9 unknown name "vibraton", did you mean "vibration"?`}},
		"several in one formula": {cfg: decide(twins.Decision{When: "vibraton > 8 and temprature > 8", Of: "press"}),
			want: []string{`decisions.alarm.when:0 unknown name "vibraton", did you mean "vibration"?`, `decisions.alarm.when:17 unknown name "temprature", did you mean "temperature"?`}},
		"always": {cfg: decide(twins.Decision{When: "1 < 2", Of: "press"}), want: []string{"decisions.alarm.when:0 this is always true: it names nothing that changes"}},
		"not a condition": {cfg: decide(twins.Decision{When: "vibration", Until: "vibration + 1"}),
			want: []string{"decisions.alarm.when:0 this gives a number where true or false is wanted", "decisions.alarm.until:0 this gives a number where true or false is wanted"}},
		"nothing to do": {cfg: alarm(), want: []string{"decisions.alarm.do:0 there is nothing to do: name a command or a process, or list steps"}},
		"unknown kind":  {cfg: decide(twins.Decision{When: "vibration > 8", Of: "pres"}), want: []string{`decisions.alarm.of:0 unknown kind "pres", did you mean "press"?`}},
		"several kinds": {cfg: decide(twins.Decision{When: "hour > 6"}), want: []string{"decisions.alarm.of:0 this fits several kinds: say which of press, tank it watches"}},
		"negative": {cfg: decide(twins.Decision{When: "vibration > 8", For: -1, Check: -1}),
			want: []string{"decisions.alarm.for:0 a duration is not negative", "decisions.alarm.check:0 a duration is not negative"}},
		"not a signal": {cfg: decide(twins.Decision{When: "mean(load, minutes(5)) > 1"}),
			want: []string{`decisions.alarm.when:0 "load" is not a signal of press (there is vibration, temperature)`}},
		"short trend": {cfg: decide(twins.Decision{When: "slope(vibration, seconds(15)) > 1", Of: "press"}),
			want: []string{"decisions.alarm.when:0 a trend over 15s needs readings more often than every 10s"}},
		"no state":     {cfg: decide(twins.Decision{When: "desired(vibration) > 1"}), want: []string{`decisions.alarm.when:0 "vibration" is not a state of press (there is load)`}},
		"not a source": {cfg: decide(twins.Decision{When: "age(vibration) > hours(1)"}), want: []string{`decisions.alarm.when:0 "vibration" is not a source`}},
		"neither":      {cfg: alarm(word("stopp")), want: []string{`decisions.alarm.do.0:0 "stopp" is neither a command of press nor a process, did you mean "stop"?`}},
		"both": {cfg: twins.Config{Decisions: alarm(word("stop")).Decisions, Processes: []twins.Process{{Name: "stop", Steps: list(word("renew"))}}},
			want: []string{`decisions.alarm.do.0:0 "stop" is both a command of press and a process: write {command: stop} or {process: stop}`}},
		"step without sort": {cfg: alarm(twins.Step{Skill: "bearings"}),
			want: []string{"decisions.alarm.do.0:0 a step is one of command, task, wait, if, parallel, notify and process, and this is none"}},
		"step of two sorts": {cfg: alarm(twins.Step{Command: "stop", Task: "look"}), want: []string{"decisions.alarm.do.0:0 a step is one thing, and this is command and task"}},
		"misplaced":         {cfg: alarm(twins.Step{Command: "stop", Skill: "bearings"}), want: []string{"decisions.alarm.do.0.skill:0 skill belongs to task, and this step is command"}},
		"unknown command":   {cfg: alarm(twins.Step{Command: "halt"}), want: []string{`decisions.alarm.do.0.command:0 unknown command "halt" of press (there is stop, resume, turn_to, renew)`}},
		"value missing":     {cfg: alarm(word("turn_to")), want: []string{"decisions.alarm.do.0:0 turn_to needs a value"}},
		"value unused":      {cfg: alarm(twins.Step{Command: "stop", Value: "1"}), want: []string{"decisions.alarm.do.0.value:0 stop takes no value"}},
		"value wrong":       {cfg: alarm(twins.Step{Command: "turn_to", Value: "1 + speed"}), want: []string{`decisions.alarm.do.0.value:4 unknown name "speed" (there is hour, load, site, temperature, vibration, weekday)`}},
		"skill missing":     {cfg: alarm(twins.Step{Task: "look"}), want: []string{"decisions.alarm.do.0:0 a skill must say who can do this (there is bearings, inspection)"}},
		"skill unknown":     {cfg: alarm(twins.Step{Task: "look", Skill: "bearing"}), want: []string{`decisions.alarm.do.0.skill:0 nobody has the skill "bearing", did you mean "bearings"?`}},
		"escalation": {cfg: alarm(twins.Step{Task: "look", Skill: "bearings", Escalate: &twins.Escalate{To: "boss"}}),
			want: []string{`decisions.alarm.do.0.escalate.to:0 nobody has the skill "boss" (there is bearings, inspection)`, "decisions.alarm.do.0.escalate.after:0 escalation comes after some time"}},
		"does":  {cfg: alarm(twins.Step{Task: "look", Skill: "bearings", Does: "reset"}), want: []string{`decisions.alarm.do.0.does:0 unknown command "reset" of press (there is stop, resume, turn_to, renew)`}},
		"stock": {cfg: alarm(twins.Step{Task: "look", Skill: "bearings", Uses: "spare"}), sources: []twins.NamedSource{{Name: "spares", Source: &shelf{}}}, want: []string{`decisions.alarm.do.0.uses:0 unknown stock "spare", did you mean "spares"?`}},
		"no stock": {cfg: alarm(twins.Step{Task: "look", Skill: "bearings", Uses: "orders"}), sources: []twins.NamedSource{{Name: "orders", Source: orders, Key: "site"}},
			want: []string{`decisions.alarm.do.0.uses:0 "orders" is data, not a stock`}},
		"deep": {cfg: alarm(twins.Step{If: "vibration > 9", Then: list(twins.Step{Parallel: [][]twins.Step{{word("stop")}, {word("stop"), word("go")}}})},
			twins.Step{Wait: chance.Constant(1), Timeout: -time.Second, Retry: &twins.Retry{}, OnFailure: list(word("go"))}),
			want: []string{
				`decisions.alarm.do.0.then.0.parallel.1.1:0 "go" is neither a command of press nor a process (there is stop, resume, turn_to, renew)`,
				"decisions.alarm.do.1.timeout:0 a duration is not negative", "decisions.alarm.do.1.retry.times:0 it is tried again once at least",
				`decisions.alarm.do.1.on_failure.0:0 "go" is neither a command of press nor a process (there is stop, resume, turn_to, renew)`,
			}},
		"cycle": {cfg: twins.Config{Processes: []twins.Process{
			{Name: "a", Steps: list(twins.Step{If: "vibration > 1", Then: list(word("b"))})}, {Name: "b", Steps: list(twins.Step{Process: "a"})}}},
			want: []string{"process.a:0 this process calls itself: a → b → a"}},
		"process nobody calls": {cfg: twins.Config{Processes: []twins.Process{{Name: "a", Steps: list(word("drain"), twins.Step{Process: "bb"})}, {Name: "empty"}}},
			want: []string{"process.empty:0 a process has at least one step", `process.a.1.process:0 unknown process "bb" (there is a, empty)`}},
		"twice": {cfg: twins.Config{Decisions: append(alarm(word("stop")).Decisions, alarm(word("stop")).Decisions...)},
			want: []string{"decisions.alarm:0 there are two decisions of this name"}},
		"key missing": {sources: []twins.NamedSource{{Name: "orders", Source: orders}},
			want: []string{"data.orders.join:0 this source has many rows: join must say by which attribute things find theirs (there is site, name)"}},
		"key unknown": {cfg: decide(twins.Decision{When: "vibration > 1 and orders.n > 3"}), sources: []twins.NamedSource{{Name: "orders", Source: orders, Key: "sit"}},
			want: []string{`data.orders.join:0 no kind has an attribute "sit", did you mean "site"?`}},
		"key unused": {sources: []twins.NamedSource{{Name: "price", Source: &table{columns: columns("n")}, Key: "site"}},
			want: []string{"data.price.join:0 this source has one row for all: there is no key to look it up by"}},
		"name taken": {sources: []twins.NamedSource{{Name: "load", Source: &table{columns: columns("n")}}},
			want: []string{"data.load:0 press has a signal, state or attribute of this name: formulas could not tell them apart"}},
		"other twin": {sources: []twins.NamedSource{{Name: "a", Source: &twins.OtherTwin{Twin: "tnk", Signal: "level"}}, {Name: "b", Source: &twins.OtherTwin{Twin: "tank", Signal: "lvl"}, Key: "site"}},
			want: []string{`data.a.twin:0 unknown thing "tnk", did you mean "tank"?`, `data.b.signal:0 "lvl" is not a signal of tank (there is level)`}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			x.cfg.Skills = []string{"bearings", "inspection"}
			_, err := twins.New(x.cfg, s.World, x.sources)
			var got []string
			for _, w := range sim.Wrongs(err) {
				got = append(got, fmt.Sprintf("%s:%d %s", w.Path, w.Offset, w.Message))
			}
			require.Equal(t, x.want, got)
		})
	}
}

func TestTasksNeedPeople(t *testing.T) {
	s := newStage(t)
	_, err := twins.New(twins.Config{Decisions: []twins.Decision{{Name: "a", When: "vibration > 1", Do: list(twins.Step{Task: "look", Skill: "x"})}}}, s.World, nil)
	require.EqualError(t, err, "decisions.a.do.0: there are no people who could do this")
}

func TestTheKindIsTheOneThatFits(t *testing.T) {
	s := newStage(t).play(twins.Config{Decisions: []twins.Decision{
		{Name: "by signal", When: "level > 1", Do: list(twins.Step{Notify: "x"})},
		{Name: "by command", When: "hour > 6", Do: list(word("stop"))},
		{Name: "by a step of a process", When: "hour > 6", Do: list(word("empty"))},
	}, Processes: []twins.Process{{Name: "empty", Steps: list(twins.Step{If: "hour > 1", Then: list(word("drain"))})}}})
	var kinds []string
	for _, d := range s.Decisions() {
		kinds = append(kinds, d.Kind.Name)
	}
	require.Equal(t, []string{"tank", "press", "tank"}, kinds)
}

func TestWordsAreStepsAndTimes(t *testing.T) {
	var step twins.Step
	require.NoError(t, step.FromWords(" change bearing "))
	require.Equal(t, "change bearing", step.Word)
	require.Error(t, step.FromWords("  "))
	var retry twins.Retry
	require.NoError(t, retry.FromWords("3 times"))
	require.Equal(t, 3, retry.Times)
	require.EqualError(t, retry.FromWords("often"), `"often" is not a number of times, as in 3`)
}
