package broker

import (
	"context"
	"io"
	"net"
	"sync"

	"github.com/stretchr/testify/require"
)

// toll sees every packet of a connection to a gate, both ways, and says what of it
// passes.
type toll struct {
	net.Conn
	pass     func(up bool, frame []byte) []byte
	up, down []byte // not cut into packets yet
	passed   []byte // downwards, not read yet
}

// cut gives what passes of the packets that are whole with b.
func (c *toll) cut(up bool, before *[]byte, b []byte) (passed []byte) {
	*before = append(*before, b...)
	for {
		size, _ := frameSize(*before)
		if size <= 0 {
			return passed
		}
		passed = append(passed, c.pass(up, (*before)[:size])...)
		*before = (*before)[size:]
	}
}

func (c *toll) Write(b []byte) (int, error) {
	if passed := c.cut(true, &c.up, b); len(passed) > 0 {
		if _, err := c.Conn.Write(passed); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}

func (c *toll) Read(b []byte) (int, error) {
	for len(c.passed) == 0 {
		more := make([]byte, 4096)
		n, err := c.Conn.Read(more)
		if err != nil {
			return 0, err
		}
		c.passed = c.cut(false, &c.down, more[:n])
	}
	n := copy(b, c.passed)
	c.passed = c.passed[n:]
	return n, nil
}

// tolled are the connections to a gate that pass a toll.
type tolled struct {
	gate  *Gate
	pass  func(up bool, frame []byte) []byte
	mu    sync.Mutex
	conns []net.Conn
}

func (x *tolled) dial(ctx context.Context) (net.Conn, error) {
	conn, err := x.gate.Dial(ctx)
	if err != nil {
		return nil, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.conns = append(x.conns, conn)
	return &toll{Conn: conn, pass: x.pass}, nil
}

// relay puts a socket between, for sessions that are to have one.
func (x *tolled) relay(s *stage) func(context.Context) (net.Conn, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go x.carry(client)
		}
	}()
	return dialTo(l.Addr().String())
}

func (x *tolled) carry(client net.Conn) {
	defer client.Close()
	gate, err := x.dial(context.Background())
	if err != nil {
		return
	}
	go func() {
		_, _ = io.Copy(gate, client)
		_ = gate.Close()
	}()
	_, _ = io.Copy(client, gate)
}

// breakAll ends the connections that there are, at the gate's side.
func (x *tolled) breakAll() {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, c := range x.conns {
		_ = c.Close()
	}
	x.conns = nil
}
