package contained

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// mayHave are the properties of each packet that a client sends, as the tables
// of the specification of MQTT 5 have them.
var mayHave = map[string][]byte{
	"will":        {1, 2, 3, 8, 9, 24, 38},
	"CONNECT":     {17, 21, 22, 23, 25, 33, 34, 38, 39},
	"PUBLISH":     {1, 2, 3, 8, 9, 35, 38},
	"PUBACK":      {31, 38},
	"PUBREC":      {31, 38},
	"PUBREL":      {31, 38},
	"PUBCOMP":     {31, 38},
	"SUBSCRIBE":   {11, 38},
	"UNSUBSCRIBE": {38},
	"DISCONNECT":  {17, 31, 38},
	"AUTH":        {21, 22, 31, 38},
}

// values are one of each property, by identifier.
var values = map[byte][]string{ // the first is good, the others are not
	1:  {"\x01", "\x02", "\xff"},
	2:  {"\x00\x00\x00\x00"},
	3:  {"\x00\x02ct", "\x00\x01\x00", "\x00\x01\xff", "\x00\x03\xed\xa0\x80"},
	8:  {"\x00\x03a/b", "\x00\x00", "\x00\x01#", "\x00\x03a/+", "\x00\x01\x00", "\x00\x02\xc0\x80"},
	9:  {"\x00\x03\x00\xff\x80"},
	11: {"\xff\xff\xff\x7f", "\x00", "\x80\x00", "\x80\x80\x80\x80\x01", "\x81\x00"},
	17: {"\xff\xff\xff\xff"},
	21: {"\x00\x01m", "\x00\x01\x00", "\x00\x03\xed\xbf\xbf"},
	22: {"\x00\x02\x00\xff"},
	23: {"\x00", "\x02"},
	24: {"\x00\x00\x00\x01"},
	25: {"\x01", "\x02", "\x80"},
	31: {"\x00\x02ok", "\x00\x02\x00o", "\x00\x04\xf4\x90\x80\x80"},
	33: {"\x00\x01", "\x00\x00"},
	34: {"\x00\x00"},
	35: {"\x00\x0a", "\x00\x00", "\x00\x0b", "\xff\xff"},
	38: {"\x00\x01k\x00\x00", "\x00\x01\x00\x00\x00", "\x00\x00\x00\x01\x00", "\x00\x00\x00\x02\xc3\x28"},
	39: {"\x00\x00\x00\x01", "\x00\x00\x00\x00"},
}

func prop(id byte, value string) string { return string(id&127) + value }

// withProperties is a packet of MQTT 5 with those properties, of that length.
func withProperties(packet string, props string, length int) []byte {
	p := string(rune(length&127)) + props
	if length > 127 {
		p = string([]byte{byte(length) | 128, byte(length >> 7)}) + props
	}
	const connect = "\x00\x04MQTT\x05"
	parts := map[string]struct {
		first byte
		body  string
	}{
		"will":        {0x10, connect + "\x06\x00\x3c\x00\x00\x01c" + p + "\x00\x01w\x00\x01x"},
		"CONNECT":     {0x10, connect + "\x02\x00\x3c" + p + "\x00\x01c"},
		"PUBLISH":     {0x32, "\x00\x01t\x00\x07" + p + "payload"},
		"PUBACK":      {0x40, "\x00\x07\x00" + p},
		"PUBREC":      {0x50, "\x00\x07\x00" + p},
		"PUBREL":      {0x62, "\x00\x07\x00" + p},
		"PUBCOMP":     {0x70, "\x00\x07\x00" + p},
		"SUBSCRIBE":   {0x82, "\x00\x07" + p + "\x00\x01f\x01"},
		"UNSUBSCRIBE": {0xa2, "\x00\x07" + p + "\x00\x01f"},
		"DISCONNECT":  {0xe0, "\x00" + p},
		"AUTH":        {0xf0, "\x18" + p},
	}[packet]
	return resized(parts.first, []byte(parts.body))
}

// needed is what a packet must have for a property to be allowed.
func needed(packet string, id byte) string {
	if id != 21 && (packet == "AUTH" || packet == "CONNECT" && id == 22) {
		return prop(21, values[21][0])
	}
	return ""
}

// properly are packets with each property that they may have, once.
func properly() (all []sample) {
	for packet, ids := range mayHave {
		for _, id := range ids {
			p := needed(packet, id) + prop(id, values[id][0])
			all = append(all, sent(fmt.Sprintf("%s with property %d", packet, id), 5, withProperties(packet, p, len(p))))
		}
	}
	slices.SortFunc(all, func(a, b sample) int { return strings.Compare(a.name, b.name) })
	return all
}

// improperly are packets with properties foreign, unknown, doubled, cut off, too
// long, too short and with values that they may not have.
func improperly() (all []sample) {
	add := func(packet, what, p string, length int) {
		all = append(all, sent(packet+" with "+what, 5, withProperties(packet, p, length)))
	}
	for packet, ids := range mayHave {
		for id := range byte(128) {
			if !slices.Contains(ids, id) {
				value := "\x00\x01a\x00\x01a"
				if v := values[id]; v != nil {
					value = v[0]
				}
				p := needed(packet, id) + prop(id, value)
				add(packet, fmt.Sprintf("property %d", id), p, len(p))
				continue
			}
			before := needed(packet, id)
			one := before + prop(id, values[id][0])
			if id != 38 {
				twice := one + prop(id, values[id][0])
				add(packet, fmt.Sprintf("property %d twice", id), twice, len(twice))
			}
			for n := len(before) + 1; n < len(one); n++ {
				add(packet, fmt.Sprintf("property %d cut to %d", id, n), one[:n], n)
				add(packet, fmt.Sprintf("property %d said to end at %d", id, n), one, n)
			}
			add(packet, fmt.Sprintf("property %d said to be longer", id), one, len(one)+30)
			add(packet, fmt.Sprintf("property %d said to be huge", id), one, 16_000)
			for _, v := range values[id][1:] {
				p := before + prop(id, v)
				add(packet, fmt.Sprintf("property %d as % x", id, v), p, len(p))
			}
		}
		for _, length := range []string{"", "\x80", "\x80\x00", "\xff\xff\xff\xff\x01", "\x80\x80\x80\x80\x80\x80"} {
			frame := withProperties(packet, "", 0)
			b := body(frame)
			if length == "" && len(b) <= 4 {
				continue // its properties may be left out
			}
			at := strings.LastIndex(string(b), "\x00")
			switch packet {
			case "will":
				at = len(b) - 7
			case "CONNECT":
				at = len(b) - 4
			case "SUBSCRIBE":
				at = len(b) - 5
			case "UNSUBSCRIBE":
				at = len(b) - 4
			}
			all = append(all, sent(fmt.Sprintf("%s with a length of properties % x", packet, length), 5,
				resized(frame[0], []byte(string(b[:at])+length+string(b[at+1:])))))
		}
	}
	slices.SortFunc(all, func(a, b sample) int { return strings.Compare(a.name, b.name) })
	return all
}

func TestPropertiesThatAPacketMayHavePass(t *testing.T) {
	for _, s := range properly() {
		require.NoError(t, permissive.Check(s.version, s.frame), "%s: % x", s.name, s.frame)
		_, err := decode(s.version, s.frame)
		require.NoError(t, err, s.name)
	}
}

func TestPropertiesThatAPacketMayNotHaveAreRefused(t *testing.T) {
	all := improperly()
	require.Greater(t, len(all), 1500)
	for _, s := range all {
		require.Error(t, permissive.Check(s.version, s.frame), "%s: % x", s.name, s.frame)
	}
}

func TestReasonCodesThatOnlyServersSendAreRefused(t *testing.T) {
	for packet, allowed := range map[string]string{
		"PUBACK": "\x00\x10\x80\x83\x87\x90\x91\x97\x99", "PUBREC": "\x00\x10\x80\x83\x87\x90\x91\x97\x99",
		"PUBREL": "\x00\x92", "PUBCOMP": "\x00\x92", "AUTH": "\x18\x19",
		"DISCONNECT": "\x00\x04\x80\x81\x82\x83\x90\x93\x94\x95\x96\x97\x98\x99",
	} {
		p := needed(packet, 0)
		frame := withProperties(packet, p, len(p))
		at := len(frame) - len(p) - 2
		for code := range 256 {
			frame[at] = byte(code)
			require.Equal(t, strings.Contains(allowed, string([]byte{byte(code)})), permissive.Check(5, frame) == nil, "%s with %02x: % x", packet, code, frame)
		}
	}
}

func TestOptionsOfASubscription(t *testing.T) {
	for options := range 256 {
		known := options < 0x30 && options&3 != 3
		for version, legal := range map[byte]bool{3: options < 3, 4: options < 3, 5: known} {
			frame := []byte{0x82, 6, 0, 1, 0, 1, 'f', byte(options)}
			shared := append([]byte{0x82, 15, 0, 1, 0, 10}, "$share/g/f"+string([]byte{byte(options)})...)
			if version == 5 {
				frame = []byte{0x82, 7, 0, 1, 0, 0, 1, 'f', byte(options)}
				shared = append([]byte{0x82, 16, 0, 1, 0, 0, 10}, "$share/g/f"+string([]byte{byte(options)})...)
			}
			require.Equal(t, legal, permissive.Check(version, frame) == nil, "%d: %02x", version, options)
			require.Equal(t, legal && options&optionNoLocal == 0, permissive.Check(version, shared) == nil, "%d: %02x shared", version, options)
		}
	}
}
