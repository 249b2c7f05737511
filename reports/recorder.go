package reports

import (
	"errors"
	"fmt"
	"time"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/formula"
)

// Setup is what a Recorder is told before the run. The roster's kinds must have
// all their states, so the fleets are built first.
type Setup struct {
	Clock     *sim.Clock
	Calendar  sim.Calendar
	Roster    *sim.Roster
	Symbols   *formula.Symbols
	Workforce sim.Workforce // nil where there are no people
	Decisions []string      // names; a Loop's and a Deed's Decision is a place in it
	Processes []string      // names; a Deed's Process is a place in it
	KPIs      []KPI
	Targets   []Target      // what decisions are to detect, at most one of each
	Unlisted  bool          // decisions that Decisions lacks may fire: they follow in the order they first do
	Punctual  time.Duration // how late the clock may be at p99, in wall time; 0: a tenth of the tightest period
}

// Recorder watches a run from its first event to Close. It is a sim.Observer;
// like all of them it lives on the clock's thread.
type Recorder struct {
	setup Setup
	clock *sim.Clock
	live  bool

	series   []series // by thing
	kinds    []kindRecord
	epochs   []epoch
	faults   []string // under way
	suspects []suspect

	lost      [4][]uint64 // by medium and cause; readings stand in the epochs
	messages  [4]messages // by medium; readings stand in the epochs
	deeds     deedBooks
	decisions []turns
	turnIDs   idSet
	trouble   turnTrouble
	noted     map[string]uint64 // events by what

	disagreements uint64 // about a reading's arrival, with the platform
	disordered    uint64 // loops whose stamps run backwards
	strangers     uint64 // messages of things that the roster does not have

	truths     []*truth // by kind; nil where nobody wants any
	kpis       kpis
	detections []*detection // by decision; nil for one with nothing it is to detect

	measured measured

	main *Recorder // of one in a lane: the run's own
	lane *sim.Lane

	end     sim.Time
	flights Flights
	people  []sim.CrewUse
	closed  bool
}

// kindRecord is what is kept of all readings of a kind.
type kindRecord struct {
	uplink  durations // sensed to mirrored, of what arrived once
	age     age
	foreign uint64 // received from clients and devices that we do not play
}

// manyDecisions is from how many on a decision's histograms keep two digits
// instead of three: 50 kB instead of 360 kB each.
const manyDecisions = 8

// layOut sets how many digits the histograms keep of one among so many decisions.
func (t *turns) layOut(decisions int) {
	digits := 3
	if decisions > manyDecisions {
		digits = 2
	}
	for s := range t.segments {
		t.segments[s].digits = digits
	}
}

// NewRecorder makes the recorder of a run. Mistakes in KPIs and targets come back
// as sim.Wrong with paths below "kpis" and "decisions".
func NewRecorder(s Setup) (*Recorder, error) {
	if s.Clock == nil || s.Roster == nil {
		return nil, errors.New("a recorder needs a clock and a roster")
	}
	r := &Recorder{
		setup: s, clock: s.Clock, live: s.Clock.Live(),
		series:    make([]series, s.Roster.Size()),
		kinds:     make([]kindRecord, len(s.Roster.Kinds)),
		decisions: make([]turns, len(s.Decisions)),
		noted:     map[string]uint64{},
	}
	for k, kind := range s.Roster.Kinds {
		for i := range kind.Count {
			s := &r.series[int(kind.First)+i]
			s.kind, s.sensed = uint16(k), unseen
		}
	}
	for d := range r.decisions {
		r.decisions[d].layOut(len(s.Decisions))
	}
	for m := range r.lost {
		r.lost[m] = make([]uint64, sim.Causes())
	}
	r.deeds.init()
	r.openEpoch(-1)
	var err error
	if r.kpis, r.truths, r.detections, err = planKPIs(s); err != nil {
		return nil, err
	}
	return r, nil
}

// Sent counts a reading on the side of the thing.
func (r *Recorder) Sent(m *sim.Reading) {
	if int(m.Thing) >= len(r.series) {
		r.strangers++
		return
	}
	s := &r.series[m.Thing]
	more := s.claim(m.Seq, m.Foreign)
	r.book(m.Sensed.At, s.kind).sent += uint64(more)
	s.open += int32(more)
}

// Mirrored counts a reading on the side of the twin.
func (r *Recorder) Mirrored(m *sim.Reading, how sim.Arrival) {
	if int(m.Thing) >= len(r.series) {
		r.strangers++
		return
	}
	s := &r.series[m.Thing]
	b, k := r.book(m.Sensed.At, s.kind), &r.kinds[s.kind]
	own, known, missing, leaving := s.take(m.Seq, m.Foreign)
	switch {
	case !known:
		own = how
	case own != how:
		r.disagreements++
	}
	if own == sim.Duplicate {
		b.duplicates++
		return
	}
	if own == sim.Late {
		b.late++
	}
	b.delivered++
	s.open--
	if missing != 0 {
		r.suspect(m.Thing, s, missing, leaving)
	}
	if m.Foreign {
		k.foreign++
		return
	}
	if r.warm(m.Sensed.At) {
		return
	}
	now := r.clock.Stamp()
	k.uplink.add(r.span(&m.Sensed, &now, false))
	if own == sim.Fresh && !r.measured.ended {
		k.age.fresh(s.sensed, m.Sensed.At, now.At)
		s.sensed = m.Sensed.At
	}
}

// Lost counts a message that did not arrive, by cause.
func (r *Recorder) Lost(m sim.Medium, thing sim.ThingID, sensed sim.Time, why sim.Cause) {
	switch {
	case m != sim.ReadingMessage, thing == sim.NoThing:
		r.lost[m][why]++
	case int(thing) >= len(r.series):
		r.strangers++
		r.lost[m][why]++
	default:
		s := &r.series[thing]
		s.open--
		b := r.book(sensed, s.kind)
		b.lost++
		b.causes[why]++
	}
}

// Truth lets KPIs and detections see a thing's ground truth.
func (r *Recorder) Truth(k *sim.Kind, i int, now sim.Time, row []float64) {
	if t := r.truths[r.series[k.First].kind]; t != nil {
		t.see(i, now, row)
	}
}

// Noted counts an event; faults cut the run into epochs.
func (r *Recorder) Noted(e sim.Event) {
	if r.lane != nil {
		r.lane.Tell(e)
		return
	}
	r.noted[e.What]++
	switch e.What {
	case sim.FaultBegins, sim.FaultEnds:
		r.fault(e)
	case sim.Fired:
		r.fired(e)
	}
}

// Flights is what is on its way when a run ends, as the wires tell it.
type Flights struct {
	Readings []uint64 // by kind: on links, in outboxes, broker and inbox
	Commands uint64
	Acks     uint64
	Open     *Open // as the platform has it; nil for one that does not tell
}

// Open is what the platform says is under way.
type Open struct {
	Turns, Commands, Tasks uint64
}

// Close ends the recording at a time; nothing may be shown to it afterwards.
func (r *Recorder) Close(now sim.Time, inFlight Flights) {
	if r.closed {
		panic("a recorder is closed twice")
	}
	r.closed, r.end, r.flights = true, now, inFlight
	r.endAt(now)
	if r.setup.Workforce != nil {
		r.people = r.setup.Workforce.Use(now)
	}
	for _, t := range r.truths {
		if t != nil {
			t.close(now)
		}
	}
	r.closeAges()
	r.settle()
	r.kpis.compute(r)
}

// fault cuts the run where a fault begins or ends.
func (r *Recorder) fault(e sim.Event) {
	name := e.Subject
	if e.Detail != "" {
		name = fmt.Sprintf("%s of %s", e.Subject, e.Detail)
	}
	if e.What == sim.FaultBegins {
		r.faults = append(r.faults, name)
	} else {
		for i, f := range r.faults {
			if f == name {
				r.faults = append(r.faults[:i:i], r.faults[i+1:]...)
				break
			}
		}
	}
	r.openEpoch(e.At)
}
