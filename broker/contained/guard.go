package contained

import (
	"encoding/binary"
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
	intake   intake
	cutter   Cutter
	in       []byte  // what has come in and is not cut yet
	out      []byte  // the packet that is for mochi
	acks     []byte  // PUBACKs that wait for the end of what has come in
	message  Message // that the policy hears; here, for it is asked through an interface
	version  byte    // of the protocol; 0 before CONNECT
	admitted bool    // the client is welcome

	idle  time.Duration // a client may be silent for so long; 0: for ever
	armed time.Time     // when the deadline was set
}

// next waits for the next packet that is for mochi. It is good until the next
// call.
func (g *guard) next() ([]byte, error) {
	g.out = nil
	for {
		if err := g.client.pause(); err != nil {
			return nil, err
		}
		if err := g.digest(); err != nil || g.out != nil {
			return g.out, err
		}
		if err := g.settle(); err != nil {
			return nil, err
		}
		if err := g.intake.feed(g.client.Conn, g); err != nil || g.out != nil {
			return g.out, err
		}
	}
}

// begin is called when the client is welcome; from then on it may be silent for
// as long as idle, 0 for ever.
func (g *guard) begin(idle time.Duration) { g.admitted, g.idle = true, idle }

// take digests what has come in and says whether there may come more: it does
// unless a packet is for mochi, or was the last, or the client has to be slowed
// down.
func (g *guard) take(b []byte) (more bool, err error) {
	g.in = b
	if err := g.digest(); err != nil || g.out != nil {
		return false, err
	}
	return g.client.debt == 0, g.settle()
}

// digest goes through the packets that have come in until one is for mochi.
func (g *guard) digest() error {
	for len(g.in) > 0 {
		frame, rest, err := g.cutter.Next(g.in)
		g.in = rest
		if err == nil && frame == nil {
			return nil
		}
		if err == nil {
			err = g.cutter.Limits.Check(g.version, frame)
		}
		if err != nil {
			return g.dismiss(err)
		}
		if g.version == 0 {
			g.version = Level(frame)
		}
		g.client.spend(frame[0] >> 4)
		if !g.heard(frame) {
			g.out = spelledOut(frame)
			return g.acknowledge()
		}
	}
	return nil
}

// settle answers what has come in before more is waited for.
func (g *guard) settle() error {
	if err := g.acknowledge(); err != nil {
		return err
	}
	return g.arm()
}

// arm keeps the deadline by which a client has to send something. Setting one is
// dear and packets are many: it is moved on in steps of an eighth.
func (g *guard) arm() error {
	if !g.admitted {
		return nil // it has been given so long to say who it is
	}
	now := time.Now()
	switch {
	case g.idle > 0 && now.Sub(g.armed) > g.idle/8:
		g.armed = now
		return g.client.Conn.SetReadDeadline(now.Add(g.idle + g.idle/8))
	case g.idle == 0 && g.armed.IsZero():
		g.armed = now
		return g.client.Conn.SetReadDeadline(time.Time{})
	}
	return nil
}

// dismiss ends a client that has sent what is no packet, and says why if there is
// a packet to say it with.
func (g *guard) dismiss(flaw error) error {
	g.client.broker.counts.add(brokenPackets)
	g.client.broker.tell(g.client, brokenPackets, g.client.ID, flaw.Error(), "")
	if farewell := Farewell(g.version, flaw); farewell != nil {
		_, _ = g.client.Write(farewell)
	}
	return flaw
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
	g.message = m
	fate := g.client.broker.policy.Publish(g.client, &g.message)
	if fate == Passed {
		return false
	}
	switch fate {
	case Unheard:
		return true
	case Taken:
	default:
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

// acknowledge writes the PUBACKs that have gathered, once the policy has kept what
// they are for.
func (g *guard) acknowledge() error {
	if k := g.client.broker.keeper; k != nil && g.admitted {
		if err := k.Commit(g.client); err != nil {
			return err
		}
	}
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
	_, body, _ := number(frame[1:])
	m.Topic, body, _ = field(body)
	if m.QoS > 0 {
		id, body = binary.BigEndian.Uint16(body), body[2:]
	}
	if version == 5 {
		size, rest, _ := number(body)
		body = rest[size:]
	}
	m.Payload = body
	return m, id
}
