package broker

import "sync"

// chunk is a buffer that is borrowed while there is something in it, so that
// what is idle holds none.
type chunk struct {
	b    []byte
	from int // what lies before has been taken
}

const (
	chunkSize    = 1 << 10
	largestChunk = 1 << 17 // larger ones are not kept
)

var chunks = sync.Pool{New: func() any { return &chunk{b: make([]byte, 0, chunkSize)} }}

func newChunk() *chunk { return chunks.Get().(*chunk) }

// free gives the chunk back; nil is none.
func (c *chunk) free() {
	if c != nil && cap(c.b) <= largestChunk {
		c.b, c.from = c.b[:0], 0
		chunks.Put(c)
	}
}

// size is how many bytes are left in it.
func (c *chunk) size() int {
	if c == nil {
		return 0
	}
	return len(c.b) - c.from
}

// make room for more at the end by moving what is left to the front, when that
// is less than what has been taken.
func (c *chunk) tidy() {
	if c.from > len(c.b)/2 {
		c.b = c.b[:copy(c.b, c.b[c.from:])]
		c.from = 0
	}
}

func (c *chunk) start() int {
	if c == nil {
		return 0
	}
	return c.from
}
