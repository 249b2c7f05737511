package scenarios_test

import (
	"context"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/broker/contained"
	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/scenarios"
	"github.com/twinbed/twinbed/sim"
)

// mosquitto is a broker that is not ours, in a process of its own.
type mosquitto struct {
	t             *testing.T
	address, conf string
	process       *exec.Cmd
}

// portsGiven are those that freePort has given: tests that run at once must not share
// one, or end each other's brokers.
var portsGiven sync.Map

// freePort is a port of this machine that was free a moment ago, each once.
func freePort(t testing.TB) string {
	for {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		_, port, err := net.SplitHostPort(l.Addr().String())
		require.NoError(t, err)
		require.NoError(t, l.Close())
		if _, again := portsGiven.LoadOrStore(port, true); !again {
			return port
		}
	}
}

func newMosquitto(t *testing.T, conf ...string) *mosquitto {
	if _, err := exec.LookPath("/usr/sbin/mosquitto"); err != nil {
		t.Skip("mosquitto is not installed (Debian: mosquitto)")
	}
	me, err := user.Current()
	require.NoError(t, err)
	port := freePort(t)
	m := &mosquitto{t: t, address: "127.0.0.1:" + port, conf: filepath.Join(t.TempDir(), "mosquitto.conf")}
	// Without the user line a broker started by root becomes another one, who may not
	// read the test's files.
	lines := append([]string{"user " + me.Username, "listener " + port + " 127.0.0.1", "set_tcp_nodelay true"}, conf...)
	if !strings.Contains(strings.Join(conf, "\n"), "allow_anonymous") {
		lines = append(lines, "allow_anonymous true")
	}
	require.NoError(t, os.WriteFile(m.conf, []byte(strings.Join(lines, "\n")+"\n"), 0o600))
	m.start()
	t.Cleanup(m.kill)
	return m
}

func (m *mosquitto) start() {
	m.process = exec.Command("/usr/sbin/mosquitto", "-c", m.conf)
	require.NoError(m.t, m.process.Start())
	listening(m.t, m.address)
}

// kill ends the broker as a power cut does.
func (m *mosquitto) kill() {
	if m.process != nil {
		_ = m.process.Process.Kill()
		_ = m.process.Wait()
		m.process = nil
	}
}

// listening waits until somebody does.
func listening(t testing.TB, address string) {
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	}, 20*time.Second, 10*time.Millisecond)
}

// after does things when so many readings have been sent, on a goroutine of its own.
type after struct {
	sim.Silent
	sent  int
	steps []int
	turn  chan struct{}
}

func inCourse(steps map[int]func(), order ...int) (o *after, end func()) {
	o = &after{steps: order, turn: make(chan struct{}, len(order))}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, n := range order {
			<-o.turn
			steps[n]()
		}
	}()
	return o, func() { <-done }
}

func (a *after) Sent(*sim.Reading) {
	a.sent++
	if len(a.steps) > 0 && a.sent >= a.steps[0] {
		a.steps = a.steps[1:]
		a.turn <- struct{}{}
	}
}

// playOver plays testdata/remote.yaml over a broker.
func playOver(t *testing.T, url string, o scenarios.Staging, sets ...string) (*reports.Report, error) {
	s, err := scenarios.Load("testdata/remote.yaml", scenarios.Options{Sets: append(sets, "broker.url="+url)})
	require.NoError(t, err)
	defer s.Close()
	run, err := s.Stage(o)
	if err != nil {
		return nil, err
	}
	return run.Play(context.Background())
}

// requireExplained holds a run to its books and limits; how late the clock was is
// the machine's business.
func requireExplained(t *testing.T, r *reports.Report) {
	require.True(t, r.Ledger.Balanced, "%v", r.Reasons)
	for _, l := range r.Limits {
		require.True(t, l.Passed, "%s: measured %v", l.Limit, l.Measured)
	}
}

// requireWhole holds a run over a foreign broker to have lost nothing.
func requireWhole(t *testing.T, r *reports.Report) {
	requireExplained(t, r)
	require.Equal(t, r.Ledger.Readings[0].Sent, r.Ledger.Readings[0].Delivered)
	require.Greater(t, r.Ledger.Readings[0].Sent, uint64(1000))
	require.Greater(t, r.Decisions[0].Closed.Done, uint64(50))
	require.Contains(t, r.Remarks[0], "is not ours")
}

func TestTheSameScenarioOverMosquitto(t *testing.T) {
	m := newMosquitto(t)
	for _, client := range [][]string{
		{"things.sensor.qos=0"},
		{"things.sensor.qos=1", "things.sensor.mqtt={session: persistent}"},
		{"things.sensor.qos=2", "things.sensor.mqtt={version: 5, will: true}"},
		{"things.sensor.qos=0", "things.sensor.over=gateway", "things.sensor.mqtt={version: 5}"},
		{"things.sensor.qos=1", "things.sensor.over=gateway", "things.sensor.mqtt={gateways: 3, session: persistent}"},
		{"things.sensor.qos=2", "things.sensor.over=gateway", "things.sensor.mqtt={gateways: 2, version: 5, session: persistent}"},
	} {
		r, err := playOver(t, "mqtt://"+m.address, scenarios.Staging{}, client...)
		require.NoError(t, err)
		requireWhole(t, r)
		require.Zero(t, r.Trust.Foreign, "what passes a foreign broker is still of our things")
	}
}

func TestMosquittoWithPasswords(t *testing.T) {
	secrets := filepath.Join(t.TempDir(), "passwords")
	out, err := exec.Command(program(t, "mosquitto_passwd"), "-c", "-b", secrets, "lab", "right").CombinedOutput()
	require.NoError(t, err, "%s", out)
	m := newMosquitto(t, "allow_anonymous false", "password_file "+secrets)
	with := func(password string) scenarios.Staging {
		return scenarios.Staging{LookupEnv: func(name string) (string, bool) {
			v, ok := map[string]string{"LAB_USER": "lab", "LAB_PASSWORD": password}[name]
			return v, ok && v != ""
		}}
	}
	sets := []string{"broker.user=env:LAB_USER", "broker.password=env:LAB_PASSWORD"}
	r, err := playOver(t, "mqtt://"+m.address, with("right"), sets...)
	require.NoError(t, err)
	requireWhole(t, r)
	_, err = playOver(t, "mqtt://"+m.address, with("wrong"), sets...)
	require.ErrorContains(t, err, "does not accept user and password")
	_, err = playOver(t, "mqtt://"+m.address, with(""), sets...)
	require.ErrorContains(t, err, "LAB_PASSWORD is not set")
	_, err = playOver(t, "mqtt://"+m.address, scenarios.Staging{})
	require.ErrorContains(t, err, "does not accept user and password")
}

func TestABrokerThatCannotBeReachedIsToldWithItsCause(t *testing.T) {
	_, err := playOver(t, "mqtt://127.0.0.1:"+freePort(t), scenarios.Staging{})
	require.ErrorContains(t, err, "nobody listens there")
	m := newMosquitto(t)
	_, err = playOver(t, "mqtts://"+m.address, scenarios.Staging{})
	require.ErrorContains(t, err, "TLS")
}

func TestABrokerThatDiesInMidRunLeavesTheBooksBalanced(t *testing.T) {
	for _, client := range [][]string{
		{"things.sensor.qos=0"}, {"things.sensor.qos=1"}, {"things.sensor.qos=1", "things.sensor.mqtt={session: persistent}"},
		{"things.sensor.qos=0", "things.sensor.over=gateway", "things.sensor.mqtt={gateways: 2}"},
	} {
		t.Run(strings.Join(client, " "), func(t *testing.T) {
			m := newMosquitto(t, "persistence true", "persistence_location "+t.TempDir()+"/")
			course, end := inCourse(map[int]func(){500: m.kill, 800: m.start}, 500, 800)
			r, err := playOver(t, "mqtt://"+m.address, scenarios.Staging{Observers: []sim.Observer{course}},
				append(client, "duration=4s", "limits=unexplained = 0")...)
			require.NoError(t, err)
			end()
			requireExplained(t, r)
			lost := uint64(0)
			for _, l := range r.Ledger.Readings[0].Lost {
				require.Contains(t, []string{"client offline", "connection broke", "client outbox full"}, l.Cause)
				lost += l.Count
			}
			require.NotZero(t, lost, "a broker that is away for a moment costs readings, and each has a cause")
			require.Greater(t, r.Ledger.Readings[0].Delivered, uint64(2000), "and then it goes on")
		})
	}
}

// Whoever sends the next message when the last has been answered sees nothing of a
// stall; what counts from when it was due does.
func TestAStalledBrokerShowsInTheFiguresForAsLongAsItStood(t *testing.T) {
	m := newMosquitto(t)
	stand := func() {
		require.NoError(t, m.process.Process.Signal(syscall.SIGSTOP))
		<-time.After(time.Second) // a second of the wall, however late the run is
		require.NoError(t, m.process.Process.Signal(syscall.SIGCONT))
	}
	course, end := inCourse(map[int]func(){4000: stand}, 4000)
	s, err := scenarios.Load("testdata/stall.yaml", scenarios.Options{Sets: []string{"broker.url=mqtt://" + m.address}})
	require.NoError(t, err)
	defer s.Close()
	run, err := s.Stage(scenarios.Staging{Observers: []sim.Observer{course}})
	require.NoError(t, err)
	r, err := run.Play(context.Background())
	require.NoError(t, err)
	end()
	require.True(t, r.Ledger.Balanced, "%v", r.Reasons)
	require.Len(t, r.Limits, 4)
	for _, l := range r.Limits {
		require.True(t, l.Passed, "%s: measured %v", l.Limit, l.Measured)
		t.Logf("%s: %.3f s", l.Limit, float64(l.Measured))
	}
}

func TestTheSameScenarioOverTwinbedsBrokerAlone(t *testing.T) {
	b := contained.New(contained.Options{TCP: "127.0.0.1:0"}, &contained.Access{})
	require.NoError(t, b.Open())
	defer b.Close()
	for _, qos := range []string{"0", "1"} {
		r, err := playOver(t, "mqtt://"+b.TCP(), scenarios.Staging{}, "things.sensor.qos="+qos)
		require.NoError(t, err)
		requireWhole(t, r)
	}
}

// Where a client's id has to begin with its user's name, that is twinbed: one user
// and one rule for the platform, things and gateways of a run.
func TestAFleetIsOneUserOfABrokerWithUsers(t *testing.T) {
	line, err := contained.HashPassword("twinbed", "right", 1000)
	require.NoError(t, err)
	users, err := contained.ReadUsers(strings.NewReader(line + "\n"))
	require.NoError(t, err)
	rules, err := contained.ReadRules(strings.NewReader("twinbed readwrite twinbed/#\n"))
	require.NoError(t, err)
	b := contained.New(contained.Options{TCP: "127.0.0.1:0", Subscriptions: 60}, &contained.Access{Users: users, Rules: rules})
	require.NoError(t, b.Open())
	defer b.Close()
	env := scenarios.Staging{LookupEnv: func(name string) (string, bool) {
		v, ok := map[string]string{"LAB_USER": "twinbed", "LAB_PASSWORD": "right"}[name]
		return v, ok
	}}
	sets := []string{"broker.user=env:LAB_USER", "broker.password=env:LAB_PASSWORD"}
	for _, over := range []string{"tcp", "gateway"} {
		many := map[string]string{"tcp": "1", "gateway": "2"}[over]
		r, err := playOver(t, "mqtt://"+b.TCP(), env, append(sets, "things.sensor.over="+over, "things.sensor.mqtt.gateways="+many)...)
		require.NoError(t, err)
		requireWhole(t, r)
	}
	_, err = playOver(t, "mqtt://"+b.TCP(), env, append(sets, "things.sensor.over=gateway")...)
	require.ErrorContains(t, err, "of 100 filters", "more than that broker lets one client have")
}
