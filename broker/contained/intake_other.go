//go:build !unix

package contained

import "net"

// readiness is for sockets that tell when they can be read; there are none here.
type readiness struct{}

func (readiness) socket(net.Conn) bool { return false }

func (readiness) feed(*intake, taker) error { return nil }
