package contained

import (
	"io"
	"net"
	"sync"

	"github.com/twinbed/twinbed/broker/pipe"
)

// intake reads a connection into memory that it holds only while there is
// something in it: ten thousand idle clients share a few buffers.
type intake struct {
	lent  *chunk
	ready readiness
}

// taker takes what a connection brings; it says whether it may take more.
type taker interface {
	take(b []byte) (more bool, err error)
}

// chunk is what one read can bring.
type chunk [8 << 10]byte

var chunks = sync.Pool{New: func() any { return new(chunk) }}

// feed gives a taker what comes in until it wants no more. What was given last
// stays good until the next feed.
func (x *intake) feed(conn net.Conn, t taker) error {
	x.release()
	if x.ready.socket(conn) {
		return x.ready.feed(x, t)
	}
	memory, inMemory := conn.(*pipe.End)
	for {
		if inMemory {
			x.release()
			memory.Await()
		}
		n, err := conn.Read(x.room())
		if n == 0 {
			x.release()
			if err == nil {
				err = io.ErrNoProgress
			}
			return err
		}
		if more, err := t.take(x.lent[:n]); err != nil || !more {
			return err
		}
	}
}

// room is a chunk to read into.
func (x *intake) room() []byte {
	if x.lent == nil {
		x.lent = chunks.Get().(*chunk)
	}
	return x.lent[:]
}

func (x *intake) release() {
	if x.lent != nil {
		chunks.Put(x.lent)
		x.lent = nil
	}
}
