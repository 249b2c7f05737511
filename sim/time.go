package sim

import (
	"math"
	"time"
)

// Time is scenario time: nanoseconds since the run began.
type Time int64

// Never is later than anything that happens.
const Never Time = math.MaxInt64

// Add moves t by d and stops at Never instead of overflowing.
func (t Time) Add(d time.Duration) Time {
	if sum := t + Time(d); d < 0 || sum >= t {
		return sum
	}
	return Never
}

// Sub is the duration from u to t.
func (t Time) Sub(u Time) time.Duration { return time.Duration(t - u) }

// Seconds is t as seconds since the run began.
func (t Time) Seconds() float64 { return float64(t) / 1e9 }

// Duration is t as a duration since the run began.
func (t Time) Duration() time.Duration { return time.Duration(t) }

// Seconds turns seconds, as distributions and formulae yield them, into a
// duration; less than nothing and NaN become zero.
func Seconds(s float64) time.Duration {
	switch {
	case !(s > 0):
		return 0
	case s >= math.MaxInt64/1e9:
		return math.MaxInt64
	}
	return time.Duration(s * 1e9)
}

// Stamp says when a stage of a loop was reached, on both clocks. In a virtual
// run Wall is zero: nothing was measured, all is modelled.
type Stamp struct {
	At   Time          // scenario time
	Wall time.Duration // wall time since the run began
}

// Calendar places a run in the week.
type Calendar struct {
	Start time.Duration // from Monday 00:00 to the run's beginning
}

// Week is seven days.
const Week = 7 * 24 * time.Hour

// WeekTime is the time since the last Monday 00:00 at t.
func (c Calendar) WeekTime(t Time) time.Duration {
	return (c.Start + time.Duration(t)%Week) % Week
}

// Day is one day of a run.
type Day struct {
	From, To Time
	Weekday  int // Monday 1 to Sunday 7
}

// Day is the day that t lies in.
func (c Calendar) Day(t Time) Day {
	from := t - Time(c.WeekTime(t)%(24*time.Hour))
	return Day{from, from.Add(24 * time.Hour), c.Weekday(t)}
}

// Has says whether t lies in the day.
func (d *Day) Has(t Time) bool { return d.From <= t && t < d.To }

// Hour is the hour of the day at t, 0 to 24, with its fraction.
func (d *Day) Hour(t Time) float64 { return time.Duration(t - d.From).Hours() }

// Hour is the hour of the day at t, 0 to 24, with its fraction.
func (c Calendar) Hour(t Time) float64 {
	return (c.WeekTime(t) % (24 * time.Hour)).Hours()
}

// Weekday is the day at t, Monday 1 to Sunday 7.
func (c Calendar) Weekday(t Time) int {
	return int(c.WeekTime(t)/(24*time.Hour)) + 1
}
