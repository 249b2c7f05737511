package twins

import (
	"math"
	"strconv"
	"strings"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/formula"
)

// source is one piece of context as the platform holds it: the latest row of
// each key, copied to where formulas look for it.
type source struct {
	NamedSource
	p       *Platform
	index   int
	columns []sim.Column
	keyed   bool
	groups  map[string]int // keys that some thing has; an unkeyed source has one, ""
	rows    []joined       // by group
	targets []*target      // kinds that look it up; an unkeyed source: kinds with decisions that read it
	info    SourceInfo
	from    *twins // of an OtherTwin: the kind it shows
	thing   int    // and which, -1 for all
}

// joined is what is known under one key.
type joined struct {
	asOf         sim.Time
	known, fresh bool
	watched      bool // an event is scheduled for when it gets too old
}

// target is a kind whose twins a source is joined to.
type target struct {
	k         *twins
	members   [][]uint32  // things by group
	decisions []*decision // that read the source
}

// nameKey is the key by which a source's rows are those of single things.
const nameKey = "name"

// meets says whether things of a kind can look the source up.
func (s *source) meets(k *twins) bool {
	return !s.keyed || s.Key == nameKey || k.kind.Attribute(s.Key) >= 0
}

// target finds or makes the join to a kind.
func (s *source) target(k *twins) *target {
	for _, t := range s.targets {
		if t.k == k {
			return t
		}
	}
	t := &target{k: k}
	s.targets = append(s.targets, t)
	if !s.keyed {
		return t
	}
	for i := range k.kind.Count {
		g := s.group(s.keyOf(k.kind, i))
		for len(t.members) <= g {
			t.members = append(t.members, nil)
		}
		t.members[g] = append(t.members[g], uint32(i))
	}
	return t
}

// keyOf is the key under which thing i of a kind looks the source up.
func (s *source) keyOf(k *sim.Kind, i int) string {
	at := k.Attribute(s.Key)
	if at < 0 {
		return s.p.world.Roster.Name(k.First + sim.ThingID(i))
	}
	value := k.Attributes[at].Values[i]
	if k.Attributes[at].Type == formula.Text {
		return s.p.world.Symbols.Text(value)
	}
	return strconv.FormatFloat(value, 'g', -1, 64)
}

// group is the place of a key, a new one when it is seen for the first time.
func (s *source) group(key string) int {
	g, ok := s.groups[key]
	if !ok {
		g = len(s.rows)
		s.groups[key], s.rows = g, append(s.rows, joined{})
	}
	return g
}

// inform has a decision looked at when the source changes.
func (s *source) inform(d *decision) {
	t := s.target(d.k)
	for _, known := range t.decisions {
		if known == d {
			return
		}
	}
	t.decisions = append(t.decisions, d)
}

// column finds a source's column: by the source's name where it has one, else
// by source.column. The place after the last column is whether there is a row,
// which the name of a source with several stands for.
func (p *Platform) column(name string) (*source, int) {
	for _, s := range p.sources {
		rest, ok := strings.CutPrefix(name, s.Name)
		switch {
		case !ok:
			continue
		case rest == "" && len(s.columns) == 1:
			return s, 0
		case rest == "":
			return s, len(s.columns)
		}
		for at, c := range s.columns {
			if rest == "."+c.Name {
				return s, at
			}
		}
	}
	return nil, 0
}

// start has the source pushed into the twins from now on.
func (s *source) start() error {
	if s.from != nil {
		s.p.feed(s)
		return nil
	}
	return s.Source.Start(s.p.world.Clock, s.p.world.Feeds.Tap(s.Name, func(key string, values []float64, asOf sim.Time) {
		if g, ok := s.groups[key]; ok {
			s.join(g, values, asOf)
		} else {
			s.info.Unmatched++
		}
	}))
}

// join takes over a row.
func (s *source) join(g int, values []float64, asOf sim.Time) {
	now := s.p.world.Clock.Now()
	row := &s.rows[g]
	row.asOf, row.known, row.fresh = asOf, true, s.Fresh <= 0 || asOf.Add(s.Fresh) > now
	s.info.Joined++
	if row.fresh && s.Fresh > 0 && !row.watched {
		row.watched = true
		s.p.world.Clock.Schedule(asOf.Add(s.Fresh), s.p.staleKind, uint32(g), uint32(s.index))
	}
	if !row.fresh {
		s.info.Stale++
		values = nil
	}
	s.spread(g, values)
}

// spread writes a row's values, nil for unknown ones, wherever they are read,
// and has the decisions that read them looked at.
func (s *source) spread(g int, values []float64) {
	asOf := s.rows[g].asOf.Seconds()
	if !s.keyed {
		s.write(s.p.worldUses, s.p.env.World, values, asOf)
		s.p.worldTime = -1 // ages have changed
	}
	for _, t := range s.targets {
		switch {
		case !s.keyed:
			for i := range t.k.kind.Count {
				s.p.reconsider(t, i)
			}
		case g < len(t.members):
			for _, i := range t.members[g] {
				s.write(t.k.uses, t.k.row(int(i)), values, asOf)
				s.p.reconsider(t, int(i))
			}
		}
	}
}

// reconsider looks at the decisions of thing i that read a source.
func (p *Platform) reconsider(t *target, i int) {
	if t.k.heard(i) {
		p.judgeAll(t.k, t.decisions, i, nil)
	}
}

func (s *source) write(uses []use, row, values []float64, asOf float64) {
	for slot, u := range uses {
		switch {
		case u.of != s.index:
		case u.sort == asOfUse:
			row[slot] = asOf
		case u.sort == presentUse:
			row[slot] = 0
			if values != nil {
				row[slot] = 1
			}
		case u.sort != contextUse:
		case u.part < len(values):
			row[slot] = values[u.part]
		default:
			row[slot] = math.NaN()
		}
	}
}

// staleHandler makes a row unknown once it is too old.
type staleHandler struct{ p *Platform }

func (h staleHandler) Happen(group, index uint32) {
	s := h.p.sources[index]
	row := &s.rows[group]
	row.watched = false
	if due := row.asOf.Add(s.Fresh); due > h.p.world.Clock.Now() {
		row.watched = true
		h.p.world.Clock.Schedule(due, h.p.staleKind, group, index)
		return
	}
	if row.fresh {
		row.fresh = false
		s.info.Stale++
		s.spread(int(group), nil)
	}
}
