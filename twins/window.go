package twins

import (
	"math"
	"time"

	"github.com/twinbed/twinbed/sim"
)

// buckets is into how many parts a window is divided at most. What falls out of
// it does so a part at a time: a window of ten minutes covers between nine and
// ten. One that holds fewer readings has a part for each, and covers what it says.
const buckets = 10

// cell is what a window keeps of the readings in one of its parts.
type cell[C any] interface {
	*C
	// absorb adds the readings of a later cell.
	absorb(later *C)
}

// window keeps, for each thing, cells over the latest stretch of time: memory
// and work do not depend on how many readings fall into it.
type window[C any, P cell[C]] struct {
	width sim.Time // of a bucket
	n     int      // buckets
	marks []mark
	cells []C // n+1 a thing: the buckets, then the sum of all but the open one
}

type mark struct {
	end  sim.Time // of the open bucket, 0 before the first reading
	open int
}

func newWindow[C any, P cell[C]](length, every time.Duration) window[C, P] {
	n := buckets
	if every > 0 {
		n = int(min(max((length+every-1)/every, 1), buckets))
	}
	return window[C, P]{width: max(sim.Time(length)/sim.Time(n), 1), n: n}
}

func (w *window[C, P]) layOut(things int) {
	w.marks = make([]mark, things)
	w.cells = make([]C, things*(w.n+1))
}

// at is the cell that a reading at t falls into and the sum of those before it.
func (w *window[C, P]) at(i int, t sim.Time) (open, before *C) {
	if t >= w.marks[i].end {
		w.turn(i, t)
	}
	first := i * (w.n + 1)
	return &w.cells[first+w.marks[i].open], &w.cells[first+w.n]
}

// turn opens the bucket that t falls into and drops those that have aged out.
func (w *window[C, P]) turn(i int, t sim.Time) {
	m := &w.marks[i]
	cells := w.cells[i*(w.n+1):][: w.n+1 : w.n+1]
	end := (t/w.width + 1) * w.width
	for steps := min((end-m.end)/w.width, sim.Time(w.n)); steps > 0; steps-- {
		m.open = (m.open + 1) % w.n
		clear(cells[m.open : m.open+1])
	}
	m.end = end
	before := &cells[w.n]
	clear(cells[w.n:])
	for age := w.n - 1; age > 0; age-- {
		P(before).absorb(&cells[(m.open+w.n-age)%w.n])
	}
}

// moments are a count, a mean and the sum of squared deviations from it
// (Welford; joined as by Chan, Golub and LeVeque 1979).
type moments struct{ n, mean, squares float64 }

func (m *moments) add(x float64) {
	m.n++
	d := x - m.mean
	m.mean += d / m.n
	m.squares += d * (x - m.mean)
}

func (m *moments) absorb(b *moments) {
	if b.n == 0 {
		return
	}
	n, d := m.n+b.n, b.mean-m.mean
	m.mean += d * b.n / n
	m.squares += b.squares + d*d*m.n*b.n/n
	m.n = n
}

// extremes are the least and the greatest.
type extremes struct {
	least, greatest float64
	some            bool
}

func (e *extremes) add(x float64) {
	if !e.some {
		*e = extremes{x, x, true}
		return
	}
	e.least, e.greatest = min(e.least, x), max(e.greatest, x)
}

func (e *extremes) absorb(b *extremes) {
	if b.some {
		e.add(b.least)
		e.add(b.greatest)
	}
}

// line is what least squares need: count, means of time (seconds) and value,
// sums of squared deviations in time and of products.
type line struct{ n, t, x, tt, tx, from float64 }

func (l *line) add(t, x float64) {
	if l.n == 0 {
		l.from = t
	}
	l.n++
	share := 1 / l.n
	dt, dx := t-l.t, x-l.x
	l.t += dt * share
	l.x += dx * share
	l.tt += dt * (t - l.t)
	l.tx += dt * (x - l.x)
}

func (l *line) absorb(b *line) {
	if b.n == 0 {
		return
	}
	if l.n == 0 {
		*l = *b
		return
	}
	n := l.n + b.n
	share := b.n / n
	dt, dx := b.t-l.t, b.x-l.x
	weight := l.n * share
	l.t += dt * share
	l.x += dx * share
	l.tt += b.tt + dt*dt*weight
	l.tx += b.tx + dt*dx*weight
	l.n = n
}

// slope is the rise per second, NaN where the readings do not tell.
func (l *line) slope() float64 {
	if l.n < 2 || l.tt == 0 {
		return math.NaN()
	}
	return l.tx / l.tt
}
