package contained

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// strict are limits as a broker has them.
var strict = &Limits{Bytes: 200, Levels: 8, Filters: 3, KeepAlive: 43_690}

// malformedPackets are wrong in one way each, and what the guard says of them.
var malformedPackets = []struct {
	version byte
	frame   string
	says    string
}{
	{4, "", "not as long as it says"},
	{4, "\x30", "not as long as it says"},
	{4, "\x00\x00", "no known type"},
	{4, "\x20\x02\x00\x00", "only a server sends"},
	{4, "\xd0\x00", "only a server sends"},
	{5, "\x36\x05\x00\x01a\x00\x01", "QoS 3"},
	{4, "\x38\x03\x00\x01a", "says it is a duplicate"},
	{4, "\x80\x06\x00\x01\x00\x01a\x00", "reserved flags"},
	{4, "\xc1\x00", "reserved flags"},
	{4, "\x30\x83\x00\x00\x01a", "more bytes than it needs"},
	{4, "\x30\x83\x80\x80\x80\x00\x00\x01a", "more than four bytes"},
	{4, "\x30\xe8\x07", "too large"},
	{0, "\xc0\x00", "before CONNECT"},
	{4, "\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01c", "second CONNECT"},
	{4, "\xc0\x01\x00", "PINGREQ that is not empty"},

	{0, "\x10\x05\x00\x04MQT", "protocol's name"},
	{0, "\x10\x0d\x00\x04MQTt\x04\x02\x00\x3c\x00\x01c", "another protocol"},
	{0, "\x10\x0d\x00\x04MQTT\x03\x02\x00\x3c\x00\x01c", "unknown protocol level"},
	{0, "\x10\x0d\x00\x04MQTT\x84\x02\x00\x3c\x00\x01c", "unknown protocol level"},
	{0, "\x10\x0f\x00\x06MQIsdp\x04\x02\x00\x3c\x00\x01c", "unknown protocol level"},
	{0, "\x10\x06\x00\x04MQTT", "without a protocol level"},
	{0, "\x10\x09\x00\x04MQTT\x04\x02\x00", "ends in its header"},
	{0, "\x10\x0d\x00\x04MQTT\x04\x03\x00\x3c\x00\x01c", "reserved flag"},
	{0, "\x10\x0d\x00\x04MQTT\x04\x22\x00\x3c\x00\x01c", "describes a will"},
	{0, "\x10\x13\x00\x04MQTT\x04\x1e\x00\x3c\x00\x01c\x00\x01w\x00\x01x", "will with QoS 3"},
	{0, "\x10\x10\x00\x04MQTT\x04\x42\x00\x3c\x00\x01c\x00\x01p", "password without a user"},
	{0, "\x10\x0d\x00\x04MQTT\x04\x02\xff\xff\x00\x01c", "keep-alive"},
	{0, "\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x01", "client identifier"},
	{0, "\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01\x00", "not UTF-8"},
	{0, "\x10\x0c\x00\x04MQTT\x04\x00\x00\x3c\x00\x00", "without an identifier"},
	{0, "\x10\x0e\x00\x06MQIsdp\x03\x02\x00\x3c\x00\x00", "without an identifier"},
	{0, "\x10\x0e\x00\x04MQTT\x04\x02\x00\x3c\x00\x01c\x00", "more behind its last field"},
	{0, "\x10\x0f\x00\x04MQTT\x04\x82\x00\x3c\x00\x01c\x00\x01", "user's name"},
	{0, "\x10\x10\x00\x04MQTT\x04\x82\x00\x3c\x00\x01c\x00\x01\xff", "user's name"},
	{0, "\x10\x10\x00\x04MQTT\x04\xc2\x00\x3c\x00\x01c\x00\x01u", "password that is cut off"},
	{0, "\x10\x0e\x00\x04MQTT\x04\x06\x00\x3c\x00\x01c\x00", "topic is cut off"},
	{0, "\x10\x12\x00\x04MQTT\x04\x06\x00\x3c\x00\x01c\x00\x00\x00\x01x", "will without a topic"},
	{0, "\x10\x13\x00\x04MQTT\x04\x06\x00\x3c\x00\x01c\x00\x01#\x00\x01x", "wildcard"},
	{0, "\x10\x17\x00\x04MQTT\x04\x06\x00\x3c\x00\x01c\x00\x05$SYS/\x00\x01x", "begins with $"},
	{0, "\x10\x12\x00\x04MQTT\x04\x06\x00\x3c\x00\x01c\x00\x01w\x00\x01", "a will that is cut off"},
	{0, "\x10\x17\x00\x04MQTT\x05\x06\x00\x3c\x00\x00\x01c\x02\x01\x01\x00\x01w\x00\x01\xff", "said to be UTF-8"},
	{0, "\x10\x11\x00\x04MQTT\x05\x02\x00\x3c\x03\x16\x00\x00\x00\x01c", "without a method"},

	{4, "\x30\x02\x00\x01", "ends in its topic"},
	{4, "\x30\x02\x00\x00", "without a topic"},
	{4, "\x32\x05\x00\x01a\x00\x00", "identifier 0"},
	{4, "\x32\x04\x00\x01a\x00", "ends in its identifier"},
	{4, "\x30\x05\x00\x03a/+", "wildcard"},
	{4, "\x30\x04\x00\x02\xc0\x80", "not UTF-8"},
	{4, "\x30\x04\x00\x02a\x00", "not UTF-8"},
	{4, "\x30\x06\x00\x04$SYS", "begins with $"},
	{4, "\x30\x0a\x00\x08////////", "too many levels"},
	{5, "\x30\x03\x00\x01a", "go beyond their packet"},
	{5, "\x30\x04\x00\x01a\x05", "go beyond their packet"},
	{5, "\x30\x03\x00\x00\x00", "without a topic"},
	{5, "\x30\x06\x00\x00\x03\x23\x00\x01", "alias that is not granted"},
	{5, "\x30\x07\x00\x01a\x02\x01\x01\xff", "said to be UTF-8"},
	{5, "\x30\x06\x00\x01a\x02\x0b\x01", "does not belong"},
	{5, "\x30\x08\x00\x01a\x04\x01\x00\x01\x00", "twice"},
	{5, "\x30\x07\x00\x01a\x03\x08\x00\x00", "empty topic for the answer"},
	{5, "\x30\x05\x00\x01a\x01\x01", "property that is cut off"},
	{5, "\x30\x06\x00\x01a\x02\x01\x02", "value that it may not have"},

	{4, "\x40\x03\x00\x01\x00", "more behind its identifier"},
	{4, "\x40\x02\x00\x00", "identifier 0"},
	{5, "\x62\x03\x00\x01\x10", "reason code"},
	{5, "\x40\x05\x00\x01\x00\x00\x00", "more behind its properties"},
	{4, "\xe0\x01\x00", "DISCONNECT that is not empty"},
	{5, "\xe0\x01\x8e", "reason code"},
	{4, "\xf0\x00", "AUTH before MQTT 5"},
	{5, "\xf0\x00", "AUTH without a method"},
	{5, "\xf0\x02\x18\x00", "AUTH without a method"},

	{4, "\x82\x02\x00\x01", "without a filter"},
	{4, "\x82\x05\x00\x00\x00\x01a", "identifier 0"},
	{4, "\x82\x05\x00\x01\x00\x01a", "cut off"},
	{5, "\x82\x0d\x00\x01\x00\x00\x08twinbed/", "cut off"}, // mochi panics
	{4, "\x82\x06\x00\x01\x00\x01a\x03", "QoS 3"},
	{4, "\x82\x06\x00\x01\x00\x01a\x04", "reserved options"},
	{5, "\x82\x07\x00\x01\x00\x00\x01a\x30", "no known way"},
	{4, "\x82\x05\x00\x01\x00\x00\x00", "empty filter"},
	{4, "\x82\x07\x00\x01\x00\x02a#\x00", "level of its own"},
	{4, "\x82\x08\x00\x01\x00\x03#/a\x00", "level of its own"},
	{4, "\x82\x08\x00\x01\x00\x03+a/\x00", "level of its own"},
	{4, "\x82\x07\x00\x01\x00\x02a\x00\x00", "not UTF-8"},
	{4, "\x82\x0d\x00\x01\x00\x08////////\x00", "too many levels"},
	{4, "\x82\x12\x00\x01\x00\x01a\x00\x00\x01b\x00\x00\x01c\x00\x00\x01d\x00", "too many filters"},
	{4, "\x82\x0b\x00\x01\x00\x06$share\x00", "without a group"},
	{4, "\x82\x0d\x00\x01\x00\x08$share//\x00", "without a group"},
	{4, "\x82\x0f\x00\x01\x00\x0a$share/+/a\x00", "without a group"},
	{4, "\x82\x0d\x00\x01\x00\x08$share/g\x00", "without a filter"},
	{4, "\x82\x0e\x00\x01\x00\x09$share/g/\x00", "without a filter"},
	{4, "\x82\x0f\x00\x01\x00\x0a$SHARE/g/a\x00", "in other letters"},
	{5, "\x82\x10\x00\x01\x00\x00\x0a$share/g/a\x04", "without its own messages"},
	{4, "\xa2\x02\x00\x01", "without a filter"},
	{4, "\xa2\x04\x00\x01\x00\x01", "filter that is cut off"},
	{4, "\xa2\x04\x00\x01\x00\x00", "empty filter"},
	{4, "\xa2\x0e\x00\x01\x00\x01a\x00\x01b\x00\x01c\x00\x01d", "too many filters"},
}

func TestTheGuardSaysWhatIsWrong(t *testing.T) {
	for _, m := range malformedPackets {
		err := strict.Check(m.version, []byte(m.frame))
		require.ErrorContains(t, err, m.says, "version %d: % x", m.version, m.frame)
		var flaw Flaw
		require.ErrorAs(t, err, &flaw)
		require.GreaterOrEqual(t, flaw.Code(), byte(0x80))
	}
}

func TestTextIsUTF8WithoutTheNullCharacter(t *testing.T) {
	for _, bad := range []string{"\x00", "a\x00b", "\xed\xa0\x80", "\xed\xbf\xbf", "\xc0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\xff", "\x80"} {
		for _, around := range []string{"%", "a/%", "%/a", "ü%"} {
			topic := strings.ReplaceAll(around, "%", bad)
			for version, frame := range map[byte][]byte{
				3: resized(0x30, append([]byte{0, byte(len(topic))}, topic...)),
				4: resized(0xa2, append([]byte{0, 1, 0, byte(len(topic))}, topic...)),
				0: resized(0x10, append([]byte("\x00\x04MQTT\x04\x02\x00\x3c\x00"), append([]byte{byte(len(topic))}, topic...)...)),
			} {
				require.Error(t, permissive.Check(version, frame), "%q", topic)
			}
		}
	}
	require.NoError(t, permissive.Check(4, append([]byte{0x30, 15, 0, 13}, "\ufeffa\U0001f6e0\u0001\uffff\x7f"...)), "these are the receiver's own affair")
}

func TestWhoIsSentAwayIsToldWhy(t *testing.T) {
	farewell := func(version byte, frame string) string {
		return string(Farewell(version, strict.Check(version, []byte(frame))))
	}
	require.Equal(t, "\xe0\x02\x81\x00", farewell(5, "\x36\x00"))
	require.Equal(t, "\xe0\x02\x95\x00", farewell(5, "\x30\xe8\x07"))
	require.Equal(t, "\xe0\x02\x94\x00", farewell(5, "\x30\x06\x00\x00\x03\x23\x00\x01"))
	require.Equal(t, "\xe0\x02\x82\x00", farewell(5, "\x30\x06\x00\x01a\x02\x0b\x01"))
	require.Equal(t, "", farewell(4, "\x36\x00"), "MQTT 3 has no such packet")
	require.Equal(t, "\x20\x02\x00\x01", farewell(0, "\x10\x0d\x00\x04MQTT\x84\x02\x00\x3c\x00\x01c"))
	require.Equal(t, "\x20\x02\x00\x02", farewell(0, "\x10\x0c\x00\x04MQTT\x04\x00\x00\x3c\x00\x00"))
	require.Empty(t, Farewell(5, nil))
}
