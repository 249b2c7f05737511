package contained

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"
)

// guard stands between a client's socket and mochi's parser. It cuts the bytes
// into packets, ends the connection at the first that is not well formed, has
// the policy hear messages of QoS 0 and 1, and hands everything else to mochi, a
// packet at a time: so what comes after a packet is seen after mochi is done
// with it.
type guard struct {
	client   *Client
	in       buffer
	out      []byte // what mochi has still to read of the packet it is at
	acks     []byte // PUBACKs that wait for the end of what has come in
	version  byte   // of the protocol; 0 before CONNECT
	admitted bool

	idle  time.Duration // a client may be silent for so long; 0: for ever
	armed time.Time     // when the deadline was set
}

var errBroken = errors.New("a broken packet")

// read gives mochi bytes of the next packet for it.
func (g *guard) read(p []byte) (int, error) {
	for len(g.out) == 0 {
		if err := g.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, g.out)
	g.out = g.out[n:]
	return n, nil
}

// next takes in packets until one is for mochi.
func (g *guard) next() error {
	for {
		size, err := frameSize(g.in.bytes())
		if err != nil {
			return g.broken()
		}
		if size == 0 {
			if err := g.receive(); err != nil {
				return err
			}
			continue
		}
		frame := g.in.take(size)
		if err := g.check(frame); err != nil {
			return g.broken()
		}
		if g.heard(frame) {
			continue
		}
		g.out = frame
		return g.acknowledge()
	}
}

// receive waits for more bytes; before that it answers what has come in.
func (g *guard) receive() error {
	if err := g.acknowledge(); err != nil {
		return err
	}
	if g.idle > 0 {
		// A deadline is dear and packets are many: it is moved on in steps.
		if now := time.Now(); now.Sub(g.armed) > g.idle/8 {
			g.armed = now
			if err := g.client.Conn.SetReadDeadline(now.Add(g.idle + g.idle/8)); err != nil {
				return err
			}
		}
	} else if g.admitted && !g.armed.IsZero() {
		g.armed = time.Time{}
		if err := g.client.Conn.SetReadDeadline(time.Time{}); err != nil {
			return err
		}
	}
	return g.in.fill(g.client.Conn)
}

// broken ends a client that has sent what is no packet.
func (g *guard) broken() error {
	g.client.broker.counts.add(brokenPackets)
	if g.admitted && g.version == 5 {
		_, _ = g.client.Write([]byte{packets.Disconnect << 4, 1, packets.ErrMalformedPacket.Code})
	}
	return errBroken
}

// heard has the policy hear a PUBLISH of QoS 0 or 1 and says whether that was
// all: else mochi is to have it.
func (g *guard) heard(frame []byte) bool {
	if frame[0]>>4 != packets.Publish || !g.admitted {
		return false
	}
	m, id := message(frame, g.version)
	if m.QoS > 1 && m.Topic[0] != '$' { // those mochi swallows without an answer
		return false
	}
	fate := g.client.broker.policy.Publish(g.client, &m)
	if fate == Passed {
		return false
	}
	if fate != Taken {
		g.client.reject()
	}
	switch m.QoS {
	case 1:
		g.acks = appendPuback(g.acks, id, g.version, fate)
	case 2:
		g.acks = append(g.acks, packets.Pubrec<<4, 2, byte(id>>8), byte(id))
	}
	return true
}

// acknowledge writes the PUBACKs that have gathered.
func (g *guard) acknowledge() error {
	if len(g.acks) == 0 {
		return nil
	}
	_, err := g.client.Write(g.acks)
	g.acks = g.acks[:0]
	if cap(g.acks) > 1<<10 {
		g.acks = nil
	}
	return err
}

func appendPuback(b []byte, id uint16, version byte, fate Fate) []byte {
	if version < 5 || fate == Taken {
		return append(b, packets.Puback<<4, 2, byte(id>>8), byte(id))
	}
	why := packets.ErrNotAuthorized.Code
	if fate == Malformed {
		why = packets.ErrPayloadFormatInvalid.Code
	}
	return append(b, packets.Puback<<4, 3, byte(id>>8), byte(id), why)
}

// message reads a PUBLISH that has been checked.
func message(frame []byte, version byte) (m Message, id uint16) {
	m.QoS, m.Retain = frame[0]>>1&3, frame[0]&1 == 1
	_, head := binary.Uvarint(frame[1:])
	body := frame[1+head:]
	size := int(binary.BigEndian.Uint16(body))
	m.Topic, body = body[2:2+size], body[2+size:]
	if m.QoS > 0 {
		id, body = binary.BigEndian.Uint16(body), body[2:]
	}
	if version == 5 {
		properties, length := binary.Uvarint(body)
		body = body[length+int(properties):]
	}
	m.Payload = body
	return m, id
}

func (g *guard) end() { g.in.free() }

// buffer is what has come in and has not been taken. While it waits it holds
// only what has come.
type buffer struct {
	b    []byte
	from int
}

func (x *buffer) bytes() []byte { return x.b[x.from:] }

// take is the first size bytes; they are good until the next fill.
func (x *buffer) take(size int) []byte {
	x.from += size
	return x.b[x.from-size : x.from]
}

const readSize = 1 << 12

func (x *buffer) fill(conn net.Conn) error {
	if x.from > 0 {
		x.b = append(x.b[:0], x.b[x.from:]...)
		x.from = 0
	}
	if cap(x.b)-len(x.b) < 512 {
		x.b = append(make([]byte, 0, max(readSize, 2*len(x.b))), x.b...)
	}
	n, err := conn.Read(x.b[len(x.b):cap(x.b)])
	x.b = x.b[:len(x.b)+n]
	if n > 0 {
		return nil
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return err
}

func (x *buffer) free() { x.b, x.from = nil, 0 }

// frameSize is the length of the packet at the beginning of b; 0 when more bytes
// are needed.
func frameSize(b []byte) (int, error) {
	length := 0
	for i := 1; i < len(b) && i <= 4; i++ {
		length |= int(b[i]&127) << (7 * (i - 1))
		if b[i] < 128 {
			switch {
			case length > MaxPacket:
				return 0, errBroken
			case len(b) < 1+i+length:
				return 0, nil
			}
			return 1 + i + length, nil
		}
	}
	if len(b) > 4 {
		return 0, errBroken
	}
	return 0, nil
}

// check says whether mochi may see a packet.
func (g *guard) check(frame []byte) error {
	kind := frame[0] >> 4
	if g.version > 0 {
		if kind != packets.Publish && bytes.Count(frame, []byte{'/'}) > 64 {
			return errBroken
		}
		return nil
	}
	if kind != packets.Connect || len(frame) < 14 {
		return errBroken
	}
	_, head := binary.Uvarint(frame[1:])
	g.version = 4
	if name := frame[1+head+1]; name == 6 {
		g.version = 3
	} else if frame[1+head+6] == 5 {
		g.version = 5
	}
	return nil
}
