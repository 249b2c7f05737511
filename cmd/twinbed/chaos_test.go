package main

import (
	"os/exec"
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
			out, err := exec.Command("go", "run", "-tags", tag, ".", "chaos", "../../scenarios/testdata/faults.yaml", "--plans", "150", "-q").CombinedOutput()
			require.Error(t, err, "a broken invariant is exit code 1")
			require.Contains(t, string(out), want)
			require.Contains(t, string(out), "exit status 1")
		})
	}
}
