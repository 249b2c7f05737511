package contained

import (
	"errors"

	"github.com/mochi-mqtt/server/v2/packets"
)

// Flaw is why a packet is not let through, with the reason code by which MQTT 5
// tells its sender.
type Flaw interface {
	error
	Code() byte
}

type (
	malformed   string // cannot be read
	violation   string // can be read, and may not be sent
	tooLarge    string
	beyond      string // more than the broker is willing to do
	unsupported string // protocol level
	badName     string // client identifier
	badTopic    string
	badFilter   string
	badAlias    string
	badPayload  string
)

func (f malformed) Error() string   { return string(f) }
func (f violation) Error() string   { return string(f) }
func (f tooLarge) Error() string    { return string(f) }
func (f beyond) Error() string      { return string(f) }
func (f unsupported) Error() string { return string(f) }
func (f badName) Error() string     { return string(f) }
func (f badTopic) Error() string    { return string(f) }
func (f badFilter) Error() string   { return string(f) }
func (f badAlias) Error() string    { return string(f) }
func (f badPayload) Error() string  { return string(f) }

func (malformed) Code() byte   { return packets.ErrMalformedPacket.Code }
func (violation) Code() byte   { return packets.ErrProtocolViolation.Code }
func (tooLarge) Code() byte    { return packets.ErrPacketTooLarge.Code }
func (beyond) Code() byte      { return packets.ErrQuotaExceeded.Code }
func (unsupported) Code() byte { return packets.ErrUnsupportedProtocolVersion.Code }
func (badName) Code() byte     { return packets.ErrClientIdentifierNotValid.Code }
func (badTopic) Code() byte    { return packets.ErrTopicNameInvalid.Code }
func (badFilter) Code() byte   { return packets.ErrTopicFilterInvalid.Code }
func (badAlias) Code() byte    { return packets.ErrTopicAliasInvalid.Code }
func (badPayload) Code() byte  { return packets.ErrPayloadFormatInvalid.Code }

// Farewell is the last packet to a client that is sent away for a flaw: a
// CONNACK before its session has begun, a DISCONNECT in MQTT 5, nothing where
// there is no packet that says why. The version is that of [Limits.Check].
func Farewell(version byte, flaw error) []byte {
	var f Flaw
	if !errors.As(flaw, &f) {
		return nil
	}
	switch {
	case version == 5:
		return []byte{packets.Disconnect << 4, 2, f.Code(), 0}
	case version != 0:
		return nil
	}
	switch f.(type) {
	case unsupported: // of either age: 1 in MQTT 3
		return []byte{packets.Connack << 4, 2, 0, 1}
	case badName:
		return []byte{packets.Connack << 4, 2, 0, 2}
	}
	return nil
}
