package scenarios_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/broker/contained"
	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/scenarios"
)

func TestALabAttachesADeviceWithItsPasswordOverTLS(t *testing.T) {
	pub := program(t, "mosquitto_pub")
	authority, cert, key := certificate(t, t.TempDir())
	users, err := contained.HashPassword("boiler", "hot water", 1000)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "lab.yaml")
	require.NoError(t, os.WriteFile(file, fmt.Appendf(nil, `name: lab
clock: realtime
duration: 60s
things:
  boiler: {connect: outside, every: 1s, signals: {temperature: 20}}
  lamp: {count: 20, every: 200ms, qos: 1, signals: {light: 5}}
broker: {users: env:LAB_USERS, tls: {cert: %q, key: %q}}
`, cert, key), 0o600))
	s, err := scenarios.Load(file, scenarios.Options{})
	require.NoError(t, err)
	_, err = s.Stage(scenarios.Staging{LookupEnv: func(string) (string, bool) { return "", false }})
	require.ErrorContains(t, err, "LAB_USERS is not set")
	run, err := s.Stage(scenarios.Staging{LookupEnv: func(name string) (string, bool) { return users, name == "LAB_USERS" }})
	require.NoError(t, err)
	host, port, err := net.SplitHostPort(run.BrokerAddress())
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	var report *reports.Report
	done := make(chan error)
	go func() {
		var err error
		report, err = run.Play(ctx)
		done <- err
	}()
	client := func(password, topic string) error {
		return exec.Command(pub, "-h", host, "-p", port, "--cafile", authority, "-i", "boiler", "-u", "boiler", "-P", password, "-q", "1",
			"-t", topic, "-m", `{"temperature":95}`).Run()
	}
	require.NoError(t, client("hot water", "twinbed/things/boiler/readings"))
	require.NoError(t, client("hot water", "twinbed/things/lamp-01/readings"), "it is refused, and not to be tried again")
	require.Error(t, client("cold water", "twinbed/things/boiler/readings"))
	require.Error(t, exec.Command(pub, "-h", host, "-p", port, "-t", "a", "-m", "x").Run(), "in clear")
	require.Eventually(t, func() bool { return client("hot water", "twinbed/things/boiler/readings") == nil }, 20*time.Second, time.Millisecond)
	cancel()
	require.NoError(t, <-done)
	require.NoError(t, s.Close())
	requireBalanced(t, report)
	require.EqualValues(t, 2, report.Ledger.Readings[0].Delivered)
	require.NotZero(t, report.Ledger.Readings[1].Delivered, "the testbed's own things come in over TLS as well")
}
