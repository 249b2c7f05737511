package reports

import "github.com/twinbed/twinbed/sim"

// age sums up the age of information of one kind's twins: how long ago, at every
// moment, the newest that the twin knows was sensed. Between two fresh readings
// it grows with time, and each sets it back to how long it was on its way:
//
//	area of one thing = Σ over fresh readings k of ((a_k − s_k−1)² − (a_k−1 − s_k−1)²)/2
//
// with s when it was sensed and a when it arrived (Kaul, Yates and Gruteser 2012:
// "Real-time status: how often should one update?"). The sum is split so that a
// reading needs only s of the one before. The peak is the age just before a fresh
// reading (Costa, Codreanu and Ephremides 2016).
type age struct {
	twice  exact // the area, ns²
	begun  exact // ns, summed over first arrivals
	peaks  exact // ns, summed
	max    sim.Time
	things uint64
	count  uint64 // of peaks
}

// fresh takes in a reading that was sensed and arrived; before is when the one
// before it was sensed, unseen for none.
func (g *age) fresh(before, sensed, arrived sim.Time) {
	way := int64(arrived - sensed)
	if before == unseen {
		g.twice.addProduct(-way, way)
		g.begun.add(int64(arrived))
		g.things++
		return
	}
	peak := arrived - before
	g.twice.addProduct(int64(peak)-way, int64(peak)+way)
	g.peaks.add(int64(peak))
	g.max = max(g.max, peak)
	g.count++
}

// close lets the newest reading of a thing grow old until the end.
func (g *age) close(sensed, end sim.Time) {
	g.twice.addProduct(int64(end-sensed), int64(end-sensed))
	g.max = max(g.max, end-sensed)
}

// Age is the age of information of a kind's twins, in seconds of scenario time,
// from each thing's first reading to the end of play.
type Age struct {
	Kind   string `json:"kind"`
	Things uint64 `json:"things"` // that were heard
	Mean   Number `json:"mean"`   // over time and things
	Peak   Number `json:"peak"`   // mean of the ages just before a fresh reading
	Max    Number `json:"max"`
}

func (g *age) figures(kind string, end sim.Time) Age {
	a := Age{kind, g.things, Unknown, ratio(g.peaks.float()/1e9, float64(g.count)), Unknown}
	if span := float64(end)*float64(g.things) - g.begun.float(); span > 0 {
		a.Mean, a.Max = Number(g.twice.float()/2/span/1e9), Number(g.max.Seconds())
	}
	return a
}

// closeAges ends the age of all twins.
func (r *Recorder) closeAges() {
	for i := range r.series {
		if s := &r.series[i]; s.sensed != unseen {
			r.kinds[s.kind].age.close(s.sensed, r.measured.to.At)
		}
	}
}

func (r *Recorder) ages() []Age {
	list := []Age{}
	for k, kind := range r.setup.Roster.Kinds {
		list = append(list, r.kinds[k].age.figures(kind.Name, r.measured.to.At))
	}
	return list
}
