package broker

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"github.com/mochi-mqtt/server/v2/packets"
	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim"
)

const (
	readings1 = "twinbed/things/press-01/readings"
	commands1 = "twinbed/things/press-01/commands"
	acks1     = "twinbed/things/press-01/acks"
)

func TestAStrangersClientIsAThing(t *testing.T) {
	s := newStage(t, 3, time.Hour, tcp())
	s.outside(0)
	s.onRead = func(r *sim.Reading) {
		if r.Values[0] > 80 {
			s.router.Command(&sim.Command{ID: uint64(r.Seq), Thing: r.Thing, Name: 1, Value: 0.5, Seq: r.Seq, Attempt: 1, Decided: s.world.Clock.Stamp()})
		}
	}
	s.play()
	c := s.stranger("press one")
	_, in := subscribe(t, c, commands1, 1)
	publish(t, c, readings1, 1, `{"temperature":61}`)
	publish(t, c, readings1, 0, `{"seq":16,"vibration":3}`)
	publish(t, c, readings1, 1, `{"temperature":95,"vibration":4}`)
	require.Regexp(t, `^\{"id":17,"command":"set load","value":0.5,"attempt":1,"seq":17,"decided":\d+\}$`, receive(t, in))
	publish(t, c, acks1, 1, `{"id":17,"outcome":"done","state":{"load":0.5}}`)
	s.eventually("the ack", func() bool { return len(s.acks) == 1 })

	require.Equal(t, []uint32{1, 16, 17}, []uint32{s.readings[0].Seq, s.readings[1].Seq, s.readings[2].Seq})
	for _, r := range s.readings {
		require.True(t, r.Foreign && r.Sensed == r.Arrived)
	}
	a := s.acks[0]
	require.True(t, a.Foreign && a.Delivered == a.Done && a.Outcome == sim.Done)
	require.Equal(t, []float64{0.5}, a.State)
	require.Equal(t, 3, s.sent, "what a stranger sends is known when it arrives")
	require.Empty(t, s.lost)
}

func TestWhatAStrangerMayNotSayIsRejectedAndCounted(t *testing.T) {
	s := newStage(t, 3, time.Hour, tcp())
	s.outside(0)
	s.sessions(SessionOptions{})
	s.gate.Phone("mia")
	s.play()
	c := s.stranger("mallory")
	for topic, why := range map[string]string{
		"twinbed/things/press-02/readings": "the testbed plays that thing",
		"twinbed/things/press-02/acks":     "the testbed plays that thing",
		"twinbed/things/press-09/readings": "no thing of that name",
		"twinbed/workers/tom/acks":         "no worker of that name",
		commands1:                          "only the testbed publishes there",
		"twinbed/workers/mia/tasks":        "only the testbed publishes there",
		"twinbed/events":                   "only the testbed publishes there",
		"twinbed/things/press-01/reading":  "nobody listens",
		"home/kitchen":                     "nobody listens",
		"$SYS/broker/version":              "nobody listens",
	} {
		publish(t, c, topic, 1, `{"seq":1,"temperature":1}`)
		s.eventually(why, func() bool { return hasNote(s.notes, topic+": "+why) })
	}
	publish(t, c, acks1, 1, `{"id":55,"outcome":"done"}`)
	s.eventually("a stray ack", func() bool { return hasNote(s.notes, "not sent to it") })
	all := s.gate.Counts()
	require.EqualValues(t, 5, count(all, tallyWords[spoofedMessages]))
	require.EqualValues(t, 2, count(all, tallyWords[unknownThings]))
	require.EqualValues(t, 3, count(all, tallyWords[unknownTopics]))
	require.EqualValues(t, 1, count(all, tallyWords[strayAcks]))
	require.Zero(t, len(s.readings)+len(s.acks)+len(s.lost))
}

func TestMalformedPayloadsAreCountedAndNeverFatal(t *testing.T) {
	s := newStage(t, 3, time.Hour, tcp())
	s.outside(0)
	s.play()
	c := s.stranger("press one")
	n := 0
	for payload := range brokenReadings {
		if n++; n%2 == 0 {
			publish(t, c, readings1, 0, payload)
		} else {
			publish(t, c, readings1, 1, payload)
		}
	}
	publish(t, c, acks1, 1, `{"id":{}}`)
	publish(t, c, readings1, 1, `{"temperature":7,"colour":"red","due":1}`)
	s.eventually("the good one", func() bool { return len(s.readings) == 1 })
	all := s.gate.Counts()
	require.EqualValues(t, n+1, count(all, tallyWords[malformedPayloads]))
	require.EqualValues(t, 2, count(all, tallyWords[unknownFields]))
	require.Equal(t, n+1, s.lostFor(sim.LostMalformed))
	require.Equal(t, n+1, s.sent, "the books balance: all readings that came were sent")
	require.True(t, len(s.notes) == notedRejections, "a few are told, all are counted")
	require.NotEqual(t, sim.Time(1), s.readings[0].Sensed.At, "a stranger's stamp is not believed")
}

func TestObserversSeeWhatGoesOnAndHoldNobodyUp(t *testing.T) {
	s := newStage(t, 3, 20*time.Millisecond, tcp())
	s.outside(0)
	f := s.sessions(SessionOptions{})
	m := s.gate.Mirror()
	s.router.Tap(m)
	s.world.Observers = append(s.world.Observers, m)
	s.play()
	s.connect(f)
	c := s.stranger("press one")
	publish(t, c, readings1, 1, `{"temperature":1}`)
	require.Zero(t, s.gate.watchers.Load(), "nobody watches: nothing is passed on")

	o := s.stranger("observer")
	granted, in := subscribe(t, o, "twinbed/#", 2)
	require.Zero(t, granted, "who holds messages up may not ask for QoS")
	require.EqualValues(t, 1, s.gate.watchers.Load())
	publish(t, c, readings1, 1, `{"seq":5,"temperature":1}`)
	require.Equal(t, `{"seq":5,"temperature":1}`, receive(t, in))
	s.on(func() {
		s.world.Observers.Noted(sim.Event{What: "fired", Thing: 1, Subject: "too hot"})
		s.fleet().Switch(2)
	})
	require.Contains(t, receive(t, in), `"what":"fired","thing":"press-02","subject":"too hot"`)
	require.Contains(t, receive(t, in), `"temperature":81.25`)
	o.Disconnect(0)
	require.Eventually(t, func() bool { return s.gate.watchers.Load() == 0 }, 10*time.Second, time.Millisecond)
}

func TestTheMirrorShowsThingsWithoutASocket(t *testing.T) {
	s := newStage(t, 1, 10*time.Millisecond, tcp())
	s.router.Tap(s.gate.Mirror())
	s.play()
	_, in := subscribe(t, s.stranger("observer"), "twinbed/things/+/+", 0)
	s.on(func() { s.fleet().Switch(1) })
	require.Contains(t, receive(t, in), `"temperature":81.25`)
	s.order(3, 0, "cool", noValue)
	seen := ""
	for !strings.Contains(seen, `"outcome":"done"`) {
		seen += receive(t, in)
	}
	require.Contains(t, seen, `"command":"cool"`)
}

func TestStrangersSubscribeOnlyToWhatIsOurs(t *testing.T) {
	s := newStage(t, 1, time.Hour, GateOptions{TCP: "127.0.0.1:0", Relay: []string{"shelly/#"}})
	s.play()
	c := s.stranger("observer")
	for filter, want := range map[string]byte{
		"$SYS/#": 0x80, "$share/g/twinbed/#": 0x80, "home/#": 0x80, "twinbed/a#": 0x80, "+twinbed/a": 0x80, "#": 0, "+/events": 0,
		"twinbed/workers/mia/tasks": 1, commands1: 1, "twinbed/things/+/commands": 0, "shelly/1/status": 1,
	} {
		granted, _ := subscribe(t, c, filter, 1)
		require.Equal(t, want, granted, filter)
	}
}

func TestOwnTopicsOfADeviceAreRelayedWhereDeclared(t *testing.T) {
	s := newStage(t, 1, time.Hour, GateOptions{TCP: "127.0.0.1:0", Relay: []string{"shelly/+/status"}})
	s.play()
	_, in := subscribe(t, s.stranger("adapter"), "shelly/1/status", 1)
	publish(t, s.stranger("shelly"), "shelly/1/status", 1, "on")
	require.Equal(t, "on", receive(t, in))
	for _, filter := range []string{"#", "twinbed/#", "$SYS/#", "+/events", "a#", "a/#/b", ""} {
		_, err := NewGate(s.world, GateOptions{Relay: []string{filter}})
		require.ErrorContains(t, err, "cannot be relayed", filter)
	}
}

func TestBrowsersConnectOverWebSockets(t *testing.T) {
	s := newStage(t, 1, time.Hour, GateOptions{WebSocket: "localhost:0", Origins: []string{"http://dashboard.test"}})
	s.outside(0)
	s.play()
	over := func(o *paho.ClientOptions) { o.Servers = nil; o.AddBroker(s.gate.WebSocket()) }
	from := func(origin string) func(*paho.ClientOptions) {
		return func(o *paho.ClientOptions) { o.SetHTTPHeaders(http.Header{"Origin": {origin}}) }
	}
	s.gate.tcp = s.gate.web // only for the address that paho gets first
	publish(t, s.stranger("a", over), "twinbed/things/press/readings", 1, `{"temperature":5}`)
	publish(t, s.stranger("b", over, from("http://dashboard.test")), "twinbed/things/press/readings", 1, `{"temperature":6}`)
	s.eventually("both", func() bool { return len(s.readings) == 2 })
	o := paho.NewClientOptions().SetConnectRetry(false).SetProtocolVersion(4)
	over(o)
	from("http://evil.test")(o)
	token := paho.NewClient(o).Connect()
	require.True(t, token.WaitTimeout(10*time.Second))
	require.Error(t, token.Error(), "a page of somebody else's may not connect")
	require.EqualValues(t, 1, count(s.gate.Counts(), tallyWords[refusedConnects]))
}

func TestTheGateKeepsToThisMachine(t *testing.T) {
	for _, address := range []string{":1883", "0.0.0.0:1883", "[::]:1883", "192.0.2.1:1883", "example.com:1883"} {
		s := newStage(t, 1, time.Hour, GateOptions{TCP: address})
		require.ErrorContains(t, s.gate.Open(), "needs TLS and passwords", address)
		require.NoError(t, s.gate.Close())
	}
	s := newStage(t, 1, time.Hour, GateOptions{WebSocket: "1883"})
	require.Error(t, s.gate.Open())
}

func TestNobodyElseIsOneOfOurSessions(t *testing.T) {
	s := newStage(t, 2, time.Hour, tcp())
	f := s.sessions(SessionOptions{})
	s.play()
	s.connect(f)
	for _, o := range []*paho.ClientOptions{
		paho.NewClientOptions().SetClientID("twinbed:press-01"),
		paho.NewClientOptions().SetClientID("twinbed:press-01").SetUsername("twinbed").SetPassword("guess"),
		paho.NewClientOptions().SetClientID("x").SetUsername("twinbed").SetPassword(s.gate.secret),
		paho.NewClientOptions().SetClientID("twinbed:press-77").SetUsername("twinbed").SetPassword(s.gate.secret),
	} {
		token := paho.NewClient(o.AddBroker("tcp://" + s.gate.TCP()).SetConnectRetry(false).SetProtocolVersion(4)).Connect()
		require.True(t, token.WaitTimeout(10*time.Second))
		require.Error(t, token.Error())
	}
	require.Equal(t, 2, f.Up(), "the real ones were not disturbed")
	require.EqualValues(t, 4, count(s.gate.Counts(), tallyWords[refusedConnects]))
}

func connectPacket(t testing.TB, id string, version byte) []byte {
	var b bytes.Buffer
	p := packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Connect}, ProtocolVersion: version, Connect: packets.ConnectParams{
		ProtocolName: []byte("MQTT"), Clean: true, Keepalive: 60, ClientIdentifier: id,
	}}
	require.NoError(t, p.ConnectEncode(&b))
	return b.Bytes()
}

func TestAPacketThatBreaksTheBrokerEndsOnlyItsSender(t *testing.T) {
	s := newStage(t, 2, time.Hour, tcp())
	s.outside(0)
	s.play()
	good := s.stranger("press one")
	for range 3 {
		c := s.raw()
		// A version 5 SUBSCRIBE whose filter has no options byte.
		_, err := c.Write(append(connectPacket(t, "bad", 5), 0x82, 13, 0, 1, 0, 0, 8, 't', 'w', 'i', 'n', 'b', 'e', 'd', '/'))
		require.NoError(t, err)
		ended(t, c)
	}
	require.Eventually(t, func() bool { return count(s.gate.Counts(), tallyWords[brokenPackets]) == 3 }, 10*time.Second, time.Millisecond)
	publish(t, good, readings1, 1, `{"temperature":5}`)
	s.eventually("others go on", func() bool { return len(s.readings) == 1 })
	require.Eventually(t, func() bool {
		_, known := s.gate.server.Clients.Get("bad")
		return !known
	}, 10*time.Second, time.Millisecond)
}

func TestConnectionsThatMisbehaveAreEnded(t *testing.T) {
	s := newStage(t, 1, time.Hour, GateOptions{TCP: "127.0.0.1:0", ConnectWithin: 50 * time.Millisecond})
	s.play()
	silent := s.raw()
	ended(t, silent)
	big := s.raw()
	_, err := big.Write([]byte{0x10, 0xff, 0xff, 0xff, 0x7f})
	require.NoError(t, err)
	ended(t, big)
	deep := s.raw()
	filter := strings.Repeat("a/", 100)
	_, err = deep.Write(append(connectPacket(t, "deep", 4), append([]byte{0x82, byte(len(filter) + 5 - 128 | 128), 1, 0, 1, 0, byte(len(filter))}, filter+"\x00"...)...))
	require.NoError(t, err)
	ended(t, deep)
	require.Eventually(t, func() bool { return s.gate.Connections() == 0 }, 10*time.Second, time.Millisecond)
}

func TestAWillGoesNowhere(t *testing.T) {
	s := newStage(t, 1, time.Hour, tcp())
	s.play()
	_, in := subscribe(t, s.stranger("observer"), "twinbed/#", 0)
	c := s.stranger("dies", func(o *paho.ClientOptions) { o.SetWill("twinbed/things/press/commands", "{}", 1, true) })
	require.EqualValues(t, 1, count(s.gate.Counts(), tallyWords[ignoredWills]))
	v, _ := s.gate.server.Clients.Get("dies")
	v.Stop(packets.ErrUnspecifiedError)
	c.Disconnect(0)
	s.on(func() { s.gate.Mirror().Noted(sim.Event{What: "fired", Thing: sim.NoThing}) })
	require.Contains(t, receive(t, in), "fired", "the first thing that is seen is not the will")
}

func TestTakeoversLeaveOneClientOfANameAndItIsServed(t *testing.T) {
	s := newStage(t, 1, time.Hour, tcp())
	s.play()
	over, ends := make(chan struct{}), make(chan bool)
	for range 20 {
		c := s.raw()
		_, err := c.Write(connectPacket(t, "twin", 4))
		require.NoError(t, err)
		go func() {
			b := make([]byte, 64)
			for {
				if _, err := c.Read(b); err != nil {
					select {
					case <-over: // the test ends the last one
						ends <- true
					default:
						ends <- false
					}
					return
				}
			}
		}()
	}
	for range 19 {
		require.False(t, <-ends)
	}
	s.gate.mu.Lock()
	require.Len(t, s.gate.visitors, 1)
	require.Len(t, s.gate.owners, 1)
	s.gate.mu.Unlock()
	close(over)
	left, ok := s.gate.server.Clients.Get("twin")
	require.True(t, ok)
	require.False(t, left.Closed())
	left.Stop(packets.ErrServerShuttingDown)
	require.True(t, <-ends)
}

func TestAFullInboxRefusesQoS0AndHoldsQoS1Back(t *testing.T) {
	s := newStage(t, 1, time.Hour, GateOptions{TCP: "127.0.0.1:0", Inbox: 4})
	s.outside(0)
	require.NoError(t, s.gate.Open()) // and the clock stands still
	t.Cleanup(func() { require.NoError(t, s.gate.Close()) })
	topic := "twinbed/things/press/readings"
	c := s.stranger("flood")
	for i := range 10 {
		publish(t, c, topic, 0, reading(i+1, 20))
	}
	unread := func() uint64 { return count(s.gate.Counts(), tallyWords[unreadMessages]) }
	require.Eventually(t, func() bool { return unread() == 6 }, 10*time.Second, time.Millisecond)
	token := c.Publish(topic, 1, false, reading(11, 20))
	require.False(t, token.WaitTimeout(50*time.Millisecond), "no ack for what has no place")
	s.run()
	require.True(t, token.WaitTimeout(10*time.Second))
	s.eventually("five of eleven", func() bool { return len(s.readings) == 5 })
	s.eventually("six are lost", func() bool { return s.lostFor(sim.LostUnread) == 6 })
	require.Equal(t, 11, s.sent)
	s.end()
}

func TestCommandsThatNobodyTakesAreLostWithAReason(t *testing.T) {
	s := newStage(t, 3, time.Hour, GateOptions{TCP: "127.0.0.1:0", ClientQueue: 2, WriteWithin: 200 * time.Millisecond})
	s.outside(0)
	s.sessions(SessionOptions{}) // that never connect
	s.play()
	s.order(1, 0, "cool", noValue)
	s.eventually("nobody subscribes", func() bool { return s.lostFor(sim.LostNobody) == 1 })
	s.order(2, 1, "cool", noValue)
	s.eventually("the session is offline", func() bool { return s.lostFor(sim.LostOffline) == 1 })
	require.Equal(t, sim.CommandMessage, s.lost[0].medium)
	require.EqualValues(t, 2, count(s.gate.Counts(), tallyWords[unheardCommands]))

	stalled, err := s.gate.DialMemory(context.Background()) // a pipe holds nothing
	require.NoError(t, err)
	defer stalled.Close()
	_, err = stalled.Write(connectPacket(t, "stalled", 4))
	require.NoError(t, err)
	answer := make([]byte, 9)
	_, err = stalled.Read(answer)
	require.NoError(t, err)
	_, err = stalled.Write(append([]byte{0x82, byte(5 + len(commands1)), 0, 1, 0, byte(len(commands1))}, commands1+"\x00"...))
	require.NoError(t, err)
	_, err = stalled.Read(answer)
	require.NoError(t, err)
	for id := range 10 {
		s.order(uint64(10+id), 0, "cool", noValue)
	}
	s.eventually("its queue is full", func() bool { return s.lostFor(sim.LostInBroker) > 0 })
	s.eventually("it is ended", func() bool { return s.gate.Connections() == 0 })
	require.NotZero(t, count(s.gate.Counts(), tallyWords[droppedCommands]))
}

func TestOneThingDoesNotAnswerForAnother(t *testing.T) {
	s := newStage(t, 2, time.Hour, tcp())
	s.outside(0)
	s.outside(1)
	s.play()
	c := s.stranger("both")
	_, in := subscribe(t, c, "twinbed/things/+/commands", 0)
	s.order(5, 1, "cool", noValue)
	receive(t, in)
	publish(t, c, acks1, 1, `{"id":5,"outcome":"done"}`)
	publish(t, c, "twinbed/things/press-02/acks", 1, `{"id":5,"outcome":"failed","note":"stuck"}`)
	s.eventually("the right one", func() bool { return len(s.acks) == 1 })
	require.Equal(t, sim.ThingID(1), s.acks[0].Thing)
	require.Equal(t, "stuck", s.acks[0].Note)
}

func TestAskedForgetsTheOldest(t *testing.T) {
	var a asked
	for id := range uint64(askedRemembered + 10) {
		a.note(id, 3)
		a.note(id, 4)
	}
	require.False(t, a.of(9, 3))
	require.True(t, a.of(10, 3) && a.of(askedRemembered+9, 3) && !a.of(10, 4))
	require.Len(t, a.thing, askedRemembered)
}

func TestAWorkersPhoneTakesAndEndsTasks(t *testing.T) {
	s := newStage(t, 2, time.Hour, tcp())
	p := s.gate.Phone("mia")
	s.router.RouteTasks(func(*sim.Task) Worker { return p })
	s.play()
	c := s.stranger("phone")
	granted, in := subscribe(t, c, "twinbed/workers/mia/tasks", 1)
	require.EqualValues(t, 1, granted)
	send := func(id uint64) {
		s.on(func() {
			s.router.Task(&sim.Task{ID: id, Thing: 1, What: "look", Skill: "eyes", Does: 1, Value: 0.25, Attempt: 1, Decided: s.world.Clock.Stamp()})
		})
	}
	say := func(payload string) { publish(t, c, "twinbed/workers/mia/acks", 1, payload) }
	load := func() (v float64) { s.on(func() { v = *s.fleet().State(1, 0) }); return v }

	send(7)
	require.JSONEq(t, `{"id":7,"task":"look","skill":"eyes","thing":"press-02","does":"set load","value":0.25,"priority":0,"attempt":1}`, receive(t, in))
	say(`{"id":7,"outcome":"taken"}`)
	say(`{"id":7,"outcome":"done","note":"it was loose"}`)
	s.eventually("the ack", func() bool { return len(s.acks) == 1 })
	a := s.acks[0]
	require.True(t, a.Foreign && a.Delivered.At < a.Done.At && a.By == "mia" && a.Note == "it was loose" && a.Thing == 1)
	require.Equal(t, 0.25, load(), "the worker's hands changed the press")

	say(`{"id":7,"outcome":"done"}`)
	s.eventually("a stray ack", func() bool { return hasNote(s.notes, "not open") })
	send(8)
	receive(t, in)
	s.on(func() { s.router.Withdraw(8) })
	require.JSONEq(t, `{"id":8,"withdrawn":true}`, receive(t, in))
	send(9)
	receive(t, in)
	say(`{"id":9,"outcome":"taken"}`)
	say(`{"id":9,"outcome":"refused"}`)
	s.eventually("the refusal", func() bool { return len(s.acks) == 2 })
	require.Equal(t, sim.Refused, s.acks[1].Outcome)
	s.on(func() { require.Zero(t, p.Open()) })
	c.Disconnect(0)
	require.Eventually(t, func() bool { return s.gate.Connections() == 0 }, 10*time.Second, time.Millisecond)
	send(10)
	s.eventually("a phone that is off", func() bool { return s.lostFor(sim.LostNobody) == 1 })
	require.Equal(t, sim.TaskMessage, s.lost[0].medium)
}

func TestCountsAreAlwaysTheSameLines(t *testing.T) {
	s := newStage(t, 1, time.Hour, GateOptions{})
	before := s.gate.Counts()
	s.play()
	after := s.gate.Counts()
	require.Equal(t, len(before), len(after))
	for i, c := range after {
		require.Equal(t, before[i].Words, c.Words)
		require.NotEmpty(t, c.Words, fmt.Sprint(i))
	}
}
