//go:build unix

package broker

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"
	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim"
)

// asSink makes the test binary a raw sink in a process of its own, so that what
// the fleet's client costs can be told from what a broker costs.
const asSink = "TWINBED_TEST_SINK"

func TestMain(m *testing.M) {
	if os.Getenv(asSink) != "" {
		serveSink()
		return
	}
	os.Exit(m.Run())
}

// serveSink takes whatever clients send and answers no more than MQTT demands.
func serveSink() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(l.Addr())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // ends with the test
		os.Exit(0)
	}()
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go sink(c)
	}
}

func sink(c net.Conn) {
	defer c.Close()
	in := &frames{conn: c, buf: make([]byte, 0, 1<<16)}
	for {
		first, body, err := in.frame()
		if err != nil {
			return
		}
		var answer []byte
		switch first >> 4 {
		case packets.Connect:
			answer = []byte{packets.Connack << 4, 2, 0, 0}
		case packets.Subscribe:
			granted := filters(body[2:])
			answer = append([]byte{packets.Suback << 4, byte(2 + granted), body[0], body[1]}, make([]byte, granted)...)
		case packets.Pingreq:
			answer = []byte{packets.Pingresp << 4, 0}
		case packets.Publish:
			if first>>qosShift&3 == 1 {
				at := 2 + int(body[0])<<8 + int(body[1])
				answer = []byte{packets.Puback << 4, 2, body[at], body[at+1]}
			}
		}
		if answer != nil {
			if _, err := c.Write(answer); err != nil {
				return
			}
		}
	}
}

// filters is how many there are in a SUBSCRIBE.
func filters(b []byte) (n int) {
	for ; len(b) > 2; n++ {
		b = b[2+int(b[0])<<8+int(b[1])+1:]
	}
	return n
}

// startSink is the address of a sink in another process.
func startSink(t testing.TB) string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), asSink+"=1", "GOMAXPROCS=1")
	hold, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = hold.Close(); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	return strings.TrimSpace(line)
}

// cpu is what this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func dialTo(address string) func(context.Context) (net.Conn, error) {
	return func(ctx context.Context) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", address)
	}
}

// BenchmarkFleetClient is what the fleet's client alone spends on a reading: to
// encode it, to queue it and to write it to a sink that reads and discards. The
// load is open: so many readings a second, whatever the sink does; or as fast as
// they can be made, while no more wait than 32 a thing.
func BenchmarkFleetClient(b *testing.B) {
	for _, x := range []struct {
		things   int
		gateways int
		qos      byte
		rate     int
	}{
		{100, 0, 0, 0}, {1000, 0, 0, 0}, {1000, 0, 0, 150_000}, {1000, 0, 0, 75_000}, {1000, 0, 0, 30_000}, {1000, 0, 1, 0},
		{1000, 4, 0, 150_000}, {1000, 4, 0, 0}, {1000, 4, 1, 0},
	} {
		name := fmt.Sprintf("%d/QoS%d/%d", x.things, x.qos, x.rate)
		if x.gateways > 0 {
			name += fmt.Sprintf("/%dgateways", x.gateways)
		}
		b.Run(name, func(b *testing.B) {
			s := newStage(b, x.things, time.Hour, GateOptions{})
			f, err := NewSessions(s.world, s.fleet(), s.gate, SessionOptions{
				QoS: x.qos, Dial: dialTo(startSink(b)), ConnectRate: 1e5, Outbox: 1 << 20, Window: 1 << 12, Gateways: x.gateways,
			})
			require.NoError(b, err)
			require.NoError(b, f.Connect(context.Background()))
			defer f.Close()
			r := sim.Reading{Values: []float64{81.28371, 2.7182818}}
			b.ReportAllocs()
			b.ResetTimer()
			began, start := cpu(), time.Now()
			for n := range b.N {
				i := n % x.things
				if x.rate > 0 && n%(x.rate/1000) == 0 {
					if left := time.Until(start.Add(time.Duration(n) * time.Second / time.Duration(x.rate))); left > 0 {
						<-time.After(left)
					}
				}
				for x.rate == 0 && f.sessions[i].waits() > 32*150*x.things/f.Size() {
					runtime.Gosched()
				}
				r.Thing, r.Seq = sim.ThingID(i), uint32(n/x.things+1)
				f.Reading(&r)
				f.traffic[i].up.steps.drop(1) // nobody hears it
			}
			require.NoError(b, f.Drain(time.Minute))
			b.ReportMetric(float64(b.N)/(cpu()-began).Seconds(), "readings/core-s")
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "readings/s")
		})
	}
}

// waits is how many bytes a session still has to write or to have acknowledged.
func (s *fleetSession) waits() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(s.out.wire.size(), s.out.kept.size())
}
