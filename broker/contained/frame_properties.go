package contained

import (
	"encoding/binary"

	"github.com/mochi-mqtt/server/v2/packets"
)

// form is how a property is written and which values it may have.
type form byte

const (
	unknown  form = iota
	flag          // a byte, 0 or 1
	two           // bytes
	twoSome       // not 0
	four          // bytes
	fourSome      // not 0
	someID        // a variable byte integer, not 0
	words         // UTF-8
	pair          // of UTF-8, as often as one likes
	binaryOf      // bytes behind their length
	answerTo      // a topic
)

// rule is a property's form and the packets it may stand in, a bit each.
type rule struct {
	form form
	in   uint16
}

// ofWill is the bit of a will's properties: no packet is of type 0.
const ofWill = 1

// rules are the properties that a client may send, by identifier.
var rules = [64]rule{
	packets.PropPayloadFormat:          {flag, ofWill | 1<<packets.Publish},
	packets.PropMessageExpiryInterval:  {four, ofWill | 1<<packets.Publish},
	packets.PropContentType:            {words, ofWill | 1<<packets.Publish},
	packets.PropResponseTopic:          {answerTo, ofWill | 1<<packets.Publish},
	packets.PropCorrelationData:        {binaryOf, ofWill | 1<<packets.Publish},
	packets.PropSubscriptionIdentifier: {someID, 1 << packets.Subscribe},
	packets.PropSessionExpiryInterval:  {four, 1<<packets.Connect | 1<<packets.Disconnect},
	packets.PropAuthenticationMethod:   {words, 1<<packets.Connect | 1<<packets.Auth},
	packets.PropAuthenticationData:     {binaryOf, 1<<packets.Connect | 1<<packets.Auth},
	packets.PropRequestProblemInfo:     {flag, 1 << packets.Connect},
	packets.PropWillDelayInterval:      {four, ofWill},
	packets.PropRequestResponseInfo:    {flag, 1 << packets.Connect},
	packets.PropReasonString: {words, 1<<packets.Puback | 1<<packets.Pubrec | 1<<packets.Pubrel | 1<<packets.Pubcomp |
		1<<packets.Disconnect | 1<<packets.Auth},
	packets.PropReceiveMaximum:    {twoSome, 1 << packets.Connect},
	packets.PropTopicAliasMaximum: {two, 1 << packets.Connect},
	packets.PropTopicAlias:        {two, 1 << packets.Publish},
	packets.PropUser: {pair, ofWill | 1<<packets.Connect | 1<<packets.Publish | 1<<packets.Puback | 1<<packets.Pubrec |
		1<<packets.Pubrel | 1<<packets.Pubcomp | 1<<packets.Subscribe | 1<<packets.Unsubscribe | 1<<packets.Disconnect | 1<<packets.Auth},
	packets.PropMaximumPacketSize: {fourSome, 1 << packets.Connect},
}

// properties is what the rest of a packet's check has to know of them.
type properties struct {
	seen  uint64 // a bit for each identifier
	alias uint16
	text  bool // the payload is said to be UTF-8
}

func (p properties) has(id byte) bool { return p.seen>>id&1 == 1 }

// properties checks the properties at the beginning of b and gives the rest.
func (l *Limits) properties(packet byte, b []byte) (p properties, rest []byte, err error) {
	n, b, ok := number(b)
	if !ok || n > len(b) {
		return p, nil, malformed("properties that go beyond their packet")
	}
	rest, b = b[n:], b[:n]
	for len(b) > 0 {
		id := b[0]
		if id >= byte(len(rules)) || rules[id].in>>packet&1 == 0 {
			return p, nil, violation("a property that does not belong in its packet")
		}
		if p.has(id) && rules[id].form != pair {
			return p, nil, violation("a property that stands there twice")
		}
		p.seen |= 1 << id
		if b, err = p.take(l, id, b[1:]); err != nil {
			return p, nil, err
		}
	}
	return p, rest, nil
}

// take reads the value of one property and gives the rest.
func (p *properties) take(l *Limits, id byte, b []byte) (rest []byte, err error) {
	var value []byte
	ok, permitted := true, true
	switch rules[id].form {
	case flag:
		if ok = len(b) >= 1; ok {
			permitted, rest = b[0] <= 1, b[1:]
			p.text = p.text || id == packets.PropPayloadFormat && b[0] == 1
		}
	case two, twoSome:
		if ok = len(b) >= 2; ok {
			n := binary.BigEndian.Uint16(b)
			permitted, rest = n > 0 || rules[id].form == two, b[2:]
			if id == packets.PropTopicAlias {
				p.alias = n
			}
		}
	case four, fourSome:
		if ok = len(b) >= 4; ok {
			permitted, rest = binary.BigEndian.Uint32(b) > 0 || rules[id].form == four, b[4:]
		}
	case someID:
		var n int
		n, rest, ok = number(b)
		permitted = n > 0
	case words:
		value, rest, ok = field(b)
		permitted = text(value)
	case binaryOf:
		_, rest, ok = field(b)
	case answerTo:
		if value, rest, ok = field(b); ok {
			if len(value) == 0 {
				return nil, badTopic("an empty topic for the answer")
			}
			if err := (&Limits{Levels: l.Levels, Dollar: true}).topic(value); err != nil {
				return nil, err
			}
		}
	case pair:
		if value, rest, ok = field(b); ok {
			permitted = text(value)
			value, rest, ok = field(rest)
			permitted = permitted && text(value)
		}
	}
	switch {
	case !ok:
		return nil, malformed("a property that is cut off")
	case !permitted:
		return nil, violation("a property with a value that it may not have")
	}
	return rest, nil
}
