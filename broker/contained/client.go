package contained

import (
	"errors"
	"net"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"
)

// Client is one connection to the broker, and what is known of it. For mochi it
// is the connection.
type Client struct {
	net.Conn
	ID    string // once it is the id's owner
	Guest any    // the policy's

	broker   *Broker
	mochi    *mqtt.Client
	done     chan struct{} // closed when it has left
	guard    guard         // only on the goroutine that reads
	rejected int           // likewise
}

// maxRejections is how many refused messages a client may send.
const maxRejections = 10_000

// admit lets a connection be served until it ends, on its own goroutine.
func (b *Broker) admit(conn net.Conn, door string, establish listeners.EstablishFn) {
	c := &Client{Conn: conn, broker: b, done: make(chan struct{})}
	c.guard.client, c.guard.cutter.Limits = c, &b.limits
	if !b.enter(c) {
		_ = conn.Close()
		return
	}
	defer b.leave(c)
	defer func() {
		// Should a packet that the guard has let pass make mochi panic, only its sender goes.
		if recover() != nil {
			b.counts.add(brokenPackets)
			b.forget(c)
		}
	}()
	_ = conn.SetReadDeadline(time.Now().Add(b.options.ConnectWithin))
	_ = establish(door, c) // why it ended is in the counts
}

func (b *Broker) enter(c *Client) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed || len(b.clients) >= b.options.Clients {
		b.counts.add(refusedConnects)
		return false
	}
	b.clients[c] = struct{}{}
	b.gone.Add(1)
	return true
}

func (b *Broker) leave(c *Client) {
	_ = c.Conn.Close()
	c.guard.intake.release()
	if c.Guest != nil {
		b.policy.Left(c)
	}
	b.mu.Lock()
	delete(b.clients, c)
	if b.owners[c.ID] == c {
		delete(b.owners, c.ID)
	}
	b.mu.Unlock()
	close(c.done)
	b.gone.Done()
}

// forget does for a client that panicked what mochi does for one that ends.
func (b *Broker) forget(c *Client) {
	if c.mochi == nil {
		return
	}
	c.mochi.Stop(errors.New("broken packet"))
	b.server.UnsubscribeClient(c.mochi)
	if x, ok := b.server.Clients.Get(c.mochi.ID); ok && x == c.mochi {
		b.server.Clients.Delete(c.mochi.ID)
	}
}

// claim makes a client the owner of its id once the former one has left: mochi
// mixes clients up that take over from one another at a time.
func (b *Broker) claim(c *Client, id string) bool {
	patience := time.NewTimer(b.options.WriteWithin + time.Second)
	defer patience.Stop()
	for {
		b.mu.Lock()
		former := b.owners[id]
		if former == nil {
			b.owners[id], c.ID = c, id
			b.mu.Unlock()
			return true
		}
		b.mu.Unlock()
		_ = former.Conn.Close()
		select {
		case <-former.done:
		case <-patience.C:
			return false
		}
	}
}

// SetDeadline is mochi's keep-alive: it bounds reading. Writing has its own bound.
func (c *Client) SetDeadline(t time.Time) error {
	c.guard.idle = 0
	if !t.IsZero() {
		c.guard.idle = time.Until(t)
	}
	return nil
}

// Write ends the connection of a client that does not take what it is sent: the
// broker would hold everybody else's messages up.
func (c *Client) Write(p []byte) (int, error) {
	if err := c.Conn.SetWriteDeadline(time.Now().Add(c.broker.options.WriteWithin)); err != nil {
		return 0, err
	}
	n, err := c.Conn.Write(p)
	if err != nil {
		_ = c.Conn.Close()
	}
	return n, err
}

// Read is the guard's: mochi gets whole packets, well formed and one at a time.
func (c *Client) Read(p []byte) (int, error) { return c.guard.read(p) }

// reject counts a refused message and ends a client that does not stop.
func (c *Client) reject() {
	c.broker.counts.add(refusedMessages)
	c.rejected++
	if c.rejected == maxRejections {
		c.broker.counts.add(offenders)
		c.mochi.Stop(packets.ErrQuotaExceeded)
	}
}

// Holds says whether a client has subscribed to exactly this filter.
func (c *Client) Holds(filter string) bool {
	if c.mochi == nil {
		return false
	}
	_, ok := c.mochi.State.Subscriptions.Get(filter)
	return ok
}
