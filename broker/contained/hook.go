package contained

import (
	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// hook is the one that mochi has: it asks the policy.
type hook struct {
	mqtt.HookBase
	broker *Broker
}

func (h *hook) ID() string { return "contained" }

func (h *hook) Provides(b byte) bool {
	switch b {
	case mqtt.OnACLCheck, mqtt.OnSubscribe, mqtt.OnSubscribed, mqtt.OnUnsubscribed, mqtt.OnPublish,
		mqtt.OnRetainedExpired, mqtt.OnClientExpired,
		mqtt.OnPublishDropped, mqtt.OnQosDropped, mqtt.OnPacketIDExhausted:
		return true
	}
	return false
}

// clientOf is the client behind mochi's; nil for the broker itself and for sessions
// that are away.
func clientOf(cl *mqtt.Client) *Client {
	c, _ := cl.Net.Conn.(*Client)
	return c
}

// MaxKeepAlive is the longest keep-alive: mochi cannot multiply a longer one, in seconds, by 1.5.
const MaxKeepAlive = 43_690

// OnACLCheck rules subscriptions and deliveries; what is published the policy has
// heard already, or hears in OnPublish.
func (h *hook) OnACLCheck(cl *mqtt.Client, topic string, write bool) bool {
	if write {
		return true
	}
	c := clientOf(cl)
	if c == nil || !h.broker.policy.Receive(c, topic) {
		return false
	}
	if !cl.Closed() && !c.asks(topic) {
		c.listen()
	}
	return true
}

// OnSubscribe bounds the quality of service, and how much one client may have:
// mochi refuses a filter that is empty. OnACLCheck refuses what it may not have.
func (h *hook) OnSubscribe(cl *mqtt.Client, pk packets.Packet) packets.Packet {
	c := clientOf(cl)
	if c == nil {
		return pk
	}
	held := cl.State.Subscriptions.Len()
	for i := range pk.Filters {
		f := &pk.Filters[i]
		f.Qos = min(f.Qos, h.broker.policy.Quality(c, f.Filter))
		if c.Holds(f.Filter) {
			continue
		}
		if held++; held > h.broker.options.Subscriptions && !c.Own {
			h.broker.tell(c, refusedFilters, c.ID, "too many subscriptions, the next one", f.Filter)
			f.Filter = ""
		}
	}
	c.ask(pk.Filters)
	return pk
}

func (h *hook) OnSubscribed(cl *mqtt.Client, pk packets.Packet, codes []byte) {
	c := clientOf(cl)
	if c != nil {
		c.ask(nil)
	}
	for i, f := range pk.Filters {
		switch {
		case c == nil || i >= len(codes):
		case codes[i] >= packets.ErrUnspecifiedError.Code:
			h.broker.counts.add(refusedFilters)
			if f.Filter != "" {
				h.broker.tell(c, refusedFilters, c.ID, "it may not subscribe to", f.Filter)
			}
		default:
			h.broker.policy.Subscribed(c, f.Filter)
		}
	}
}

func (h *hook) OnUnsubscribed(cl *mqtt.Client, pk packets.Packet) {
	if c := clientOf(cl); c != nil {
		for _, f := range pk.Filters {
			h.broker.policy.Unsubscribed(c, f.Filter)
		}
	}
}

// OnPublish asks about messages of QoS 2 only; about the others the guard has asked.
func (h *hook) OnPublish(cl *mqtt.Client, pk packets.Packet) (packets.Packet, error) {
	c := clientOf(cl)
	if c == nil {
		return pk, nil
	}
	if pk.FixedHeader.Qos == 2 {
		m := Message{Topic: []byte(pk.TopicName), Payload: pk.Payload, QoS: 2, Retain: pk.FixedHeader.Retain}
		switch h.broker.policy.Publish(c, &m) {
		case Passed:
		case Taken:
			return pk, packets.CodeSuccessIgnore
		case Unheard:
			return pk, packets.ErrRejectPacket
		default:
			c.reject()
			return pk, packets.CodeSuccessIgnore
		}
	}
	if pk.FixedHeader.Retain && !h.broker.mayRetain(pk.TopicName, pk.Payload) {
		pk.FixedHeader.Retain = false
		h.broker.tell(c, refusedRetained, c.ID, "no room to retain", pk.TopicName)
	}
	return pk, nil
}

func (b *Broker) mayRetain(topic string, payload []byte) bool {
	may := b.retained.keep(topic, len(payload))
	if !may {
		b.counts.add(refusedRetained)
	}
	return may
}

func (h *hook) OnRetainedExpired(topic string) { h.broker.retained.keep(topic, 0) }

// OnClientExpired takes a session's subscriptions away: mochi forgets them, and
// goes on looking for who has them. A client that comes back to it right now would
// be forgotten as well: it has to come again.
func (h *hook) OnClientExpired(cl *mqtt.Client) {
	h.broker.server.UnsubscribeClient(cl)
	h.broker.ended(cl.ID)
	h.broker.hangUpOn(cl.ID)
}

func (h *hook) OnPublishDropped(cl *mqtt.Client, pk packets.Packet) {
	h.broker.counts.add(droppedMessages)
	if c := clientOf(cl); c != nil {
		h.broker.policy.Dropped(c, pk.TopicName, pk.Payload)
	}
}

func (h *hook) OnQosDropped(*mqtt.Client, packets.Packet)        { h.broker.counts.add(droppedInFlight) }
func (h *hook) OnPacketIDExhausted(*mqtt.Client, packets.Packet) { h.broker.counts.add(exhaustedIDs) }
