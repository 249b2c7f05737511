package contained

import (
	"bytes"
	"fmt"
	"testing"

	pahopackets "github.com/eclipse/paho.mqtt.golang/packets"
	"github.com/mochi-mqtt/server/v2/packets"
	"github.com/stretchr/testify/require"
)

// sample is a packet as a client sends it.
type sample struct {
	name    string
	version byte // of its connection, 0 for a CONNECT
	frame   []byte
}

// permissive lets through whatever the specifications allow.
var permissive = &Limits{TopicAlias: 10, Dollar: true}

// good are well-formed packets of every kind and version, by the encoders of
// mochi and paho.
func good(t testing.TB) (all []sample) {
	for _, version := range []byte{3, 4, 5} {
		for i, p := range goodPackets(version) {
			var b bytes.Buffer
			p.ProtocolVersion = version
			require.NoError(t, encode(&p, &b))
			all = append(all, sent(fmt.Sprintf("mochi %d %s %d", version, packets.PacketNames[p.FixedHeader.Type], i), version, b.Bytes()))
		}
	}
	for i, p := range pahoPackets() {
		var b bytes.Buffer
		require.NoError(t, p.Write(&b))
		all = append(all, sent(fmt.Sprintf("paho %T %d", p, i), 4, b.Bytes()))
	}
	return append(all, []sample{
		sent("PUBACK with a reason", 5, []byte{0x40, 3, 0, 1, 0x10}),
		sent("PUBACK with empty properties", 5, []byte{0x40, 4, 0, 1, 0x10, 0}),
		sent("DISCONNECT with a reason alone", 5, []byte{0xe0, 1, 4}),
		sent("empty DISCONNECT", 5, []byte{0xe0, 0}),
		sent("topics of empty levels", 4, []byte{0x30, 4, 0, 2, '/', '/'}),
		sent("alias for a topic", 5, []byte{0x30, 6, 0, 0, 3, 0x23, 0, 10}),
		sent("shared subscription", 5, append([]byte{0x82, 16, 0, 1, 0, 0, 10}, "$share/g/#\x02"...)),
		sent("everything", 4, []byte{0x82, 6, 0, 1, 0, 1, '#', 0}),
		sent("one level", 4, []byte{0x82, 10, 0, 1, 0, 5, '/', '+', '/', '+', '/', 0}),
	}...)
}

func sent(name string, version byte, frame []byte) sample {
	if frame[0] == packets.Connect<<4 {
		version = 0
	}
	return sample{name, version, frame}
}

func goodPackets(version byte) []packets.Packet {
	header := func(kind byte) packets.FixedHeader {
		h := packets.FixedHeader{Type: kind}
		if kind == packets.Pubrel || kind == packets.Subscribe || kind == packets.Unsubscribe {
			h.Qos = 1
		}
		return h
	}
	protocol := []byte("MQTT")
	if version == 3 {
		protocol = []byte("MQIsdp")
	}
	user := []packets.UserProperty{{Key: "shift", Val: "früh"}, {Key: "shift", Val: ""}}
	message := packets.Properties{
		PayloadFormat: 1, PayloadFormatFlag: true, MessageExpiryInterval: 60, ContentType: "application/json",
		ResponseTopic: "twinbed/answers", CorrelationData: []byte{0, 255}, User: user,
	}
	will := message
	will.WillDelayInterval = 5
	said := packets.Properties{ReasonString: "because", User: user}
	all := []packets.Packet{
		{FixedHeader: header(packets.Connect), Connect: packets.ConnectParams{ProtocolName: protocol, Clean: true, ClientIdentifier: "press-01", Keepalive: 60}},
		{FixedHeader: header(packets.Connect), Connect: packets.ConnectParams{
			ProtocolName: protocol, ClientIdentifier: "press-01", Keepalive: 60, WillFlag: true, WillQos: 2, WillRetain: true, WillTopic: "twinbed/wills",
			WillPayload: []byte("gone"), UsernameFlag: true, Username: []byte("press"), PasswordFlag: true, Password: []byte{1, 0, 2}, WillProperties: will,
		}, Properties: packets.Properties{
			SessionExpiryInterval: 60, SessionExpiryIntervalFlag: true, AuthenticationMethod: "none", AuthenticationData: []byte{1}, RequestProblemInfo: 1,
			RequestProblemInfoFlag: true, RequestResponseInfo: 1, ReceiveMaximum: 5, TopicAliasMaximum: 3, MaximumPacketSize: 1000, User: user,
		}},
		{FixedHeader: header(packets.Publish), TopicName: "twinbed/things/press-01/readings", Payload: []byte(`{"temperature":5}`)},
		{FixedHeader: packets.FixedHeader{Type: packets.Publish, Qos: 2, Dup: true, Retain: true}, PacketID: 1, TopicName: "größe/𝛑", Properties: message, Payload: []byte("5")},
		{FixedHeader: packets.FixedHeader{Type: packets.Publish, Qos: 1}, PacketID: 65535, TopicName: "a", Payload: bytes.Repeat([]byte{0}, 20_000)},
		{FixedHeader: header(packets.Subscribe), PacketID: 2, Properties: packets.Properties{SubscriptionIdentifier: []int{268_435_455}, User: user}, Filters: packets.Subscriptions{
			{Filter: "twinbed/+/press-01/#", Qos: 2, NoLocal: true, RetainAsPublished: true, RetainHandling: 2, Identifier: 268_435_455}, {Filter: "+"}, {Filter: "/"},
		}},
		{FixedHeader: header(packets.Unsubscribe), PacketID: 3, Properties: packets.Properties{User: user}, Filters: packets.Subscriptions{{Filter: "#"}, {Filter: "a/b"}}},
		{FixedHeader: header(packets.Pingreq)},
		{FixedHeader: header(packets.Disconnect), Properties: packets.Properties{SessionExpiryInterval: 5, SessionExpiryIntervalFlag: true}},
	}
	for _, kind := range []byte{packets.Puback, packets.Pubrec, packets.Pubrel, packets.Pubcomp} {
		all = append(all, packets.Packet{FixedHeader: header(kind), PacketID: 4}, packets.Packet{FixedHeader: header(kind), PacketID: 5, Properties: said})
	}
	if version == 5 {
		all = append(all, packets.Packet{FixedHeader: header(packets.Auth), ReasonCode: 0x18, Properties: packets.Properties{AuthenticationMethod: "none", ReasonString: "again"}},
			packets.Packet{FixedHeader: header(packets.Disconnect), ReasonCode: 4, Properties: said})
	}
	return all
}

// pahoPackets are those of a client of version 3.1.1.
func pahoPackets() []pahopackets.ControlPacket {
	connect := pahopackets.NewControlPacket(pahopackets.Connect).(*pahopackets.ConnectPacket)
	connect.ProtocolName, connect.ProtocolVersion, connect.CleanSession, connect.Keepalive = "MQTT", 4, true, 30
	full := *connect
	full.ClientIdentifier, full.CleanSession = "phone", false
	full.WillFlag, full.WillQos, full.WillTopic, full.WillMessage = true, 1, "twinbed/wills", nil
	full.UsernameFlag, full.Username, full.PasswordFlag, full.Password = true, "", true, nil
	publish := pahopackets.NewControlPacket(pahopackets.Publish).(*pahopackets.PublishPacket)
	publish.TopicName, publish.Qos, publish.MessageID = "twinbed/people/ann/acks", 1, 9
	subscribe := pahopackets.NewControlPacket(pahopackets.Subscribe).(*pahopackets.SubscribePacket)
	subscribe.MessageID, subscribe.Topics, subscribe.Qoss = 1, []string{"a/+", "b/#"}, []byte{0, 2}
	unsubscribe := pahopackets.NewControlPacket(pahopackets.Unsubscribe).(*pahopackets.UnsubscribePacket)
	unsubscribe.MessageID, unsubscribe.Topics = 2, []string{"a/+"}
	all := []pahopackets.ControlPacket{connect, &full, publish, subscribe, unsubscribe}
	for _, kind := range []byte{pahopackets.Pingreq, pahopackets.Disconnect} {
		all = append(all, pahopackets.NewControlPacket(kind))
	}
	ack := pahopackets.NewControlPacket(pahopackets.Puback).(*pahopackets.PubackPacket)
	rec := pahopackets.NewControlPacket(pahopackets.Pubrec).(*pahopackets.PubrecPacket)
	rel := pahopackets.NewControlPacket(pahopackets.Pubrel).(*pahopackets.PubrelPacket)
	comp := pahopackets.NewControlPacket(pahopackets.Pubcomp).(*pahopackets.PubcompPacket)
	ack.MessageID, rec.MessageID, rel.MessageID, comp.MessageID = 1, 2, 3, 4
	return append(all, ack, rec, rel, comp)
}

// encode writes a packet as mochi does.
func encode(p *packets.Packet, b *bytes.Buffer) error {
	switch p.FixedHeader.Type {
	case packets.Connect:
		return p.ConnectEncode(b)
	case packets.Publish:
		return p.PublishEncode(b)
	case packets.Puback:
		return p.PubackEncode(b)
	case packets.Pubrec:
		return p.PubrecEncode(b)
	case packets.Pubrel:
		return p.PubrelEncode(b)
	case packets.Pubcomp:
		return p.PubcompEncode(b)
	case packets.Subscribe:
		return p.SubscribeEncode(b)
	case packets.Unsubscribe:
		return p.UnsubscribeEncode(b)
	case packets.Pingreq:
		return p.PingreqEncode(b)
	case packets.Disconnect:
		return p.DisconnectEncode(b)
	case packets.Auth:
		return p.AuthEncode(b)
	}
	return packets.ErrNoValidPacketAvailable
}

// decode reads a packet as mochi's client does, and validates it as its server does.
func decode(version byte, frame []byte) (p packets.Packet, err error) {
	if err = p.FixedHeader.Decode(frame[0]); err != nil {
		return p, err
	}
	in := bytes.NewBuffer(frame[1:])
	if p.FixedHeader.Remaining, _, err = packets.DecodeLength(in); err != nil {
		return p, err
	}
	p.ProtocolVersion = version
	body, code := bytes.Clone(in.Bytes()), packets.CodeSuccess
	switch p.FixedHeader.Type {
	case packets.Connect:
		p.ProtocolVersion = 4
		err = p.ConnectDecode(body)
	case packets.Publish:
		err = p.PublishDecode(body)
		code = p.PublishValidate(permissive.TopicAlias)
	case packets.Puback:
		err = p.PubackDecode(body)
	case packets.Pubrec:
		err = p.PubrecDecode(body)
	case packets.Pubrel:
		err = p.PubrelDecode(body)
	case packets.Pubcomp:
		err = p.PubcompDecode(body)
	case packets.Subscribe:
		err = p.SubscribeDecode(body)
		code = p.SubscribeValidate()
	case packets.Unsubscribe:
		err = p.UnsubscribeDecode(body)
		code = p.UnsubscribeValidate()
	case packets.Disconnect:
		err = p.DisconnectDecode(body)
	case packets.Auth:
		err = p.AuthDecode(body)
		code = p.AuthValidate()
	}
	if err == nil && code != packets.CodeSuccess {
		err = code
	}
	return p, err
}

func TestWhatRealClientsSendPasses(t *testing.T) {
	for _, s := range good(t) {
		require.NoError(t, permissive.Check(s.version, s.frame), "%s: % x", s.name, s.frame)
		_, err := decode(s.version, s.frame)
		require.NoError(t, err, s.name)
	}
}
