//go:build !unix

package contained

import "net"

// readiness reads a connection.
type readiness struct{}

func (*readiness) read(conn net.Conn, x *intake) (int, error) { return conn.Read(x.room()) }
