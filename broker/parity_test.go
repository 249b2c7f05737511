package broker

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"github.com/stretchr/testify/require"
)

// startMosquitto is the address of Debian's broker.
func startMosquitto(t *testing.T) (host, port string) {
	const program = "/usr/sbin/mosquitto"
	if _, err := exec.LookPath(program); err != nil {
		t.Skip("mosquitto is not installed (Debian: mosquitto)")
	}
	me, err := user.Current()
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	host, port, err = net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	require.NoError(t, l.Close())
	conf := filepath.Join(t.TempDir(), "mosquitto.conf")
	require.NoError(t, os.WriteFile(conf, fmt.Appendf(nil,
		"user %s\nlistener %s %s\nallow_anonymous true\nset_tcp_nodelay true\n", me.Username, port, host), 0o600))
	process := exec.Command(program, "-c", conf)
	require.NoError(t, process.Start())
	t.Cleanup(func() { _ = process.Process.Kill(); _ = process.Wait() })
	require.Eventually(t, func() bool {
		c, err := net.Dial("tcp", net.JoinHostPort(host, port))
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	}, 20*time.Second, 10*time.Millisecond)
	return host, port
}

// conversation is what an observer at mosquitto hears of press-01, whoever plays
// it.
type conversation struct {
	t       *testing.T
	press   press
	cable   cut
	observe paho.Client
	heard   chan string
	script  []string // what was heard, for comparison
	keeps   bool     // what is sent during a break comes afterwards
}

// press is an MQTT client that plays press-01: it publishes readings and
// acknowledges commands.
type press interface {
	reading(seq int)
	settled() bool // all is acknowledged
	up() bool
	close()
}

// clientOptions are for paho clients of mosquitto.
func clientOptions(id, address string) *paho.ClientOptions {
	return paho.NewClientOptions().AddBroker("tcp://" + address).SetClientID(id).SetOrderMatters(true)
}

func converse(t *testing.T, address string) *conversation {
	c := &conversation{t: t, heard: make(chan string, 1000)}
	c.cable.open = dialTo(address)
	c.observe = paho.NewClient(clientOptions("observer", address))
	token := c.observe.Connect()
	require.True(t, token.WaitTimeout(10*time.Second))
	require.NoError(t, token.Error())
	filters := map[string]byte{readings1: 2, acks1: 2, Topic(Status, "press-01"): 2}
	token = c.observe.SubscribeMultiple(filters, func(_ paho.Client, m paho.Message) {
		room := m.Topic()[strings.LastIndex(m.Topic(), "/")+1:]
		payload, _, _ := strings.Cut(string(m.Payload()), ",") // the number; the rest is the client's own
		c.heard <- room + " " + strings.Trim(payload, "{}")
	})
	require.True(t, token.WaitTimeout(10*time.Second))
	require.NoError(t, token.Error())
	return c
}

// hears notes what is heard up to a message. What comes again at QoS 1 is the
// same.
func (c *conversation) hears(last string) {
	for seen := ""; seen != last; {
		select {
		case seen = <-c.heard:
			if len(c.script) == 0 || c.script[len(c.script)-1] != seen {
				c.script = append(c.script, seen)
			}
		case <-time.After(20 * time.Second):
			require.Fail(c.t, "not heard: "+last, "%q", c.script)
		}
	}
}

func (c *conversation) command(id, attempt int) {
	publish(c.t, c.observe, commands1, 1, fmt.Sprintf(`{"id":%d,"command":"cool","attempt":%d,"seq":1,"decided":%d}`, id, attempt, id))
}

// play is the conversation: readings, a command, a break of which the broker
// hears, what is sent meanwhile, a command that comes again, leave.
func (c *conversation) play() []string {
	c.await("it is up", c.press.up)
	c.press.reading(1)
	c.press.reading(2)
	c.hears(`readings "seq":2`)
	c.command(7, 1)
	c.hears(`acks "id":7`)
	c.await("all is acknowledged", c.press.settled)
	c.cable.all(errors.New("the cable is out"))
	c.hears(`status "online":false`)
	c.await("it knows", func() bool { return !c.press.up() })
	c.press.reading(3) // one: paho sends what has waited in no order, and beside what comes afterwards
	c.command(8, 1)    // of QoS 0 for the press: nobody keeps it
	c.cable.all(nil)
	c.await("it is back", c.press.up)
	if c.keeps {
		c.hears(`readings "seq":3`)
	}
	c.press.reading(4)
	c.hears(`readings "seq":4`)
	c.command(7, 2) // as if its ack had been lost
	c.hears(`acks "id":7`)
	c.command(8, 2)
	c.hears(`acks "id":8`)
	c.press.close()
	c.press = nil
	publish(c.t, c.observe, readings1, 1, `{"end":1}`)
	c.hears(`readings "end":1`) // and no will between
	c.observe.Disconnect(0)
	return c.script
}

func (c *conversation) await(what string, holds func() bool) {
	require.Eventually(c.t, holds, 20*time.Second, time.Millisecond, what)
}

// lean is the fleet's client.
type lean struct {
	stage *stage
	fleet *Sessions
}

func (l *lean) reading(seq int) { l.stage.tell(l.fleet, uint64(seq), uint64(seq)) }
func (l *lean) settled() bool   { return l.fleet.Drain(20*time.Second) == nil }
func (l *lean) up() bool        { return l.fleet.Up() == 1 }

// close leaves nothing unread: that would reset the socket, and the broker might not
// see the DISCONNECT.
func (l *lean) close() {
	_ = l.fleet.Drain(20 * time.Second)
	l.fleet.Close()
}

func (c *conversation) byLean(o SessionOptions) {
	s := newStage(c.t, 2, time.Hour, GateOptions{})
	s.fleet().Release(1)
	o.Dial, o.Will = c.cable.dial, true
	f := s.sessions(o)
	s.run()
	c.t.Cleanup(func() { s.world.Clock.Stop(nil); <-s.done })
	s.connect(f)
	s.on(func() { s.fleet().Switch(1) })
	c.press = &lean{s, f}
}

// reference is paho.
type reference struct {
	paho.Client
	qos   byte
	ready atomic.Bool  // it has subscribed on this connection
	open  atomic.Int64 // tokens that are awaited
}

func (r *reference) publish(topic, payload string) {
	r.open.Add(1)
	token := r.Publish(topic, r.qos, false, payload)
	go func() {
		token.Wait()
		r.open.Add(-1)
	}()
}

func (r *reference) reading(seq int) { r.publish(readings1, reading(seq, 81.25)) }
func (r *reference) settled() bool   { return r.open.Load() == 0 }
func (r *reference) up() bool        { return r.IsConnectionOpen() && r.ready.Load() }
func (r *reference) close()          { r.Disconnect(250) }

// obey acknowledges; never within paho's own goroutine.
func (r *reference) obey(_ paho.Client, m paho.Message) {
	var x struct{ ID uint64 }
	if json.Unmarshal(m.Payload(), &x) == nil {
		go r.publish(acks1, fmt.Sprintf(`{"id":%d,"outcome":"done"}`, x.ID))
	}
}

func (c *conversation) byPaho(address string, qos byte, persistent bool) {
	r := &reference{qos: qos}
	o := clientOptions(clientID("press-01"), address).SetCleanSession(!persistent).SetMaxReconnectInterval(100*time.Millisecond).
		SetWill(Topic(Status, "press-01"), cutOff, min(qos, 1), false).
		SetCustomOpenConnectionFn(func(*url.URL, paho.ClientOptions) (net.Conn, error) { return c.cable.dial(context.Background()) }).
		SetConnectionLostHandler(func(paho.Client, error) { r.ready.Store(false) }).
		SetOnConnectHandler(func(x paho.Client) {
			go func() {
				x.Subscribe(commands1, 0, r.obey).Wait()
				r.ready.Store(true)
			}()
		})
	r.Client = paho.NewClient(o)
	token := r.Connect()
	require.True(c.t, token.WaitTimeout(10*time.Second))
	require.NoError(c.t, token.Error())
	c.press = r
}

func TestFleetClientAndPahoBehaveAlikeAtMosquitto(t *testing.T) {
	host, port := startMosquitto(t)
	address := net.JoinHostPort(host, port)
	for qos := range byte(3) {
		for _, persistent := range []bool{false, true} {
			t.Run(fmt.Sprintf("QoS %d persistent %t", qos, persistent), func(t *testing.T) {
				play := func(begin func(*conversation)) []string {
					c := converse(t, address)
					c.keeps = qos > 0
					begin(c)
					return c.play()
				}
				reference := play(func(c *conversation) { c.byPaho(address, qos, persistent) })
				for _, v := range []Version{MQTT311, MQTT5} {
					require.Equal(t, reference, play(func(c *conversation) {
						c.byLean(SessionOptions{QoS: qos, Persistent: persistent, Version: v})
					}), "MQTT %d", v)
				}
				sent := `readings "seq":1|readings "seq":2|acks "id":7|status "online":false|`
				if qos > 0 {
					sent += `readings "seq":3|`
				}
				require.Equal(t, sent+`readings "seq":4|acks "id":7|acks "id":8|readings "end":1`, strings.Join(reference, "|"))
			})
		}
	}
}

func TestFleetClientAmongMosquittosClientsOfMQTT5(t *testing.T) {
	host, port := startMosquitto(t)
	run := func(program string, args ...string) *exec.Cmd {
		path, err := exec.LookPath(program)
		if err != nil {
			t.Skip(program + " is not installed (Debian: mosquitto-clients)")
		}
		return exec.Command(path, append([]string{"-h", host, "-p", port, "-V", "5"}, args...)...)
	}
	for qos := range byte(3) {
		c := &conversation{t: t}
		c.cable.open = dialTo(net.JoinHostPort(host, port))
		c.byLean(SessionOptions{QoS: qos, Version: MQTT5, Persistent: true})
		sub := run("mosquitto_sub", "-q", "2", "-W", "20", "-C", "4", "-F", "%t %q %r %p", "-t", "twinbed/things/+/readings", "-t", acks1, "-t", "ready")
		out, err := sub.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, sub.Start())
		lines := bufio.NewScanner(out)
		ready := make(chan struct{})
		go func() {
			defer close(ready)
			lines.Scan()
		}()
		for waiting := true; waiting; { // until it has subscribed
			require.NoError(t, run("mosquitto_pub", "-t", "ready", "-m", "").Run())
			select {
			case <-ready:
				waiting = false
			case <-time.After(50 * time.Millisecond):
			}
		}
		c.press.reading(1)
		c.press.reading(2)
		require.NoError(t, run("mosquitto_pub", "-q", "1", "-t", commands1, "-m", `{"id":9,"command":"cool","attempt":1,"seq":2,"decided":5}`).Run())
		var heard []string
		for lines.Scan() {
			if first, _, _ := strings.Cut(lines.Text(), ","); !strings.HasPrefix(first, "ready") {
				heard = append(heard, first)
			}
		}
		require.Equal(t, []string{
			fmt.Sprintf(`%s %d 0 {"seq":1`, readings1, qos), fmt.Sprintf(`%s %d 0 {"seq":2`, readings1, qos), fmt.Sprintf(`%s %d 0 {"id":9`, acks1, qos),
		}, heard)
		require.NoError(t, sub.Wait())
		c.press.close()
	}
}
