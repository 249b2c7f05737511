package broker

import (
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim"
)

// mosquitto runs one of Debian's MQTT clients against the gate.
func (s *stage) mosquitto(program string, args ...string) *exec.Cmd {
	path, err := exec.LookPath(program)
	if err != nil {
		s.t.Skip(program + " is not installed (Debian: mosquitto-clients)")
	}
	host, port, err := net.SplitHostPort(s.gate.TCP())
	require.NoError(s.t, err)
	return exec.Command(path, append([]string{"-h", host, "-p", port}, args...)...)
}

func TestMosquittoPlaysAThing(t *testing.T) {
	for _, version := range []string{"31", "311", "5"} {
		s := newStage(t, 3, time.Hour, tcp())
		s.outside(0)
		s.onRead = func(r *sim.Reading) {
			if r.Values[0] > 80 {
				s.router.Command(&sim.Command{ID: 12, Thing: r.Thing, Name: 0, Value: noValue, Seq: r.Seq, Attempt: 1, Decided: s.world.Clock.Stamp()})
			}
		}
		s.play()
		sub := s.mosquitto("mosquitto_sub", "-V", version, "-q", "1", "-C", "1", "-W", "20", "-t", commands1)
		var heard strings.Builder
		sub.Stdout = &heard
		require.NoError(t, sub.Start())
		require.Eventually(t, func() bool { return len(s.gate.broker.Load().Takers(commands1)) == 1 }, 20*time.Second, time.Millisecond)

		out, err := s.mosquitto("mosquitto_pub", "-V", version, "-q", "1", "-t", readings1, "-m", `{"temperature": 93.5}`).CombinedOutput()
		require.NoError(t, err, "%s", out)
		require.NoError(t, sub.Wait())
		require.Contains(t, heard.String(), `{"id":12,"command":"cool","attempt":1,"seq":1,`)

		out, err = s.mosquitto("mosquitto_pub", "-V", version, "-q", "2", "-t", acks1, "-m", `{"id":12,"outcome":"done"}`).CombinedOutput()
		require.NoError(t, err, "%s", out)
		s.eventually("the ack", func() bool { return len(s.acks) == 1 && s.acks[0].ID == 12 })

		out, err = s.mosquitto("mosquitto_pub", "-V", version, "-q", "1", "-t", "twinbed/things/press-02/readings", "-m", `{"temperature": 1}`).CombinedOutput()
		if version == "5" {
			require.Contains(t, string(out), "Not authorized")
		} else {
			require.NoError(t, err, "an old client cannot be told: it is not to try again for ever")
		}
		s.eventually("spoofing is told", func() bool { return hasNote(s.notes, "the testbed plays that thing") })
		s.end()
	}
}
