package broker

import (
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestTopicsNameARoomAndItsOwner(t *testing.T) {
	for topic, want := range map[string]struct {
		room Room
		name string
	}{
		"twinbed/things/press-01/readings":    {Readings, "press-01"},
		"twinbed/things/press-01/commands":    {Commands, "press-01"},
		"twinbed/things/press-01/acks":        {Acks, "press-01"},
		"twinbed/things/big press-1/readings": {Readings, "big press-1"},
		"twinbed/things/a%2Fb%25%2B%23/acks":  {Acks, "a/b%+#"},
		"twinbed/workers/Zoë-1/tasks":         {Tasks, "Zoë-1"},
		"twinbed/workers/mechanic-1/acks":     {Answers, "mechanic-1"},
		"twinbed/events":                      {Announcement, ""},
	} {
		room, name := ReadTopic(topic)
		require.Equal(t, want.room, room, topic)
		require.Equal(t, want.name, name, topic)
		require.Equal(t, topic, Topic(room, name))
	}
	for _, topic := range []string{
		"", "twinbed", "twinbed/things", "twinbed/things/press-01", "twinbed/things//readings", "/twinbed/things/a/readings",
		"twinbed/things/press-01/readings/", "twinbed/things/press-01/Readings", "twinbed/things/a/b/readings",
		"twinbed/workers/x/readings", "twinbed/things/x/tasks", "twinbed/events/", "$SYS/broker/load",
		"twinbed/things/a%2fb/acks", "twinbed/things/a%41/acks", "twinbed/things/a%2/acks", "twinbed/things/a%/acks",
		"twinbed/things/a%FF/acks\xff", "twinbed/things/+/acks", "twinbed/things/a\x01/acks",
	} {
		room, _ := ReadTopic(topic)
		require.Equal(t, NoRoom, room, topic)
	}
}

func TestFiltersThatCanMatchReadingsAreKnown(t *testing.T) {
	for filter, want := range map[string]bool{
		"#": true, "+/#": true, "twinbed/#": true, "twinbed/things/#": true, "twinbed/things/press-01/#": true,
		"twinbed/things/+/readings": true, "twinbed/things/press-01/readings": true, "+/+/+/+": true,
		"twinbed/things/press-01/readings/#": true,
		"twinbed":                            false, "twinbed/+": false, "twinbed/things/+": false, "twinbed/things/press-01/commands": false,
		"twinbed/workers/#": false, "twinbed/events": false, "twinbed/things/+/readings/+": false, "other/#": false,
	} {
		require.Equal(t, want, watches(filter, Readings), filter)
	}
}

func FuzzTopics(f *testing.F) {
	f.Add("press-01")
	f.Add("a/b%+#\x00\u0085\xff")
	f.Add("twinbed/things/a%2Fb/readings")
	f.Fuzz(func(t *testing.T, s string) {
		if room, name := ReadTopic(s); room != NoRoom {
			require.Equal(t, s, Topic(room, name))
			require.True(t, utf8.ValidString(s))
		}
		if s == "" {
			return
		}
		room, name := ReadTopic(Topic(Readings, s))
		require.Equal(t, Readings, room)
		require.Equal(t, s, name)
	})
}
