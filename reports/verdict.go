package reports

import (
	"fmt"
	"time"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/units"
)

// Verdict is what is to be made of a run.
type Verdict string

// The verdicts. A run that cannot be trusted is that, whatever its limits say.
const (
	Pass      Verdict = "pass"
	Fail      Verdict = "fail"      // a limit is broken
	Untrusted Verdict = "untrusted" // the books do not balance, an invariant is broken, the testbed was the bottleneck, or the run was not played to its end
)

// ExitCode is the verdict as a process tells it: 0, 1 or 3. (2 is a scenario
// that is wrong, of which there is no report.)
func (v Verdict) ExitCode() int {
	switch v {
	case Pass:
		return 0
	case Fail:
		return 1
	}
	return 3
}

// lagShare is how much of the tightest period the clock may be late by.
const lagShare = 0.1

// starved is the share of its readings for which the clients' outboxes have to have
// room: below it the testbed did not offer the load it was to offer.
const starved = 0.99

// verdict judges the run and says why, in words.
func (r *Recorder) verdict(e *Environment, l Ledger, limits []LimitResult) (Verdict, []string) {
	reasons := []string{}
	if e.Ended != "" {
		reasons = append(reasons, fmt.Sprintf("not played to its end, %s of %s: %s",
			units.FormatDuration(r.end.Duration()), units.FormatDuration(e.Planned), e.Ended))
	}
	for _, why := range r.imbalances(l) {
		reasons = append(reasons, "the books do not balance: "+why)
	}
	for _, what := range e.Broken {
		reasons = append(reasons, "an invariant is broken: "+what)
	}
	reasons = append(reasons, r.testbedFaults()...)
	verdict := Pass
	if len(reasons) > 0 {
		verdict = Untrusted
	}
	for _, x := range limits {
		if x.Passed {
			continue
		}
		if verdict == Pass {
			verdict = Fail
		}
		reasons = append(reasons, x.reason())
	}
	return verdict, reasons
}

// reason says how a limit was broken.
func (x *LimitResult) reason() string {
	if !x.Measured.Known() {
		return fmt.Sprintf("broken limit: %s: %s", x.Limit, x.Note)
	}
	of := ""
	if x.Of != "" {
		of = " for " + x.Of
	}
	return fmt.Sprintf("broken limit: %s: measured %s%s, from %s", x.Limit, x.text, of, counted(int64(x.Samples), "sample"))
}

// testbedFaults are the ways in which the testbed itself was the bottleneck.
func (r *Recorder) testbedFaults() (list []string) {
	if r.live {
		if late, bar := r.lag().Quantile(0.99), r.punctual(); bar > 0 && late > bar {
			list = append(list, fmt.Sprintf("the clock lagged: p99 of lateness is %s, more than %s",
				units.FormatDuration(late), r.bar(bar)))
		}
	}
	if n := r.clock.Refused(); n > 0 {
		list = append(list, fmt.Sprintf("the clock's inbox was full and turned away %s", counted(int64(n), "message")))
	}
	for k := range r.kinds {
		if b := r.total(k); float64(b.causes[sim.LostInOutbox]) > (1-starved)*float64(b.sent) {
			list = append(list, fmt.Sprintf("the load was not offered in full: %s of %s readings of %s did not fit into the clients' outboxes",
				grouped(b.causes[sim.LostInOutbox]), grouped(b.sent), r.setup.Roster.Kinds[k].Name))
		}
	}
	return list
}

// bar is how late the clock may be, in words.
func (r *Recorder) bar(bar time.Duration) string {
	if r.setup.Punctual > 0 {
		return units.FormatDuration(bar)
	}
	return fmt.Sprintf("10%% of the tightest period, %s", units.FormatDuration(r.tightest()))
}

// tightest is the shortest time between two readings of one thing, in wall time.
func (r *Recorder) tightest() time.Duration {
	shortest := time.Duration(0)
	for _, k := range r.setup.Roster.Kinds {
		if k.Every > 0 && (shortest == 0 || k.Every < shortest) {
			shortest = k.Every
		}
	}
	return time.Duration(float64(shortest) / r.clock.Speed())
}

// clockTime is a time of the run as people read it.
func clockTime(seconds Number) string {
	return units.Format(float64(seconds), units.Duration)
}
