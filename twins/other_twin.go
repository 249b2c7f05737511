package twins

import (
	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/units"
)

// OtherTwin is a source: what another thing's twin shows. One thing's value is
// known to all; a kind's values are looked up by an attribute that both kinds
// have, and where several things share a key the latest reading counts.
// It is fed by the platform, with every fresh reading.
type OtherTwin struct {
	Twin   string `required:"true" doc:"a thing, such as tank-01, or a kind"`
	Signal string `required:"true" doc:"one of its signals"`
	keyed  bool
}

var _ sim.Source = (*OtherTwin)(nil)

// Columns is one: the signal.
func (o *OtherTwin) Columns() []sim.Column { return []sim.Column{{Name: o.Signal}} }

// Keyed says whether it is a kind of several things; known once the platform
// has been made.
func (o *OtherTwin) Keyed() bool { return o.keyed }

// Start has nothing to do: the platform feeds it.
func (o *OtherTwin) Start(*sim.Clock, func(string, []float64, sim.Time)) error { return nil }

// Close has nothing to do.
func (o *OtherTwin) Close() error { return nil }

// resolve finds the thing or kind; the error names what there is.
func (o *OtherTwin) resolve(p *Platform, path string) (k *twins, thing int, wrong *sim.Wrong) {
	thing = -1
	for _, t := range p.kinds {
		if t.kind.Name == o.Twin {
			k = t
		}
	}
	if id, ok := p.world.Roster.Lookup(o.Twin); ok {
		k = p.twinsOf(id)
		thing = int(id - k.kind.First)
	}
	if k == nil {
		var there []string
		for _, t := range p.kinds {
			there = append(there, p.world.Roster.Names(t.kind))
		}
		if _, near := units.Nearest(o.Twin, p.kindNames()); near {
			there = p.kindNames()
		}
		return nil, 0, sim.Wrongf(path+".twin", "unknown thing %q%s", o.Twin, suggest(o.Twin, there))
	}
	if k.kind.Signal(o.Signal) < 0 {
		return nil, 0, sim.Wrongf(path+".signal", "%q is not a signal of %s%s", o.Signal, k.kind.Name, suggest(o.Signal, k.signalNames()))
	}
	o.keyed = thing < 0
	return k, thing, nil
}

// feed passes the readings of a kind, or of one thing, on to a source.
type feed struct {
	s      *source
	signal int
	thing  int   // -1 for all
	groups []int // by thing, -1 where nobody looks its key up
	value  [1]float64
}

// feed connects a source to the twins it shows.
func (p *Platform) feed(s *source) {
	k := s.from
	f := &feed{s: s, signal: k.kind.Signal(s.Source.(*OtherTwin).Signal), thing: s.thing}
	for i := 0; s.thing < 0 && i < k.kind.Count; i++ {
		g, ok := s.groups[s.keyOf(k.kind, i)]
		if !ok {
			g = -1
		}
		f.groups = append(f.groups, g)
	}
	k.feeds = append(k.feeds, f)
}

func (f *feed) pass(i int, r *sim.Reading) {
	g := 0
	switch {
	case f.thing >= 0 && f.thing != i:
		return
	case f.thing < 0:
		g = f.groups[i]
	}
	x := r.Values[f.signal]
	if g < 0 || x != x {
		return
	}
	f.value[0] = x
	f.s.join(g, f.value[:], r.Sensed.At)
}
