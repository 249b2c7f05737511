package broker

import (
	"bytes"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"
	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim"
)

// cable is a connection that goes dead at a packet, without a word, and that a
// thief may have access to.
type cable struct {
	deadAt, steal   []byte // what the packets have in them
	dead, was       atomic.Bool
	up, down, taken atomic.Int64 // messages that it has swallowed, or the thief has
}

func (c *cable) pass(up bool, frame []byte) []byte {
	message := frame[0]>>4 == packets.Publish
	switch {
	case c.dead.Load() && message && up:
		c.up.Add(1)
	case c.dead.Load() && message:
		c.down.Add(1)
	case c.dead.Load():
	case c.steal != nil && bytes.Contains(frame, c.steal):
		c.taken.Add(1)
	case up && bytes.Contains(frame, c.deadAt) && c.was.CompareAndSwap(false, true):
		c.dead.Store(true)
		c.up.Add(1)
		return frame[:len(frame)/2]
	default:
		return frame
	}
	return nil
}

func numbered(from, to uint64) (all []uint64) {
	for ; from <= to; from++ {
		all = append(all, from)
	}
	return all
}

func without(all []uint64, n uint64) (rest []uint64) {
	for _, x := range all {
		if x != n {
			rest = append(rest, x)
		}
	}
	return rest
}

// A reading's number and a command's id are their due times here.
func (s *stage) tell(f *Sessions, from, to uint64) {
	s.on(func() {
		for n := from; n <= to; n++ {
			f.Reading(&sim.Reading{Thing: 0, Seq: uint32(n), Sensed: sim.Stamp{At: sim.Time(n)}, Values: []float64{81.25, 2.5}})
		}
	})
}

func (s *stage) command(from, to uint64) {
	s.on(func() {
		for n := from; n <= to; n++ {
			s.router.Command(&sim.Command{ID: n, Thing: 0, Name: 0, Value: noValue, Attempt: 1, Decided: sim.Stamp{At: sim.Time(n)}})
		}
	})
}

// lostOf is which messages are booked as lost with their connection.
func (s *stage) lostOf(m sim.Medium) (all []uint64) {
	for _, l := range s.lost {
		if l.medium == m && l.why == sim.LostConnection {
			all = append(all, uint64(l.due))
		}
	}
	return all
}

func TestACableThatSwallowsAndBreaksCostsExactlyWhatItSwallowed(t *testing.T) {
	for _, x := range []struct {
		qos             byte
		persistent      bool
		socket          bool
		gateways        int
		thief           string
		stolen, command uint64
		lost            []uint64 // readings
	}{
		{qos: 0, lost: numbered(12, 20)},
		{qos: 0, socket: true, lost: numbered(12, 20)},
		{qos: 0, persistent: true, socket: true, lost: numbered(12, 20)},
		{qos: 1},
		{qos: 1, persistent: true, socket: true},
		{qos: 2, socket: true, lost: numbered(12, 20)},
		{qos: 2, persistent: true},
		{qos: 2, persistent: true, socket: true},
		{qos: 0, thief: `{"seq":5,`, stolen: 5, lost: numbered(12, 20)},
		{qos: 0, socket: true, thief: `{"seq":5,`, stolen: 5, lost: numbered(12, 20)},
		{qos: 0, socket: true, thief: `{"seq":24,`, stolen: 24, lost: numbered(12, 20)},
		{qos: 0, socket: true, thief: `{"id":2,"command"`, command: 2, lost: numbered(12, 20)},
		{qos: 1, thief: `{"id":22,"command"`, command: 22},
		{qos: 0, gateways: 1, lost: numbered(12, 20)},
		{qos: 0, gateways: 1, socket: true, thief: `{"seq":5,`, stolen: 5, lost: numbered(12, 20)},
		{qos: 1, gateways: 1, persistent: true, socket: true},
		{qos: 2, gateways: 1, socket: true, lost: numbered(12, 20)},
	} {
		t.Run(fmt.Sprintf("QoS %d persistent %t socket %t gateways %d thief %s", x.qos, x.persistent, x.socket, x.gateways, x.thief), func(t *testing.T) {
			s := newStage(t, 2, time.Hour, tcp())
			c := &cable{deadAt: []byte(`{"seq":12,`)}
			if x.thief != "" {
				c.steal = []byte(x.thief)
			}
			wires := &tolled{gate: s.gate, pass: c.pass}
			o := SessionOptions{QoS: x.qos, Persistent: x.persistent, Gateways: x.gateways, Dial: wires.dial}
			if x.socket {
				o.Dial = wires.relay(s)
			}
			f := s.sessions(o)
			s.play()
			s.connect(f)
			s.on(func() { s.fleet().Switch(1) }) // it senses after minutes, and obeys at once

			s.command(1, 3)
			s.tell(f, 1, 11)
			s.eventually("what goes before", func() bool {
				return len(s.readings) == len(without(numbered(1, 11), x.stolen)) && len(s.acks) == len(without(numbered(1, 3), x.command))
			})
			s.tell(f, 12, 20)
			swallowed := func(n *atomic.Int64, all int64) {
				require.Eventually(t, func() bool { return n.Load() == all }, 20*time.Second, time.Millisecond)
			}
			swallowed(&c.up, 9)
			s.command(11, 15)
			swallowed(&c.down, 5)
			c.dead.Store(false)
			wires.breakAll()
			require.Eventually(t, func() bool {
				return count(f.Counts(), tallyWords[brokenSessions]) == uint64(len(f.clients)) && f.Up() == len(f.clients)
			}, 20*time.Second, time.Millisecond)
			s.tell(f, 21, 30)
			s.command(21, 23)
			s.eventually("what comes after", func() bool {
				return s.readings[len(s.readings)-1].Seq == 30 && s.acks[len(s.acks)-1].ID == 23
			})
			s.settle(f)

			s.mu.Lock()
			defer s.mu.Unlock()
			require.EqualValues(t, 9, c.up.Load(), "swallowed once")
			require.EqualValues(t, min(x.stolen+x.command, 1), c.taken.Load())
			require.ElementsMatch(t, x.lost, s.lostOf(sim.ReadingMessage))
			require.ElementsMatch(t, numbered(11, 15), s.lostOf(sim.CommandMessage))
			require.Len(t, s.lost, len(x.lost)+5, "nothing is lost for another reason")
			var came, done []uint64
			for _, r := range s.readings {
				came = append(came, uint64(r.Seq))
			}
			for _, a := range s.acks {
				done = append(done, a.ID)
			}
			if x.qos == 1 { // at least once
				slices.Sort(came)
				slices.Sort(done)
				came, done = slices.Compact(came), slices.Compact(done)
			}
			// What is neither here nor among the lost is what the ledger finds: the thief's.
			expected := append(numbered(1, 11), numbered(21, 30)...)
			if x.lost == nil {
				expected = numbered(1, 30)
			}
			require.ElementsMatch(t, without(expected, x.stolen), came)
			require.ElementsMatch(t, without(append(numbered(1, 3), numbered(21, 23)...), x.command), done)
		})
	}
}
