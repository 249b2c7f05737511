package scenarios_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/scenarios"
)

// node runs the example platform against a broker until the test ends.
func node(t *testing.T, address string) {
	const example = "../docs/examples/platform-node"
	path := program(t, "node")
	if _, err := os.Stat(filepath.Join(example, "node_modules")); err != nil {
		t.Skip("its one dependency is not installed: npm ci --prefix docs/examples/platform-node")
	}
	c := exec.Command(path, filepath.Join(example, "platform.js"), "mqtt://"+address)
	c.Stderr = os.Stderr
	require.NoError(t, c.Start())
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
}

func TestTheExamplePlatformDecidesHello(t *testing.T) {
	s, err := scenarios.Load("hello", scenarios.Options{Sets: []string{
		"platform=external", "duration=5s", "things.sensor.count=200", "limits=unexplained = 0",
	}})
	require.NoError(t, err)
	defer s.Close()
	run, err := s.Stage(scenarios.Staging{})
	require.NoError(t, err)
	node(t, run.BrokerAddress())
	r, err := run.Play(t.Context())
	require.NoError(t, err)
	require.True(t, r.Ledger.Balanced, "%v", r.Reasons)
	d := r.Decisions[0]
	require.Equal(t, "too hot", d.Name)
	require.NotZero(t, d.Closed.Done)
	var loop reports.Figures
	for _, loop = range d.Segments {
		require.Equal(t, d.Closed.Done, loop.Count, loop.Name)
	}
	t.Logf("loops of a platform in Node.js: %d, p50 %.2f ms, p99 %.2f ms", loop.Count, 1e3*float64(loop.P50), 1e3*float64(loop.P99))
}
