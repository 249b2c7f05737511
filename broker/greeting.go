package broker

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/twinbed/twinbed/broker/contained"
	"github.com/twinbed/twinbed/sim"
)

// errRefused is an answer that will not change by trying again.
var errRefused = errors.New("the broker refuses it")

// greeting is what was agreed on with the broker.
type greeting struct {
	conn    net.Conn
	in      *frames
	early   *chunk // commands that came while not all was subscribed to
	present bool   // the broker has the session from before
	window  int    // unacknowledged messages at once
}

// greet connects, says who we are and subscribes to the commands.
func (s *fleetSession) greet(ctx context.Context) (_ greeting, err error) {
	o := &s.fleet.options
	ctx, cancel := context.WithTimeout(ctx, o.AnswerWithin)
	defer cancel()
	conn, err := o.Dial(ctx)
	if err != nil {
		return greeting{}, err
	}
	if s.fleet.relays != nil {
		conn = s.fleet.relays.wrap(s.things.first, conn)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer func() {
		if !stop() && err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			_ = conn.Close()
		}
	}()
	g := greeting{conn: conn, in: &frames{conn: conn}, window: o.Window}
	_ = conn.SetDeadline(time.Now().Add(o.AnswerWithin))
	if err := s.introduce(&g); err != nil {
		return g, err
	}
	if !g.present {
		if err := s.subscribe(&g); err != nil {
			return g, err
		}
	}
	return g, conn.SetDeadline(time.Time{})
}

// introduce exchanges CONNECT and CONNACK.
func (s *fleetSession) introduce(g *greeting) error {
	o := &s.fleet.options
	five := o.Version == MQTT5
	hello := packets.Packet{
		FixedHeader: packets.FixedHeader{Type: packets.Connect}, ProtocolVersion: byte(o.Version),
		Connect: packets.ConnectParams{
			// What an earlier run has left behind is none of ours.
			ProtocolName: []byte("MQTT"), Clean: !o.Persistent || !s.known, Keepalive: uint16(o.KeepAlive / time.Second),
			ClientIdentifier: s.fleet.prefix + s.name(), UsernameFlag: o.Username != "", Username: []byte(o.Username),
			PasswordFlag: o.Password != "", Password: []byte(o.Password),
		},
	}
	if o.Will {
		hello.Connect.WillFlag, hello.Connect.WillQos = true, min(o.QoS, 1)
		hello.Connect.WillTopic, hello.Connect.WillPayload = Topic(Status, s.name()), []byte(cutOff)
	}
	if five && o.Persistent {
		hello.Properties.SessionExpiryInterval, hello.Properties.SessionExpiryIntervalFlag = uint32(o.Expiry/time.Second), true
	}
	ack, err := g.ask(hello.ConnectEncode, packets.Connack, o.Version)
	if err != nil {
		return err
	}
	if ack.ReasonCode != 0 {
		return fmt.Errorf("%w: CONNACK code %d", errRefused, ack.ReasonCode)
	}
	if p := &ack.Properties; five {
		if p.MaximumQosFlag && p.MaximumQos < o.QoS {
			return fmt.Errorf("%w: it takes QoS %d at most", errRefused, p.MaximumQos)
		}
		if p.ReceiveMaximum > 0 {
			g.window = min(g.window, int(p.ReceiveMaximum))
		}
		if p.ServerKeepAliveFlag {
			s.fleet.pulse.atMost(time.Duration(p.ServerKeepAlive) * time.Second)
		}
	}
	g.present = ack.SessionPresent
	return nil
}

// subscribe exchanges SUBSCRIBE and SUBACK, for so many filters at a time as any
// broker takes. QoS 0: the broker's packet ids and ours would share one map, and
// commands have acks of their own.
func (s *fleetSession) subscribe(g *greeting) error {
	var filters packets.Subscriptions
	s.each(func(id sim.ThingID, _ *traffic) {
		filters = append(filters, packets.Subscription{Filter: Topic(Commands, s.fleet.world.Roster.Name(id))})
	})
	for some := range slices.Chunk(filters, contained.MaxFilters) {
		wish := packets.Packet{
			FixedHeader: packets.FixedHeader{Type: packets.Subscribe, Qos: 1}, PacketID: 1,
			ProtocolVersion: byte(s.fleet.options.Version), Filters: some,
		}
		ack, err := g.ask(wish.SubscribeEncode, packets.Suback, s.fleet.options.Version)
		if err != nil {
			return err
		}
		if len(ack.ReasonCodes) != len(some) {
			return fmt.Errorf("%w: SUBACK codes %v for %d filters", errRefused, ack.ReasonCodes, len(some))
		}
		if i := slices.IndexFunc(ack.ReasonCodes, func(code byte) bool { return code > 2 }); i >= 0 {
			return fmt.Errorf("%w: SUBACK code %d for %s, of %d filters", errRefused, ack.ReasonCodes[i], some[i].Filter, len(filters))
		}
	}
	return nil
}

// rest is what has come in and is still to be taken; nil for nothing.
func (g *greeting) rest() *chunk {
	rest := g.in.rest()
	if g.early == nil {
		return rest
	}
	if rest != nil {
		g.early.b = append(g.early.b, rest.b...)
		rest.free()
	}
	return g.early
}

// ask sends a packet and waits for the answer of a kind.
func (g *greeting) ask(encode func(*bytes.Buffer) error, kind byte, v Version) (pk packets.Packet, err error) {
	var b bytes.Buffer
	if err := encode(&b); err != nil {
		return pk, err
	}
	if _, err := g.conn.Write(b.Bytes()); err != nil {
		return pk, err
	}
	first, body, err := g.in.frame()
	for ; err == nil && first>>4 == packets.Publish && kind == packets.Suback; first, body, err = g.in.frame() {
		if g.early == nil {
			g.early = newChunk()
		}
		g.early.b = append(binary.AppendUvarint(append(g.early.b, first), uint64(len(body))), body...)
	}
	if err != nil {
		return pk, fmt.Errorf("no %s: %w", names[kind], err)
	}
	pk.ProtocolVersion = byte(v)
	if err := pk.FixedHeader.Decode(first); err != nil || pk.FixedHeader.Type != kind {
		return pk, fmt.Errorf("a %s instead of a %s", names[first>>4], names[kind])
	}
	pk.FixedHeader.Remaining = len(body)
	if kind == packets.Connack {
		return pk, pk.ConnackDecode(body)
	}
	return pk, pk.SubackDecode(body)
}

// names of packets, in the words of the standard.
var names = [16]string{
	packets.Connect: "CONNECT", packets.Connack: "CONNACK", packets.Publish: "PUBLISH", packets.Puback: "PUBACK",
	packets.Pubrec: "PUBREC", packets.Pubrel: "PUBREL", packets.Pubcomp: "PUBCOMP", packets.Subscribe: "SUBSCRIBE",
	packets.Suback: "SUBACK", packets.Unsubscribe: "UNSUBSCRIBE", packets.Unsuback: "UNSUBACK",
	packets.Pingreq: "PINGREQ", packets.Pingresp: "PINGRESP", packets.Disconnect: "DISCONNECT", packets.Auth: "AUTH",
}
