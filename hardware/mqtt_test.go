package hardware_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/hardware"
	"github.com/twinbed/twinbed/hardware/hardwaretest"
	"github.com/twinbed/twinbed/sim"
)

// plant is a mosquitto broker with a device behind it, played by mosquitto_pub.
type plant struct {
	t      *testing.T
	port   string
	conf   string
	broker *exec.Cmd
	device *exec.Cmd
	lines  io.WriteCloser

	mu    sync.Mutex
	shown float64
	quiet chan struct{}
}

func program(t *testing.T, name string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	if path, err := exec.LookPath("/usr/sbin/" + name); err == nil {
		return path
	}
	t.Skipf("%s is not installed", name)
	return ""
}

func newPlant(t *testing.T, conf string) *plant {
	program(t, "mosquitto_pub")
	program(t, "mosquitto")
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	_, port, err := net.SplitHostPort(free.Addr().String())
	require.NoError(t, err)
	require.NoError(t, free.Close())
	p := &plant{t: t, port: port, conf: filepath.Join(t.TempDir(), "mosquitto.conf")}
	me, err := user.Current()
	require.NoError(t, err)
	// without the user line a broker started by root becomes another one, who may not read the test's files
	text := fmt.Sprintf("user %s\nlistener %s 127.0.0.1\n%s\n", me.Username, port, conf)
	if !strings.Contains(conf, "allow_anonymous") {
		text += "allow_anonymous true\n"
	}
	require.NoError(t, os.WriteFile(p.conf, []byte(text), 0o644))
	p.start()
	t.Cleanup(p.stop)
	return p
}

func (p *plant) start() {
	p.broker = exec.Command(program(p.t, "mosquitto"), "-c", p.conf)
	require.NoError(p.t, p.broker.Start())
	require.Eventually(p.t, func() bool {
		conn, err := net.Dial("tcp", "127.0.0.1:"+p.port)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	}, 20*time.Second, 10*time.Millisecond)
}

func (p *plant) stop() {
	p.silence()
	if p.broker != nil {
		_ = p.broker.Process.Kill()
		_ = p.broker.Wait()
		p.broker = nil
	}
}

// play has the device tell its state every 20 ms.
func (p *plant) play() {
	var err error
	p.device = exec.Command(program(p.t, "mosquitto_pub"), "-p", p.port, "-t", "shop/press/state", "-l")
	p.lines, err = p.device.StdinPipe()
	require.NoError(p.t, err)
	require.NoError(p.t, p.device.Start())
	p.quiet = make(chan struct{})
	go func(quiet chan struct{}, lines io.Writer) {
		every := time.NewTicker(20 * time.Millisecond)
		defer every.Stop()
		for {
			p.mu.Lock()
			x := p.shown
			p.mu.Unlock()
			if x != 0 {
				_, _ = fmt.Fprintf(lines, `{"sensors":[{"temp":%g}],"running":true}`+"\n", x) // it may be dead
			}
			select {
			case <-quiet:
				return
			case <-every.C:
			}
		}
	}(p.quiet, p.lines)
}

func (p *plant) silence() {
	if p.device == nil {
		return
	}
	close(p.quiet)
	_ = p.device.Process.Kill()
	_ = p.device.Wait()
	p.device = nil
}

func (p *plant) show(x float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shown = x
}

func (p *plant) publish(topic, payload string, flags ...string) {
	p.t.Helper()
	args := append([]string{"-p", p.port, "-t", topic, "-m", payload}, flags...)
	out, err := exec.Command(program(p.t, "mosquitto_pub"), args...).CombinedOutput()
	require.NoError(p.t, err, string(out))
}

func (p *plant) config() *hardware.MQTT {
	return &hardware.MQTT{
		Broker: "tcp://127.0.0.1:" + p.port,
		Signals: []hardware.MQTTSignal{
			{Name: "temperature", Topic: "shop/press/state", Path: "sensors.0.temp"},
			{Name: "running", Topic: "shop/press/state", Path: "running"},
		},
		Commands: []hardware.MQTTCommand{
			{Name: "stop", Topic: "shop/{thing}/do", Payload: "halt", QoS: 1},
			{Name: "set_speed", Topic: "shop/{thing}/speed", Payload: `{"rpm":{value}}`, QoS: 1},
		},
	}
}

func (p *plant) site(signals ...string) hardware.Site {
	s := at(signals...)
	s.Thing = "press-01"
	s.Commands = []sim.CommandSpec{{Name: "stop"}, {Name: "set_speed", Sets: []sim.Setting{{FromValue: true}}}}
	return s
}

func TestMQTTConforms(t *testing.T) {
	hardwaretest.Suite(t, func(t *testing.T) hardwaretest.Bench {
		p := newPlant(t, "")
		p.play()
		return hardwaretest.Bench{
			Config:  p.config(),
			Signals: []string{"temperature", "running", "unmapped"}, Missing: "unmapped",
			Commands: map[string]bool{"stop": false, "set_speed": true},
			Show:     p.show,
			Shown:    func(v []float64) (float64, bool) { return v[0], v[1] == 1 },
			Unplug:   p.stop,
			Plug:     func() { p.start(); p.play() },
		}
	})
}

func TestMQTTCommandsReachTheDeviceInItsOwnWords(t *testing.T) {
	p := newPlant(t, "")
	sub := exec.Command(program(t, "mosquitto_sub"), "-p", p.port, "-t", "shop/#", "-t", "ready", "-v")
	out, err := sub.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, sub.Start())
	heard := make(chan string, 16)
	go func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			heard <- lines.Text()
		}
		close(heard)
	}()
	p.publish("ready", "yes", "-r") // kept until it listens
	require.Equal(t, "ready yes", <-heard)
	a, err := p.config().Open(t.Context(), p.site("temperature"))
	require.NoError(t, err)
	require.NoError(t, a.Act(t.Context(), "stop", math.NaN()))
	require.NoError(t, a.Act(t.Context(), "set_speed", 1234567.5))
	require.NoError(t, a.Close())
	require.Equal(t, "shop/press-01/do halt", <-heard)
	require.Equal(t, `shop/press-01/speed {"rpm":1234567.5}`, <-heard)
	require.NoError(t, sub.Process.Kill())
	_ = sub.Wait() // killed
}

func TestMQTTSilentDeviceIsAnErrorAndNotItsLastValue(t *testing.T) {
	p := newPlant(t, "")
	p.publish("shop/press/state", `{"sensors":[{"temp":9}]}`, "-r")
	c := p.config()
	c.SilentAfter = 300 * time.Millisecond
	a, err := c.Open(t.Context(), p.site("temperature"))
	require.NoError(t, err)
	defer func() { require.NoError(t, a.Close()) }()
	values := make([]float64, 1)
	require.ErrorContains(t, a.Sense(t.Context(), values), "silent", "what the broker kept has no known age")
	p.publish("shop/press/state", `{"sensors":[{"temp":7}]}`)
	ctx, cancel := contextFor(t, 20*time.Second)
	defer cancel()
	for err = errors.New("not yet"); err != nil; err = a.Sense(ctx, values) {
		require.NoError(t, ctx.Err())
	}
	require.Equal(t, 7.0, values[0])
	p.publish("shop/press/state", `nonsense`)
	for err = nil; err == nil || !strings.Contains(err.Error(), "1 payloads could not be read"); {
		require.NoError(t, ctx.Err())
		err = a.Sense(ctx, values)
	}
	require.ErrorContains(t, err, "the device is silent")
}

func TestMQTTMalformedMessagesAreToldAndPassedOver(t *testing.T) {
	p := newPlant(t, "")
	a, err := p.config().Open(t.Context(), p.site("temperature"))
	require.NoError(t, err)
	defer func() { require.NoError(t, a.Close()) }()
	p.publish("shop/press/state", "{")
	p.publish("shop/press/state", `{"sensors":[{"temp":3}]}`)
	values := make([]float64, 1)
	_, err = a.(hardware.Pushes).Next(t.Context(), values)
	require.ErrorIs(t, err, hardware.ErrMalformed)
	require.ErrorContains(t, err, "temperature from shop/press/state: not JSON")
	_, err = a.(hardware.Pushes).Next(t.Context(), values)
	require.NoError(t, err)
	require.Equal(t, 3.0, values[0])
}

// Mosquitto grants what it will not deliver, so this broker is three packets by hand.
func TestMQTTRefusedSubscriptionIsAnError(t *testing.T) {
	broker, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, broker.Close()) }()
	go func() {
		conn, err := broker.Accept()
		if err != nil {
			return
		}
		buffer := make([]byte, 1024)
		_, _ = conn.Read(buffer)                 // CONNECT
		_, _ = conn.Write([]byte{0x20, 2, 0, 0}) // CONNACK
		_, _ = conn.Read(buffer)                 // SUBSCRIBE: its id stands in bytes 2 and 3
		_, _ = conn.Write([]byte{0x90, 3, buffer[2], buffer[3], 0x80})
		_, _ = io.Copy(io.Discard, conn)
	}()
	_, port, err := net.SplitHostPort(broker.Addr().String())
	require.NoError(t, err)
	_, err = (&plant{port: port}).config().Open(t.Context(), (&plant{}).site("temperature"))
	require.EqualError(t, err, "the broker refuses subscriptions to shop/press/state")
}

func TestMQTTCredentialsComeFromTheEnvironment(t *testing.T) {
	passwords := filepath.Join(t.TempDir(), "passwords")
	out, err := exec.Command(program(t, "mosquitto_passwd"), "-b", "-c", passwords, "press", "secret").CombinedOutput()
	require.NoError(t, err, string(out))
	require.NoError(t, os.Chmod(passwords, 0o644))
	p := newPlant(t, "allow_anonymous false\npassword_file "+passwords)
	c := p.config()
	_, err = c.Open(t.Context(), p.site("temperature"))
	require.ErrorContains(t, err, "not Authorized")

	c.UsernameEnv, c.PasswordEnv = "PRESS_USER", "PRESS_PASSWORD"
	site := p.site("temperature")
	_, err = c.Open(t.Context(), site)
	require.ErrorContains(t, err, "environment variable PRESS_USER is not set")
	site.LookupEnv = func(name string) (string, bool) {
		return map[string]string{"PRESS_USER": "press", "PRESS_PASSWORD": "secret"}[name], true
	}
	a, err := c.Open(t.Context(), site)
	require.NoError(t, err)
	require.NoError(t, a.Close())
}
