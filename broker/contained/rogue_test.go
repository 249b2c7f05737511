package contained

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"github.com/stretchr/testify/require"
)

// plant is a broker with devices, the platform that they are for, and a device
// whose owner is up to no good.
type plant struct {
	*stage
	heard <-chan paho.Message // by the platform, of all devices

	mu   sync.Mutex
	told []Refusal
}

func newPlant(t *testing.T, o Options) *plant {
	p := &plant{}
	o.Refused = func(r Refusal) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.told = append(p.told, r)
	}
	p.stage = newStage(t, o, &Access{
		Users: users(t, "platform", "press", "rogue"),
		Rules: rulesOf(t, "platform read devices/#", "platform write devices/+/commands", "* write devices/%u/readings", "* read devices/%u/commands"),
	})
	_, p.heard = subscribe(t, p.client("platform", as("platform")), "devices/+/readings", 1)
	return p
}

// named says whether the report names a refusal.
func (p *plant) named(kind, why string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.told {
		if r.Kind == kind && strings.Contains(r.Why, why) {
			require.NotEmpty(p.t, r.Address)
			return true
		}
	}
	return false
}

// unharmed shows that a device's readings still arrive, all of them and in order.
func (p *plant) unharmed(press paho.Client) {
	p.t.Helper()
	for n := range 20 {
		publish(p.t, press, "devices/press/readings", 1, fmt.Sprint(n))
		for {
			topic, payload := receive(p.t, p.heard)
			if topic == "devices/press/readings" {
				require.Equal(p.t, fmt.Sprint(n), payload)
				break
			}
			require.Equal(p.t, "devices/rogue/readings", topic)
		}
	}
}

func TestARogueTakesNobodysPlace(t *testing.T) {
	p := newPlant(t, Options{})
	press := p.client("press", as("press"))
	for _, id := range []string{"press", "press:2", "platform", "inline", "rogue2"} {
		_, err := p.dial(id, as("rogue"))
		require.ErrorContains(t, err, "dentifier rejected", id)
	}
	for _, o := range []func(*paho.ClientOptions){
		func(*paho.ClientOptions) {}, as("nobody"), func(o *paho.ClientOptions) { o.SetUsername("press").SetPassword("guess") },
		func(o *paho.ClientOptions) { o.SetUsername("press").SetPassword("*") }, func(o *paho.ClientOptions) { o.SetUsername("press") },
	} {
		_, err := p.dial("press", o)
		require.ErrorContains(t, err, "bad user name or password")
	}
	require.EqualValues(t, 10, p.count(RefusedConnects))
	require.True(t, p.named(RefusedConnects, "somebody else's") && p.named(RefusedConnects, "no such user"))
	p.unharmed(press)
}

func TestARogueGetsNobodysQueuedMessages(t *testing.T) {
	// Without rules about ids: whoever was first has it.
	s := newStage(t, Options{}, &sharedIDs{Access{Users: users(t, "press", "rogue")}})
	kept := func(o *paho.ClientOptions) { o.SetCleanSession(false) }
	c := s.client("the id", as("press"), kept)
	subscribe(t, c, "commands", 1)
	_, err := s.dial("the id", as("rogue"), kept)
	require.ErrorContains(t, err, "dentifier rejected", "while it is there")
	c.Disconnect(100)
	eventually(t, "it is away", func() bool { return !s.Connected("the id") })
	publish(t, s.client("platform", as("press")), "commands", 1, "open the gate")
	for _, clean := range []bool{false, true} {
		_, err = s.dial("the id", as("rogue"), func(o *paho.ClientOptions) { o.SetCleanSession(clean) })
		require.ErrorContains(t, err, "dentifier rejected", "while it is away")
	}
	in := make(chan paho.Message, 1)
	s.client("the id", as("press"), kept, func(o *paho.ClientOptions) {
		o.SetDefaultPublishHandler(func(_ paho.Client, m paho.Message) { in <- m })
	})
	_, payload := receive(t, in)
	require.Equal(t, "open the gate", payload)
}

// sharedIDs lets every user have any id.
type sharedIDs struct{ Access }

func (s *sharedIDs) Admit(c *Client, h *Hello) Answer {
	x := *h
	x.Assigned = true
	return s.Access.Admit(c, &x)
}

func TestARogueReadsAndWritesNothingOfOthers(t *testing.T) {
	p := newPlant(t, Options{})
	press := p.client("press", as("press"))
	_, commands := subscribe(t, press, "devices/press/commands", 1)
	c := p.client("rogue", as("rogue"))
	filters := []string{
		"#", "+", "+/#", "devices/#", "devices/+/readings", "devices/press/commands", "devices/press/#", "$SYS/#", "$SYS/broker/version",
		"$share/g/devices/press/commands", "$share/g/devices/rogue/commands", "Devices/rogue/commands",
	}
	for _, filter := range filters {
		granted, _ := subscribe(t, c, filter, 1)
		require.EqualValues(t, 0x80, granted, filter)
	}
	topics := []string{"devices/press/commands", "devices/press/readings", "devices/rogue/commands", "devices/rogue/readings/x", "$SYS/broker/version", "other"}
	for n, topic := range topics {
		publish(t, c, topic, byte(n%3), "open the gate")
	}
	require.True(t, c.IsConnected(), "it would come back and try again")
	granted, _ := subscribe(t, c, "devices/rogue/commands", 1)
	require.EqualValues(t, 1, granted, "what is its own it may have")
	require.EqualValues(t, len(filters), p.count(RefusedFilters))
	eventually(t, "they are counted", func() bool { return p.count(RefusedMessages) == uint64(len(topics)) })
	require.True(t, p.named(RefusedFilters, `may not subscribe to "devices/#"`) && p.named(RefusedMessages, `may not publish on "devices/press/commands"`))
	p.unharmed(press)
	require.Empty(t, commands)
}

func TestARogueCommandsNothingWhenItDies(t *testing.T) {
	p := newPlant(t, Options{Retained: 10})
	press := p.client("press", as("press"))
	_, commands := subscribe(t, press, "devices/press/commands", 1)
	for _, topic := range []string{"devices/press/commands", "$SYS/broker/version"} {
		dies := p.mosquitto("mosquitto_sub", "-i", "rogue", "-u", "rogue", "-P", "roguerogue", "-t", "devices/rogue/commands",
			"--will-topic", topic, "--will-payload", "open the gate", "--will-retain")
		require.NoError(t, dies.Start())
		eventually(t, "it has come", func() bool { return len(p.Takers("devices/rogue/commands")) == 2 || p.Connected("rogue") })
		require.NoError(t, dies.Process.Kill())
		_ = dies.Wait()
		eventually(t, "it has gone", func() bool { return !p.Connected("rogue") })
	}
	require.EqualValues(t, 2, p.count(IgnoredWills))
	require.True(t, p.named(IgnoredWills, `may not go to "devices/press/commands"`))
	p.unharmed(press)
	require.Empty(t, commands)
}

func TestAFloodOfMessagesIsReadSlowly(t *testing.T) {
	p := newPlant(t, Options{MessageRate: 100, ClientQueue: 1 << 14})
	press := p.client("press", as("press"))
	c := p.client("rogue", as("rogue"), func(o *paho.ClientOptions) { o.SetWriteTimeout(time.Second) })
	over := make(chan struct{})
	var sent atomic.Int64
	var flood sync.WaitGroup
	flood.Go(func() {
		for {
			select {
			case <-over:
				return
			default:
				c.Publish("devices/rogue/readings", 0, false, strings.Repeat("x", 1000)).WaitTimeout(time.Second)
				sent.Add(1)
			}
		}
	})
	eventually(t, "it is slowed", func() bool { return p.count(SlowedClients) == 1 })
	p.unharmed(press)
	require.True(t, p.Connected("rogue"), "it is not ended, it would come back at once")
	require.True(t, p.named(SlowedClients, "more than it may"))
	close(over)
	go c.Disconnect(0)
	flood.Wait()
}

func TestAFloodOfSubscriptionsAndRetainedMessagesEnds(t *testing.T) {
	s := newStage(t, Options{Subscriptions: 50, Retained: 50}, &Access{})
	c := s.client("rogue")
	for n := range 100 {
		granted, _ := subscribe(t, c, fmt.Sprint("a/", n), 0)
		require.Equal(t, n >= 50, granted == 0x80)
	}
	granted, _ := subscribe(t, c, "a/1", 0)
	require.Zero(t, granted, "one that it has it may change")
	token := c.Unsubscribe("a/1")
	require.True(t, token.WaitTimeout(20*time.Second))
	granted, _ = subscribe(t, c, "a/77", 0)
	require.Zero(t, granted, "another one instead of it")
	for n := range 100 {
		token := c.Publish(fmt.Sprint("r/", n), 1, true, "x")
		require.True(t, token.WaitTimeout(20*time.Second))
	}
	require.EqualValues(t, 50, s.count(RefusedFilters))
	require.EqualValues(t, 50, s.count(RefusedRetained))
	_, in := subscribe(t, s.client("press"), "b", 1)
	publish(t, s.client("platform"), "b", 1, "x")
	receive(t, in)
}

func TestAFloodOfSessionsThatAreKeptKeepsNobodyOut(t *testing.T) {
	s := newStage(t, Options{Sessions: 3}, &Access{})
	kept := func(o *paho.ClientOptions) { o.SetCleanSession(false) }
	for n := range 3 {
		s.client(fmt.Sprint("rogue ", n), kept).Disconnect(100)
	}
	_, err := s.dial("rogue 3", kept)
	require.ErrorContains(t, err, "erver Unavailable")
	s.client("passing by")
	s.client("rogue 1", kept)
	s.client("rogue 2").Disconnect(100) // clean: it is not kept any more
	eventually(t, "there is room", func() bool { return !s.Connected("rogue 2") })
	s.client("press", kept)
}

func TestConnectionsThatSayNothingKeepNobodyOut(t *testing.T) {
	p := newPlant(t, Options{Clients: 40, ConnectWithin: time.Minute})
	press := p.client("press", as("press"))
	for range 200 {
		c, err := net.Dial("tcp", p.TCP())
		require.NoError(t, err)
		t.Cleanup(func() { _ = c.Close() })
	}
	eventually(t, "the oldest have gone", func() bool { return p.count(SilentConnects) == 190 })
	eventually(t, "and some are left", func() bool { return p.Connections() == 12 })
	p.client("rogue", as("rogue"))
	p.unharmed(press)
}

func TestAFloodOfConnectionsHasToWait(t *testing.T) {
	p := newPlant(t, Options{ConnectRate: 50})
	press := p.client("press", as("press"))
	for range 30 {
		c, err := net.Dial("tcp", p.TCP())
		require.NoError(t, err)
		t.Cleanup(func() { _ = c.Close() })
	}
	p.unharmed(press)
	eventually(t, "they wait", func() bool { return p.count(DelayedConnects) >= 20 })
}

func TestAWildcardIsNoTopic(t *testing.T) {
	p := newPlant(t, Options{})
	press := p.client("press", as("press"))
	for _, topic := range []string{"devices/+/commands", "#", "devices/press/#"} {
		c := p.client("rogue", as("rogue"))
		c.Publish(topic, 1, false, "open the gate")
		eventually(t, "it is ended", func() bool { return !p.Connected("rogue") })
	}
	require.EqualValues(t, 3, p.count(BrokenPackets))
	require.True(t, p.named(BrokenPackets, "a topic with a wildcard"))
	p.unharmed(press)
}

func TestOperatorsReadHowTheBrokerIs(t *testing.T) {
	s := newStage(t, Options{Statistics: time.Second}, &Access{Users: users(t, "boss", "mia"), Rules: rulesOf(t, "* readwrite #", "boss read $SYS/#")})
	granted, in := subscribe(t, s.client("boss", as("boss")), "$SYS/broker/clients/connected", 0)
	require.Zero(t, granted)
	granted, _ = subscribe(t, s.client("mia", as("mia")), "$SYS/#", 0)
	require.EqualValues(t, 0x80, granted)
	payload := ""
	for n := 0; n < 10 && payload != "2"; n++ {
		_, payload = receive(t, in)
	}
	require.Equal(t, "2", payload)
}
