package contained

import (
	"sync/atomic"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// What a broker leaves to the next, as one does that has its sessions on a disk, and
// how its clients are parted from.

// Inherit gives a broker that is not open yet what another one, which is closed, has
// kept: sessions that outlast their connections, with their subscriptions and what
// they have not acknowledged, and retained messages. Wills that waited are not among it.
func (b *Broker) Inherit(from *Broker) {
	from.mu.Lock()
	defer from.mu.Unlock()
	for id, former := range from.server.Clients.GetAll() {
		if _, kept := from.kept[id]; kept && id != mqtt.InlineClientId {
			b.adopt(id, former)
		}
	}
	for topic, pk := range from.server.Topics.Retained.GetAll() {
		if topic[0] != '$' && b.mayRetain(topic, pk.Payload) { // of itself each broker speaks anew
			b.server.Topics.RetainMessage(pk)
		}
	}
}

// adopt takes a session over whose client is away. The policy goes on knowing it by
// the connection that it had.
func (b *Broker) adopt(id string, former *mqtt.Client) {
	cl := b.server.NewClient(former.Net.Conn, former.Net.Listener, id, false)
	cl.Properties = former.Properties
	cl.State.Inflight = former.State.Inflight
	for filter, sub := range former.State.Subscriptions.GetAll() {
		cl.State.Subscriptions.Add(filter, sub)
		b.server.Topics.Subscribe(id, sub)
	}
	atomic.AddInt64(&b.server.Info.Inflight, int64(cl.State.Inflight.Len())) // for $SYS
	cl.Stop(packets.ErrServerShuttingDown)
	b.server.Clients.Add(cl)
	b.kept[id] = struct{}{}
}

// farewellWithin is how long a client may take to hear that the broker shuts down.
const farewellWithin = 50 * time.Millisecond

// dismiss ends a connection because the broker shuts down; b.mu is held.
func (c *Client) dismiss() {
	if c.ID == "" || c.guard.version != 5 { // known before it owned the id
		_ = c.Close()
		return
	}
	go func() { // one that does not read must not hold up the others
		_ = c.Conn.SetWriteDeadline(time.Now().Add(farewellWithin))
		_, _ = c.Conn.Write([]byte{packets.Disconnect << 4, 2, packets.ErrServerShuttingDown.Code, 0})
		_ = c.Close()
	}()
}

// reset ends a connection at once: what it has not been sent yet it never is.
func (c *Client) reset() {
	if s, ok := socket(c.Conn).(interface{ SetLinger(int) error }); ok {
		_ = s.SetLinger(0)
	}
	_ = c.Close()
}
