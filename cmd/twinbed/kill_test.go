package main

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/reports"
)

const killed = `
name: killed
clock: realtime
duration: 60s
things:
  sensor:
    count: 50
    every: 100ms
    qos: 1
    signals: {temperature: normal mean 65 sd 8}
    commands: [cool]
decisions:
  too hot: {when: temperature > 80, do: look after it}
process:
  look after it:
    - {command: cool, timeout: 20s, retry: 2}
    - {wait: 1s}
    - {task: look, skill: inspection}
people:
  mechanic: {count: 4, skills: [inspection], answers: 1s, takes: 2s}
durable: journal
`

// twice is a scenario that two processes play.
type twice struct {
	*testing.T
	program, dir, broker string
}

func playTwice(t *testing.T) *twice {
	if testing.Short() || runtime.GOOS == "windows" {
		t.Skip("it plays for half a minute, and kills")
	}
	x := &twice{T: t, dir: t.TempDir()}
	x.program = filepath.Join(x.dir, "twinbed")
	out, err := exec.Command("go", "build", "-o", x.program, ".").CombinedOutput()
	require.NoError(t, err, string(out))
	require.NoError(t, os.WriteFile(filepath.Join(x.dir, "killed.yaml"), []byte(killed), 0o600))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	x.broker = "mqtt://" + l.Addr().String()
	require.NoError(t, l.Close())
	return x
}

func (x *twice) start(part string, more ...string) *exec.Cmd {
	ctx, cancel := context.WithTimeout(x.Context(), 2*time.Minute)
	x.Cleanup(cancel)
	args := append([]string{"run", "killed.yaml", "--only", part, "--broker", x.broker, "-q"}, more...)
	c := exec.CommandContext(ctx, x.program, args...)
	c.Dir, c.Stderr = x.dir, x.Output()
	require.NoError(x, c.Start())
	return c
}

// interrupt ends a part as Ctrl-C does: it still reports.
func (x *twice) interrupt(c *exec.Cmd) {
	require.NoError(x, c.Process.Signal(os.Interrupt))
	_ = c.Wait() // it was cut short, and its exit code says so
}

func (x *twice) listening() {
	address := x.broker[len("mqtt://"):]
	require.Eventually(x, func() bool {
		c, err := net.Dial("tcp", address)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	}, 30*time.Second, 10*time.Millisecond)
}

func (x *twice) report(dir string) *reports.Report {
	text, err := os.ReadFile(filepath.Join(x.dir, dir, "report.json"))
	require.NoError(x, err)
	r := &reports.Report{}
	require.NoError(x, json.Unmarshal(text, r))
	return r
}

// play kills the platform twice in mid-run and has it go on.
func (x *twice) play(again func() *exec.Cmd) (platform, fleet *reports.Report) {
	p := x.start("platform", "--out", "platform")
	x.listening()
	f := x.start("fleet", "--out", "fleet", "--duration", "12s")
	for range 2 {
		time.Sleep(3 * time.Second)
		require.NoError(x, p.Process.Kill())
		_ = p.Wait()
		p = again()
		x.listening()
	}
	_ = f.Wait()
	time.Sleep(time.Second)
	x.interrupt(p)
	return x.report("platform"), x.report("fleet")
}

func TestAPlatformThatIsKilledGoesOnAndHasLostNothingThatItAcknowledged(t *testing.T) {
	x := playTwice(t)
	p, f := x.play(func() *exec.Cmd { return x.start("platform", "--resume", "platform") })

	sent := f.Ledger.Readings[0]
	require.NotZero(t, sent.Sent)
	require.Equal(t, sent.Sent, sent.Delivered, "all was acknowledged in the end")
	require.True(t, f.Ledger.Balanced, f.Reasons)
	d := p.Durable
	require.Zero(t, d.Missing)
	require.Equal(t, sent.Delivered, d.Numbered, "and all that was acknowledged is in the twins")
	require.Equal(t, sent.Delivered, p.Ledger.Readings[0].Delivered)
	require.True(t, p.Ledger.Balanced, p.Reasons)
	require.Len(t, d.Resumed, 2)
	for _, l := range d.Resumed {
		require.NotZero(t, l.Readings)
		require.Positive(t, float64(l.Took))
	}

	// No step vanished, and none was done twice: what the platform has of commands the
	// things have, and every turn is closed or open.
	turns, commands := p.Ledger.Turns, p.Ledger.Commands
	require.NotZero(t, turns.Issued)
	require.Zero(t, turns.Unexplained)
	require.Zero(t, commands.Unexplained)
	require.Zero(t, commands.Closed.TimedOut)
	require.Equal(t, commands.Issued, commands.Closed.Done+commands.Open)
	require.Equal(t, commands.Closed.Done, f.Ledger.Commands.Closed.Done)
	require.Equal(t, turns.Issued, p.Decisions[0].Fired)
	require.Zero(t, p.Ledger.Tasks.Unexplained)
}

func TestWithoutAJournalWhatIsLostIsCounted(t *testing.T) {
	x := playTwice(t)
	p, f := x.play(func() *exec.Cmd {
		return x.start("platform", "--out", "platform", "--set", "durable=numbers")
	})
	require.False(t, p.Durable.Journal)
	sent := f.Ledger.Readings[0]
	require.Equal(t, sent.Sent, sent.Delivered)
	require.NotZero(t, p.Durable.Missing)
	require.Equal(t, sent.Delivered, p.Durable.Numbered+p.Durable.Missing)
}

func TestOnlyARunThatIsThereIsResumed(t *testing.T) {
	x := playTwice(t)
	for _, args := range [][]string{
		{"--resume", "nothing"},
		{"--resume", "nothing", "--set", "durable=numbers"},
		{"--resume", "nothing", "--clock", "virtual"},
	} {
		c := x.start("platform", args...)
		require.Error(t, c.Wait())
		require.NotContains(t, []int{0, 1}, c.ProcessState.ExitCode())
	}
}
