package broker

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"

	"github.com/mochi-mqtt/server/v2/packets"
)

// frames cuts the bytes of a connection into packets.
type frames struct {
	conn net.Conn
	buf  []byte
	from int
}

// packet is what a broker sends to a session that is up; topic and payload are
// borrowed.
type packet struct {
	kind    byte
	qos     byte
	reason  byte
	id      uint16
	topic   []byte
	payload []byte
}

var errBroken = errors.New("a broken packet of the broker")

// frame is the first byte and the body of the next packet, borrowed until the one
// after.
func (f *frames) frame() (first byte, body []byte, err error) {
	for {
		size, head := frameSize(f.buf[f.from:])
		if size > 0 {
			frame := f.buf[f.from : f.from+size]
			f.from += size
			return frame[0], frame[head:], nil
		}
		if size < 0 {
			return 0, nil, errBroken
		}
		if err := f.fill(); err != nil {
			return 0, nil, err
		}
	}
}

// fill reads once, behind what is there.
func (f *frames) fill() error {
	if f.from > 0 {
		f.buf = append(f.buf[:0], f.buf[f.from:]...)
		f.from = 0
	}
	if len(f.buf) == cap(f.buf) {
		f.buf = append(f.buf, make([]byte, max(256, len(f.buf)))...)[:len(f.buf)]
	}
	n, err := f.conn.Read(f.buf[len(f.buf):cap(f.buf)])
	f.buf = f.buf[:len(f.buf)+n]
	if n > 0 {
		return nil
	}
	return err
}

// rest is what has been read and not been taken; nil for nothing.
func (f *frames) rest() *chunk {
	if f.from == len(f.buf) {
		return nil
	}
	c := newChunk()
	c.b = append(c.b, f.buf[f.from:]...)
	return c
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

// decodeFrame reads what a session that is up may get.
func decodeFrame(first byte, body []byte, five bool) (pk packet, err error) {
	pk.kind, pk.qos = first>>4, first>>qosShift&3
	switch pk.kind {
	case packets.Publish:
		return pk, pk.publish(body, five)
	case packets.Puback, packets.Pubrec, packets.Pubrel, packets.Pubcomp:
		if len(body) < 2 {
			return pk, errBroken
		}
		if pk.id = binary.BigEndian.Uint16(body); len(body) > 2 {
			pk.reason = body[2]
		}
	case packets.Pingresp:
	case packets.Disconnect:
		if len(body) > 0 {
			pk.reason = body[0]
		}
	default:
		err = fmt.Errorf("a %s of the broker", packets.PacketNames[pk.kind])
	}
	return pk, err
}

func (pk *packet) publish(body []byte, five bool) error {
	if pk.qos > 2 || len(body) < 2 {
		return errBroken
	}
	n := int(binary.BigEndian.Uint16(body))
	if body = body[2:]; len(body) < n {
		return errBroken
	}
	pk.topic, body = body[:n], body[n:]
	if pk.qos > 0 {
		if len(body) < 2 {
			return errBroken
		}
		pk.id, body = binary.BigEndian.Uint16(body), body[2:]
	}
	if five {
		properties, size := binary.Uvarint(body)
		if size <= 0 || size > 4 || properties > uint64(len(body)-size) {
			return errBroken
		}
		body = body[size+int(properties):]
	}
	pk.payload = body
	return nil
}
