package contained

// Cutter cuts the bytes of a connection into packets. It holds the beginning of
// one packet at most, in as much memory as has arrived of it; what lies whole in
// the bytes it is given is not copied.
type Cutter struct {
	Limits *Limits

	part []byte // the beginning of a packet
	size int    // of that packet; 0 while its header is not whole
}

// kept is the room for a packet's beginning that a connection holds on to, in bytes.
const kept = 512

// Next takes the next bytes of a connection and gives the first packet that is
// whole, and the bytes behind it, which are for the next call:
//
//	for b := received; len(b) > 0; {
//		var frame []byte
//		if frame, b, err = c.Next(b); err != nil {
//			// the connection cannot be read any further
//		}
//		if frame != nil {
//			// it holds until the next call
//		}
//	}
//
// The frame is nil when the packet is not whole yet; all bytes are taken then.
// What the header says is checked as soon as its bytes are there, before any
// memory is taken: the error is a [Flaw].
func (c *Cutter) Next(b []byte) (frame, rest []byte, err error) {
	if c.size > 0 && c.size == len(c.part) {
		c.forget()
	}
	if len(c.part) == 0 {
		size, _, err := c.Limits.measure(b)
		switch {
		case err != nil:
			return nil, nil, err
		case size > 0 && size <= len(b):
			return b[:size:size], b[size:], nil
		}
		c.size = size
		c.part = append(c.part, b...)
		return nil, nil, nil
	}
	for c.size == 0 {
		if len(b) == 0 {
			return nil, nil, nil
		}
		c.part, b = append(c.part, b[0]), b[1:]
		if c.size, _, err = c.Limits.measure(c.part); err != nil {
			return nil, nil, err
		}
	}
	n := min(c.size-len(c.part), len(b))
	c.part = append(c.part, b[:n]...)
	if len(c.part) < c.size {
		return nil, nil, nil
	}
	return c.part, b[n:], nil
}

func (c *Cutter) forget() {
	c.part, c.size = c.part[:0], 0
	if cap(c.part) > kept {
		c.part = nil
	}
}
