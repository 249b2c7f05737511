package broker

import (
	"context"
	"net"
)

// TCP is the address that MQTT clients connect to; "" where there is none.
func (g *Gate) TCP() string { return g.broker.Load().TCP() }

// URL is where MQTT clients connect; "" where they cannot.
func (g *Gate) URL() string { return g.broker.Load().URL() }

// WebSocket is the URL that browsers connect to; "" where there is none.
func (g *Gate) WebSocket() string { return g.broker.Load().WebSocket() }

// Dial connects to the broker: over TCP where it listens there, else in memory.
func (g *Gate) Dial(ctx context.Context) (net.Conn, error) { return g.broker.Load().Dial(ctx) }

// DialMemory connects to the broker in memory: without a descriptor, and inside
// a synctest bubble.
func (g *Gate) DialMemory(ctx context.Context) (net.Conn, error) {
	return g.broker.Load().DialMemory(ctx)
}

// Connections is how many clients are connected.
func (g *Gate) Connections() int { return g.broker.Load().Connections() }
