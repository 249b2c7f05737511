//go:build !unix

package broker

import "net"

// attempt is what a goroutine of a crew tries connections with; here sockets
// cannot be tried.
type attempt struct{ in []byte }

func newAttempt() *attempt { return &attempt{in: make([]byte, readSize)} }

func quickSocket(net.Conn) quick { return nil }
