package contained

import (
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// bequeath publishes a dead client's will, after the delay that it asked for.
func (b *Broker) bequeath(cl *mqtt.Client) {
	w := cl.Properties.Will
	if w.Flag == 0 {
		return
	}
	if b.postponed(cl.ID, w) {
		return
	}
	b.execute(cl.ID, w)
}

// postponed has a will wait that has a delay. Where it is the broker that ends,
// and not the client, there is none.
func (b *Broker) postponed(id string, w mqtt.Will) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed || w.WillDelayInterval == 0 {
		return b.closed
	}
	b.wills[id] = time.AfterFunc(time.Duration(w.WillDelayInterval)*time.Second, func() {
		b.mu.Lock()
		delete(b.wills, id)
		b.mu.Unlock()
		b.execute(id, w)
	})
	return true
}

// execute publishes a will. Whether it may be told was asked when its client came.
func (b *Broker) execute(id string, w mqtt.Will) {
	heir, ok := b.server.Clients.Get(mqtt.InlineClientId)
	if !ok {
		return
	}
	pk := packets.Packet{
		FixedHeader: packets.FixedHeader{Type: packets.Publish, Qos: w.Qos, Retain: w.Retain && b.mayRetain(w.TopicName, w.Payload)},
		TopicName:   w.TopicName, Payload: w.Payload, Properties: packets.Properties{User: w.User},
		PacketID: uint16(w.Qos), Origin: id, // mochi wants an identifier and does not use it
	}
	_ = b.server.InjectPacket(heir, pk) // only an invalid topic makes an error here
}

// revoke takes back the will of a client that has come back in time; b.mu is held.
func (b *Broker) revoke(id string) {
	if t := b.wills[id]; t != nil {
		t.Stop()
		delete(b.wills, id)
	}
}
