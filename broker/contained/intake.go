package contained

import (
	"io"
	"net"
	"sync"
)

// intake reads a connection into memory that it holds only while there is
// something in it: ten thousand idle clients share a few buffers.
type intake struct {
	lent  *chunk
	ready readiness
}

// chunk is what one read can bring.
type chunk [8 << 10]byte

var chunks = sync.Pool{New: func() any { return new(chunk) }}

// next waits for bytes and reads them; what the last call gave is gone then.
func (x *intake) next(conn net.Conn) ([]byte, error) {
	x.release()
	n, err := x.ready.read(conn, x)
	if n > 0 {
		return x.lent[:n], nil
	}
	x.release()
	if err == nil {
		err = io.ErrNoProgress
	}
	return nil, err
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
