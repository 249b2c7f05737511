package contained

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	paho "github.com/eclipse/paho.mqtt.golang"
	"github.com/stretchr/testify/require"
)

func TestAnyClientMayUseAnyTopic(t *testing.T) {
	s := newStage(t, Options{}, &Access{})
	for _, version := range []string{"31", "311", "5"} {
		for _, qos := range []string{"0", "1", "2"} {
			sub := s.mosquitto("mosquitto_sub", "-V", version, "-q", qos, "-t", "plant/+/#", "-v", "-C", "1")
			var heard strings.Builder
			sub.Stdout = &heard
			require.NoError(t, sub.Start())
			eventually(t, "somebody listens", func() bool { return len(s.Takers("plant/a/b")) == 1 })
			says(t, s.mosquitto("mosquitto_pub", "-V", version, "-q", qos, "-t", "plant/a/b", "-m", "21.5"))
			require.NoError(t, sub.Wait())
			require.Equal(t, "plant/a/b 21.5\n", heard.String())
			eventually(t, "nobody is left", func() bool { return s.Connections() == 0 })
		}
	}
}

func TestMessagesAreRetainedWithinBounds(t *testing.T) {
	s := newStage(t, Options{Retained: 3, RetainedBytes: 1000}, &Access{})
	retain := func(topic, payload string) {
		says(t, s.mosquitto("mosquitto_pub", "-q", "1", "-r", "-t", topic, "-m", payload))
	}
	for _, topic := range []string{"a", "b", "c", "d"} {
		retain(topic, topic)
	}
	retain("a", "anew")
	require.EqualValues(t, 1, s.count(RefusedRetained))
	require.Equal(t, "a anew\nb b\nc c", sorted(says(t, s.mosquitto("mosquitto_sub", "-t", "#", "-v", "-C", "3"))))
	says(t, s.mosquitto("mosquitto_pub", "-q", "1", "-r", "-t", "b", "-n"))
	retain("d", strings.Repeat("d", 1000))
	require.EqualValues(t, 2, s.count(RefusedRetained))
	retain("d", "d")
	require.Equal(t, "a anew\nc c\nd d", sorted(says(t, s.mosquitto("mosquitto_sub", "-t", "+", "-v", "-C", "3"))))
	require.Equal(t, len("aanew")+len("cc")+len("dd"), s.retained.held)
}

func TestAPersistentSessionGetsWhatCameWhileItWasAway(t *testing.T) {
	s := newStage(t, Options{}, &Access{})
	says(t, s.mosquitto("mosquitto_sub", "-i", "mia", "-c", "-q", "1", "-t", "tasks", "-E"))
	says(t, s.mosquitto("mosquitto_pub", "-q", "1", "-t", "tasks", "-m", "look"))
	require.Equal(t, "look", says(t, s.mosquitto("mosquitto_sub", "-i", "mia", "-c", "-q", "1", "-t", "tasks", "-C", "1")))
}

func TestAWillIsToldWhereItsClientMightPublish(t *testing.T) {
	s := newStage(t, Options{Retained: 1}, &Access{})
	_, in := subscribe(t, s.client("observer"), "#", 1)
	for _, topic := range []string{"$SYS/broker/version", "farewell"} {
		dies := s.mosquitto("mosquitto_sub", "-i", "dies", "-t", "x", "--will-topic", topic, "--will-payload", "gone", "--will-retain")
		require.NoError(t, dies.Start())
		eventually(t, "it has come", func() bool { return slices.Contains(s.Takers("x"), "dies") })
		require.NoError(t, dies.Process.Kill())
		require.IsType(t, &exec.ExitError{}, dies.Wait())
		eventually(t, "it has gone", func() bool { return !s.Connected("dies") })
	}
	topic, payload := receive(t, in)
	require.Equal(t, "farewell gone", topic+" "+payload, "the first that is heard is the one that was allowed")
	require.EqualValues(t, 1, s.count(IgnoredWills))
	_, err := s.dial("wild", func(o *paho.ClientOptions) { o.SetWill("#", "gone", 0, true) })
	require.Error(t, err)
	require.Equal(t, "gone", says(t, s.mosquitto("mosquitto_sub", "-t", "farewell", "-C", "1")), "and it is retained")
}

func TestTheBrokersOwnTopicsAreNotToBeHad(t *testing.T) {
	s := newStage(t, Options{}, &Access{})
	c := s.client("nosy")
	for _, filter := range []string{"$SYS/#", "$SYS/broker/version", "$share/g/a", "$other"} {
		granted, _ := subscribe(t, c, filter, 0)
		require.EqualValues(t, 0x80, granted, filter)
	}
	_, in := subscribe(t, c, "#", 0)
	for _, topic := range []string{"$SYS/broker/version", "$other"} {
		publish(t, c, topic, 1, "forged")
	}
	publish(t, c, "a", 1, "true")
	topic, _ := receive(t, in)
	require.Equal(t, "a", topic)
	require.EqualValues(t, 2, s.count(RefusedMessages))
	require.EqualValues(t, 4, s.count(RefusedFilters))
}
