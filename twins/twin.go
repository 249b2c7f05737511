package twins

import (
	"math"

	"github.com/twinbed/twinbed/sim"
)

// twins are those of one kind, in arrays with a row or an entry a thing.
type twins struct {
	kind      *sim.Kind
	uses      []use     // what each slot of a row is
	rows      []float64 // len(uses) a thing
	seen      []sighting
	flags     []uint8          // len(decisions) a thing
	flagged   []uint64         // bitmap, made when it is first needed
	features  [][]feature      // by signal
	bound     map[string]int   // slots of features, by the call
	windows   map[string]any   // what features of the same window share
	detectors map[int]detector // by slot
	clocked   []clocked        // slots that change with time alone
	feeds     []*feed          // sources that this kind's readings are
	decisions []*decision
	onState   []*decision        // those that read reported states
	shadows   map[uint32]*shadow // of things that were told something or have told their state
}

// sighting is when a thing was last heard and which of its readings came.
type sighting struct {
	sensed, mirrored sim.Time
	series           sim.Series
}

// shadow is the desired and the reported state of a thing, by the kind's states.
type shadow struct {
	desired, reported []float64 // NaN where nothing has been asked for
	at                sim.Time  // of the report
}

// heard says whether a reading of thing i has ever come.
func (k *twins) heard(i int) bool { return k.seen[i].series.Begun() }

// row is the twin of thing i as formulas see it.
func (k *twins) row(i int) []float64 {
	w := len(k.uses)
	return k.rows[i*w : i*w+w : i*w+w]
}

// layOut makes the arrays, once all formulas are compiled.
func (k *twins) layOut() {
	n := k.kind.Count
	k.rows = make([]float64, n*len(k.uses))
	k.seen = make([]sighting, n)
	k.flags = make([]uint8, n*len(k.decisions))
	for i := range n {
		row := k.row(i)
		for slot, u := range k.uses {
			row[slot] = u.initial(k.kind, i)
		}
	}
	for _, d := range k.decisions {
		d.layOut(n)
	}
	for _, list := range k.features {
		for _, f := range list {
			f.layOut(n)
		}
	}
}

// shadow finds or makes the shadow of thing i.
func (k *twins) shadow(i int) *shadow {
	s := k.shadows[uint32(i)]
	if s == nil {
		s = &shadow{at: -1}
		for _, state := range k.kind.States {
			s.desired, s.reported = append(s.desired, math.NaN()), append(s.reported, state.Initial)
		}
		if k.shadows == nil {
			k.shadows = map[uint32]*shadow{}
		}
		k.shadows[uint32(i)] = s
	}
	return s
}

// desire notes what a command asks of thing i.
func (k *twins) desire(i int, c sim.CommandID, value float64) {
	sets := k.kind.Commands[c].Sets
	if len(sets) == 0 {
		return
	}
	s := k.shadow(i)
	for _, set := range sets {
		if set.FromValue {
			s.desired[set.State] = value
		} else {
			s.desired[set.State] = set.Value
		}
		if slot := k.slotOf(use{sort: desiredUse, of: set.State}); slot >= 0 {
			k.row(i)[slot] = s.desired[set.State]
		}
	}
}

// report takes over the state that thing i has told; older reports than the
// last are passed over. It says whether a formula can see a change.
func (k *twins) report(i int, state []float64, at sim.Time) (changed bool) {
	s := k.shadow(i)
	if at < s.at {
		return false
	}
	s.at = at
	row := k.row(i)
	for n := range min(len(state), len(s.reported)) {
		s.reported[n] = state[n]
		if slot := k.slotOf(use{sort: stateUse, of: n}); slot >= 0 && row[slot] != state[n] {
			row[slot], changed = state[n], true
		}
	}
	return changed
}

// learn takes up what a person has found at thing i. Where a formula asks for the
// signal's correction, that is what changes; else the twin has the finding until
// the next reading with the signal, and trends go on from it.
func (k *twins) learn(i int, a *sim.Ack) {
	row := k.row(i)
	for _, x := range a.Found {
		if math.IsNaN(x.Value) || k.correct(i, x, row) {
			continue
		}
		for _, f := range k.features[x.Signal] {
			f.update(i, x.Value, a.Done.At, row)
		}
		row[x.Signal] = x.Value
	}
}

// correct says whether a finding has become a correction.
func (k *twins) correct(i int, x sim.Finding, row []float64) bool {
	for _, f := range k.features[x.Signal] {
		if c, ok := f.(*correction); ok {
			c.learn(i, x.Value, row)
			return true
		}
	}
	return false
}

func (s *shadow) converged() bool {
	for n, want := range s.desired {
		if !math.IsNaN(want) && s.reported[n] != want {
			return false
		}
	}
	return true
}

// flag notes whether the last command to thing i was carried out.
func (k *twins) flag(i int, bad bool) {
	switch {
	case bad && k.flagged == nil:
		k.flagged = make([]uint64, (k.kind.Count+63)/64)
		fallthrough
	case bad:
		k.flagged[i>>6] |= 1 << (i & 63)
	case k.flagged != nil:
		k.flagged[i>>6] &^= 1 << (i & 63)
	}
}
