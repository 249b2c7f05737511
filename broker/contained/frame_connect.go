package contained

import (
	"unicode/utf8"

	"github.com/mochi-mqtt/server/v2/packets"
)

// Flags of a CONNECT.
const (
	flagReserved = 1 << iota
	flagClean
	flagWill
	flagWillQoS1
	flagWillQoS2
	flagWillRetain
	flagPassword
	flagUser
)

// Level is the protocol level of a CONNECT that has passed [Limits.Check].
func Level(connect []byte) byte {
	_, head, _ := (&Limits{}).measure(connect)
	_, rest, _ := field(connect[head:])
	return rest[0]
}

func (l *Limits) connect(b []byte) error {
	name, b, ok := field(b)
	switch {
	case !ok:
		return malformed("a CONNECT that ends in its protocol's name")
	case string(name) != "MQTT" && string(name) != "MQIsdp":
		return unsupported("a CONNECT of another protocol")
	case len(b) < 1:
		return malformed("a CONNECT without a protocol level")
	case string(name) == "MQIsdp" && b[0] != 3, string(name) == "MQTT" && b[0] != 4 && b[0] != 5:
		return unsupported("a CONNECT of an unknown protocol level")
	case len(b) < 4:
		return malformed("a CONNECT that ends in its header")
	}
	version, flags, keepAlive := b[0], b[1], uint16(b[2])<<8|uint16(b[3])
	b = b[4:]
	switch {
	case flags&flagReserved != 0:
		return malformed("a CONNECT with its reserved flag set")
	case flags&flagWill == 0 && flags&(flagWillQoS1|flagWillQoS2|flagWillRetain) != 0:
		return malformed("a CONNECT that describes a will and has none")
	case flags&(flagWillQoS1|flagWillQoS2) == flagWillQoS1|flagWillQoS2:
		return malformed("a will with QoS 3")
	case version < 5 && flags&flagPassword != 0 && flags&flagUser == 0:
		return malformed("a password without a user")
	case l.KeepAlive > 0 && keepAlive > l.KeepAlive:
		return beyond("a keep-alive that is too long")
	}
	if version == 5 {
		p, rest, err := l.properties(packets.Connect, b)
		if err != nil {
			return err
		}
		if p.has(packets.PropAuthenticationData) && !p.has(packets.PropAuthenticationMethod) {
			return violation("authentication data without a method")
		}
		b = rest
	}
	client, b, ok := field(b)
	switch {
	case !ok:
		return malformed("a CONNECT that ends in its client identifier")
	case !text(client):
		return malformed("a client identifier that is not UTF-8")
	case len(client) == 0 && (version == 3 || version == 4 && flags&flagClean == 0):
		return badName("a client without an identifier that wants its session kept")
	}
	if flags&flagWill != 0 {
		rest, err := l.will(version, b)
		if err != nil {
			return err
		}
		b = rest
	}
	if flags&flagUser != 0 {
		user, rest, ok := field(b)
		if !ok || !text(user) {
			return malformed("a user's name that is cut off or not UTF-8")
		}
		b = rest
	}
	if flags&flagPassword != 0 {
		if _, b, ok = field(b); !ok {
			return malformed("a password that is cut off")
		}
	}
	if len(b) > 0 {
		return malformed("a CONNECT with more behind its last field")
	}
	return nil
}

// will checks a will and gives the rest of its CONNECT.
func (l *Limits) will(version byte, b []byte) (rest []byte, err error) {
	var p properties
	if version == 5 {
		if p, b, err = l.properties(0, b); err != nil {
			return nil, err
		}
	}
	topic, b, ok := field(b)
	if !ok {
		return nil, malformed("a will whose topic is cut off")
	}
	if len(topic) == 0 {
		return nil, badTopic("a will without a topic")
	}
	if err := l.topic(topic); err != nil {
		return nil, err
	}
	payload, rest, ok := field(b)
	switch {
	case !ok:
		return nil, malformed("a will that is cut off")
	case p.text && !utf8.Valid(payload):
		return nil, badPayload("a will that is said to be UTF-8 and is not")
	}
	return rest, nil
}
