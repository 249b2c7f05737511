package broker

import (
	"context"
	"net"
)

// Entry is where sessions connect and their things are declared: the [Gate] of a
// broker of ours, or a [Remote] one.
type Entry interface {
	Dial(context.Context) (net.Conn, error)
	front() *desk
	identity() identity
}

var (
	_ Entry = (*Gate)(nil)
	_ Entry = (*Remote)(nil)
)

// identity is how sessions of ours say who they are.
type identity struct {
	prefix         string // of client ids, before the thing's name
	user, password string
}

func (d *desk) front() *desk { return d }

func (g *Gate) identity() identity { return identity{ownPrefix, ownUser, g.secret} }

func (r *Remote) identity() identity {
	return identity{r.id + ":", r.options.Username, r.options.Password}
}
