//go:build unix

package broker

import (
	"context"
	"fmt"
	"net"
	"syscall"
)

// enoughDescriptors says beforehand what would otherwise show as thousands of
// connections that hang: each session over a socket takes one descriptor here
// and one at the gate.
func enoughDescriptors(o SessionOptions, sessions int) error {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil || uint64(2*sessions+64) <= limit.Cur {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), o.AnswerWithin)
	defer cancel()
	c, err := o.Dial(ctx)
	if err != nil {
		return nil // the sessions will say so
	}
	defer c.Close()
	if _, socket := c.(*net.TCPConn); !socket {
		return nil
	}
	return fmt.Errorf("%d sessions take about %d descriptors and this process may open %d: "+
		"raise the limit (ulimit -n) or connect in memory", sessions, 2*sessions+64, limit.Cur)
}
