package contained

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/mochi-mqtt/server/v2/packets"
	"github.com/stretchr/testify/require"
)

// resized is a packet of that first byte and body, with the length that fits.
func resized(first byte, body []byte) []byte {
	frame := []byte{first}
	for n := len(body); ; n >>= 7 {
		if n < 128 {
			return append(append(frame, byte(n)), body...)
		}
		frame = append(frame, byte(n)|128)
	}
}

// body is what stands behind a frame's fixed header.
func body(frame []byte) []byte {
	_, head, _ := (&Limits{}).measure(frame)
	return frame[head:]
}

// cuts are the beginnings of a sample's body, as packets with lengths that fit.
func cuts(s sample) (all []sample) {
	b := body(s.frame)
	for n := range min(len(b), 1000) {
		all = append(all, sample{fmt.Sprintf("%s cut to %d", s.name, n), s.version, resized(s.frame[0], b[:n])})
	}
	return all
}

// wholeAt says whether a sample may also end before the given byte of its body.
func wholeAt(s sample, n int) bool {
	b := body(s.frame)
	behind := func(n int) int { // a field, or the properties
		return n + 2 + int(b[n])<<8 + int(b[n+1])
	}
	properties := func(n int) int {
		if s.version < 5 {
			return n
		}
		length, rest, _ := number(b[n:])
		return len(b) - len(rest) + length
	}
	switch kind := s.frame[0] >> 4; kind {
	case packets.Publish:
		from := behind(0)
		if s.frame[0]&6 > 0 {
			from += 2
		}
		from = properties(from)
		return n >= from && b[0]|b[1] > 0
	case packets.Puback, packets.Pubrec, packets.Pubrel, packets.Pubcomp:
		return n == 2 || n == 3 && s.version == 5
	case packets.Disconnect:
		return n < 2
	case packets.Subscribe, packets.Unsubscribe:
		for at := properties(2); at < n; {
			at = behind(at)
			if kind == packets.Subscribe {
				at++
			}
			if at == n {
				return true
			}
		}
	}
	return false
}

func TestAPacketThatIsCutAtAnyByteIsRefused(t *testing.T) {
	for _, s := range good(t) {
		for n, c := range cuts(s) {
			if wholeAt(s, n) {
				require.NoError(t, permissive.Check(c.version, c.frame), c.name)
			} else {
				require.Error(t, permissive.Check(c.version, c.frame), "%s: % x", c.name, c.frame)
			}
		}
		for n := range min(len(s.frame), 1000) {
			require.Error(t, permissive.Check(s.version, s.frame[:n]), "%s, %d bytes", s.name, n)
		}
		require.Error(t, permissive.Check(s.version, append(bytes.Clone(s.frame), 0)), "%s and a byte more", s.name)
		if s.frame[0]>>4 != packets.Publish && (s.version < 5 || len(body(s.frame)) > 4 || !wholeAt(s, len(body(s.frame)))) {
			for _, more := range [][]byte{{0}, {0, 0}, {0, 0, 0}, {0xff}} {
				require.Error(t, permissive.Check(s.version, resized(s.frame[0], append(bytes.Clone(body(s.frame)), more...))), "%s and more", s.name)
			}
		}
	}
}

// reflagged are a sample with every first byte.
func reflagged(s sample) (all []sample) {
	for first := range 256 {
		frame := bytes.Clone(s.frame)
		frame[0] = byte(first)
		all = append(all, sample{fmt.Sprintf("%s with first byte %02x", s.name, first), s.version, frame})
	}
	return all
}

func TestAPacketWithWrongFlagsIsRefused(t *testing.T) {
	allowed := map[byte][]byte{
		packets.Publish: {0, 1, 2, 3, 4, 5, 0xa, 0xb, 0xc, 0xd}, packets.Pubrel: {2}, packets.Subscribe: {2}, packets.Unsubscribe: {2},
		packets.Reserved: {}, packets.Connack: {}, packets.Suback: {}, packets.Unsuback: {}, packets.Pingresp: {},
	}
	for _, s := range good(t) {
		for first, c := range reflagged(s) {
			flags, known := allowed[byte(first>>4)]
			if !known {
				flags = []byte{0}
			}
			err := permissive.Check(c.version, c.frame)
			if !slices.Contains(flags, byte(first&15)) {
				require.Error(t, err, c.name)
			} else if byte(first>>4) != s.frame[0]>>4 && err == nil {
				_, err := decode(c.version, c.frame)
				require.NoError(t, err, c.name)
			}
		}
	}
}

func TestAConnectWithWrongFlagsIsRefused(t *testing.T) {
	const layout = flagWill | flagPassword | flagUser
	for _, s := range good(t) {
		if s.version != 0 {
			continue
		}
		name, _, _ := field(body(s.frame))
		at := bytes.Index(s.frame, name) + len(name) + 1
		original := s.frame[at]
		for flags := range 256 {
			frame := bytes.Clone(s.frame)
			frame[at] = byte(flags)
			qos := flags >> 3 & 3
			legal := byte(flags)&layout == original&layout && flags&1 == 0 && qos != 3 && (flags&flagWill != 0 || flags&0x38 == 0)
			if len(client(s.frame)) == 0 {
				legal = legal && flags&flagClean != 0
			}
			require.Equal(t, legal, permissive.Check(0, frame) == nil, "%s with flags %02x", s.name, flags)
		}
	}
}

// client is the client identifier of a CONNECT.
func client(connect []byte) []byte {
	_, b, _ := field(body(connect))
	if b[0] == 5 {
		n, rest, _ := number(b[4:])
		b = rest[n:]
	} else {
		b = b[4:]
	}
	id, _, _ := field(b)
	return id
}

// misjudged are a sample with every two bytes that can be a length off by one,
// huge and 0, and with every single byte so.
func misjudged(s sample) (all []sample) {
	b := body(s.frame)
	note := func(at int, changed ...byte) {
		spoiled := bytes.Clone(b)
		copy(spoiled[at:], changed)
		if !bytes.Equal(spoiled, b) {
			all = append(all, sample{fmt.Sprintf("%s with % x at %d", s.name, changed, at), s.version, resized(s.frame[0], spoiled)})
		}
	}
	for at := range min(len(b), 200) {
		for _, one := range []byte{b[at] - 1, b[at] + 1, 0, 0x7f, 0x80, 0xff} {
			note(at, one)
		}
		if at+1 < len(b) {
			for _, n := range []int{-1, 1} {
				n += int(b[at])<<8 | int(b[at+1])
				note(at, byte(n>>8), byte(n))
			}
			note(at, 0xff, 0xff)
			note(at, 0, 0)
		}
		if at+3 < len(b) {
			note(at, 0xff, 0xff, 0xff, 0x7f)
			note(at, 0x80, 0x80, 0x80, 0x80)
		}
	}
	return all
}

func TestAPacketWithAWrongLengthIsRefusedOrReadAsItStands(t *testing.T) {
	var refused, read int
	for _, s := range good(t) {
		for _, c := range misjudged(s) {
			if permissive.Check(c.version, c.frame) != nil {
				refused++
				continue
			}
			read++
			_, err := decode(c.version, c.frame)
			require.NoError(t, err, "%s: % x", c.name, c.frame)
		}
	}
	require.Greater(t, refused, 5000)
	require.Greater(t, read, 5000, "letters of topics and payloads")
}

func TestALengthThatClaimsMoreThanTheLimitIsRefusedBeforeAnyMemoryIsTaken(t *testing.T) {
	c := Cutter{Limits: &Limits{Bytes: 1000}}
	for _, header := range [][]byte{
		{0x10, 0xff, 0xff, 0xff, 0x7f}, {0x30, 0xe7, 0x07}, {0x30, 0x80, 0x80, 0x80, 0x80, 0x01}, {0x30, 0x80, 0x00}, {0x30, 0xff, 0x80, 0x00},
		{0x00}, {0x20}, {0x47, 'E'}, {0x16, 3, 1},
	} {
		_, _, err := c.Next(header)
		require.Error(t, err, "% x", header)
		for i := range header {
			if _, _, err = c.Next(header[i : i+1]); err != nil {
				break
			}
		}
		require.Error(t, err, "% x one by one", header)
		require.LessOrEqual(t, cap(c.part), 8)
		c.part, c.size = nil, 0
	}
	frame, rest, err := c.Next([]byte{0x30, 0xe5, 0x07, 0})
	require.NoError(t, err)
	require.True(t, frame == nil && len(rest) == 0)
	require.Less(t, cap(c.part), 100, "997 bytes are declared, 4 have come")
}

func TestALargePacketLeavesNoLargeBufferBehind(t *testing.T) {
	big := resized(0x30, append([]byte{0, 1, 'a'}, make([]byte, 100_000)...))
	c := Cutter{Limits: &Limits{}}
	frame, rest, err := c.Next(big[:len(big)-1])
	require.True(t, frame == nil && rest == nil && err == nil)
	frame, rest, err = c.Next(append(bytes.Clone(big[len(big)-1:]), 0xc0, 0))
	require.NoError(t, err)
	require.Equal(t, big, frame)
	frame, rest, err = c.Next(rest)
	require.NoError(t, err)
	require.Equal(t, []byte{0xc0, 0}, frame)
	require.Empty(t, rest)
	require.Nil(t, c.part)
}
