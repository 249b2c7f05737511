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
	ended  int          // sides that have ended, of one that is dead
	free   [2]time.Time // when a bounded wire can take the next piece, by way
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

// piece is some bytes on their way.
type piece struct {
	bytes []byte
	came  time.Time
	n     uint64
}

// pump carries bytes one way, in order, until one end is closed.
func (x *relay) pump(to, from net.Conn, way sim.Way) {
	pieces := make(chan piece, 64) // as much as a window of TCP may hold
	written := make(chan struct{})
	go func() {
		defer close(written)
		x.write(to, pieces, way)
	}()
	for n := uint64(0); ; n++ {
		b := make([]byte, 4096)
		size, err := from.Read(b)
		if size > 0 {
			pieces <- piece{b[:size], time.Now(), n}
		}
		if err != nil {
			break
		}
	}
	close(pieces)
	<-written // also what was sent before a farewell
	x.end(from)
}

// end is when one side has ended: the other is told, unless the connection is dead.
func (x *relay) end(side net.Conn) {
	x.all.mu.Lock()
	x.ended++
	alone := x.dead && !x.closed && x.ended < 2
	x.all.mu.Unlock()
	if alone {
		_ = side.Close()
		return
	}
	x.close()
}

// write passes pieces on when what the harm of the time makes them wait for is
// over.
func (x *relay) write(to net.Conn, pieces <-chan piece, way sim.Way) {
	for p := range pieces {
		if !x.pass(&p, way) {
			continue // swallowed
		}
		if _, err := to.Write(p.bytes); err != nil {
			x.end(to)
			for range pieces {
			}
			return
		}
	}
}

// pass waits while a piece is held up, and no longer than the harm lasts; false
// where nothing gets through any more.
func (x *relay) pass(p *piece, way sim.Way) bool {
	x.all.mu.Lock()
	defer x.all.mu.Unlock()
	counted := false
	for !x.dead && !x.closed {
		due, held := x.due(p, way, &counted)
		wait := time.Until(due)
		switch {
		case held:
			x.all.change.Wait()
		case wait > 0:
			wake := time.AfterFunc(wait, func() {
				x.all.mu.Lock()
				defer x.all.mu.Unlock()
				x.all.change.Broadcast()
			})
			x.all.change.Wait()
			wake.Stop()
		default:
			x.free[way] = due
			return true
		}
	}
	return false
}

// mostResends is how often a piece is lost before it gets through.
const mostResends = 6

// due is when a piece may go on under the harm of the time, or that it is held.
func (x *relay) due(p *piece, way sim.Way, counted *bool) (due time.Time, held bool) {
	due = p.came
	for _, h := range x.all.harms {
		if !h.meets(x, way) {
			continue
		}
		wait := 0.0
		if h.Delay != nil {
			wait += h.Delay.Quantile(h.Luck.Uniform(uint32(x.thing), p.n<<1|uint64(way))) / h.Speed
		}
		// What is lost is sent again after 200 ms of wall time at the earliest, then after
		// twice as long (RFC 6298, and Linux's least time-out).
		again := 0.2
		for k := uint64(1); h.Loss > 0 && k <= mostResends && h.Luck.Uniform(uint32(x.thing)|1<<31, p.n<<8|k<<1|uint64(way)) < h.Loss; k++ {
			wait += again
			again *= 2
		}
		if due = due.Add(sim.Seconds(wait)); h.Bits > 0 {
			if due.Before(x.free[way]) {
				due = x.free[way]
			}
			wait = 8 * float64(len(p.bytes)) / h.Bits / h.Speed
			due = due.Add(sim.Seconds(wait))
		}
		held = held || h.Stall
		if (wait > 0 || h.Stall) && !*counted {
			*counted = true
			h.Hits.Add()
		}
	}
	return due, held
}

func (h *harm) meets(x *relay, way sim.Way) bool {
	if _, met := h.met[x.thing]; !met {
		return false
	}
	return way == sim.Up && h.Up || way == sim.Down && h.Down
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
