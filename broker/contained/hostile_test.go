package contained

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"
	"github.com/stretchr/testify/require"
)

// onslaught is everything that the tables of malformed packets hold: whole packets
// that are wrong, packets cut off, and packets that are odd and allowed.
func onslaught(t testing.TB) (all []sample) {
	for _, m := range malformedPackets {
		all = append(all, sample{"table", m.version, []byte(m.frame)})
	}
	all = append(all, improperly()...)
	for _, s := range good(t) {
		if len(s.frame) > 1000 {
			continue
		}
		all = append(all, s)
		all = append(all, cuts(s)...)
		all = append(all, reflagged(s)...)
		for n := range s.frame {
			all = append(all, sample{"beginning", s.version, s.frame[:n]})
		}
		for i, m := range misjudged(s) {
			if i%5 == 0 {
				all = append(all, m)
			}
		}
	}
	return all
}

// mutate spoils a few packets in a row.
func mutate(r *rand.Rand, from []sample) sample {
	version := []byte{0, 4, 5}[r.IntN(3)]
	var stream []byte
	for range 1 + r.IntN(4) {
		s := from[r.IntN(len(from))]
		stream = append(stream, s.frame[:min(len(s.frame), 300)]...)
	}
	for range 1 + r.IntN(6) {
		at := r.IntN(len(stream))
		switch r.IntN(5) {
		case 0:
			stream[at] ^= 1 << r.IntN(8)
		case 1:
			stream[at] = byte(r.Uint32())
		case 2:
			stream = slices.Delete(stream, at, min(len(stream), at+1+r.IntN(4)))
		case 3:
			stream = slices.Insert(stream, at, bytes.Repeat([]byte{byte(r.Uint32())}, 1+r.IntN(8))...)
		case 4:
			stream = append(stream, stream[at:]...)
		}
		if len(stream) == 0 {
			stream = []byte{0}
		}
	}
	return sample{"mutation", version, stream}
}

// assault sends something on a connection of its own, and waits for its end.
func assault(c net.Conn, id string, s sample) error {
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(patience))
	var b bytes.Buffer
	if s.version != 0 {
		p := connect(id, max(s.version, 4))
		if err := p.ConnectEncode(&b); err != nil {
			return err
		}
	}
	b.Write(s.frame)
	go func() {
		_, _ = c.Write(b.Bytes())
		if half, ok := c.(*net.TCPConn); ok {
			_ = half.CloseWrite()
		}
	}()
	if _, err := io.Copy(io.Discard, c); err != nil && err.(net.Error).Timeout() {
		return fmt.Errorf("%s is neither answered nor ended: % x", s.name, s.frame)
	}
	return nil
}

// fleet are well-behaved clients, each with a topic that it publishes to and
// hears itself.
type fleet struct {
	clients []*wire
	sent    []int
}

func (s *subject) fleet(n int) *fleet {
	f := &fleet{sent: make([]int, n)}
	for i := range n {
		w := s.client(connect(fmt.Sprint("good-", i), byte(4+i%2)))
		w.send(subscription(fmt.Sprint("fleet/", i), 0))
		w.expect(packets.Suback)
		f.clients = append(f.clients, w)
	}
	return f
}

// work has each client send messages one after the other until told to stop, and
// gives how long each took to be acknowledged and to come back.
func (f *fleet) work(until <-chan struct{}) (times []time.Duration) {
	var done sync.WaitGroup
	var mu sync.Mutex
	for i, w := range f.clients {
		done.Go(func() {
			for {
				select {
				case <-until:
					return
				default:
				}
				f.sent[i]++
				from := time.Now()
				w.send(publication(fmt.Sprint("fleet/", i), strconv.Itoa(f.sent[i]), uint16(f.sent[i]%60_000+1)))
				for range 2 {
					p, ok := w.next()
					if !ok || p.FixedHeader.Type == packets.Publish && string(p.Payload) != strconv.Itoa(f.sent[i]) {
						w.t.Errorf("good client %d lost message %d", i, f.sent[i])
						return
					}
				}
				mu.Lock()
				times = append(times, time.Since(from))
				mu.Unlock()
			}
		})
	}
	done.Wait()
	slices.Sort(times)
	return times
}

func p99(times []time.Duration) time.Duration { return times[len(times)*99/100] }

// share of the tables is sent to a running broker, one in so many, another one in
// each run; and so many mutations.
const share, mutations = 8, 1500

func TestNoPacketStopsTheBrokerOrHarmsAnother(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	c := hold(t, Options{TCP: "127.0.0.1:0", Clients: 200}, liberal{})
	f := c.fleet(8)
	enough := make(chan struct{})
	time.AfterFunc(500*time.Millisecond, func() { close(enough) })
	quiet := f.work(enough)
	before := runtime.NumGoroutine()

	// The guard alone is shown all of them in other tests.
	var attacks []sample
	for i, s := range onslaught(t) {
		if uint64(i)%share == seed%share {
			attacks = append(attacks, s)
		}
	}
	from := good(t)
	next, over := make(chan sample), make(chan struct{})
	go func() {
		defer close(next)
		for _, s := range attacks {
			next <- s
		}
		r := rand.New(rand.NewPCG(seed, 0))
		for range mutations {
			next <- mutate(r, from)
		}
	}()
	var attackers sync.WaitGroup
	for i := range 4 {
		attackers.Go(func() {
			for s := range next {
				conn, err := net.Dial("tcp", c.broker.TCP())
				if err == nil {
					err = assault(conn, fmt.Sprint("bad-", i), s)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	go func() { attackers.Wait(); close(over) }()
	busy := f.work(over)
	require.Zero(t, c.count(Panics))
	require.Greater(t, c.count(BrokenPackets), uint64(len(attacks)/3))
	t.Logf("%d attacks; round trips p99 %v quiet (%d), %v under attack (%d)", len(attacks)+mutations, p99(quiet), len(quiet), p99(busy), len(busy))
	require.Less(t, p99(busy), max(10*p99(quiet), 100*time.Millisecond))

	require.Eventually(t, func() bool { return c.broker.Connections() == len(f.clients) }, patience, 10*time.Millisecond)
	require.Eventually(t, func() bool { return runtime.NumGoroutine() <= before+1 }, patience, 10*time.Millisecond, "goroutines are left behind, besides the one that looks")
	for i, w := range f.clients {
		require.Empty(t, w.before(), i)
	}
}
