package scenarios_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/scenarios"
)

// message is what a platform of ours in these tests has to know.
type message struct {
	thing, room string
	Seq         uint32
	ID          uint64
	Temperature float64
	Speed       float64
	Outcome     string
}

// platform is a client that has none of our code: decide is told each reading and
// ack, and publishes.
func platform(t testing.TB, address string, o *mqtt.ClientOptions, decide func(m message, publish func(topic, payload string))) {
	t.Helper()
	c := mqtt.NewClient(o.AddBroker("tcp://" + address).SetOrderMatters(true).SetAutoReconnect(false))
	require.NoError(t, wait(c.Connect()))
	t.Cleanup(func() { c.Disconnect(0) })
	hear := func(_ mqtt.Client, m mqtt.Message) {
		levels := strings.Split(m.Topic(), "/")
		x := message{thing: levels[2], room: levels[3]}
		if json.Unmarshal(m.Payload(), &x) == nil {
			decide(x, func(topic, payload string) { c.Publish(topic, 1, false, payload) })
		}
	}
	filters := map[string]byte{"twinbed/workers/+/acks": 0, "twinbed/things/+/acks": 0, "twinbed/things/+/readings": 0}
	require.NoError(t, wait(c.SubscribeMultiple(filters, hear)))
}

// playExternal plays testdata/external.yaml; begin is called when the broker is
// there, and brings the platform.
func playExternal(t *testing.T, o scenarios.Staging, begin func(address string), sets ...string) *reports.Report {
	s, err := scenarios.Load("testdata/external.yaml", scenarios.Options{Sets: sets})
	require.NoError(t, err)
	defer s.Close()
	run, err := s.Stage(o)
	require.NoError(t, err)
	begun, address := make(chan struct{}), run.BrokerAddress()
	go func() { defer close(begun); begin(address) }()
	r, err := run.Play(context.Background())
	require.NoError(t, err)
	<-begun
	require.True(t, r.Ledger.Balanced, "%v", r.Reasons)
	return r
}

func hot(m message) bool { return m.room == "readings" && m.Temperature > 70 }

func as(id string) *mqtt.ClientOptions { return mqtt.NewClientOptions().SetClientID(id) }

// cooling commands every hot sensor, as one does who reads the documentation.
func cooling(ids *atomic.Uint64) func(message, func(topic, payload string)) {
	return func(m message, publish func(topic, payload string)) {
		if hot(m) {
			publish("twinbed/things/"+m.thing+"/commands",
				fmt.Sprintf(`{"id":%d,"command":"cool","seq":%d,"decision":"too hot"}`, ids.Add(1), m.Seq))
		}
	}
}

func TestAnExternalPlatformsLoopsAreMeasuredStageByStage(t *testing.T) {
	var ids atomic.Uint64
	r := playExternal(t, scenarios.Staging{}, func(address string) { platform(t, address, as("platform"), cooling(&ids)) })
	require.Len(t, r.Decisions, 1)
	d := r.Decisions[0]
	require.Equal(t, "too hot", d.Name)
	require.Greater(t, d.Closed.Done, uint64(20))
	require.Zero(t, d.Foreign, "readings and acks are of our own things")
	for _, f := range d.Segments {
		require.Equal(t, d.Closed.Done, f.Count, f.Name)
	}
	require.Contains(t, r.Remarks[0], "an external platform decided")
	require.Len(t, r.Remarks, 1, "each order named its reading")
	require.Positive(t, float64(d.Segments[2].P50), "decision holds two ways over the broker")
}

func TestOrdersThatNameNoReadingAreMatchedAndTheReportSaysSo(t *testing.T) {
	r := playExternal(t, scenarios.Staging{}, func(address string) {
		platform(t, address, as("platform"), func(m message, publish func(topic, payload string)) {
			if hot(m) {
				publish("twinbed/things/"+m.thing+"/commands", `{"command":"cool"}`)
			}
			if m.room == "readings" && m.Speed > 0 {
				publish("twinbed/things/"+m.thing+"/commands", `{"command":"stop"}`)
			}
		})
	})
	require.Len(t, r.Decisions, 3, "orders without a reason count under the command's name")
	require.Zero(t, r.Decisions[0].Fired)
	for _, d := range r.Decisions[1:] {
		require.Contains(t, []string{"cool", "stop"}, d.Name)
		require.Greater(t, d.Closed.Done, uint64(10))
	}
	require.Contains(t, strings.Join(r.Remarks, "\n"), "matched by thing and order")
}

func TestNobodyButThePlatformCommands(t *testing.T) {
	staging := scenarios.Staging{LookupEnv: func(name string) (string, bool) { return "right", name == "PLATFORM_PASSWORD" }}
	var ids atomic.Uint64
	r := playExternal(t, staging, func(address string) {
		for _, o := range []*mqtt.ClientOptions{
			as("platform"), as("platform").SetUsername("platform").SetPassword("wrong"),
			as("other").SetUsername("platform").SetPassword("right"),
		} {
			require.Error(t, wait(mqtt.NewClient(o.AddBroker("tcp://"+address)).Connect()))
		}
		rogue := mqtt.NewClient(as("rogue").AddBroker("tcp://" + address))
		require.NoError(t, wait(rogue.Connect()))
		require.NoError(t, wait(rogue.Publish("twinbed/things/sensor-01/commands", 1, false, `{"id":1,"command":"cool"}`)))
		require.NoError(t, wait(rogue.Publish("twinbed/tasks", 1, false, `{"id":2,"task":"rest","skill":"fans"}`)))
		rogue.Disconnect(0)
		platform(t, address, as("platform").SetUsername("platform").SetPassword("right"), cooling(&ids))
	}, "platform={by: external, secret: \"env:PLATFORM_PASSWORD\"}")
	require.EqualValues(t, 2, r.Trust.Rejected)
	require.Equal(t, r.Decisions[0].Fired, r.Ledger.Commands.Issued)
	require.Greater(t, r.Decisions[0].Closed.Done, uint64(20))
	require.Zero(t, r.Ledger.Tasks.Issued)
}

func TestAnExternalPlatformsTasksGoToThePeople(t *testing.T) {
	var ids, done atomic.Uint64
	var once atomic.Bool
	r := playExternal(t, scenarios.Staging{}, func(address string) {
		platform(t, address, as("platform"), func(m message, publish func(topic, payload string)) {
			switch {
			case m.room == "readings" && m.thing == "fan-01" && once.CompareAndSwap(false, true):
				publish("twinbed/tasks", fmt.Sprintf(`{"id":%d,"task":"look at the fan","skill":"fans","thing":"fan-01","does":"stop","seq":%d}`, ids.Add(1), m.Seq))
				publish("twinbed/tasks", `{"task":"tell nobody","skill":"magic"}`)
				publish("twinbed/tasks", `{"task":"without a skill"}`)
			case strings.HasPrefix(m.thing, "fitter") && m.Outcome == "done":
				done.Add(m.ID)
			}
		})
	})
	require.EqualValues(t, 1, done.Load(), "the platform hears what people say, under its own ids")
	require.EqualValues(t, 2, r.Ledger.Tasks.Issued)
	require.EqualValues(t, 1, r.Ledger.Tasks.Closed.Done)
	require.EqualValues(t, 1, r.Ledger.Tasks.Closed.Refused)
	require.EqualValues(t, 1, r.Trust.Rejected)
	require.Equal(t, "look at the fan", r.Decisions[1].Name)
	require.EqualValues(t, 1, r.Decisions[1].Manned)
}

func TestACommandThatIsNotAcknowledgedTimesOut(t *testing.T) {
	r := playExternal(t, scenarios.Staging{}, func(address string) {
		silent := mqtt.NewClient(as("fans").AddBroker("tcp://" + address))
		require.NoError(t, wait(silent.Connect()))
		t.Cleanup(func() { silent.Disconnect(0) })
		require.NoError(t, wait(silent.Subscribe("twinbed/things/fan-01/commands", 1, func(mqtt.Client, mqtt.Message) {})))
		var once atomic.Bool
		platform(t, address, as("platform"), func(m message, publish func(topic, payload string)) {
			if m.room == "readings" && once.CompareAndSwap(false, true) {
				publish("twinbed/things/fan-01/commands", `{"id":7,"command":"stop"}`)
				publish("twinbed/things/sensor-01/commands", `{"id":7,"command":"cool"}`)
			}
		})
	}, "things.fan.connect=outside", "platform={by: external, timeout: 200ms}")
	require.EqualValues(t, 1, r.Ledger.Commands.Issued, "an id stands for one order")
	require.EqualValues(t, 1, r.Ledger.Commands.Closed.TimedOut)
	require.Contains(t, strings.Join(r.Remarks, "\n"), "stood for another order")
	require.EqualValues(t, 1, r.Decisions[1].Lost)
}

func TestAnExternalPlatformAtABrokerThatIsNotOurs(t *testing.T) {
	m := newMosquitto(t)
	var ids atomic.Uint64
	platform(t, m.address, as("anybody"), cooling(&ids))
	r := playExternal(t, scenarios.Staging{}, func(string) {}, "broker.url=mqtt://"+m.address)
	require.Greater(t, r.Decisions[0].Closed.Done, uint64(20))
	require.LessOrEqual(t, r.Ledger.Commands.Issued, ids.Load())
	require.Contains(t, r.Remarks[0], "is not ours")
	require.Zero(t, r.Trust.Rejected)
}

func TestWithoutItsPlatformARunDoesNotBegin(t *testing.T) {
	s, err := scenarios.Load("testdata/external.yaml", scenarios.Options{})
	require.NoError(t, err)
	defer s.Close()
	run, err := s.Stage(scenarios.Staging{})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	_, err = run.Play(ctx)
	require.ErrorContains(t, err, `no platform has come: it is the client "platform"`)
}
