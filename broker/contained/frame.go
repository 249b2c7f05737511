package contained

import (
	"github.com/mochi-mqtt/server/v2/packets"
)

// Limits bound what one packet may ask of the broker. A bound of 0 is none,
// but for TopicAlias.
type Limits struct {
	Bytes      int    // of a packet with its header
	Levels     int    // of a topic or a filter
	Filters    int    // in one SUBSCRIBE or UNSUBSCRIBE
	KeepAlive  uint16 // in seconds
	TopicAlias uint16 // the highest one; 0 refuses them
	Dollar     bool   // messages and wills may go to topics that begin with $
}

// Check says whether the broker's parser may see a packet that a client has
// sent: nil, or an error that says in words what is wrong with it (a [Flaw]).
// The frame is one whole packet from its first byte to its last. The version is
// the protocol level of the connection's CONNECT (3 is MQTT 3.1, 4 is 3.1.1),
// or 0 before it: a CONNECT comes first and once.
//
// What passes keeps every rule of the three specifications that can be seen in
// one packet. Check keeps no state and allocates nothing.
func (l *Limits) Check(version byte, frame []byte) error {
	size, head, err := l.measure(frame)
	switch {
	case err != nil:
		return err
	case size == 0 || size != len(frame):
		return malformed("a packet that is not as long as it says")
	}
	kind, body := frame[0]>>4, frame[head:]
	if (kind == packets.Connect) != (version == 0) {
		if version == 0 {
			return violation("a packet before CONNECT")
		}
		return violation("a second CONNECT")
	}
	switch kind {
	case packets.Publish:
		return l.publish(version, frame[0], body)
	case packets.Connect:
		return l.connect(body)
	case packets.Puback, packets.Pubrec, packets.Pubrel, packets.Pubcomp:
		return l.receipt(version, kind, body)
	case packets.Subscribe:
		return l.subscribe(version, body)
	case packets.Unsubscribe:
		return l.unsubscribe(version, body)
	case packets.Disconnect:
		return l.disconnect(version, body)
	case packets.Auth:
		return l.auth(version, body)
	}
	if len(body) > 0 {
		return malformed("a PINGREQ that is not empty")
	}
	return nil
}

// headers says what is wrong with a first byte, nil if nothing.
var headers = func() (t [256]error) {
	for i := range t {
		switch kind, flags := byte(i)>>4, byte(i)&15; {
		case kind == packets.Reserved:
			t[i] = malformed("a packet of no known type")
		case kind == packets.Connack, kind == packets.Suback, kind == packets.Unsuback, kind == packets.Pingresp:
			t[i] = violation("a packet that only a server sends")
		case kind == packets.Publish && flags>>1&3 == 3:
			t[i] = malformed("a PUBLISH with QoS 3")
		case kind == packets.Publish && flags>>1&3 == 0 && flags>>3 == 1:
			t[i] = malformed("a PUBLISH with QoS 0 that says it is a duplicate")
		case kind == packets.Publish:
		case kind == packets.Pubrel, kind == packets.Subscribe, kind == packets.Unsubscribe:
			if flags != 2 {
				t[i] = malformed("a packet with reserved flags")
			}
		case flags != 0:
			t[i] = malformed("a packet with reserved flags")
		}
	}
	return t
}()

// measure reads a fixed header: the sizes of the packet and of its header, or 0
// when more bytes are needed to know.
func (l *Limits) measure(b []byte) (size, head int, err error) {
	if len(b) == 0 {
		return 0, 0, nil
	}
	if err := headers[b[0]]; err != nil {
		return 0, 0, err
	}
	length := 0
	for i := 1; i < len(b) && i <= 4; i++ {
		length |= int(b[i]&127) << (7 * (i - 1))
		if b[i] < 128 {
			if b[i] == 0 && i > 1 {
				return 0, 0, malformed("a length in more bytes than it needs")
			}
			if size = 1 + i + length; l.Bytes > 0 && size > l.Bytes {
				return 0, 0, tooLarge("a packet that is too large")
			}
			return size, 1 + i, nil
		}
	}
	if len(b) > 4 {
		return 0, 0, malformed("a length in more than four bytes")
	}
	return 0, 0, nil
}

// field is what stands behind a length in two bytes, and the rest.
func field(b []byte) (f, rest []byte, ok bool) {
	if len(b) < 2 {
		return nil, nil, false
	}
	n := int(b[0])<<8 | int(b[1]) + 2
	if n > len(b) {
		return nil, nil, false
	}
	return b[2:n], b[n:], true
}

// number is a variable byte integer, and the rest.
func number(b []byte) (n int, rest []byte, ok bool) {
	for i := 0; i < len(b) && i < 4; i++ {
		n |= int(b[i]&127) << (7 * i)
		if b[i] < 128 {
			return n, b[i+1:], b[i] != 0 || i == 0
		}
	}
	return 0, nil, false
}

// identified takes a packet's identifier off.
func identified(b []byte) ([]byte, error) {
	switch {
	case len(b) < 2:
		return nil, malformed("a packet that ends in its identifier")
	case b[0]|b[1] == 0:
		return nil, violation("a packet with identifier 0")
	}
	return b[2:], nil
}
