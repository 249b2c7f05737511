package broker

import (
	"encoding/binary"

	"github.com/twinbed/twinbed/sim"
)

// outbox is what a session still has to write, as one run of bytes, and what it
// has written and not seen acknowledged.
type outbox struct {
	bytes []byte
	marks []mark
	spare outboxSpare

	nextID  uint16
	flights []sentMessage // QoS 1, oldest first
	free    [][]byte      // frames to reuse
}

type outboxSpare struct {
	bytes []byte
	marks []mark
}

// mark says where a message of QoS 0 ends in the bytes and how to tell its loss.
type mark struct {
	end    int
	medium sim.Medium
	due    sim.Time
}

// sentMessage is a QoS 1 message until its PUBACK.
type sentMessage struct {
	id     uint16
	tried  bool // has been on a connection
	medium sim.Medium
	frame  []byte
}

// publishHead is the part of PUBLISH before the payload, without lengths.
const (
	publishType = 0x30
	dupFlag     = 0x08
	qos1Flag    = 0x02
)

// appendPublish writes a PUBLISH packet; id 0 means QoS 0.
func appendPublish(b []byte, topic string, id uint16, payload []byte) []byte {
	length, head := 2+len(topic)+len(payload), byte(publishType)
	if id > 0 {
		length += 2
		head |= qos1Flag
	}
	b = append(b, head)
	for n := length; ; {
		digit := byte(n & 127)
		if n >>= 7; n == 0 {
			b = append(b, digit)
			break
		}
		b = append(b, digit|128)
	}
	b = binary.BigEndian.AppendUint16(b, uint16(len(topic)))
	b = append(b, topic...)
	if id > 0 {
		b = binary.BigEndian.AppendUint16(b, id)
	}
	return append(b, payload...)
}

// put writes a QoS 0 message.
func (o *outbox) put(topic string, payload []byte, medium sim.Medium, due sim.Time) {
	o.bytes = appendPublish(o.bytes, topic, 0, payload)
	o.marks = append(o.marks, mark{len(o.bytes), medium, due})
}

// fly keeps a QoS 1 message until it is acknowledged and writes it if the session
// is online.
func (o *outbox) fly(topic string, payload []byte, medium sim.Medium, online bool) {
	o.nextID++
	for o.nextID == 0 || o.flying(o.nextID) {
		o.nextID++
	}
	var frame []byte
	if n := len(o.free); n > 0 {
		frame, o.free = o.free[n-1][:0], o.free[:n-1]
	}
	frame = appendPublish(frame, topic, o.nextID, payload)
	o.flights = append(o.flights, sentMessage{o.nextID, online, medium, frame})
	if online {
		o.bytes = append(o.bytes, frame...)
	}
}

// flying says whether an id is in use. Ids go up, so this is asked in earnest
// only after a turn of 65,535.
func (o *outbox) flying(id uint16) bool {
	if len(o.flights) == 0 || o.flights[len(o.flights)-1].id < id && o.flights[0].id < id {
		return false
	}
	for i := range o.flights {
		if o.flights[i].id == id {
			return true
		}
	}
	return false
}

// landed takes the PUBACK of a message.
func (o *outbox) landed(id uint16) {
	for i := range o.flights {
		if o.flights[i].id == id {
			o.free = append(o.free, o.flights[i].frame)
			if i == 0 { // as good as always
				o.flights = o.flights[1:]
			} else {
				o.flights = append(o.flights[:i], o.flights[i+1:]...)
			}
			return
		}
	}
}

// relaunch writes all unacknowledged messages anew, as duplicates if they have
// been on a connection before, and says how many those were.
func (o *outbox) relaunch() (again int) {
	for i := range o.flights {
		f := &o.flights[i]
		if f.tried {
			f.frame[0] |= dupFlag
			again++
		}
		f.tried = true
		o.bytes = append(o.bytes, f.frame...)
	}
	return again
}

// swap takes what is to be written; the next swap reuses what was given back.
func (o *outbox) swap() (bytes []byte, marks []mark) {
	bytes, marks = o.bytes, o.marks
	o.bytes, o.marks = o.spare.bytes[:0], o.spare.marks[:0]
	o.spare = outboxSpare{}
	return bytes, marks
}

func (o *outbox) giveBack(bytes []byte, marks []mark) { o.spare = outboxSpare{bytes, marks} }

// drop forgets what was not written and yields its marks.
func (o *outbox) drop() []mark {
	marks := o.marks
	o.bytes, o.marks = nil, nil
	return marks
}
