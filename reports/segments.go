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
	times                          [segments]timesOf
}

// inScenario says whether a segment of a live run is played in scenario time:
// what simulated machines and people do, not what the wires, the platform and
// real devices and people do.
func inScenario(s segment, l *sim.Loop) bool {
	return !l.Real && (s == actionSegment || s == deliverySegment && l.Manned)
}

// measure adds a loop's segments. The loop is the sum of its segments, so that
// it mixes no clocks: each segment is the difference of two stamps of one clock.
func (r *Recorder) measure(t *turns, l *sim.Loop) {
	if r.warm(l.Stamps[sim.Sensed].At) {
		return
	}
	total, from := time.Duration(0), sim.Sensed
	var times timesOf
	for to := sim.Arrived; to < sim.Stages; to++ {
		if !reached(l, from, to) {
			continue
		}
		s, next := segment(from), to == from+1
		scenario := !next || inScenario(s, l)
		d := r.span(&l.Stamps[from], &l.Stamps[to], scenario)
		if d < 0 {
			r.disordered++
			return
		}
		total += d
		from = to
		own := timesOf{scenario, !scenario}
		times.join(own)
		if next {
			t.segments[s].add(d)
			t.times[s].join(own)
		}
		if to == sim.Delivered {
			t.segments[reactionSegment].add(total)
			t.times[reactionSegment].join(times)
		}
	}
	if from == sim.Acked {
		t.segments[loopSegment].add(total)
		t.times[loopSegment].join(times)
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

// timesOf says in whose time a figure's durations are, in a live run.
type timesOf struct{ scenario, wall bool }

func (t *timesOf) join(x timesOf) { t.scenario, t.wall = t.scenario || x.scenario, t.wall || x.wall }

// basis tells how a segment's figures came about and in whose time they are.
func (r *Recorder) basis(t *turns, s segment) (base, time string) {
	switch x := t.times[s]; {
	case !r.live || x.scenario && !x.wall:
		return Modelled, ScenarioTime
	case x.scenario:
		return Mixed, Mixed
	}
	return Measured, WallTime
}
