package broker

import (
	"fmt"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/broker/contained"
	"github.com/twinbed/twinbed/sim"
)

func TestAGatewaySpeaksForManyThings(t *testing.T) {
	for _, x := range []struct {
		gateways int
		options  SessionOptions
	}{
		{1, SessionOptions{}},
		{3, SessionOptions{QoS: 1, Version: MQTT5}},
		{2, SessionOptions{QoS: 2, Persistent: true}},
		{5000, SessionOptions{QoS: 1}},
	} {
		const things = 150 // more than a SUBSCRIBE has filters
		t.Run(fmt.Sprint(x.gateways), func(t *testing.T) {
			s := newStage(t, things, 50*time.Millisecond, tcp())
			s.onRead = func(r *sim.Reading) {
				s.router.Command(&sim.Command{
					ID: uint64(r.Thing)*100_000 + uint64(r.Seq), Thing: r.Thing, Name: 1, Value: float64(r.Thing) / things,
					Seq: r.Seq, Attempt: 1, Decided: s.world.Clock.Stamp(),
				})
			}
			s.fleet().Release(70) // a real device in the midst of them
			x.options.Gateways, x.options.ConnectRate = x.gateways, 1e5
			f := s.sessions(x.options)
			s.play()
			s.connect(f)
			require.Equal(t, min(x.gateways, things-1), f.Up())
			_, seen := subscribe(t, s.stranger("observer"), Topic(Readings, "press-044"), 0)
			s.on(func() { s.fleet().Switch(things) })
			require.Contains(t, receive(t, seen), `"seq":`, "others see things, not gateways")
			s.eventually("acks of all", func() bool { return len(s.acks) >= 5*things })
			s.settle(f)
			s.mu.Lock()
			defer s.mu.Unlock()
			by := map[sim.ThingID]int{}
			for _, a := range s.acks {
				by[a.Thing]++
				require.Equal(t, []float64{float64(a.Thing) / things}, a.State, "its own command")
				require.EqualValues(t, a.Thing, a.ID/100_000)
			}
			require.Len(t, by, things-1)
			require.Zero(t, by[70])
			require.Empty(t, s.lost)
		})
	}
}

// What comes for some things while others are not yet subscribed to is not lost.
func TestAGatewayTakesCommandsWhileItSubscribes(t *testing.T) {
	const things = 300
	s := newStage(t, things, time.Hour, tcp())
	f := s.sessions(SessionOptions{Gateways: 1})
	s.play()
	sent := 0
	stop := make(chan struct{})
	go func() {
		defer close(stop)
		for f.Up() == 0 {
			s.on(func() {
				sent++
				s.router.Command(&sim.Command{ID: uint64(sent), Thing: 0, Name: 0, Value: noValue, Attempt: 1, Decided: sim.Stamp{At: sim.Time(sent)}})
			})
		}
	}()
	s.connect(f)
	<-stop
	s.on(func() { s.fleet().Switch(1) })
	s.command(uint64(sent+1), uint64(sent+1))
	s.eventually("an ack", func() bool { return len(s.acks) > 0 && s.acks[len(s.acks)-1].ID == uint64(sent+1) })
	s.settle(f)
	s.mu.Lock()
	defer s.mu.Unlock()
	early := 0
	for _, l := range s.lost {
		require.Contains(t, []sim.Cause{sim.LostOffline, sim.LostNobody, sim.LostInBroker}, l.why)
		early++
	}
	require.Equal(t, sent+1, early+len(s.acks), "each is taken, or told as sent too early or too fast")
}

func TestNobodyElseIsAGateway(t *testing.T) {
	s := newStage(t, 3, time.Hour, tcp())
	_, err := NewSessions(s.world, s.fleet(), s.gate, SessionOptions{Gateways: 1, Will: true})
	require.ErrorContains(t, err, "a gateway has no will")
	f := s.sessions(SessionOptions{Gateways: 1})
	s.play()
	s.connect(f)
	c := paho.NewClient(paho.NewClientOptions().SetClientID(ownPrefix + "gateway:press:1").AddBroker("tcp://" + s.gate.TCP()).
		SetUsername(ownUser).SetPassword("a guess").SetConnectRetry(false))
	token := c.Connect()
	require.True(t, token.WaitTimeout(20*time.Second))
	require.Error(t, token.Error())
	require.Equal(t, 1, f.Up(), "and takes nobody's place")
}

// What a gateway sends for its things in turn costs the gate no memory.
func TestAReadingBehindAGatewayAllocatesNothing(t *testing.T) {
	const things = 10
	s := newStage(t, things, time.Hour, GateOptions{})
	s.world.Platform, s.world.Observers = &counting{}, nil
	s.sessions(SessionOptions{Gateways: 1})
	c := &contained.Client{}
	p := policy{s.gate}
	require.Equal(t, contained.Welcome, p.Admit(c, &contained.Hello{
		ID: ownPrefix + "gateway:press:1", Username: ownUser, Password: []byte(s.gate.secret),
	}))
	var all []contained.Message
	for id := range sim.ThingID(things) {
		all = append(all, contained.Message{Topic: []byte(Topic(Readings, s.world.Roster.Name(id))), Payload: []byte(reading(1, 20))})
	}
	hear := func() {
		for i := range all {
			if p.Publish(c, &all[i]) != contained.Taken {
				t.Fail()
			}
		}
		s.gate.inbox.drain()
	}
	hear()
	require.Less(t, testing.AllocsPerRun(100, hear), 1.0)
}
