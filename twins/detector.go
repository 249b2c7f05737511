package twins

import "github.com/twinbed/twinbed/sim/formula"

// detector is a feature that adds evidence up until somebody acts on it: then it
// begins anew, as a control chart does after its alarm.
type detector interface {
	feature
	renew(i int, row []float64)
}

// detect has a detector follow the signal of its query.
func (k *twins) detect(q *query, f detector) {
	k.follow(q.signal, f)
	if k.detectors == nil {
		k.detectors = map[int]detector{}
	}
	k.detectors[q.slot] = f
}

// detectorsOf are those that a condition reads.
func (k *twins) detectorsOf(when *formula.Program) (list []detector) {
	for _, ref := range when.Slots() {
		if f, ok := k.detectors[ref.Slot]; ok && ref.Space == formula.Row {
			list = append(list, f)
		}
	}
	return list
}

// renew has the detectors of a turn that has acted begin anew: what they found has
// been dealt with. A turn that has failed leaves them, and so does one that has only
// told somebody. The decision is looked at, so that it is armed again.
func (t *turn) renew() {
	if len(t.d.detectors) == 0 || t.deeds == 0 {
		return
	}
	row := t.d.k.row(t.i)
	for _, f := range t.d.detectors {
		f.renew(t.i, row)
	}
	t.p.judgeAll(t.d.k, t.d.k.decisions[t.d.place:t.d.place+1], t.i, nil)
}
