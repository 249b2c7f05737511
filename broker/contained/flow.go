package contained

import (
	"slices"
	"sync"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// flow keeps what a client of MQTT 5 is sent to its receive-maximum: so many
// messages with QoS above 0 that it has not acknowledged. mochi's own account of
// it ends after twice as many messages, and can lock two clients up.
type flow struct {
	mu      sync.Mutex
	most    int      // 0: no bound
	open    int      // sent and not acknowledged
	waiting [][]byte // packets, no more than mochi has in flight
}

// bound takes the account over from mochi.
func (f *flow) bound(cl *mqtt.Client) {
	if cl.Properties.ProtocolVersion == 5 {
		f.most = int(cl.Properties.Props.ReceiveMaximum)
	}
	cl.State.Inflight.ResetSendQuota(0)
}

// admit gives back what may be written now of some whole packets.
func (f *flow) admit(p []byte) []byte {
	if f.most == 0 {
		return p
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	now := p[:0:0]
	for len(p) > 0 {
		size, rest, ok := number(p[1:])
		if !ok || size > len(rest) {
			return append(now, p...)
		}
		frame := p[:len(p)-len(rest)+size]
		p = rest[size:]
		switch {
		case frame[0]>>4 != packets.Publish || frame[0]&6 == 0:
			now = append(now, frame...)
		case f.open < f.most:
			f.open++
			now = append(now, frame...)
		default:
			f.waiting = append(f.waiting, slices.Clone(frame))
		}
	}
	return now
}

// acknowledged gives a packet that may be written now that the client has sent
// pk, nil if none.
func (f *flow) acknowledged(pk *packets.Packet) (frame []byte) {
	switch pk.FixedHeader.Type {
	case packets.Puback, packets.Pubcomp:
	case packets.Pubrec:
		if pk.ReasonCode < packets.ErrUnspecifiedError.Code {
			return nil
		}
	default:
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case len(f.waiting) > 0:
		frame, f.waiting = f.waiting[0], f.waiting[1:]
	case f.open > 0:
		f.open--
	}
	return frame
}
