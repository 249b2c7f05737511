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
