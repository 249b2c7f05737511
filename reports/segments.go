package reports

import (
	"time"

	"github.com/twinbed/twinbed/sim"
)

// segment is a part of the decision loop, between two stages.
type segment int

// The segments in order, then the two that hold several of them.
const (
	uplinkSegment   segment = iota // sensed to arrived
	twinSegment                    // arrived to mirrored
	decisionSegment                // mirrored to decided
	deliverySegment                // decided to first taken up
	actionSegment                  // first taken up to last done
	ackSegment                     // last done to known
	reactionSegment                // sensed to first taken up
	loopSegment                    // the whole
	segments
)

var segmentNames = []string{"uplink", "twin", "decision", "delivery", "action", "ack", "reaction", "loop"}

// String is the segment's name as limits and reports write it.
func (s segment) String() string { return segmentNames[s] }

// Base says how a figure came about.
const (
	Modelled = "modelled" // drawn or computed
	Measured = "measured" // by the wall clock
	Mixed    = "mixed"    // a sum of both, or people and devices in one
)

// Time says in whose time a figure is; of a sum of both it is "mixed".
const (
	ScenarioTime = "scenario"
	WallTime     = "wall"
)

// turns is what is kept of one decision.
type turns struct {
	fired, foreign, manned, closed uint64
	lost                           uint64 // ended and what came of it is unknown
	outcomes                       Outcomes
	segments                       [segments]durations
	played                         bool // some part of a loop was in scenario time
}

// inScenario says whether a segment of a live run is played in scenario time:
// what machines and people do, not what the wires and the platform do.
func inScenario(s segment, manned bool) bool {
	return s == actionSegment || s == deliverySegment && manned
}

// measure adds a loop's segments. The loop is the sum of its segments, so that
// it mixes no clocks: each segment is the difference of two stamps of one clock.
func (r *Recorder) measure(t *turns, l *sim.Loop) {
	total, from := time.Duration(0), sim.Sensed
	for to := sim.Arrived; to < sim.Stages; to++ {
		if !reached(l, from, to) {
			continue
		}
		s, next := segment(from), to == from+1
		scenario := !next || inScenario(s, l.Manned)
		d := r.span(&l.Stamps[from], &l.Stamps[to], scenario)
		if d < 0 {
			r.disordered++
			return
		}
		total += d
		from = to
		if next {
			t.segments[s].add(d)
			t.played = t.played || scenario
		}
		if to == sim.Delivered {
			t.segments[reactionSegment].add(total)
		}
	}
	if from == sim.Acked {
		t.segments[loopSegment].add(total)
	}
}

// reached says whether a loop that was at one stage got to a later one. What
// came of a loop that timed out or was withdrawn is not known, so it is no
// figure when the platform gave it up. A stamp of 0 is one at the very beginning.
func reached(l *sim.Loop, from, to sim.Stage) bool {
	if to == sim.Acked && (l.Outcome == sim.TimedOut || l.Outcome == sim.Withdrawn) {
		return false
	}
	none := sim.Stamp{}
	return l.Stamps[to] != none || l.Stamps[from] == none && l.Outcome == sim.Done
}

// rounding is by how much two stamps may seem in the wrong order in a live run:
// scenario time is wall time times a factor.
const rounding = time.Microsecond

// span is the time between two stamps: in a virtual run modelled, in a live one
// measured unless it is played in scenario time.
func (r *Recorder) span(from, to *sim.Stamp, scenario bool) time.Duration {
	if !r.live {
		return to.At.Sub(from.At)
	}
	d := to.Wall - from.Wall
	if scenario {
		d = to.At.Sub(from.At)
	}
	if d < 0 && d > -rounding {
		return 0
	}
	return d
}

// basis tells how a segment's figures came about and in whose time they are.
func (r *Recorder) basis(t *turns, s segment) (base, time string) {
	if !r.live {
		return Modelled, ScenarioTime
	}
	played := t.played
	switch s {
	case deliverySegment:
		if t.manned > 0 && t.manned < t.closed {
			return Mixed, Mixed
		}
		played = t.manned > 0
	case reactionSegment:
		played = t.manned > 0
	case actionSegment:
		return Modelled, ScenarioTime
	case loopSegment:
	default:
		played = false
	}
	switch {
	case !played:
		return Measured, WallTime
	case s == deliverySegment:
		return Modelled, ScenarioTime
	}
	return Mixed, Mixed
}
