package broker

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"

	"github.com/mochi-mqtt/server/v2/packets"
)

// frames cuts a connection's bytes into packets.
type frames struct {
	conn net.Conn
	buf  []byte
	from int
}

// next is the next packet; it borrows the buffer until the one after. After a
// time-out it goes on where it was.
func (f *frames) next() (pk packets.Packet, err error) {
	for {
		if size, head := frameSize(f.buf[f.from:]); size > 0 {
			frame := f.buf[f.from : f.from+size]
			f.from += size
			return decodeFrame(frame, head)
		} else if size < 0 {
			return pk, errors.New("a broken packet of the broker")
		}
		if f.from > 0 {
			f.buf = append(f.buf[:0], f.buf[f.from:]...)
			f.from = 0
		}
		if len(f.buf) == cap(f.buf) {
			f.buf = append(f.buf, make([]byte, max(256, len(f.buf)))...)[:len(f.buf)]
		}
		n, err := f.conn.Read(f.buf[len(f.buf):cap(f.buf)])
		f.buf = f.buf[:len(f.buf)+n]
		if n == 0 && err != nil {
			return pk, err
		}
	}
}

// frameSize is the length of the packet at the beginning of b and of its fixed
// header: 0 when more bytes are needed, negative when it cannot be one.
func frameSize(b []byte) (size, head int) {
	length := 0
	for i := 1; i < len(b) && i <= 4; i++ {
		length |= int(b[i]&127) << (7 * (i - 1))
		if b[i] < 128 {
			switch {
			case length > 4*maxPayload:
				return -1, 0
			case len(b) < 1+i+length:
				return 0, 0
			}
			return 1 + i + length, 1 + i
		}
	}
	if len(b) > 4 {
		return -1, 0
	}
	return 0, 0
}

func decodeFrame(frame []byte, head int) (pk packets.Packet, err error) {
	pk.ProtocolVersion = 4
	if err := pk.FixedHeader.Decode(frame[0]); err != nil {
		return pk, err
	}
	body := frame[head:]
	pk.FixedHeader.Remaining = len(body)
	switch pk.FixedHeader.Type {
	case packets.Connack:
		err = pk.ConnackDecode(body)
	case packets.Suback:
		err = pk.SubackDecode(body)
	case packets.Publish:
		err = pk.PublishDecode(body)
	case packets.Puback:
		if len(body) < 2 {
			return pk, packets.ErrMalformedPacketID
		}
		pk.PacketID = binary.BigEndian.Uint16(body)
	case packets.Pingresp:
	default:
		err = fmt.Errorf("a %s of the broker", packets.PacketNames[pk.FixedHeader.Type])
	}
	return pk, err
}

func (f *frames) expect(kind byte) (packets.Packet, error) {
	pk, err := f.next()
	if err == nil && pk.FixedHeader.Type != kind {
		err = fmt.Errorf("a %s instead", packets.PacketNames[pk.FixedHeader.Type])
	}
	return pk, err
}
