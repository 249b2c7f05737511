package sources

import (
	"time"

	"github.com/twinbed/twinbed/sim"
)

func init() {
	Sources.Add("stock", "pieces that tasks use up, and that are ordered anew", func() Config { return &Stock{} })
}

// Stock is a number of pieces; each that is taken is ordered anew at once.
type Stock struct {
	Stock   int           `required:"true" min:"0" max:"1000000000" doc:"how many there are at the beginning"`
	Restock time.Duration `min:"0s" doc:"how long after a piece was taken another one arrives; without it none does"`
}

// Open makes the stock.
func (c *Stock) Open(Site) (sim.Source, error) {
	return &stock{left: c.Stock, restock: c.Restock}, nil
}

// stock is a Stock in a run.
type stock struct {
	left    int
	restock time.Duration
	line    []*claim // first come, first served
	clock   *sim.Clock
	join    func(string, []float64, sim.Time)
}

var _ sim.Stock = (*stock)(nil)

// claim is somebody who waits for pieces.
type claim struct {
	n     int
	ready func() // nil: cancelled
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

// Close has nothing to do.
func (s *stock) Close() error { return nil }

func (s *stock) tell() { s.join("", []float64{float64(s.left)}, s.clock.Now()) }

// Take claims n; ready is called when they are there, at once if they are.
func (s *stock) Take(n int, ready func()) (cancel func()) {
	c := &claim{n, ready}
	s.line = append(s.line, c)
	s.serve()
	return func() {
		c.ready = nil
		s.serve()
	}
}

// serve gives to those who wait, in their order, as long as there is enough.
func (s *stock) serve() {
	for len(s.line) > 0 {
		first := s.line[0]
		if first.ready != nil && first.n > s.left {
			return
		}
		s.line = s.line[1:]
		ready := first.ready
		if ready == nil {
			continue
		}
		first.ready = nil
		s.left -= first.n
		s.order(first.n)
		s.tell()
		ready()
	}
}

// order has pieces arrive later.
func (s *stock) order(n int) {
	if s.restock > 0 {
		s.clock.After(s.restock, func() { s.Give(n) })
	}
}

// Give puts pieces into the stock: ordered ones that arrive, or ones that were
// not used.
func (s *stock) Give(n int) {
	s.left += n
	s.tell()
	s.serve()
}
