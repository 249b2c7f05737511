package broker

import (
	"net"
	"sync"
	"time"

	"github.com/twinbed/twinbed/broker/pipe"
	"github.com/twinbed/twinbed/sim"
)

// Where faults of the network are to be real, a session's connection leads through
// a relay, which does to the bytes what the network would: it holds them up, lets
// them wait for each other, has them sent again, swallows them, or resets the
// connection. It does not know MQTT, and is above TLS where there is any: what it
// does to time and order is the same.

// relays are those of a fleet, and the harm that is done to them at present.
type relays struct {
	mu     sync.Mutex
	change sync.Cond
	harms  []*harm
	open   map[*relay]struct{}
}

type harm struct {
	*sim.WireHarm
	met map[sim.ThingID]struct{}
}

// relay is one connection. The session has one end of a pipe, the broker is at the
// other side.
type relay struct {
	all    *relays
	thing  sim.ThingID // of a gateway the first
	pipe   *pipe.End
	broker net.Conn
	dead   bool // it never moves again
	closed bool
}

func newRelays() *relays {
	r := &relays{open: map[*relay]struct{}{}}
	r.change.L = &r.mu
	return r
}

// wrap leads a connection through a relay.
func (r *relays) wrap(id sim.ThingID, conn net.Conn) net.Conn {
	here, there := pipe.New()
	x := &relay{all: r, thing: id, pipe: there, broker: conn}
	r.mu.Lock()
	r.open[x] = struct{}{}
	r.mu.Unlock()
	go x.pump(conn, there, sim.Up)
	go x.pump(there, conn, sim.Down)
	return here
}

// piece is some bytes on their way, and when they may go on.
type piece struct {
	bytes []byte
	due   time.Time
}

// pump carries bytes one way, in order, until one end is closed.
func (x *relay) pump(to, from net.Conn, way sim.Way) {
	pieces := make(chan piece, 64) // as much as a window of TCP may hold
	written := make(chan struct{})
	go func() {
		defer close(written)
		x.write(to, pieces, way)
	}()
	defer func() {
		close(pieces)
		<-written // also what was sent before a farewell
		x.close()
	}()
	var last time.Time
	for n := uint64(0); ; n++ {
		b := make([]byte, 4096)
		size, err := from.Read(b)
		if size > 0 {
			due := x.due(way, size, n, last)
			last = due
			pieces <- piece{b[:size], due}
		}
		if err != nil {
			return
		}
	}
}

// due is when a piece may go on: after what went before it.
func (x *relay) due(way sim.Way, size int, n uint64, last time.Time) time.Time {
	x.all.mu.Lock()
	defer x.all.mu.Unlock()
	due := time.Now()
	for _, h := range x.all.harms {
		if !h.meets(x, way) {
			continue
		}
		wait := 0.0
		if h.Delay != nil {
			wait += h.Delay.Quantile(h.Luck.Uniform(uint32(x.thing), n<<1|uint64(way))) / h.Speed
		}
		// What is lost is sent again after 200 ms at the earliest, then after twice as long
		// (RFC 6298, and Linux's least time-out).
		again := 0.2
		for k := uint64(1); h.Loss > 0 && k < 12 && h.Luck.Uniform(uint32(x.thing)|1<<31, n<<8|k<<1|uint64(way)) < h.Loss; k++ {
			wait += again
			again *= 2
		}
		if wait > 0 {
			h.Hits.Add()
			due = due.Add(sim.Seconds(wait))
		}
		if h.Bits > 0 {
			h.Hits.Add()
			if due.Before(last) {
				due = last
			}
			due = due.Add(sim.Seconds(8 * float64(size) / h.Bits / h.Speed))
		}
	}
	if due.Before(last) {
		return last
	}
	return due
}

func (h *harm) meets(x *relay, way sim.Way) bool {
	if _, met := h.met[x.thing]; !met {
		return false
	}
	return way == sim.Up && h.Up || way == sim.Down && h.Down
}

// write passes pieces on when they are due and nothing holds them up.
func (x *relay) write(to net.Conn, pieces <-chan piece, way sim.Way) {
	for p := range pieces {
		if wait := time.Until(p.due); wait > 0 {
			time.Sleep(wait)
		}
		if !x.pass(way) {
			continue // swallowed
		}
		if _, err := to.Write(p.bytes); err != nil {
			x.close()
			for range pieces {
			}
			return
		}
	}
}

// pass waits while the connection is held up; false where nothing gets through any
// more.
func (x *relay) pass(way sim.Way) bool {
	x.all.mu.Lock()
	defer x.all.mu.Unlock()
	for !x.dead && !x.closed && x.stalled(way) {
		x.all.change.Wait()
	}
	return !x.dead && !x.closed
}

func (x *relay) stalled(way sim.Way) bool {
	for _, h := range x.all.harms {
		if h.Stall && h.meets(x, way) {
			h.Hits.Add()
			return true
		}
	}
	return false
}

// close ends both sides.
func (x *relay) close() {
	x.all.mu.Lock()
	done := x.closed
	x.closed = true
	delete(x.all.open, x)
	x.all.change.Broadcast()
	x.all.mu.Unlock()
	if !done {
		_ = x.pipe.Close()
		_ = x.broker.Close()
	}
}

// reset breaks the connection with an RST.
func (x *relay) reset() {
	under := x.broker
	if secure, ok := under.(interface{ NetConn() net.Conn }); ok {
		under = secure.NetConn()
	}
	if socket, ok := under.(*net.TCPConn); ok {
		_ = socket.SetLinger(0)
	}
	_ = under.Close()
	x.close()
}

// harm does harm to the connections of some things until undo is called.
func (r *relays) harm(h *harm) (undo func()) {
	r.mu.Lock()
	var broken []*relay
	for x := range r.open {
		if _, met := h.met[x.thing]; !met {
			continue
		}
		if h.Dead {
			h.Hits.Add()
			x.dead = true
		}
		if h.Reset {
			h.Hits.Add()
			broken = append(broken, x)
		}
	}
	r.harms = append(r.harms, h)
	r.change.Broadcast()
	r.mu.Unlock()
	for _, x := range broken {
		x.reset()
	}
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		for i, y := range r.harms {
			if y == h {
				r.harms = append(r.harms[:i:i], r.harms[i+1:]...)
				break
			}
		}
		r.change.Broadcast()
	}
}

// end lets go of whatever is still held up.
func (r *relays) end() {
	r.mu.Lock()
	var all []*relay
	for x := range r.open {
		all = append(all, x)
	}
	r.harms = nil
	r.change.Broadcast()
	r.mu.Unlock()
	for _, x := range all {
		x.close()
	}
}

// Harm does harm to the connections of those things that have one of these
// sessions; rest are the others.
func (s *Sessions) Harm(where []sim.ThingID, h *sim.WireHarm) (undo func(), rest []sim.ThingID) {
	x := &harm{WireHarm: h, met: map[sim.ThingID]struct{}{}}
	for _, id := range where {
		if c := s.of(id); c != nil && s.relays != nil {
			x.met[c.things.first] = struct{}{}
		} else {
			rest = append(rest, id)
		}
	}
	if len(x.met) == 0 {
		return func() {}, rest
	}
	return s.relays.harm(x), rest
}
