package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestChaosFindsWhatIsPlantedAndShrinksItToOneFault(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("there is no go to build the planted bugs with")
	}
	for tag, want := range map[string]string{
		"planted_undo": "shrunk to one fault: all faults are over, and ",
		"planted_ack":  "shrunk to one fault: the books do not balance",
	} {
		t.Run(tag, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			program := filepath.Join(dir, "twinbed")
			out, err := exec.Command("go", "build", "-tags", tag, "-o", program, ".").CombinedOutput()
			require.NoError(t, err, "%s", out)
			scenario := "../../scenarios/testdata/faults.yaml"
			play := exec.Command(program, "chaos", scenario, "--plans", "150", "-q", "--seed", "3", "--duration", "5h", "--set", "things.pump.count=12", "--out", dir)
			out, err = play.CombinedOutput()
			require.Error(t, err, "a broken invariant is exit code 1")
			require.Contains(t, string(out), want)
			require.Equal(t, 1, play.ProcessState.ExitCode())
			plan, err := os.ReadFile(filepath.Join(dir, "faults.yaml"))
			require.NoError(t, err)
			require.Contains(t, string(out), string(plan))

			// The command that it names plays it again, alone.
			_, command, _ := strings.Cut(string(plan), "# twinbed ")
			command, _, _ = strings.Cut(command, "\n")
			replay := exec.Command("sh", "-c", program+" "+command)
			out, _ = replay.CombinedOutput()
			require.Equal(t, 3, replay.ProcessState.ExitCode(), "%s", out)
			_, why, _ := strings.Cut(want, ": ")
			require.Contains(t, string(out), why)

			// What is told is a plan with which a run fails in the same way.
			source, err := os.ReadFile(scenario)
			require.NoError(t, err)
			prices, err := os.ReadFile("../../scenarios/testdata/faults/price.csv")
			require.NoError(t, err)
			require.NoError(t, os.MkdirAll(filepath.Join(dir, "faults"), 0o755))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "faults", "price.csv"), prices, 0o644))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "replay.yaml"), append(source, plan...), 0o644))
			again := exec.Command(program, "run", filepath.Join(dir, "replay.yaml"), "--seed", "3", "--duration", "5h", "--set", "things.pump.count=12")
			out, _ = again.CombinedOutput()
			require.Equal(t, 3, again.ProcessState.ExitCode(), "%s", out)
			require.Contains(t, string(out), why)
		})
	}
}
