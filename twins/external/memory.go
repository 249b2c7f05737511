package external

import (
	"time"

	"github.com/twinbed/twinbed/sim"
)

// memory is the latest readings of all things: when they were due and when they
// came, for orders that name them.
type memory struct {
	kinds   []*sim.Kind
	depths  []int // readings a thing, by kind
	from    []int // where a kind's moments begin
	moments []moment
	series  []sim.Series // by thing
	next    []uint8      // by thing: which moment gives way
}

// moment is a reading without its values.
type moment struct {
	sensed, arrived sim.Stamp
	seq             uint32
	foreign         bool
	known           bool
}

// How many readings of a thing are remembered: all that come while a command may
// take, within bounds.
const (
	fewest = 4
	most   = 64
)

func (m *memory) layOut(r *sim.Roster, patience time.Duration) {
	total := 0
	for _, k := range r.Kinds {
		depth := most
		if k.Every > 0 && patience > 0 {
			depth = int(min(max(patience/k.Every+1, fewest), most))
		}
		m.kinds, m.depths, m.from = append(m.kinds, k), append(m.depths, depth), append(m.from, total)
		total += depth * k.Count
	}
	m.moments = make([]moment, total)
	m.series = make([]sim.Series, r.Size())
	m.next = make([]uint8, r.Size())
}

// of are the moments of a thing, the oldest at m.next; nil for none that is there.
func (m *memory) of(id sim.ThingID) []moment {
	for i, k := range m.kinds {
		if k.Holds(id) {
			at := m.from[i] + int(id-k.First)*m.depths[i]
			return m.moments[at : at+m.depths[i]]
		}
	}
	return nil
}

func (m *memory) note(r *sim.Reading) sim.Arrival {
	how := m.series[r.Thing].Fit(r.Seq, r.Foreign)
	if how == sim.Duplicate {
		return how
	}
	list, next := m.of(r.Thing), &m.next[r.Thing]
	list[*next] = moment{sensed: r.Sensed, arrived: r.Arrived, seq: r.Seq, foreign: r.Foreign, known: true}
	*next = uint8((int(*next) + 1) % len(list))
	return how
}

// basis is how a reading was found.
type basis uint8

const (
	numbered   basis = iota // it is the one that was named
	unnumbered              // none was named: it is the latest
	forgotten               // the one that was named is not remembered: it is the oldest that is
	baseless                // nothing is remembered of the thing
)

func (m *memory) find(id sim.ThingID, seq uint32) (moment, basis) {
	list := m.of(id)
	if list == nil {
		return moment{}, baseless
	}
	n, next := len(list), int(m.next[id])
	if seq == 0 {
		latest := list[(next+n-1)%n]
		if !latest.known {
			return moment{}, baseless
		}
		return latest, unnumbered
	}
	oldest := moment{}
	for back := 1; back <= n; back++ {
		x := list[(next+n-back)%n]
		if !x.known {
			break
		}
		if oldest = x; x.seq == seq {
			return x, numbered
		}
	}
	if !oldest.known {
		return moment{}, baseless
	}
	return oldest, forgotten
}

// past is what the latest ids stood for, should an ack still come or an id come
// again for something else.
type past struct {
	ids    map[uint64]ended
	recent []uint64
	oldest int
}

// ended is an order that is closed.
type ended struct {
	thing   sim.ThingID
	task    bool
	givenUp bool
}

const pastKept = 1 << 16

func (p *past) note(id uint64, e ended) {
	if p.ids == nil {
		p.ids = map[uint64]ended{}
	}
	if _, again := p.ids[id]; !again {
		if len(p.recent) < pastKept {
			p.recent = append(p.recent, id)
		} else {
			delete(p.ids, p.recent[p.oldest])
			p.recent[p.oldest] = id
			p.oldest = (p.oldest + 1) % pastKept
		}
	}
	p.ids[id] = e
}
