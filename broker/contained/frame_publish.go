package contained

import (
	"unicode/utf8"

	"github.com/mochi-mqtt/server/v2/packets"
)

func (l *Limits) publish(version, first byte, b []byte) error {
	topic, b, ok := field(b)
	if !ok {
		return malformed("a PUBLISH that ends in its topic")
	}
	var err error
	if first&6 != 0 {
		if b, err = identified(b); err != nil {
			return err
		}
	}
	var p properties
	if version == 5 {
		if p, b, err = l.properties(packets.Publish, b); err != nil {
			return err
		}
		switch {
		case p.has(packets.PropTopicAlias) && (p.alias == 0 || p.alias > l.TopicAlias):
			return badAlias("a topic alias that is not granted")
		case p.text && !utf8.Valid(b):
			return badPayload("a payload that is said to be UTF-8 and is not")
		}
	}
	if len(topic) == 0 {
		if p.alias == 0 {
			return violation("a PUBLISH without a topic")
		}
		return nil
	}
	return l.topic(topic)
}

// Publish is where the parts of a PUBLISH are, in the bytes of its frame.
type Publish struct {
	Topic, Payload []byte
	ID             uint16 // 0 with QoS 0
	QoS            byte
	Retain         bool
}

// ReadPublish takes a PUBLISH apart that has passed [Limits.Check] with the same
// version.
func ReadPublish(version byte, frame []byte) (p Publish) {
	head := 2
	for frame[head-1] >= 128 {
		head++
	}
	p.QoS, p.Retain = frame[0]>>1&3, frame[0]&1 == 1
	p.Topic, p.Payload, _ = field(frame[head:])
	if p.QoS > 0 {
		p.ID = uint16(p.Payload[0])<<8 | uint16(p.Payload[1])
		p.Payload = p.Payload[2:]
	}
	if version == 5 {
		n, rest, _ := number(p.Payload)
		p.Payload = rest[n:]
	}
	return p
}
