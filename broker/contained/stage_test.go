package contained

import (
	"errors"
	"io"
	"net"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"github.com/stretchr/testify/require"
)

// stage is a broker that listens on loopback.
type stage struct {
	t testing.TB
	*Broker
}

func newStage(t testing.TB, o Options, p Policy) *stage {
	if o.TCP == "" {
		o.TCP = "127.0.0.1:0"
	}
	s := &stage{t, New(o, p)}
	require.NoError(t, s.Open())
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func (s *stage) count(words string) uint64 {
	for _, c := range s.Counts() {
		if c.Words == words {
			return c.N
		}
	}
	panic("nothing is counted under " + words)
}

// mosquitto prepares one of Debian's MQTT clients; it ends within 20 s.
func (s *stage) mosquitto(program string, args ...string) *exec.Cmd {
	path, err := exec.LookPath(program)
	if err != nil {
		s.t.Skip(program + " is not installed (Debian: mosquitto-clients)")
	}
	host, port, err := net.SplitHostPort(s.TCP())
	require.NoError(s.t, err)
	args = append([]string{"-h", host, "-p", port}, args...)
	if program == "mosquitto_sub" {
		args = append(args, "-W", "20")
	}
	return exec.Command(path, args...)
}

// says runs a client to its end and returns what it prints, without the last newline.
func says(t testing.TB, c *exec.Cmd) string {
	t.Helper()
	out, err := c.CombinedOutput()
	require.NoError(t, err, "%s: %s", c, out)
	return strings.TrimSuffix(string(out), "\n")
}

// dial connects with paho, and yields the error where it is refused.
func (s *stage) dial(id string, tune ...func(*paho.ClientOptions)) (paho.Client, error) {
	s.t.Helper()
	o := paho.NewClientOptions().SetClientID(id).SetAutoReconnect(false).SetConnectRetry(false).
		SetProtocolVersion(4).AddBroker("tcp://" + s.TCP()).SetConnectTimeout(10 * time.Second)
	for _, f := range tune {
		f(o)
	}
	c := paho.NewClient(o)
	token := c.Connect()
	require.True(s.t, token.WaitTimeout(20*time.Second))
	if token.Error() == nil {
		s.t.Cleanup(func() { c.Disconnect(0) })
	}
	return c, token.Error()
}

// client is one that is let in.
func (s *stage) client(id string, tune ...func(*paho.ClientOptions)) paho.Client {
	s.t.Helper()
	c, err := s.dial(id, tune...)
	require.NoError(s.t, err)
	return c
}

// subscribe yields what arrives; paho hides refusals in the token.
func subscribe(t testing.TB, c paho.Client, filter string, qos byte) (granted byte, messages <-chan paho.Message) {
	t.Helper()
	in := make(chan paho.Message, 4096)
	token := c.Subscribe(filter, qos, func(_ paho.Client, m paho.Message) { in <- m })
	require.True(t, token.WaitTimeout(20*time.Second))
	require.NoError(t, token.Error())
	for _, granted = range token.(*paho.SubscribeToken).Result() { // paho's key for $share is not the filter
		return granted, in
	}
	return 0x80, in
}

func publish(t testing.TB, c paho.Client, topic string, qos byte, payload string) {
	t.Helper()
	token := c.Publish(topic, qos, false, payload)
	require.True(t, token.WaitTimeout(20*time.Second), "publish on %s", topic)
	require.NoError(t, token.Error())
}

func receive(t testing.TB, in <-chan paho.Message) (topic, payload string) {
	t.Helper()
	select {
	case m := <-in:
		return m.Topic(), string(m.Payload())
	case <-time.After(20 * time.Second):
		require.Fail(t, "nothing was received")
		return "", ""
	}
}

func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	require.Eventually(t, holds, 20*time.Second, time.Millisecond, what)
}

func sorted(lines string) string {
	all := strings.Split(lines, "\n")
	slices.Sort(all)
	return strings.Join(all, "\n")
}

// users are some whose password is their name, spelled twice.
func users(t testing.TB, names ...string) *Users {
	var lines strings.Builder
	for _, n := range names {
		line, err := HashPassword(n, n+n, minHashRounds)
		require.NoError(t, err)
		lines.WriteString(line + "\n")
	}
	u, err := ReadUsers(strings.NewReader(lines.String()))
	require.NoError(t, err)
	return u
}

// as has a client say that it is one of users.
func as(user string) func(*paho.ClientOptions) {
	return func(o *paho.ClientOptions) { o.SetUsername(user).SetPassword(user + user) }
}

// closed waits until the broker closes a connection.
func closed(t testing.TB, c net.Conn) {
	t.Helper()
	require.NoError(t, c.SetReadDeadline(time.Now().Add(20*time.Second)))
	_, err := io.Copy(io.Discard, c)
	var timeout net.Error
	require.False(t, errors.As(err, &timeout) && timeout.Timeout(), "the broker kept the connection open")
	require.NoError(t, c.Close())
}
