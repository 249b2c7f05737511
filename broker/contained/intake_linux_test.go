package contained

import (
	"bytes"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The last bytes and the end come in one segment here, and the broker is told of
// both at once.
func TestAClientThatClosesWithItsLastPacketIsNoticed(t *testing.T) {
	c := hold(t, Options{TCP: "127.0.0.1:0", ConnectWithin: time.Hour}, liberal{})
	var b bytes.Buffer
	p := hello("hasty", 4, 0)
	require.NoError(t, p.ConnectEncode(&b))
	for _, last := range [][]byte{b.Bytes(), b.Bytes()[:9]} {
		for range 20 {
			conn := c.dial().(*net.TCPConn)
			raw, err := conn.SyscallConn()
			require.NoError(t, err)
			require.NoError(t, raw.Control(func(fd uintptr) {
				err = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_CORK, 1)
			}))
			require.NoError(t, err)
			_, err = conn.Write(last)
			require.NoError(t, err)
			require.NoError(t, conn.CloseWrite())
			require.Eventually(t, func() bool { return c.broker.Connections() == 0 }, patience, 100*time.Microsecond)
		}
	}
}
