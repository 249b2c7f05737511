package contained

import "github.com/mochi-mqtt/server/v2/packets"

// receipt checks a PUBACK, PUBREC, PUBREL or PUBCOMP.
func (l *Limits) receipt(version, kind byte, b []byte) error {
	b, err := identified(b)
	if err != nil || len(b) == 0 {
		return err
	}
	if version < 5 {
		return malformed("a receipt with more behind its identifier")
	}
	codes := &receiptCodes
	if kind == packets.Pubrel || kind == packets.Pubcomp {
		codes = &releaseCodes
	}
	return l.reasoned(kind, codes, b)
}

// reasoned checks a reason code and, if there are any, properties, to the end.
func (l *Limits) reasoned(kind byte, codes *codeSet, b []byte) error {
	if !codes.has(b[0]) {
		return violation("a reason code that does not belong in its packet")
	}
	if len(b) == 1 {
		return nil
	}
	p, rest, err := l.properties(kind, b[1:])
	switch {
	case err != nil:
		return err
	case len(rest) > 0:
		return malformed("a packet with more behind its properties")
	case kind == packets.Auth && !p.has(packets.PropAuthenticationMethod):
		return violation("an AUTH without a method")
	}
	return nil
}

func (l *Limits) disconnect(version byte, b []byte) error {
	switch {
	case len(b) == 0:
		return nil
	case version < 5:
		return malformed("a DISCONNECT that is not empty")
	}
	return l.reasoned(packets.Disconnect, &farewellCodes, b)
}

// spelledOut is a packet as mochi understands it: of a DISCONNECT that ends in its
// reason code, mochi does not read the code.
func spelledOut(frame []byte) []byte {
	if len(frame) == 3 && frame[0] == packets.Disconnect<<4 {
		return []byte{frame[0], 2, frame[2], 0}
	}
	return frame
}

func (l *Limits) auth(version byte, b []byte) error {
	switch {
	case version < 5:
		return violation("an AUTH before MQTT 5")
	case len(b) < 2:
		return violation("an AUTH without a method")
	}
	return l.reasoned(packets.Auth, &authCodes, b)
}

// codeSet is a set of reason codes, a bit each.
type codeSet [4]uint64

func (s *codeSet) has(code byte) bool { return s[code>>6]>>(code&63)&1 == 1 }

func codesOf(codes ...packets.Code) (s codeSet) {
	for _, c := range codes {
		s[c.Code>>6] |= 1 << (c.Code & 63)
	}
	return s
}

// The reason codes that a client may send.
var (
	receiptCodes = codesOf(packets.CodeSuccess, packets.CodeNoMatchingSubscribers, packets.ErrUnspecifiedError,
		packets.ErrImplementationSpecificError, packets.ErrNotAuthorized, packets.ErrTopicNameInvalid,
		packets.ErrPacketIdentifierInUse, packets.ErrQuotaExceeded, packets.ErrPayloadFormatInvalid)
	releaseCodes  = codesOf(packets.CodeSuccess, packets.ErrPacketIdentifierNotFound)
	farewellCodes = codesOf(packets.CodeDisconnect, packets.CodeDisconnectWillMessage, packets.ErrUnspecifiedError,
		packets.ErrMalformedPacket, packets.ErrProtocolViolation, packets.ErrImplementationSpecificError,
		packets.ErrTopicNameInvalid, packets.ErrReceiveMaximum, packets.ErrTopicAliasInvalid, packets.ErrPacketTooLarge,
		packets.ErrMessageRateTooHigh, packets.ErrQuotaExceeded, packets.ErrAdministrativeAction, packets.ErrPayloadFormatInvalid)
	authCodes = codesOf(packets.CodeContinueAuthentication, packets.CodeReAuthenticate)
)

// Options of a subscription in MQTT 5.
const (
	optionNoLocal  = 1 << 2
	optionReserved = 3 << 6
)

func (l *Limits) subscribe(version byte, b []byte) error {
	b, err := l.request(version, packets.Subscribe, b)
	if err != nil {
		return err
	}
	for n := 1; ; n++ {
		f, rest, ok := field(b)
		switch {
		case !ok || len(rest) == 0:
			return malformed("a subscription that is cut off")
		case l.Filters > 0 && n > l.Filters:
			return beyond("too many filters in one packet")
		}
		shared, err := l.filter(f)
		if err != nil {
			return err
		}
		options := rest[0]
		switch {
		case options&3 == 3:
			return malformed("a subscription with QoS 3")
		case version < 5 && options > 2, options&optionReserved != 0:
			return malformed("a subscription with reserved options")
		case options>>4&3 == 3:
			return violation("a subscription that treats retained messages in no known way")
		case shared && options&optionNoLocal != 0:
			return violation("a shared subscription without its own messages")
		}
		if b = rest[1:]; len(b) == 0 {
			return nil
		}
	}
}

func (l *Limits) unsubscribe(version byte, b []byte) error {
	b, err := l.request(version, packets.Unsubscribe, b)
	if err != nil {
		return err
	}
	for n := 1; ; n++ {
		f, rest, ok := field(b)
		switch {
		case !ok:
			return malformed("a filter that is cut off")
		case l.Filters > 0 && n > l.Filters:
			return beyond("too many filters in one packet")
		}
		if _, err := l.filter(f); err != nil {
			return err
		}
		if b = rest; len(b) == 0 {
			return nil
		}
	}
}

// request takes off what stands before the filters of a SUBSCRIBE or UNSUBSCRIBE.
func (l *Limits) request(version, kind byte, b []byte) ([]byte, error) {
	b, err := identified(b)
	if err == nil && version == 5 {
		_, b, err = l.properties(kind, b)
	}
	if err == nil && len(b) == 0 {
		err = violation("a packet without a filter")
	}
	return b, err
}
