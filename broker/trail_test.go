package broker

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim"
)

// course is what happens to a trail, and what it books as lost. Message n has the
// number n and is due at 10 n.
type course struct {
	trail
	lost []uint64
}

func (c *course) step(n uint64) step {
	return step{number: n, due: sim.Time(10 * n), medium: sim.ReadingMessage}
}

func (c *course) sent(connection uint32, numbers ...uint64) {
	for _, n := range numbers {
		s := c.step(n)
		s.connection = connection
		c.add(s)
	}
}

func (c *course) came(numbers ...uint64) {
	for _, n := range numbers {
		c.arrived(c.step(n), c.book)
	}
}

func (c *course) book(s step) { c.lost = append(c.lost, s.number) }

func TestWhatAConnectionsEndExplains(t *testing.T) {
	for _, x := range []struct {
		name     string
		down     bool
		play     func(*course)
		lost     []uint64 // before the end of the run
		doubts   int
		settled  []uint64 // lost at the end
		inFlight int      // and still not explained then
	}{
		{name: "all arrives", play: func(c *course) {
			c.sent(1, 1, 2, 3)
			c.came(1, 2, 3)
			c.ended = 1
		}},
		{name: "the tail of a connection is lost with it", play: func(c *course) {
			c.sent(1, 1, 2, 3)
			c.came(1)
			c.ended = 1
		}, doubts: 2, settled: []uint64{2, 3}},
		{name: "the tail is booked when the next connection brings something", play: func(c *course) {
			c.sent(1, 1, 2)
			c.ended = 1
			c.sent(2, 3, 4)
			c.came(3)
		}, lost: []uint64{1, 2}, inFlight: 1},
		{name: "what comes out late was not lost", play: func(c *course) {
			c.sent(1, 1, 2)
			c.ended = 1
			c.sent(2, 3)
			c.came(1)
			c.came(2)
			c.came(3)
		}},
		{name: "what is missing before an arrival of its connection was stolen", play: func(c *course) {
			c.sent(1, 1, 2, 3)
			c.came(1, 3)
			c.ended = 1
		}},
		{name: "also when the connection has ended before it arrives", play: func(c *course) {
			c.sent(1, 1, 2, 3, 4)
			c.ended = 1
			c.came(1, 3)
		}, doubts: 1, settled: []uint64{4}},
		{name: "a thief on one connection and the end of another", play: func(c *course) {
			c.sent(1, 1, 2, 3)
			c.ended = 1
			c.sent(2, 4, 5, 6)
			c.came(1, 4, 6)
		}, lost: []uint64{2, 3}},
		{name: "a connection that is up explains nothing", play: func(c *course) {
			c.sent(1, 1)
			c.ended = 1
			c.sent(2, 2)
		}, doubts: 1, settled: []uint64{1}, inFlight: 1},
		{name: "a message of the next connection tells that the last has ended", play: func(c *course) {
			c.sent(1, 1, 2)
			c.sent(2, 3, 4)
			c.came(1, 3)
		}, lost: []uint64{2}, inFlight: 1},
		{name: "three connections in a row", play: func(c *course) {
			c.sent(1, 1)
			c.ended = 1
			c.sent(2, 2)
			c.ended = 2
			c.sent(3, 3)
			c.came(3)
			c.ended = 3
		}, lost: []uint64{1, 2}},
		{name: "what is sent again until it is acknowledged is not lost with a connection", play: func(c *course) {
			c.sent(0, 1, 2)
			c.ended = 1
			c.came(2)
		}},
		{name: "until it is given up", play: func(c *course) {
			c.sent(0, 1, 2, 3)
			c.ended = 1
			c.giveUp(sim.ReadingMessage, 10, 1)
			c.giveUp(sim.ReadingMessage, 30, 1)
			c.came(2)
		}, lost: []uint64{1}, doubts: 1, settled: []uint64{3}},
		{name: "what others know the cause of is theirs", play: func(c *course) {
			c.sent(1, 1, 2, 3)
			c.told(sim.ReadingMessage, 20)
			c.ended = 1
		}, doubts: 2, settled: []uint64{1, 3}},
		{name: "who is told of twice has been told of once", play: func(c *course) {
			c.sent(1, 1, 2)
			c.told(sim.ReadingMessage, 10)
			c.told(sim.ReadingMessage, 10)
			c.told(sim.AckMessage, 20)
		}, inFlight: 1},
		{name: "a duplicate changes nothing", play: func(c *course) {
			c.sent(1, 1, 2)
			c.came(1, 1, 1)
		}, inFlight: 1},
		{name: "a command may have gone with the connection after the one that it was noted on", down: true, play: func(c *course) {
			c.sent(1, 1, 2)
			c.ended = 1
			c.came(2)
		}, lost: []uint64{1}},
		{name: "a command that was stolen on a connection that stays", down: true, play: func(c *course) {
			c.sent(1, 1, 2)
			c.came(2)
			c.ended = 1
		}},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := &course{trail: trail{up: !x.down}}
			x.play(c)
			require.Equal(t, x.lost, c.lost)
			require.Equal(t, x.doubts, c.doubts())
			c.lost = nil
			c.settle(c.book)
			require.Equal(t, x.settled, c.lost)
			require.Equal(t, x.inFlight, c.steps.len())
			require.Zero(t, c.doubts())
		})
	}
}
