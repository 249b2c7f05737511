package units

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Week is the length of the weekly calendar.
const Week = 7 * 24 * time.Hour

// ParseDuration reads "250ms", "12h", "5 days", "1h30m", "3d 4h". A number without
// a unit is an error, and so is a negative duration.
func ParseDuration(text string) (time.Duration, error) {
	text = strings.Trim(text, " ")
	d, err := ParseSignedDuration(text)
	if err == nil && strings.HasPrefix(text, "-") {
		return 0, fmt.Errorf("%.60q is negative: a duration is zero or more", text)
	}
	return d, err
}

// ParseSignedDuration reads what [ParseDuration] does, with an optional minus before the whole of it.
func ParseSignedDuration(text string) (time.Duration, error) {
	text = strings.Trim(text, " ")
	rest, negative := strings.CutPrefix(text, "-")
	total := 0.0
	for first := true; first || rest != ""; first = false {
		var q quantity
		q, rest = cut(rest, Duration)
		q.text = text
		if err := q.sound(); err != nil {
			return 0, err
		}
		if q.unit == "" {
			return 0, q.missing()
		}
		x, err := q.value()
		if err != nil {
			return 0, err
		}
		total += math.Round(x * factor(durations, q.unit))
	}
	if total >= math.MaxInt64 {
		return 0, fmt.Errorf("%.60q is longer than 292 years, the longest duration", text)
	}
	if negative {
		total = -total
	}
	return time.Duration(total), nil
}

// missing tells a wholly bare number from one unit missing in the middle.
func (q quantity) missing() error {
	if q.number == strings.TrimPrefix(q.text, "-") {
		return q.bare()
	}
	return fmt.Errorf("%.60q: %s has no unit; possible are %s", q.text, q.number, grammars[Duration].possible)
}

// FormatDuration writes a duration short and human: 250ms, 1.50s, 4m10s, 15h04m,
// 3d 4h. Below a minute it has three significant digits unless it is whole.
// [ParseSignedDuration] reads what it writes.
func FormatDuration(d time.Duration) string {
	if d < 0 {
		if d == math.MinInt64 {
			d++
		}
		return "-" + FormatDuration(-d)
	}
	switch {
	case d == 0:
		return "0s"
	case d < time.Microsecond:
		return fmt.Sprintf("%dns", d)
	case d < 999_500*time.Nanosecond:
		return significant(d, time.Microsecond, "µs")
	case d < 999_500*time.Microsecond:
		return significant(d, time.Millisecond, "ms")
	case d < 59_950*time.Millisecond:
		return significant(d, time.Second, "s")
	case d < time.Hour-time.Second/2:
		return pair(d, time.Minute, time.Second, "m", "%02ds")
	case d < 24*time.Hour-time.Minute/2:
		return pair(d, time.Hour, time.Minute, "h", "%02dm")
	}
	return pair(d, 24*time.Hour, time.Hour, "d", " %dh")
}

func significant(d, unit time.Duration, name string) string {
	if d%unit == 0 {
		return strconv.FormatInt(int64(d/unit), 10) + name
	}
	x := float64(d) / float64(unit)
	decimals := 2
	switch {
	case x >= 99.95:
		decimals = 0
	case x >= 9.995:
		decimals = 1
	}
	return strconv.FormatFloat(x, 'f', decimals, 64) + name
}

// pair writes whole large units and the rest rounded to small ones, left out when nothing.
func pair(d, large, small time.Duration, name, rest string) string {
	n := int64(d / small)
	if d%small >= small/2 {
		n++
	}
	each := int64(large / small)
	text := strconv.FormatInt(n/each, 10) + name
	if n%each != 0 {
		text += fmt.Sprintf(rest, n%each)
	}
	return text
}
