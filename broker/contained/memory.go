package contained

import (
	"context"
	"net"

	"github.com/twinbed/twinbed/broker/pipe"
)

// memory is a listener whose connections are pipes.
type memory struct {
	calls  chan net.Conn
	closed chan struct{}
	ended  chan struct{} // holds one token until Close takes it
}

func newMemory() *memory {
	m := &memory{calls: make(chan net.Conn), closed: make(chan struct{}), ended: make(chan struct{}, 1)}
	m.ended <- struct{}{}
	return m
}

func (m *memory) dial(ctx context.Context) (net.Conn, error) {
	here, there := pipe.New()
	select {
	case m.calls <- there:
		return here, nil
	case <-m.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (m *memory) Accept() (net.Conn, error) {
	select {
	case c := <-m.calls:
		return c, nil
	case <-m.closed:
		return nil, net.ErrClosed
	}
}

func (m *memory) Close() error {
	select {
	case <-m.ended:
		close(m.closed)
	default:
	}
	return nil
}

func (m *memory) Addr() net.Addr { return pipe.Address{} }
