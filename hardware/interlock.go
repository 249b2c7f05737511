package hardware

import (
	"fmt"
	"math"
	"time"

	"github.com/twinbed/twinbed/sim/units"
)

// rule is the interlock for one command of one device. It refuses; it never
// changes a value.
type rule struct {
	Limit
	takesValue bool
	tried      bool
	last       time.Time // of the last one let through
	low, high  float64   // where the device's value can be now: wider after a failure
}

// bounds checks a value by itself.
func (r *rule) bounds(value float64) error {
	switch {
	case !r.takesValue:
		return nil
	case math.IsNaN(value):
		return fmt.Errorf("%s needs a value", r.Command)
	case math.IsInf(value, 0):
		return fmt.Errorf("%s %g is not finite", r.Command, value)
	case r.Range != nil && (value < r.Range.Min || value > r.Range.Max):
		return fmt.Errorf("%s %g is outside %s", r.Command, value, r.Range)
	}
	return nil
}

// admit lets a command through at a time of the wall, or says why not. The first
// of a run has no change to be judged by.
func (r *rule) admit(value float64, now time.Time) error {
	if err := r.bounds(value); err != nil {
		return err
	}
	if !r.tried {
		r.tried, r.last, r.low, r.high = true, now, value, value
		return nil
	}
	since := now.Sub(r.last)
	if since < r.MinInterval {
		return fmt.Errorf("%s came %s after the one before, sooner than %s",
			r.Command, units.FormatDuration(since), units.FormatDuration(r.MinInterval))
	}
	if r.takesValue && r.MaxRate > 0 {
		change := max(math.Abs(value-r.low), math.Abs(value-r.high))
		if change > r.MaxRate*since.Seconds() {
			return fmt.Errorf("%s %g changes by %g in %s, faster than %g per second",
				r.Command, value, change, units.FormatDuration(since), r.MaxRate)
		}
	}
	r.last, r.low, r.high = now, min(r.low, value), max(r.high, value)
	return nil
}

// achieved tells that the device has the value: nothing else is possible any more.
func (r *rule) achieved(value float64) { r.low, r.high = value, value }
