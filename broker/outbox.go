package broker

import (
	"encoding/binary"

	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/twinbed/twinbed/sim"
)

// outbox is what a session still has to write, and the messages of QoS 1 and 2
// until their exchange is complete. An empty one holds no buffers.
type outbox struct {
	wire    *chunk       // to be written next
	kept    *chunk       // the frames of flights, one after another
	flights line[flight] // oldest first; their ids follow one another
	sent    int          // how many of them have been sent
	sentEnd int          // where their frames end in kept
	aloft   int          // of those, how many are not complete
	nextID  uint16
}

// flight is a message of QoS 1 or 2.
type flight struct {
	due    sim.Time
	thing  sim.ThingID // whose
	size   uint32      // of its frame
	id     uint16
	medium sim.Medium
	phase  phase
}

type phase uint8

const (
	waiting  phase = iota // for room in the window
	sent                  // PUBLISH is out
	released              // PUBREC has come, PUBREL is out
	complete
)

// The fixed header of PUBLISH.
const (
	publishType = packets.Publish << 4
	dupFlag     = 0x08
	qosShift    = 1
)

// dispatch is a PUBLISH before it is bytes.
type dispatch struct {
	room    Room
	level   string // whose room, as it stands in the topic
	qos     byte
	five    bool // MQTT 5
	id      uint16
	payload []byte
}

// append writes the packet.
func (p *dispatch) append(b []byte) []byte {
	length := 2 + len(thingsPrefix) + len(p.level) + len(lastLevels[p.room]) + len(p.payload)
	if p.qos > 0 {
		length += 2
	}
	if p.five {
		length++
	}
	b = append(b, publishType|p.qos<<qosShift)
	b = binary.AppendUvarint(b, uint64(length)) // MQTT's lengths are the same
	b = binary.BigEndian.AppendUint16(b, uint16(len(thingsPrefix)+len(p.level)+len(lastLevels[p.room])))
	b = append(append(append(b, thingsPrefix...), p.level...), lastLevels[p.room]...)
	if p.qos > 0 {
		b = binary.BigEndian.AppendUint16(b, p.id)
	}
	if p.five {
		b = append(b, 0) // no properties
	}
	return append(b, p.payload...)
}

// mostFlights keeps packet ids apart.
const mostFlights = 1 << 15

// full says whether there is no room for another message of the QoS.
func (o *outbox) full(qos byte, limit int) bool {
	if qos == 0 {
		return o.wire.size() >= limit
	}
	return o.kept.size() >= limit || o.flights.len() >= mostFlights
}

// put writes a message of QoS 0.
func (o *outbox) put(p *dispatch) {
	if o.wire == nil {
		o.wire = newChunk()
	}
	o.wire.b = p.append(o.wire.b)
}

// keep takes a message of QoS 1 or 2, of which f says whose it is; launch sends it.
func (o *outbox) keep(p *dispatch, f flight) {
	if o.nextID++; o.nextID == 0 {
		o.nextID = 1
	}
	if o.kept == nil {
		o.kept = newChunk()
	}
	before := len(o.kept.b)
	p.id = o.nextID
	o.kept.b = p.append(o.kept.b)
	f.size, f.id = uint32(len(o.kept.b)-before), p.id
	o.flights.push(f)
}

// launch sends what has waited, as much as the window lets.
func (o *outbox) launch(window int) {
	for ; o.sent < o.flights.len() && o.aloft < window; o.sent++ {
		f := o.flights.at(o.sent)
		f.phase = sent
		o.aloft++
		o.post(o.kept.b[o.sentEnd : o.sentEnd+int(f.size)])
		o.sentEnd += int(f.size)
	}
}

func (o *outbox) post(b []byte) {
	if o.wire == nil {
		o.wire = newChunk()
	}
	o.wire.b = append(o.wire.b, b...)
}

// flying finds the flight of a packet id that has been sent.
func (o *outbox) flying(id uint16) *flight {
	if o.sent == 0 {
		return nil
	}
	at := int(id) - int(o.flights.at(0).id)
	if at < 0 {
		at += 1<<16 - 1 // there is no id 0
	}
	if id == 0 || at >= o.sent {
		return nil
	}
	return o.flights.at(at)
}

// received takes a PUBREC and answers it; also one that is of no flight, so that
// the broker can forget it.
func (o *outbox) received(id uint16) {
	if f := o.flying(id); f != nil && f.phase == sent {
		f.phase = released
	}
	o.release(id)
}

func (o *outbox) release(id uint16) {
	o.post([]byte{packets.Pubrel<<4 | 2, 2, byte(id >> 8), byte(id)})
}

// landed takes what completes a flight: a PUBACK, a PUBCOMP, or a refusal. It
// yields the flight as it was; nil where there is none.
func (o *outbox) landed(id uint16) (was flight, ok bool) {
	f := o.flying(id)
	if f == nil || f.phase == complete {
		return flight{}, false
	}
	was = *f
	f.phase = complete
	o.aloft--
	o.forget()
	return was, true
}

// forget lets go of complete flights at the front.
func (o *outbox) forget() {
	n := 0
	for ; n < o.sent && o.flights.at(n).phase == complete; n++ {
		o.kept.from += int(o.flights.at(n).size)
	}
	if n == 0 {
		return
	}
	o.flights.drop(n)
	o.sent -= n
	if o.flights.len() == 0 {
		o.kept.free()
		o.kept, o.sentEnd = nil, 0
		return
	}
	before := o.kept.from
	o.kept.tidy()
	o.sentEnd -= before - o.kept.from
}

// relaunch sends all again on a new connection, and says how many had been sent
// before. When the broker still has the session they are duplicates or releases;
// else QoS 1 begins anew, and QoS 2, which must not come twice, is given up.
func (o *outbox) relaunch(present bool, window int, givenUp func(flight)) (again int) {
	at := o.kept.start()
	for i := range o.sent {
		f := o.flights.at(i)
		frame := o.kept.b[at : at+int(f.size)]
		at += int(f.size)
		qos2 := frame[0]>>qosShift&3 == 2
		switch {
		case f.phase == complete:
		case qos2 && !present:
			givenUp(*f)
			f.phase = complete
			o.aloft--
		case f.phase == released:
			again++
			o.release(f.id)
		default:
			again++
			frame[0] &^= dupFlag
			if present {
				frame[0] |= dupFlag
			}
			o.post(frame)
		}
	}
	o.forget()
	o.launch(window)
	return again
}
