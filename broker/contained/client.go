package contained

import (
	"container/list"
	"errors"
	"net"
	"sync"
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
	User  string // whom the policy knows it as; "" if it does not matter
	Guest any    // the policy's

	broker   *Broker
	waits    *list.Element // in the lobby
	mochi    *mqtt.Client
	closing  chan struct{} // closed when it is to leave
	closed   sync.Once
	done     chan struct{} // closed when it has left
	pace     pace
	guard    guard         // only on the goroutine that reads
	rejected int           // likewise
	told     int           // likewise
	debt     time.Duration // likewise: it has sent so much too early
	slowed   bool          // likewise
}

// maxRejections is how many refused messages a client may send.
const maxRejections = 10_000

// admit lets a connection be served until it ends, on its own goroutine.
func (b *Broker) admit(conn net.Conn, door string, establish listeners.EstablishFn) {
	c := &Client{Conn: conn, broker: b, closing: make(chan struct{}), done: make(chan struct{})}
	c.guard.client, c.guard.cutter.Limits = c, &b.limits
	c.pace.set(b.options.MessageRate)
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
	_ = conn.SetDeadline(time.Now().Add(b.options.ConnectWithin))
	if c.shakeHands() {
		_ = establish(door, c) // why it ended is in the counts
	}
}

// enter lets a connection in if there is room, or room can be made.
func (b *Broker) enter(c *Client) bool {
	b.mu.Lock()
	if b.lobby.full() || len(b.clients) >= b.options.Clients {
		b.dismissSilent()
	}
	entered := !b.closed && len(b.clients) < b.options.Clients
	if entered {
		b.clients[c] = struct{}{}
		b.gone.Add(1)
		b.lobby.enter(c)
	}
	b.mu.Unlock()
	if !entered {
		b.counts.add(refusedConnects)
		b.tell(c, refusedConnects, "", "too many connections", "")
	}
	return entered
}

// makeRoom ends the connection that has been silent longest.
func (b *Broker) makeRoom() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.dismissSilent()
}

func (b *Broker) dismissSilent() {
	if out := b.lobby.oldest(); out != nil {
		b.counts.add(silentConnects)
		delete(b.clients, out)
		_ = out.Close()
	}
}

func (b *Broker) leave(c *Client) {
	_ = c.Close()
	c.guard.intake.release()
	if c.Guest != nil {
		b.policy.Left(c)
	}
	b.mu.Lock()
	delete(b.clients, c)
	b.lobby.leave(c)
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
	b.ended(c.mochi.ID)
	if x, ok := b.server.Clients.Get(c.mochi.ID); ok && x == c.mochi {
		b.server.Clients.Delete(c.mochi.ID)
	}
}

// hangUpOn ends the client of an id, if there is one.
func (b *Broker) hangUpOn(id string) {
	b.mu.Lock()
	c := b.owners[id]
	b.mu.Unlock()
	if c != nil {
		_ = c.Close()
	}
}

// Close ends the connection at once, without the farewells of TLS.
func (c *Client) Close() error {
	c.closed.Do(func() { close(c.closing) })
	return socket(c.Conn).Close()
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
		_ = c.Close()
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
		c.broker.tell(c, offenders, c.ID, "it has been refused too often", "")
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
