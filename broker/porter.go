package broker

import (
	"crypto/subtle"
	"strings"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/twinbed/twinbed/sim"
)

// porter is the broker's one hook: it knows who may do what, and it hears
// readings and acks before the broker acknowledges them.
type porter struct {
	mqtt.HookBase
	gate *Gate
}

// Sessions of the testbed's own have client ids that nobody else may use.
const (
	ownUser   = "twinbed"
	ownPrefix = "twinbed:"
)

func clientID(thing string) string { return ownPrefix + thing }

func (p *porter) ID() string { return "porter" }

func (p *porter) Provides(b byte) bool {
	switch b {
	case mqtt.OnConnect, mqtt.OnConnectAuthenticate, mqtt.OnACLCheck, mqtt.OnSessionEstablished,
		mqtt.OnPacketRead, mqtt.OnSubscribe, mqtt.OnSubscribed, mqtt.OnUnsubscribed, mqtt.OnPublish,
		mqtt.OnPublishDropped, mqtt.OnQosDropped, mqtt.OnPacketIDExhausted:
		return true
	}
	return false
}

// maxKeepAlive is the longest that the broker can multiply by 1.5.
const maxKeepAlive = 43_690

// OnConnect strips the will: it would go round all that is checked on a publish.
func (p *porter) OnConnect(cl *mqtt.Client, pk packets.Packet) error {
	cl.State.Keepalive = min(cl.State.Keepalive, maxKeepAlive)
	if pk.Connect.WillFlag && !p.gate.relays(pk.Connect.WillTopic) {
		cl.Properties.Will = mqtt.Will{}
		p.gate.counts.add(ignoredWills)
	}
	return nil
}

// OnConnectAuthenticate knows the testbed's own sessions by the run's secret;
// whoever else has come in over loopback may be a stranger.
func (p *porter) OnConnectAuthenticate(cl *mqtt.Client, pk packets.Packet) bool {
	g := p.gate
	v, ok := cl.Net.Conn.(*visitor)
	if !ok {
		return false
	}
	if name, own := strings.CutPrefix(cl.ID, ownPrefix); own || string(pk.Connect.Username) == ownUser {
		id, exists := g.world.Roster.Lookup(name)
		right := subtle.ConstantTimeCompare(pk.Connect.Password, []byte(g.secret)) == 1
		if !own || !right || !exists || g.players[id] != session {
			g.counts.add(refusedConnects)
			return false
		}
		v.thing = id
	}
	if !g.claim(v, cl.ID) {
		g.counts.add(refusedConnects)
		return false
	}
	v.client = cl
	return true
}

// OnACLCheck rules subscriptions and deliveries; publishes are ruled in
// OnPublish, which can answer.
func (p *porter) OnACLCheck(cl *mqtt.Client, topic string, write bool) bool {
	v, ok := cl.Net.Conn.(*visitor)
	switch {
	case write:
		return true
	case !ok:
		return false
	case v.thing != sim.NoThing:
		room, name := ReadTopic(topic)
		return room == Commands && clientID(name) == cl.ID
	}
	first, _, _ := strings.Cut(topic, "/")
	allowed := validFilter(topic) && (first == Root || first == "#" || first == "+" || p.gate.relays(topic))
	if !allowed {
		p.gate.counts.add(refusedFilters)
	}
	return allowed
}

// OnSessionEstablished counts the subscriptions that a client comes back to.
func (p *porter) OnSessionEstablished(cl *mqtt.Client, _ packets.Packet) {
	if v, ok := cl.Net.Conn.(*visitor); ok {
		for filter := range cl.State.Subscriptions.GetAll() {
			v.watch(filter)
		}
	}
}

// OnPacketRead keeps from the broker what would keep it busy for seconds, and
// leads publishes to $ topics, which it swallows, to where they are rejected.
func (p *porter) OnPacketRead(_ *mqtt.Client, pk packets.Packet) (packets.Packet, error) {
	switch pk.FixedHeader.Type {
	case packets.Publish:
		if strings.HasPrefix(pk.TopicName, "$") {
			pk.TopicName = "refused/" + pk.TopicName
		}
		if strings.Count(pk.TopicName, "/") >= maxLevels {
			p.gate.counts.add(brokenPackets)
			return pk, packets.ErrRejectPacket
		}
	case packets.Subscribe, packets.Unsubscribe:
		deep := len(pk.Filters) > maxFilters
		for _, f := range pk.Filters {
			deep = deep || strings.Count(f.Filter, "/") >= maxLevels
		}
		if deep {
			p.gate.counts.add(refusedFilters)
			return pk, packets.ErrRejectPacket
		}
	}
	return pk, nil
}

// OnSubscribe grants QoS above 0 only to whoever takes the commands of one thing
// or the tasks of one worker: a slow observer must hold nobody up.
func (p *porter) OnSubscribe(_ *mqtt.Client, pk packets.Packet) packets.Packet {
	for i, f := range pk.Filters {
		room, _ := ReadTopic(f.Filter)
		if room != Commands && room != Tasks && !p.gate.relays(f.Filter) {
			pk.Filters[i].Qos = 0
		}
	}
	return pk
}

func (p *porter) OnSubscribed(cl *mqtt.Client, pk packets.Packet, codes []byte) {
	if v, ok := cl.Net.Conn.(*visitor); ok {
		for i, f := range pk.Filters {
			if i < len(codes) && codes[i] < packets.ErrUnspecifiedError.Code {
				v.watch(f.Filter)
			}
		}
	}
}

func (p *porter) OnUnsubscribed(cl *mqtt.Client, pk packets.Packet) {
	if v, ok := cl.Net.Conn.(*visitor); ok {
		for _, f := range pk.Filters {
			v.watchNot(f.Filter)
		}
	}
}

// OnPublish hears a message on its publisher's goroutine, before the broker
// acknowledges it. Readings go on to other clients only if somebody watches.
func (p *porter) OnPublish(cl *mqtt.Client, pk packets.Packet) (packets.Packet, error) {
	v, ok := cl.Net.Conn.(*visitor)
	if !ok {
		return pk, nil
	}
	at := v.locate(pk.TopicName)
	if at.why != "" {
		return pk, v.reject(at.refusal, packets.ErrNotAuthorized, &pk, at.thing, at.why)
	}
	if at.relayed {
		return pk, nil
	}
	pk.FixedHeader.Retain = false // what is retained would be told to latecomers as news
	if at.room == Readings {
		return pk, v.hearReading(at, &pk)
	}
	return pk, v.hearAck(at, &pk)
}

func (v *visitor) hearReading(at *place, pk *packets.Packet) error {
	g := v.gate
	foreign := v.thing == sim.NoThing
	if err := at.codec.ReadReading(pk.Payload, &v.heard); err != nil {
		g.lose(loss{medium: sim.ReadingMessage, thing: at.thing, due: -1, why: sim.LostMalformed, foreign: foreign})
		return v.reject(malformedPayloads, packets.ErrPayloadFormatInvalid, pk, at.thing, err.Error())
	}
	h := heard{thing: at.thing, seq: v.heard.Seq, due: v.heard.Due, foreign: foreign}
	unknown := v.heard.Unknown
	if foreign && h.due >= 0 {
		h.due, unknown = -1, unknown+1
	}
	if unknown > 0 {
		g.counts[unknownFields].Add(uint64(unknown))
	}
	if !g.inbox.reading(h, v.heard.Values, pk.FixedHeader.Qos > 0) {
		g.counts.add(unreadMessages)
		g.lose(loss{medium: sim.ReadingMessage, thing: h.thing, due: h.due, why: sim.LostUnread, foreign: foreign, seq: h.seq})
		return packets.CodeSuccessIgnore
	}
	g.counts.add(heardReadings)
	if g.watchers.Load() == 0 {
		return packets.CodeSuccessIgnore
	}
	return nil
}

func (v *visitor) hearAck(at *place, pk *packets.Packet) error {
	g := v.gate
	a := answered{thing: at.thing, phone: at.phone, foreign: v.thing == sim.NoThing, client: v.id}
	var k *sim.Kind
	if at.codec != nil {
		k = at.codec.kind
	}
	if err := ReadAck(pk.Payload, k, &a.Answer); err != nil {
		if at.thing != sim.NoThing {
			g.lose(loss{medium: sim.AckMessage, thing: at.thing, due: -1, why: sim.LostMalformed})
		}
		return v.reject(malformedPayloads, packets.ErrPayloadFormatInvalid, pk, at.thing, err.Error())
	}
	g.counts[unknownFields].Add(uint64(a.Unknown))
	if !g.inbox.ack(a, pk.FixedHeader.Qos > 0) {
		g.counts.add(unreadMessages)
		if at.thing != sim.NoThing {
			g.lose(loss{medium: sim.AckMessage, thing: at.thing, due: -1, why: sim.LostUnread})
		}
		return packets.CodeSuccessIgnore
	}
	g.counts.add(heardAcks)
	return nil
}

// OnPublishDropped tells which command or task did not fit into its taker's
// queue; an observer's copy is only counted.
func (p *porter) OnPublishDropped(cl *mqtt.Client, pk packets.Packet) {
	g := p.gate
	room, name := ReadTopic(pk.TopicName)
	_, taker := cl.State.Subscriptions.Get(pk.TopicName)
	if !taker || room != Commands && room != Tasks {
		g.counts.add(droppedOthers)
		return
	}
	g.counts.add(droppedCommands)
	l := loss{medium: sim.TaskMessage, thing: sim.NoThing, due: -1, why: sim.LostInBroker}
	if room == Commands {
		l.medium = sim.CommandMessage
		l.thing, _ = g.world.Roster.Lookup(name)
		var c sim.Command
		if l.thing != sim.NoThing && g.codec(l.thing).ReadCommand(pk.Payload, &c) == nil {
			l.due = c.Decided.At
		}
	}
	g.lose(l)
}

func (p *porter) OnQosDropped(*mqtt.Client, packets.Packet)        { p.gate.counts.add(droppedInFlight) }
func (p *porter) OnPacketIDExhausted(*mqtt.Client, packets.Packet) { p.gate.counts.add(exhaustedIDs) }
