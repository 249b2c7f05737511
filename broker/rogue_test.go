package broker

import (
	"strings"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/broker/contained"
)

// guarded is a stage whose strangers have passwords: their names, spelled twice.
func guarded(t *testing.T, users ...string) (*stage, *Sessions) {
	var lines strings.Builder
	for _, u := range users {
		line, err := contained.HashPassword(u, u+u, 1000)
		require.NoError(t, err)
		lines.WriteString(line + "\n")
	}
	known, err := contained.ReadUsers(strings.NewReader(lines.String()))
	require.NoError(t, err)
	o := tcp()
	o.Access.Users = known
	s := newStage(t, 4, time.Hour, o)
	s.outside(0)
	s.outside(1)
	f := s.sessions(SessionOptions{})
	return s, f
}

func as(user string) func(*paho.ClientOptions) {
	return func(o *paho.ClientOptions) { o.SetUsername(user).SetPassword(user + user) }
}

// turnedAway says that a client may not come in.
func (s *stage) turnedAway(id string, why string, tune func(*paho.ClientOptions)) {
	s.t.Helper()
	o := paho.NewClientOptions().SetClientID(id).SetConnectRetry(false).SetProtocolVersion(4).AddBroker("tcp://" + s.gate.TCP())
	tune(o)
	token := paho.NewClient(o).Connect()
	require.True(s.t, token.WaitTimeout(20*time.Second))
	require.ErrorContains(s.t, token.Error(), why, id)
}

func TestAThingIsOnlyItselfWhereClientsSayWhoTheyAre(t *testing.T) {
	s, f := guarded(t, "press-01", "press-02", "press-03", "visitor")
	s.play()
	s.connect(f)
	s.turnedAway("anybody", "bad user name or password", func(*paho.ClientOptions) {})
	s.turnedAway("press-01", "dentifier rejected", as("press-02"))
	s.turnedAway("press-03", "ot Authorized", as("press-03")) // the testbed plays that one
	s.turnedAway("visitor", "ot Authorized", as("visitor"))
	s.turnedAway("twinbed:press-04", "bad user name or password", as("press-02"))

	good := s.stranger("press-01", as("press-01"))
	_, commands := subscribe(t, good, commands1, 1)
	rogue := s.stranger("press-02:a", as("press-02"))
	for _, filter := range []string{"#", "twinbed/#", "twinbed/things/+/commands", commands1, "twinbed/events", "twinbed/workers/+/tasks", "$SYS/#", "$share/g/" + commands1} {
		granted, _ := subscribe(t, rogue, filter, 1)
		require.EqualValues(t, 0x80, granted, filter)
	}
	s.order(7, 0, "cool", noValue)
	require.Contains(t, receive(t, commands), `"id":7`)
	for _, topic := range []string{readings1, "twinbed/things/press-03/readings", commands1, "twinbed/things/press-02/commands", "twinbed/events", "twinbed/workers/mia/acks"} {
		publish(t, rogue, topic, 1, `{"temperature":999}`)
	}
	publish(t, rogue, acks1, 1, `{"id":7,"outcome":"done"}`)                          // in another's name
	publish(t, rogue, "twinbed/things/press-02/acks", 1, `{"id":7,"outcome":"done"}`) // of what it was never asked
	publish(t, good, acks1, 1, `{"id":7,"outcome":"failed"}`)
	publish(t, rogue, "twinbed/things/press-02/readings", 1, `{"temperature":5}`)
	publish(t, good, readings1, 1, `{"temperature":6}`)
	s.eventually("only what is their own", func() bool { return len(s.readings) == 2 && len(s.acks) == 1 })
	require.Equal(t, 5.0, s.readings[0].Values[0])
	require.EqualValues(t, 1, s.readings[0].Thing)
	require.NotZero(t, s.acks[0].Outcome, "the one that failed")
	s.eventually("it is named", func() bool {
		return hasNote(s.notes, "a thing does not speak for another") && hasNote(s.notes, "an ack of a command that was not sent to it") &&
			hasNote(s.notes, `it may not subscribe to "twinbed/#"`) && hasNote(s.notes, "the client id is somebody else's")
	})
	require.EqualValues(t, 5, count(s.gate.Counts(), contained.RefusedConnects))
	require.EqualValues(t, 8, count(s.gate.Counts(), contained.RefusedFilters))
	require.EqualValues(t, 7, count(s.gate.Counts(), contained.RefusedMessages))
	require.Equal(t, 2, f.Up(), "the testbed's own things are not disturbed")
}

func TestAWorkerSeesOnlyTheirOwnTasks(t *testing.T) {
	s, _ := guarded(t, "mia", "bo")
	s.gate.Phone("mia", office{s})
	s.gate.Phone("bo", office{s})
	s.play()
	c := s.stranger("mia:phone", as("mia"))
	for filter, granted := range map[string]byte{"twinbed/workers/mia/tasks": 1, "twinbed/workers/bo/tasks": 0x80, "twinbed/workers/+/tasks": 0x80, "twinbed/things/#": 0x80} {
		got, _ := subscribe(t, c, filter, 1)
		require.Equal(t, granted, got, filter)
	}
	publish(t, c, "twinbed/workers/bo/acks", 1, `{"id":1,"outcome":"done"}`)
	s.eventually("it is named", func() bool { return hasNote(s.notes, "a worker answers for nobody else") })
}

func TestAnObserverReadsEverythingAndWritesNothing(t *testing.T) {
	s, _ := guarded(t, "observer", "press-01")
	s.play()
	c := s.stranger("observer", as("observer"))
	granted, in := subscribe(t, c, "twinbed/#", 0)
	require.Zero(t, granted)
	publish(t, c, readings1, 1, `{"temperature":999}`)
	publish(t, s.stranger("press-01", as("press-01")), readings1, 1, `{"temperature":6}`)
	require.Contains(t, receive(t, in), "6")
	s.eventually("it is named", func() bool { return hasNote(s.notes, "a thing does not speak for another") })
}

func TestNobodyComesInWhereItIsShut(t *testing.T) {
	o := tcp()
	o.Access.Shut = true
	s := newStage(t, 2, time.Hour, o)
	f := s.sessions(SessionOptions{})
	s.play()
	s.connect(f)
	s.turnedAway("anybody", "ot Authorized", func(*paho.ClientOptions) {})
	require.Equal(t, 2, f.Up())
}

func TestAFloodOfAStrangersDoesNotHarmTheThings(t *testing.T) {
	o := tcp()
	o.MessageRate = 100
	s := newStage(t, 2, time.Hour, o)
	s.outside(0)
	s.outside(1)
	s.play()
	good := s.stranger("good")
	rogue := s.stranger("rogue")
	for range 2000 {
		rogue.Publish("twinbed/things/press-02/readings", 0, false, `{"temperature":5}`)
	}
	for range 20 {
		publish(t, good, readings1, 1, `{"temperature":6}`)
	}
	s.eventually("the good one's are there", func() bool {
		n := 0
		for _, r := range s.readings {
			if r.Thing == 0 {
				n++
			}
		}
		return n == 20
	})
	require.EqualValues(t, 1, count(s.gate.Counts(), contained.SlowedClients))
	s.eventually("it is named", func() bool { return hasNote(s.notes, "clients slowed down") })
}
