package contained

import (
	"cmp"
	"slices"
	"sync/atomic"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// attend serves a connection until it ends: the guard reads, and mochi has single
// packets. mochi's own way would keep two goroutines with 20 KB of stack for each
// client, idle or not, and lets clients of one id mix. The error says why the
// connection ended; nil after a DISCONNECT.
func (b *Broker) attend(c *Client, door string) error {
	frame, err := c.guard.next()
	if err == nil {
		err = b.welcome(c, door, frame)
	}
	for err == nil && !c.mochi.Closed() {
		if frame, err = c.guard.next(); err == nil {
			err = c.process(frame)
		}
	}
	if c.mochi != nil {
		b.part(c, err)
	}
	return err
}

// unpack reads a packet that the guard has checked. What comes of it may keep the
// bytes.
func unpack(frame []byte, version byte) (pk packets.Packet, err error) {
	_, head, err := (&Limits{}).measure(frame)
	if err != nil {
		return pk, err
	}
	body := slices.Clone(frame[head:])
	pk.ProtocolVersion = version
	pk.FixedHeader.Remaining = len(body)
	if err := pk.FixedHeader.Decode(frame[0]); err != nil {
		return pk, err
	}
	switch pk.FixedHeader.Type {
	case packets.Connect:
		err = pk.ConnectDecode(body)
	case packets.Publish:
		err = pk.PublishDecode(body)
	case packets.Puback:
		err = pk.PubackDecode(body)
	case packets.Pubrec:
		err = pk.PubrecDecode(body)
	case packets.Pubrel:
		err = pk.PubrelDecode(body)
	case packets.Pubcomp:
		err = pk.PubcompDecode(body)
	case packets.Subscribe:
		err = pk.SubscribeDecode(body)
	case packets.Unsubscribe:
		err = pk.UnsubscribeDecode(body)
	case packets.Disconnect:
		err = pk.DisconnectDecode(body)
	case packets.Auth:
		err = pk.AuthDecode(body)
	}
	return pk, err
}

// welcome answers a CONNECT: it asks the policy, makes the client the owner of its
// id, and gives it the session that it has left, if it wants it.
func (b *Broker) welcome(c *Client, door string, frame []byte) error {
	pk, err := unpack(frame, c.guard.version)
	if err != nil {
		return c.guard.dismiss(err)
	}
	cl := b.server.NewClient(c, door, "", false)
	cl.ParseConnect(door, pk)
	if answer := b.meet(c, cl, &pk); answer != Welcome {
		c.turnAway(answer)
		cl.Stop(errTurnedAway)
		return errTurnedAway
	}
	if pk.Connect.WillFlag && !b.policy.Will(c, pk.Connect.WillTopic) {
		cl.Properties.Will = mqtt.Will{}
		b.counts.add(ignoredWills)
		b.tell(c, ignoredWills, c.ID, "its will may not go to", pk.Connect.WillTopic)
	}
	cl.State.Keepalive = min(cl.State.Keepalive, MaxKeepAlive)
	c.guard.begin(time.Duration(cl.State.Keepalive) * time.Second * 3 / 2)
	present := b.resume(cl, pk.Connect.Clean)
	c.flow.bound(cl)
	c.mochi = cl
	b.server.Clients.Add(cl)
	atomic.AddInt64(&b.server.Info.ClientsConnected, 1) // for $SYS
	if err := b.server.SendConnack(cl, packets.CodeSuccess, present, nil); err != nil {
		return err
	}
	for filter := range cl.State.Subscriptions.GetAll() {
		b.policy.Subscribed(c, filter)
	}
	return resend(cl)
}

// resume gives a client the session of its id and says whether there was one. The
// connection that had it has ended: nobody else owns the id.
func (b *Broker) resume(cl *mqtt.Client, clean bool) bool {
	former, ok := b.server.Clients.Get(cl.ID)
	if !ok {
		return false
	}
	if clean {
		former.ClearInflights()
		b.server.UnsubscribeClient(former)
		return false
	}
	cl.State.Subscriptions = former.State.Subscriptions
	cl.State.Inflight = former.State.Inflight
	cl.State.Inflight.ResetReceiveQuota(int32(b.server.Options.Capabilities.ReceiveMaximum))
	return true
}

// resend sends what a session has not acknowledged, oldest first: mochi sorts by
// the second.
func resend(cl *mqtt.Client) error {
	open := cl.State.Inflight.GetAll(false)
	slices.SortStableFunc(open, func(x, y packets.Packet) int {
		return cmp.Or(cmp.Compare(x.Created, y.Created), cmp.Compare(x.PacketID, y.PacketID))
	})
	for _, pk := range open {
		pk.FixedHeader.Dup = pk.FixedHeader.Type == packets.Publish
		if err := cl.WritePacket(pk); err != nil {
			return err
		}
		if pk.FixedHeader.Type == packets.Puback || pk.FixedHeader.Type == packets.Pubcomp {
			cl.State.Inflight.Delete(pk.PacketID)
		}
	}
	return nil
}

// process has mochi handle a packet. It needs much stack, which shrinks again
// while the client says nothing.
//
//go:noinline
func (c *Client) process(frame []byte) error {
	pk, err := unpack(frame, c.guard.version)
	if err != nil {
		return c.guard.dismiss(err)
	}
	server := c.broker.server
	err = server.InjectPacket(c.mochi, pk)
	if frame := c.flow.acknowledged(&pk); frame != nil && err == nil {
		_, err = c.send(frame)
	}
	if code, ok := err.(packets.Code); ok && code.Code >= packets.ErrUnspecifiedError.Code && c.guard.version == 5 {
		_ = server.DisconnectClient(c.mochi, code)
	}
	return err
}

// part ends a client's connection: its will is published unless it has taken
// leave, and its session kept if it wants that.
func (b *Broker) part(c *Client, why error) {
	cl := c.mochi
	cl.Stop(why)
	atomic.AddInt64(&b.server.Info.ClientsConnected, -1)
	if why != nil {
		b.bequeath(cl)
	}
	p := &cl.Properties
	expired := p.ProtocolVersion == 5 && p.Props.SessionExpiryInterval == 0 || p.ProtocolVersion < 5 && p.Clean
	if x, ok := b.server.Clients.Get(cl.ID); expired || !ok || x != cl {
		b.forget(cl)
	}
}

// forget drops a session.
func (b *Broker) forget(cl *mqtt.Client) {
	b.ended(cl.ID)
	cl.ClearInflights()
	b.server.UnsubscribeClient(cl)
	if x, ok := b.server.Clients.Get(cl.ID); ok && x == cl {
		b.server.Clients.Delete(cl.ID)
	}
}
