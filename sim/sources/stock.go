package sources

import (
	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
)

func init() {
	Sources.Add("stock", "pieces that tasks use up, and that are ordered anew", func() Config { return &Stock{} })
}

// Stock is a number of pieces, ordered up to what it began with: an (s, S) policy
// over what is left and on order, less what is waited for. Without OrderBelow each
// take orders what it took.
type Stock struct {
	Stock      int                 `required:"true" min:"0" max:"1000000000" doc:"how many there are at the beginning, and up to how many is ordered"`
	Restock    chance.Distribution `unit:"s" doc:"how long after it was ordered it arrives; without it nothing is ordered"`
	OrderBelow int                 `min:"0" max:"1000000000" doc:"order only once fewer than so many are left or on order; default: after each take"`
}

// Open makes the stock.
func (c *Stock) Open(s Site) (sim.Source, error) {
	below := c.OrderBelow
	switch {
	case below > c.Stock:
		return nil, sim.Wrongf("order_below", "%d is more than the stock of %d itself", below, c.Stock)
	case below == 0:
		below = c.Stock
	}
	return &stock{full: c.Stock, below: below, restock: c.Restock, left: c.Stock, luck: s.Seed.Stream("stock " + s.Name)}, nil
}

// stock is a Stock in a run.
type stock struct {
	full, below int
	restock     chance.Distribution
	luck        chance.Stream
	left        int
	ordered     int
	orders      uint64
	line        []*claim // first come, first served
	wanted      int      // by those in the line
	clock       *sim.Clock
	join        func(string, []float64, sim.Time)
	closed      bool
}

var _ sim.Stock = (*stock)(nil)

// claim is somebody who waits for pieces.
type claim struct {
	n     int
	ready func()
}

// Columns is one: how many are left.
func (s *stock) Columns() []sim.Column { return []sim.Column{{Name: "left"}} }

// Keyed is false: there is one stock.
func (s *stock) Keyed() bool { return false }

// Start joins how many there are.
func (s *stock) Start(clock *sim.Clock, join func(string, []float64, sim.Time)) error {
	s.clock, s.join = clock, join
	s.tell()
	return nil
}

// Close ends the deliveries.
func (s *stock) Close() error {
	s.closed = true
	return nil
}

func (s *stock) tell() { s.join("", []float64{float64(s.left)}, s.clock.Now()) }

// Take claims n; ready is called when they are there, at once if they are and
// nobody waits. A claim that waits is ordered for, also one of more than the stock
// holds. Cancelling after that does nothing.
func (s *stock) Take(n int, ready func()) (cancel func()) {
	c := &claim{n, ready}
	s.line = append(s.line, c)
	s.wanted += n
	s.order()
	s.serve()
	return func() { s.cancel(c) }
}

func (s *stock) cancel(c *claim) {
	for i, x := range s.line {
		if x == c {
			s.line = append(s.line[:i:i], s.line[i+1:]...)
			s.wanted -= c.n
			s.serve() // who stood behind may be content with less
			return
		}
	}
}

// serve gives to those who wait, in their order, as long as there is enough.
func (s *stock) serve() {
	for len(s.line) > 0 && s.line[0].n <= s.left {
		first := s.line[0]
		s.line = s.line[1:]
		s.wanted -= first.n
		s.left -= first.n
		if first.n != 0 {
			s.tell()
		}
		first.ready() // may take and give in turn
	}
}

// order has pieces arrive later, if there will be too few.
func (s *stock) order() {
	position := s.left + s.ordered - s.wanted
	if s.restock == nil || position >= s.below && position >= 0 {
		return
	}
	n := s.full - position
	s.ordered += n
	after := s.restock.Quantile(s.luck.Uniform(0, s.orders))
	s.orders++
	// Whoever waits for pieces is in hand, and so is always who looks at how many there are.
	s.clock.AmongAfter(sim.Seconds(after), func() {
		if !s.closed {
			s.ordered -= n
			s.Give(n)
		}
	})
}

// Give puts pieces into the stock: ordered ones that arrive, or ones that were
// not used.
func (s *stock) Give(n int) {
	s.left += n
	s.tell()
	s.serve()
}
