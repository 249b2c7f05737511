package scenarios_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/scenarios"
)

// outsideRun plays a scenario of testdata until end is called.
type outsideRun struct {
	host, port string
	end        func() *reports.Report
}

func playOutside(t *testing.T, file string) outsideRun {
	s, err := scenarios.Load("testdata/"+file, scenarios.Options{})
	require.NoError(t, err)
	run, err := s.Stage(scenarios.Staging{})
	require.NoError(t, err)
	host, port, err := net.SplitHostPort(run.BrokerAddress())
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	type ended struct {
		report *reports.Report
		err    error
	}
	done := make(chan ended, 1)
	go func() {
		report, err := run.Play(ctx)
		done <- ended{report, err}
	}()
	return outsideRun{host, port, func() *reports.Report {
		cancel()
		x := <-done
		require.NoError(t, x.err)
		require.NoError(t, s.Close())
		return x.report
	}}
}

// books are what a run that was cut short on purpose must still show.
func requireBalanced(t *testing.T, r *reports.Report) {
	require.True(t, r.Ledger.Balanced, r.Reasons)
	for _, why := range r.Reasons {
		if !strings.HasPrefix(why, "not played to its end") && !strings.HasPrefix(why, "the clock lagged") {
			require.Fail(t, "it was cut short, perhaps on a busy machine, and nothing else", why)
		}
	}
}

func program(t *testing.T, name string) string {
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed", name)
	}
	return path
}

func TestMosquittoPlaysAThingAndGetsItsCommand(t *testing.T) {
	pub, sub := program(t, "mosquitto_pub"), program(t, "mosquitto_sub")
	run := playOutside(t, "outside.yaml")
	at := []string{"-h", run.host, "-p", run.port, "-q", "1"}
	listen := exec.Command(program(t, "stdbuf"), append([]string{"-oL", sub}, append(at, "-d", "-t", "twinbed/things/boiler/commands", "-C", "1", "-F", "COMMAND %p")...)...)
	out, err := listen.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, listen.Start())
	lines := bufio.NewScanner(out)
	await := func(prefix string) string {
		for lines.Scan() {
			if text := lines.Text(); len(text) >= len(prefix) && text[:len(prefix)] == prefix {
				return text[len(prefix):]
			}
		}
		require.Fail(t, "mosquitto_sub ended", "waiting for %q", prefix)
		return ""
	}
	await("Subscribed")
	publish := func(topic, payload string) {
		text, err := exec.Command(pub, append(at, "-t", topic, "-m", payload)...).CombinedOutput()
		require.NoError(t, err, string(text))
	}
	for _, malformed := range []string{"", "hot", `{"temperature":"hot"}`, `{"temperature":NaN}`, `[1]`, `{"temperature":1e999}`} {
		if malformed != "" {
			publish("twinbed/things/boiler/readings", malformed)
		}
	}
	publish("twinbed/things/kettle/readings", `{"temperature":20}`)
	publish("twinbed/things/lamp-01/readings", `{"light":20}`)
	publish("twinbed/things/boiler/readings", `{"seq":1,"temperature":20,"pressure":1}`)
	publish("twinbed/things/boiler/readings", `{"seq":2,"temperature":95,"pressure":1}`)
	publish("twinbed/things/boiler/readings", `{"seq":2,"temperature":95,"pressure":1}`)
	var command struct {
		ID      uint64 `json:"id"`
		Command string `json:"command"`
	}
	require.NoError(t, json.Unmarshal([]byte(await("COMMAND ")), &command))
	require.NoError(t, listen.Wait())
	require.Equal(t, "cool", command.Command)
	publish("twinbed/things/boiler/acks", fmt.Sprintf(`{"id":%d,"outcome":"done"}`, command.ID))

	report := run.end()
	requireBalanced(t, report)
	require.EqualValues(t, 1, report.Decisions[0].Fired)
	require.EqualValues(t, 1, report.Decisions[0].Closed.Done)
	require.EqualValues(t, 1, report.Decisions[0].Foreign)
	boiler := report.Ledger.Readings[0]
	require.EqualValues(t, 2, boiler.Delivered)
	require.EqualValues(t, 1, boiler.Duplicates)
	require.EqualValues(t, 5+2, report.Trust.Rejected, "five malformed, one of nobody, one of a lamp that is played here")
	require.Contains(t, report.Real, "1 boiler by outside clients")
}

func (r *outsideRun) connect(t *testing.T, id string) mqtt.Client {
	c := mqtt.NewClient(mqtt.NewClientOptions().AddBroker("tcp://" + net.JoinHostPort(r.host, r.port)).SetClientID(id).SetOrderMatters(true))
	require.NoError(t, wait(c.Connect()))
	t.Cleanup(func() { c.Disconnect(0) })
	return c
}

func follow(t *testing.T, c mqtt.Client, filter string) <-chan mqtt.Message {
	seen := make(chan mqtt.Message, 1000)
	require.NoError(t, wait(c.Subscribe(filter, 1, func(_ mqtt.Client, m mqtt.Message) { seen <- m })))
	return seen
}

func TestAPhoneAnswersATaskAndAnObserverSeesAll(t *testing.T) {
	run := playOutside(t, "outside.yaml")
	observer, phone, boiler := run.connect(t, "observer"), run.connect(t, "phone"), run.connect(t, "boiler")
	all, tasks := follow(t, observer, "twinbed/#"), follow(t, phone, "twinbed/workers/stoker/tasks")
	require.NoError(t, wait(boiler.Publish("twinbed/things/boiler/readings", 1, false, `{"temperature":20,"pressure":12}`)))
	var task struct {
		ID   uint64 `json:"id"`
		Task string `json:"task"`
	}
	require.NoError(t, json.Unmarshal((<-tasks).Payload(), &task))
	require.Equal(t, "open the valve", task.Task)
	require.NoError(t, wait(phone.Publish("twinbed/workers/stoker/acks", 1, false, fmt.Sprintf(`{"id":%d,"outcome":"taken"}`, task.ID))))
	require.NoError(t, wait(phone.Publish("twinbed/workers/stoker/acks", 1, false, fmt.Sprintf(`{"id":%d,"outcome":"done"}`, task.ID))))
	topics := map[string]bool{}
	enough := time.After(20 * time.Second)
	for want := []string{
		"twinbed/things/boiler/readings", "twinbed/things/lamp-01/readings", "twinbed/workers/stoker/tasks", "twinbed/workers/stoker/acks", "twinbed/events",
	}; !hasAll(topics, want); {
		select {
		case m := <-all:
			topics[m.Topic()] = true
		case <-enough:
			require.Fail(t, "the observer has not seen all", "%v", topics)
		}
	}
	report := run.end()
	requireBalanced(t, report)
	require.EqualValues(t, 1, report.Decisions[1].Closed.Done)
	require.EqualValues(t, 1, report.Decisions[1].Manned)
	require.Contains(t, report.Real, "1 stoker by phone")
	require.Equal(t, "stoker", report.People[0].Name)
	require.Equal(t, 1, report.People[0].Done)
	require.Zero(t, report.People[0].Waiting)
	require.Positive(t, float64(report.People[0].Busy))
	require.Positive(t, float64(report.People[0].MeanWait))
}

func hasAll(seen map[string]bool, want []string) bool {
	for _, w := range want {
		if !seen[w] {
			return false
		}
	}
	return true
}

func wait(t mqtt.Token) error {
	if !t.WaitTimeout(10 * time.Second) {
		return fmt.Errorf("no answer within ten seconds")
	}
	return t.Error()
}

func TestHelloShowsTheHostsOwnReadings(t *testing.T) {
	o := scenarios.Options{Sets: []string{"duration=3s", "things.sensor.count=20", "limits=unexplained = 0"}}
	live := play(t, "hello", o)
	require.True(t, live.Ledger.Balanced, live.Reasons) // a machine with other work to do may lag, and says so
	require.Equal(t, []string{"machine by host"}, live.Real)
	require.Len(t, live.Devices, 1)
	require.GreaterOrEqual(t, live.Devices[0].Readings, uint64(3))
	for _, v := range live.Devices[0].Values {
		require.True(t, v.Value.Known(), "%s of this machine", v.Name)
	}
	o.Sets = append(o.Sets, "clock=virtual")
	virtual := play(t, "hello", o)
	require.Empty(t, virtual.Real)
	require.Contains(t, virtual.Simulated, "machine, which is real (host) in a live run")
}
