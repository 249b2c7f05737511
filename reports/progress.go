package reports

import (
	"fmt"
	"time"

	"github.com/twinbed/twinbed/sim/units"
)

// Progress is how far a run is.
type Progress struct {
	Played, Planned time.Duration
	Readings        uint64 // delivered so far
	Fired, Open     uint64 // loops
	PerSecond       Number // readings a second of wall time, as the caller measures it
}

// Progress is how far the run is at a time; Planned and PerSecond are the
// caller's to fill in.
func (r *Recorder) Progress(now time.Duration) Progress {
	n := r.tally().done
	p := Progress{Played: now, Readings: n[0], PerSecond: Unknown}
	for d := range r.decisions {
		p.Fired += r.decisions[d].fired
	}
	p.Open = p.Fired - n[1]
	return p
}

// String is the progress on one line.
func (p Progress) String() string {
	line := units.FormatDuration(p.Played)
	if p.Planned > 0 {
		line = fmt.Sprintf("%3.0f%%  %s of %s", 100*float64(p.Played)/float64(p.Planned), line, units.FormatDuration(p.Planned))
	}
	line += fmt.Sprintf("  %s readings", grouped(p.Readings))
	if p.PerSecond.Known() {
		line += fmt.Sprintf(", %s a second", short(float64(p.PerSecond)))
	}
	return line + fmt.Sprintf("  %s loops, %s open", grouped(p.Fired), grouped(p.Open))
}
