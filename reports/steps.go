package reports

import (
	"math"
	"slices"

	"github.com/twinbed/twinbed/sim/formula"
)

// steps are the terms and detections whose formula does nothing but compare what stands in
// the row with constants, as most do: while nothing crosses an edge, there is nothing
// to do.
type steps struct {
	slots      []int       // of a row, that are compared
	edges      [][]float64 // by such a slot, sorted
	cells      []cell      // by thing and such a slot
	terms      []*term
	detections []*detection
}

// cell is between which edges something stands.
type cell struct{ from, below float64 }

// takes takes up the edges of a formula over the row; false for one that has more to it.
func (s *steps) takes(p *formula.Program) bool {
	edges, ok := p.Edges()
	if !ok || slices.ContainsFunc(edges, func(e formula.Edge) bool { return e.Ref.Space != formula.Row }) {
		return false
	}
	for _, e := range edges {
		n := slices.Index(s.slots, e.Ref.Slot)
		if n < 0 {
			n = len(s.slots)
			s.slots, s.edges = append(s.slots, e.Ref.Slot), append(s.edges, nil)
		}
		if at, there := slices.BinarySearch(s.edges[n], e.At); !there {
			s.edges[n] = slices.Insert(s.edges[n], at, e.At)
		}
	}
	return true
}

// layOut makes room for so many things, all of which cross an edge with their first row.
func (s *steps) layOut(things int) { s.cells = make([]cell, things*len(s.slots)) }

// crossed says whether thing i has crossed an edge since it was last asked. What is unknown
// crosses each time.
func (s *steps) crossed(i int, row []float64) (crossed bool) {
	cells := s.cells[i*len(s.slots):][:len(s.slots)]
	for n, slot := range s.slots {
		c, v := &cells[n], row[slot]
		if !(c.from <= v && v < c.below) {
			*c = cellOf(s.edges[n], v)
			crossed = true
		}
	}
	return crossed
}

func cellOf(edges []float64, v float64) cell {
	c := cell{math.Inf(-1), math.Inf(1)}
	for _, e := range edges {
		switch {
		case e <= v:
			c.from = e
		case v < e:
			c.below = e
			return c
		default:
			return cell{math.NaN(), math.NaN()}
		}
	}
	return c
}
