package scenarios_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/scenarios"
)

// natsServer is the version whose MQTT gateway is tested, built by the go command.
const natsServer = "github.com/nats-io/nats-server/v2@v2.15.2"

// nats runs a NATS server and returns the address of its MQTT gateway.
func nats(t *testing.T) string {
	dir := t.TempDir()
	build := exec.Command(program(t, "go"), "install", natsServer)
	build.Env = append(os.Environ(), "GOBIN="+dir, "GOFLAGS=", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Skipf("%s cannot be had: %s", natsServer, out)
	}
	address := "127.0.0.1:" + freePort(t)
	conf := filepath.Join(dir, "nats.conf")
	require.NoError(t, os.WriteFile(conf, fmt.Appendf(nil, `
server_name: twinbed
listen: "127.0.0.1:-1"
jetstream { store_dir: %q }
mqtt { listen: %q }
`, filepath.Join(dir, "store"), address), 0o600))
	server := exec.Command(filepath.Join(dir, "nats-server"), "-c", conf)
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	listening(t, address)
	return address
}

func TestTheSameScenarioOverNATS(t *testing.T) {
	address := nats(t)
	for _, qos := range []string{"0", "1"} {
		r, err := playOver(t, "mqtt://"+address, scenarios.Staging{}, "things.sensor.qos="+qos)
		require.NoError(t, err)
		requireWhole(t, r)
	}
}
