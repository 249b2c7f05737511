//go:build !linux

package broker

import "net"

// poller would tell which sockets have something to read; here each session has
// a goroutine for that.
type poller struct{}

func newPoller() *poller { return nil }

func (*poller) watch(net.Conn, int) bool { return false }
func (*poller) run(func(int))            {}
func (*poller) close()                   {}
