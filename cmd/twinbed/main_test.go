package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files anew")

// twinbed runs a command line as a shell would and returns what it said.
func twinbed(t *testing.T, ctx context.Context, args ...string) (code int, out, err string) {
	var o, e bytes.Buffer
	code = run(args, &console{Context: ctx, in: strings.NewReader("secret\n"), out: &o, err: &e, lookupEnv: os.LookupEnv})
	return code, o.String(), e.String()
}

// small is a scenario that plays in no time; more is added to it.
func small(t *testing.T, more string) string {
	file := filepath.Join(t.TempDir(), "small.yaml")
	text := "# Is it small?\nname: small\nduration: 10m\nthings:\n  pump: {count: 3, every: 10s, signals: {x: normal mean 5 sd 1}, commands: [stop]}\n" +
		"decisions:\n  high: {when: x > 6, do: stop}\nvariants:\n  few: {things: {pump: {count: 1}}}\n  many: {things: {pump: {count: 9}}}\n"
	require.NoError(t, os.WriteFile(file, []byte(text+more), 0o600))
	return file
}

// pipe is a named one that nobody writes to.
func pipe(t *testing.T) string {
	name := filepath.Join(t.TempDir(), "pipe.yaml")
	if out, err := exec.Command("mkfifo", name).CombinedOutput(); err != nil {
		t.Skipf("no named pipes here: %v %s", err, out)
	}
	return name
}

func TestWhatListensToNoSignalIsLeftBehind(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	begun, never := make(chan struct{}), make(chan struct{})
	defer close(never)
	go func() { <-begun; cancel() }()
	_, err := unlessInterrupted(ctx, func() (int, error) { close(begun); <-never; return 1, nil })
	require.ErrorContains(t, err, "interrupted")
	x, err := unlessInterrupted(context.Background(), func() (int, error) { return 1, nil })
	require.NoError(t, err)
	require.Equal(t, 1, x)
}

func TestExitCodesTellWhatBecameOfARun(t *testing.T) {
	ctx := context.Background()
	cut, cancel := context.WithCancelCause(ctx)
	cancel(errors.New("interrupted"))
	for _, x := range []struct {
		name string
		ctx  context.Context
		args []string
		code int
		says string
	}{
		{"pass", ctx, []string{"run", small(t, "")}, 0, "PASS"},
		{"quiet", ctx, []string{"run", "-q", small(t, "")}, 0, "PASS"},
		{"a broken limit", ctx, []string{"run", small(t, "limits: [count of high.loop < 1]\n")}, 1, "broken limit: count of high.loop < 1"},
		{"a limit that nothing was measured for", ctx, []string{"run", small(t, "limits: [p99 of lateness < 1s]\n")}, 1, "broken limit"},
		{"cut short", cut, []string{"run", small(t, ""), "--duration", "300 days"}, 3, "not played to its end"},
		{"a fault when all is over", ctx, []string{"check", small(t, "faults: [{at: 20m, for: 1m, fault: message_loss, where: pump, rate: 5%}]\n")}, 0, "the fault message_loss at 20m has no effect: the run ends at 10m"},
		{"the same in a run", ctx, []string{"run", small(t, "faults: [{at: 10m, for: 1m, fault: message_loss, where: pump, rate: 5%}]\n")}, 0, "note: the fault message_loss at 10m has no effect: the run ends at 10m"},
		{"a device", ctx, []string{"check", os.DevNull}, 2, "is no file on a disk"},
		{"a pipe", ctx, []string{"run", pipe(t)}, 2, "is no file on a disk"},
		{"a wrong scenario", ctx, []string{"run", small(t, "limts: []\n")}, 2, "did you mean limits?"},
		{"a wrong setting", ctx, []string{"run", small(t, ""), "--set", "things.pump.count=none"}, 2, "--set things.pump.count=none"},
		{"a setting beside what is there", ctx, []string{"run", small(t, ""), "--set", "things.pmp.count=4"}, 2, `things has no "pmp", did you mean pump?`},
		{"a wrong seed", ctx, []string{"run", small(t, ""), "--seed", "abc"}, 2, "seed"},
		{"a broker without a queue", ctx, []string{"broker", "--queue", "0"}, 2, "1 to 65535 messages long"},
		{"a wrong clock", ctx, []string{"run", small(t, ""), "--clock", "soon"}, 2, "is no clock"},
		{"no such file", ctx, []string{"run", "nowhere.yaml"}, 2, "there are cold-chain, hello, "},
		{"no such variant", ctx, []string{"run", small(t, ""), "--variant", "lots"}, 2, "there are few, many"},
		{"no such flag", ctx, []string{"run", "hello", "--fast"}, 2, "unknown flag --fast"},
		{"no command", ctx, nil, 2, "expected one of"},
		{"help", ctx, []string{"--help"}, 0, "Usage: twinbed"},
		{"check", ctx, []string{"check", small(t, "")}, 0, "nothing wrong"},
		{"check what is wrong", ctx, []string{"check", small(t, "limits: [p99 of hihg.loop < 1s]\nkpis: [x]\n")}, 2, "2 mistakes"},
		{"compare", ctx, []string{"compare", small(t, "kpis: [readings]\n"), "--replications", "3"}, 0, "less few"},
		{"compare as narrow as asked", ctx, []string{"compare", small(t, "kpis: [readings]\n"), "--precision", "5%"}, 0, "20 seeds, in virtual time\nthe difference of readings is known to ± 0% of the mean of few: as narrow as asked"},
		{"compare at the limit", ctx, []string{"compare", small(t, "kpis: [readings, commands]\n"), "--precision", "0.1% of commands", "--replications", "21"}, 0, "at the limit of 21 seeds"},
		{"compare as narrow as what", ctx, []string{"compare", small(t, ""), "--precision", "5%"}, 2, "precision of what?"},
		{"compare no seeds", ctx, []string{"compare", small(t, ""), "--replications=0"}, 2, "it must be from 1 to 100000"},
		{"on cores that are none", ctx, []string{"run", small(t, ""), "--cores=-1"}, 2, "--cores"},
		{"on two cores by the wall", ctx, []string{"run", small(t, ""), "--cores", "2", "--clock", "5x", "--duration", "5s"}, 0, "played on one core: time passes by the wall"},
		{"compare on cores that are none", ctx, []string{"compare", small(t, ""), "--cores=-1"}, 2, "--cores"},
		{"compare cut short", cut, []string{"compare", small(t, "")}, 3, "interrupted"},
		{"metrics for all the world", ctx, []string{"run", small(t, ""), "--metrics", "0.0.0.0:9464"}, 2, "can be reached from elsewhere"},
		{"metrics of no address", ctx, []string{"run", small(t, ""), "--metrics", "9464"}, 2, "is no address"},
		{"metrics of a run that is over at once", ctx, []string{"run", small(t, ""), "--metrics", "localhost:0"}, 0, "metrics: http://127.0.0.1:"},
		{"capacity", ctx, []string{"capacity", small(t, "limits: [count of high.loop < 2000]\n"), "--tolerance", "20%"}, 0, "sustained:"},
		{"capacity quietly", ctx, []string{"capacity", "-q", small(t, "limits: [count of high.loop < 2000]\n"), "--max", "2"}, 0, "PASS 2"},
		{"capacity where nothing holds", ctx, []string{"capacity", small(t, "limits: [count of high.loop < 1]\n")}, 1, "no rate held"},
		{"capacity cut short", cut, []string{"capacity", small(t, "limits: [count of high.loop < 1]\n")}, 3, "ended early: interrupted"},
		{"capacity of what nothing breaks", ctx, []string{"capacity", small(t, "")}, 2, "no limit that a rate could break"},
		{"capacity by what is not there", ctx, []string{"capacity", small(t, ""), "--by", "luck"}, 2, "by things or by rate"},
		{"capacity to a wrong tolerance", ctx, []string{"capacity", small(t, ""), "--tolerance", "0%"}, 2, "from 0.1% to 100%"},
		{"capacity in steps of no unit", ctx, []string{"capacity", small(t, ""), "--step-time", "5"}, 2, "--step-time: "},
		{"list", ctx, []string{"list", "faults"}, 0, "message_loss"},
		{"list one", ctx, []string{"list", "thermal"}, 0, "Newton"},
		{"list the steps", ctx, []string{"list", "process"}, 0, "on_failure"},
		{"list what a KPI of one's own is made of", ctx, []string{"list", "own KPI"}, 0, "integral"},
		{"list what is mistyped", ctx, []string{"list", "fautls"}, 2, `did you mean "faults"?`},
		{"list what is not there", ctx, []string{"list", "nonsense"}, 2, "there is no \"nonsense\""},
		{"version", ctx, []string{"version"}, 0, "twinbed"},
	} {
		t.Run(x.name, func(t *testing.T) {
			code, out, err := twinbed(t, x.ctx, x.args...)
			require.Equal(t, x.code, code, "%s%s", out, err)
			require.Contains(t, out+err, x.says)
		})
	}
}

func TestOutHoldsTheReportTheEventsAndTheScenarioAsPlayed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	code, _, _ := twinbed(t, context.Background(), "run", small(t, ""), "--out", dir, "--variant", "many", "--seed", "5", "--duration", "20m")
	require.Zero(t, code)
	var report struct {
		Schema  string
		Seed    int
		Variant string
		Played  float64
	}
	text, err := os.ReadFile(filepath.Join(dir, "report.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &report))
	require.Equal(t, "twinbed.report/1", report.Schema)
	require.Equal(t, 5, report.Seed)
	require.Equal(t, 1200.0, report.Played)
	events, err := os.ReadFile(filepath.Join(dir, "events.jsonl"))
	require.NoError(t, err)
	require.Contains(t, string(events), `"what":"fired"`)
	played := filepath.Join(dir, "scenario.yaml")
	again := filepath.Join(t.TempDir(), "again")
	code, _, _ = twinbed(t, context.Background(), "run", played, "--out", again)
	require.Zero(t, code, "the scenario as played can be played")
	second, err := os.ReadFile(filepath.Join(again, "events.jsonl"))
	require.NoError(t, err)
	require.Equal(t, string(events), string(second), "and is the same run")

	code, _, said := twinbed(t, context.Background(), "run", small(t, ""), "--out", "/proc/nowhere")
	require.Equal(t, 3, code)
	require.Contains(t, said, "/proc/nowhere")
}

func TestARunOnTwoCoresIsTheSameRun(t *testing.T) {
	var events [2]string
	for n, cores := range []string{"1", "60000"} { // at most those there are
		dir := t.TempDir()
		code, out, err := twinbed(t, context.Background(), "run", small(t, ""), "--out", dir, "--cores", cores, "--set", "things.pump.count=100")
		require.Zero(t, code, out+err)
		require.NotContains(t, err, "played on one core")
		text, readErr := os.ReadFile(filepath.Join(dir, "events.jsonl"))
		require.NoError(t, readErr)
		require.NotEmpty(t, text)
		events[n] = string(text)
	}
	require.Equal(t, events[0], events[1])
}

func TestTheCapacityOfALiveScenarioIsWrittenDown(t *testing.T) {
	dir := t.TempDir()
	code, out, err := twinbed(t, context.Background(), "capacity", "hello", "--set", "things.sensor.count=20", "--step-time", "300ms", "--warm-up", "100ms",
		"--max", "42", "--tolerance", "50%", "--out", dir, "--set", "limits=unexplained = 0")
	require.Contains(t, []int{0, 1, 3}, code, out+err) // on a machine that has no time for it nothing may hold
	require.Contains(t, out, "capacity of hello, realtime")
	require.Contains(t, err, "21/s: ")
	text, readErr := os.ReadFile(filepath.Join(dir, "capacity.json"))
	require.NoError(t, readErr)
	var c struct {
		Schema string
		Steps  []struct {
			Rate float64
			Runs []struct{ Offered float64 }
		}
	}
	require.NoError(t, json.Unmarshal(text, &c))
	require.Equal(t, "twinbed.capacity/1", c.Schema)
	require.NotEmpty(t, c.Steps)
	require.Positive(t, c.Steps[0].Runs[0].Offered)
}

func TestALiveRunThatIsInterruptedReports(t *testing.T) {
	ctx, cancel := context.WithTimeoutCause(context.Background(), 1500*time.Millisecond, errors.New("interrupted"))
	defer cancel()
	dir := t.TempDir()
	code, out, err := twinbed(t, ctx, "run", "hello", "--set", "things.sensor.count=20", "--set", "broker.web_socket=127.0.0.1:0", "--out", dir)
	require.Equal(t, 3, code)
	require.Contains(t, out, "not played to its end")
	require.Regexp(t, `broker: mqtt://127\.0\.0\.1:\d+ and ws://127\.0\.0\.1:\d+/`, err)
	text, readErr := os.ReadFile(filepath.Join(dir, "report.json"))
	require.NoError(t, readErr)
	require.Contains(t, string(text), `"balanced": true`)
}

func TestInitWritesAScenarioThatPlaysAndKeepsWhatIsThere(t *testing.T) {
	t.Chdir(t.TempDir())
	code, out, _ := twinbed(t, context.Background(), "init", "demo")
	require.Zero(t, code)
	require.Contains(t, out, "twinbed run demo.yaml")
	code, out, _ = twinbed(t, context.Background(), "run", "demo.yaml")
	require.Zero(t, code, out)
	code, _, err := twinbed(t, context.Background(), "init", "demo")
	require.Equal(t, 2, code)
	require.Contains(t, err, "demo.yaml is there already")
	code, _, err = twinbed(t, context.Background(), "init", "../demo")
	require.Equal(t, 2, code)
	require.Contains(t, err, "cannot be a name")
}

func TestTheSchemaIsASchema(t *testing.T) {
	code, out, _ := twinbed(t, context.Background(), "schema")
	require.Zero(t, code)
	parsed, err := jsonschema.UnmarshalJSON(strings.NewReader(out))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("scenario.json", parsed))
	_, err = c.Compile("scenario.json")
	require.NoError(t, err)
}

// The golden file keeps what scenarios can name visible in one place.
func TestTheCatalogueIsWrittenDown(t *testing.T) {
	code, out, _ := twinbed(t, context.Background(), "list")
	require.Zero(t, code)
	golden := filepath.Join("testdata", "list.txt")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(golden, []byte(out), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), out, "go test ./cmd/twinbed -update writes it anew")
}
