package contained

import (
	"container/list"
	"errors"
	"net"
	"slices"
	"sync"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// Client is one connection to the broker, and what is known of it. mochi writes to
// it and does not read.
type Client struct {
	net.Conn
	ID    string // once it is the id's owner
	User  string // whom the policy knows it as; "" if it does not matter
	Guest any    // the policy's
	Own   bool   // it is of the broker's own house: how much it sends and subscribes to is not bounded

	broker  *Broker
	waits   *list.Element // among the strangers
	mochi   *mqtt.Client  // nil until it is welcome
	writing sync.Once     // of the goroutine that writes what others publish
	mu      sync.Mutex
	asking  []string      // filters of a SUBSCRIBE under way
	closing chan struct{} // closed when it is to leave
	closed  sync.Once
	done    chan struct{} // closed when it has left
	flow    flow

	// Only on the goroutine that reads.
	guard    guard
	pace     pace
	debt     time.Duration // it has sent so much too early
	slowed   bool
	rejected int
	told     int
}

// maxRejections is how many refused messages a client may send.
const maxRejections = 10_000

// admit lets a connection be served until it ends, on its own goroutine.
func (b *Broker) admit(conn net.Conn, door string) {
	c := &Client{Conn: conn, broker: b, closing: make(chan struct{}), done: make(chan struct{})}
	c.guard.client, c.guard.cutter.Limits = c, &b.limits
	if !b.enter(c) {
		_ = conn.Close()
		return
	}
	defer b.leave(c)
	defer func() {
		// Should a packet that the guard has let pass make mochi panic, only its sender goes.
		if recover() != nil {
			b.counts.add(panics)
			if c.mochi != nil {
				c.mochi.Stop(errPanic)
				b.forget(c.mochi)
			}
		}
	}()
	_ = conn.SetDeadline(time.Now().Add(b.options.ConnectWithin))
	if c.shakeHands() {
		_ = b.attend(c, door) // why it ended is in the counts
	}
}

var errPanic = errors.New("a packet that the broker cannot bear")

// enter lets a connection in if there is room, or room can be made.
func (b *Broker) enter(c *Client) bool {
	b.mu.Lock()
	if b.strangers.full() || len(b.clients) >= b.options.Clients {
		b.dismissSilent()
	}
	entered := !b.closed && len(b.clients) < b.options.Clients
	if entered {
		b.clients[c] = struct{}{}
		b.gone.Add(1)
		b.strangers.enter(c)
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
	if out := b.strangers.oldest(); out != nil {
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
	b.strangers.leave(c)
	if b.owners[c.ID] == c {
		delete(b.owners, c.ID)
	}
	b.mu.Unlock()
	close(c.done)
	b.gone.Done()
}

// Stay waits for a while; false once the client is to leave.
func (c *Client) Stay(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-c.closing:
		return false
	case <-t.C:
		return true
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

// oust ends a connection whose id another client takes over.
func (c *Client) oust() {
	if c.guard.version == 5 { // known before it owned the id
		_ = c.Conn.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
		_, _ = c.Conn.Write([]byte{packets.Disconnect << 4, 2, packets.ErrSessionTakenOver.Code, 0})
	}
	_ = c.Close()
}

// Write sends whole packets, or keeps them until the client's flow has room.
func (c *Client) Write(p []byte) (int, error) {
	if n, err := c.send(c.flow.admit(p)); err != nil {
		return n, err
	}
	return len(p), nil
}

// send ends the connection of a client that does not take what it is sent: the
// broker would hold everybody else's messages up.
func (c *Client) send(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if err := c.Conn.SetWriteDeadline(time.Now().Add(c.broker.options.WriteWithin)); err != nil {
		return 0, err
	}
	n, err := c.Conn.Write(p)
	if err != nil {
		_ = c.Close()
	}
	return n, err
}

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

// listen makes sure that what others publish is written. mochi would have a
// goroutine for it from the beginning, for clients too that are never sent
// anything.
func (c *Client) listen() {
	c.writing.Do(func() { go c.mochi.WriteLoop() })
}

// ask remembers the filters that a client is about to subscribe to: mochi asks
// whether it may have them in the words by which it asks about a message.
func (c *Client) ask(filters packets.Subscriptions) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asking = c.asking[:0]
	for _, f := range filters {
		c.asking = append(c.asking, f.Filter)
	}
	if len(filters) == 0 {
		c.asking = nil
	}
}

// asks says whether a question is about a filter that is being subscribed to; of
// each once, so that a message in between is not taken for the question, or the
// question is taken for the message.
func (c *Client) asks(filter string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.Index(c.asking, filter)
	if i >= 0 {
		c.asking = slices.Delete(c.asking, i, i+1)
	}
	return i >= 0
}
