package broker

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/broker/contained"
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
	s.gate.Phone("mia", office{s})
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
	require.Equal(t, 1, s.lostFor(sim.LostMalformed), "the ack; which number a reading had is not known")
	require.Equal(t, 1, s.sent, "what nobody numbered is rejected and in no book")
	require.True(t, len(s.notes) == notedRefusals, "a few are told, all are counted")
	require.NotEqual(t, sim.Time(1), s.readings[0].Sensed.At, "a stranger's stamp is not believed")
}

func TestAMalformedReadingIsWhatIsMissingInAStrangersNumbers(t *testing.T) {
	s := newStage(t, 3, time.Hour, tcp())
	s.outside(0)
	s.play()
	c := s.stranger("press one")
	publish(t, c, readings1, 1, `{"seq":4,"temperature":7}`)
	publish(t, c, readings1, 1, `{"seq":5,"temperature":`)
	publish(t, c, readings1, 1, `{"seq":7,"temperature":7}`)
	s.eventually("both good ones", func() bool { return len(s.readings) == 2 })
	require.Equal(t, 1, s.lostFor(sim.LostMalformed), "5 or 6: one of them is explained, the other is not")
	require.Equal(t, 3, s.sent)
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
	require.Zero(t, s.gate.watchers[Readings].Load(), "nobody watches: nothing is passed on")

	o := s.stranger("observer")
	granted, in := subscribe(t, o, "twinbed/#", 2)
	require.Zero(t, granted, "who holds messages up may not ask for QoS")
	require.EqualValues(t, 1, s.gate.watchers[Readings].Load())
	publish(t, c, readings1, 1, `{"seq":5,"temperature":1}`)
	require.Equal(t, `{"seq":5,"temperature":1}`, receive(t, in))
	s.on(func() {
		s.world.Observers.Noted(sim.Event{What: "fired", Thing: 1, Subject: "too hot"})
		s.fleet().Switch(2)
	})
	require.Contains(t, receive(t, in), `"what":"fired","thing":"press-02","subject":"too hot"`)
	require.Contains(t, receive(t, in), `"temperature":81.25`)
	o.Disconnect(0)
	require.Eventually(t, func() bool { return s.gate.watchers[Readings].Load() == 0 }, 10*time.Second, time.Millisecond)
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
	s := newStage(t, 1, time.Hour, GateOptions{Options: loopback, Relay: []string{"shelly/#"}})
	s.play()
	c := s.stranger("observer")
	for filter, want := range map[string]byte{
		"$SYS/#": 0x80, "$share/g/twinbed/#": 0x80, "home/#": 0x80, "#": 0, "+/events": 0,
		"twinbed/workers/mia/tasks": 1, commands1: 1, "twinbed/things/+/commands": 0, "shelly/1/status": 1,
	} {
		granted, _ := subscribe(t, c, filter, 1)
		require.Equal(t, want, granted, filter)
	}
}

func TestOwnTopicsOfADeviceAreRelayedWhereDeclared(t *testing.T) {
	s := newStage(t, 1, time.Hour, GateOptions{Options: loopback, Relay: []string{"shelly/+/status"}})
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
	s := newStage(t, 1, time.Hour, listen(contained.Options{TCP: "127.0.0.1:0", WebSocket: "localhost:0", Origins: []string{"http://dashboard.test"}}))
	s.outside(0)
	s.play()
	over := func(o *paho.ClientOptions) { o.Servers = nil; o.AddBroker(s.gate.WebSocket()) }
	from := func(origin string) func(*paho.ClientOptions) {
		return func(o *paho.ClientOptions) { o.SetHTTPHeaders(http.Header{"Origin": {origin}}) }
	}
	publish(t, s.stranger("a", over), "twinbed/things/press/readings", 1, `{"temperature":5}`)
	publish(t, s.stranger("b", over, from("http://dashboard.test")), "twinbed/things/press/readings", 1, `{"temperature":6}`)
	s.eventually("both", func() bool { return len(s.readings) == 2 })
	o := paho.NewClientOptions().SetConnectRetry(false).SetProtocolVersion(4)
	over(o)
	from("http://evil.test")(o)
	token := paho.NewClient(o).Connect()
	require.True(t, token.WaitTimeout(10*time.Second))
	require.Error(t, token.Error(), "a page of somebody else's may not connect")
	require.EqualValues(t, 1, count(s.gate.Counts(), contained.RefusedConnects))
}

func TestAFullInboxRefusesQoS0AndHoldsQoS1Back(t *testing.T) {
	s := newStage(t, 1, time.Hour, GateOptions{Options: loopback, Inbox: 4})
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
	s := newStage(t, 3, time.Hour, listen(contained.Options{TCP: "127.0.0.1:0", ClientQueue: 2, WriteWithin: 200 * time.Millisecond}))
	s.outside(0)
	s.sessions(SessionOptions{}) // that never connect
	s.play()
	s.order(1, 0, "cool", noValue)
	s.eventually("nobody subscribes", func() bool { return s.lostFor(sim.LostNobody) == 1 })
	s.order(2, 1, "cool", noValue)
	s.eventually("the session is offline", func() bool { return s.lostFor(sim.LostOffline) == 1 })
	require.Equal(t, sim.CommandMessage, s.lost[0].medium)
	require.EqualValues(t, 2, count(s.gate.Counts(), tallyWords[unheardCommands]))

	stalled, err := s.gate.DialMemory(context.Background()) // a pipe holds 64 KiB
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
	for id := uint64(10); s.gate.Connections() > 0; id++ { // until its queue is full and it is ended
		s.order(id, 0, "cool", noValue)
	}
	s.eventually("what its queue did not hold is lost", func() bool { return s.lostFor(sim.LostInBroker) > 0 })
	require.NotZero(t, count(s.gate.Counts(), tallyWords[droppedCommands]))
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
