package broker

import (
	"encoding/binary"

	"github.com/twinbed/twinbed/broker/contained"
	"github.com/twinbed/twinbed/sim"
)

// apartPrefix begins the client ids of a fleet whose platform is another process: to
// that platform's broker its things are clients from outside.
const apartPrefix = "fleet:"

// openApart begins to serve a fleet apart. It hears nothing but what is meant for its
// things: that a message has arrived it knows by the broker's acknowledgement.
func (r *Remote) openApart() error {
	r.cancel = func() {}
	r.serve(r.deliver)
	close(r.gone)
	return nil
}

// acknowledged takes a message as arrived that the broker has acknowledged, on the
// goroutine of its session, whose lock is held.
func (s *fleetSession) acknowledged(frame []byte) {
	topic, payload := published(frame, s.fleet.options.Version)
	if s.guest == nil {
		s.guest = &guest{Client: &contained.Client{ID: s.name()}, desk: s.fleet.desk, own: true, speaks: s.things}
	}
	x := contained.Message{Topic: topic, Payload: payload}
	switch at := s.guest.locate(topic); at.room {
	case Readings:
		s.guest.hearReading(at, &x)
	case Acks:
		s.guest.hearAck(at, &x)
	}
}

// published are topic and payload of a PUBLISH that an outbox has written.
func published(frame []byte, version Version) (topic, payload []byte) {
	_, n := binary.Uvarint(frame[1:])
	b := frame[1+n:]
	length := int(binary.BigEndian.Uint16(b))
	topic, payload = b[2:2+length], b[2+length+2:] // behind its id
	if version == MQTT5 {
		payload = payload[1:] // no properties
	}
	return topic, payload
}

// commandedFromAfar has the books open a deed of the platform that is elsewhere.
func (d *desk) commandedFromAfar(c *sim.Command) {
	d.ruler.take(&sim.Order{ID: c.ID, Seq: c.Seq, Thing: c.Thing, Command: c.Name, Value: c.Value})
}

// frame is the message of a flight that has been sent, and nil where there is none.
func (o *outbox) frame(id uint16) []byte {
	f := o.flying(id)
	if f == nil || f.phase == complete {
		return nil
	}
	at := o.kept.start()
	for i := 0; o.flights.at(i) != f; i++ {
		at += int(o.flights.at(i).size)
	}
	return o.kept.b[at : at+int(f.size)]
}
