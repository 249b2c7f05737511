package sim

import (
	"time"

	"github.com/twinbed/twinbed/sim/chance"
)

// Wires are the connections and the broker of a live run, as faults meet them. A
// virtual run has none.
type Wires interface {
	// Harm does harm to the bytes of the connections of some things, until undo is
	// called. rest are those that have none that can be harmed: their link is.
	Harm(where []ThingID, h *WireHarm) (undo func(), rest []ThingID)
	// StopBroker ends the broker until start is called. It does not wait. The error says
	// why it cannot.
	StopBroker(how BrokerEnd, hits *Hits) (start func(), err error)
	// Narrow leaves the queues between broker and platform room for so many messages at
	// most, until undo is called. The error says why it cannot.
	Narrow(room int, hits *Hits) (undo func(), err error)
	// Attack sends a stranger against the broker, in the names of some things, until
	// stop is called.
	Attack(how string, where []ThingID, hits *Hits) (stop func(), err error)
	// HarmDisk has the journal's disk refuse all writes, or each take longer by a delay
	// in wall time (nil: none), until undo is called.
	HarmDisk(full bool, delay func() time.Duration, hits *Hits) (undo func(), err error)
	// OurBroker says whether the broker is the run's own.
	OurBroker() bool
}

// BrokerEnd is how a broker ends.
type BrokerEnd struct {
	Killed bool // without a farewell: sockets are reset
	Keeps  bool // when it starts again it has its sessions, and what waits in them
}

// WireHarm is what happens to the bytes of a connection.
type WireHarm struct {
	Up, Down bool                // which ways
	Stall    bool                // nothing moves while it lasts; then it goes on where it was
	Dead     bool                // what is connected now never moves again, and nobody is told
	Reset    bool                // what is connected now is reset
	Loss     float64             // share of the pieces that have to be sent again, as TCP does
	Delay    chance.Distribution // seconds more for a piece; order is kept
	Bits     float64             // a second, each way of each connection; 0: no bound
	Speed    float64             // scenario time per wall time, in which delays and bits are
	Luck     chance.Stream
	Hits     *Hits
}
