// Package units reads and writes quantities as people write them. Every number
// carries its unit ("250ms", "30%", "200/s", "Mon-Fri 06:00-14:00"), and what
// cannot be read is answered with one sentence that says what was read, what is
// missing and what is possible.
//
// Each form has a regular expression for JSON Schema ([Pattern], [ShiftPattern],
// [MomentPattern]) that matches what the parser accepts as far as the shape goes;
// only values (too long, 25:00) are left for the parser to refuse.
package units

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Dimension says what a quantity measures, and so which units may follow its number.
type Dimension uint8

// The dimensions. Money and physical units (°C, mm/s) are plain numbers, annotated elsewhere.
const (
	Number   Dimension = iota // 65, -3.5, 1e6
	Duration                  // 250ms, 12h, 5 days, 1h30m; as a float64 in seconds
	Share                     // 30% is 0.3, 150% is 1.5; a bare 0 or 1 is accepted too
	Size                      // 512B, 4kB, 2MiB; in bytes
	Rate                      // 200/s, 10/min, 3 per hour, 50 Hz; per second
)

// String is the dimension's name: number, duration, share, size, rate.
func (d Dimension) String() string { return grammars[d].name }

// Parse reads a quantity of a dimension as a number: durations in seconds, shares
// as fractions of one, sizes in bytes, rates per second. Only plain numbers may be negative.
func Parse(text string, dim Dimension) (float64, error) {
	switch dim {
	case Duration:
		d, err := ParseDuration(text)
		return d.Seconds(), err
	case Share:
		return ParseShare(text)
	case Size:
		n, err := ParseSize(text)
		return float64(n), err
	case Rate:
		return ParseRate(text)
	}
	return ParseNumber(text)
}

// ParseNumber reads a plain, finite number without a unit.
func ParseNumber(text string) (float64, error) {
	q, err := single(text, Number)
	if err != nil {
		return 0, err
	}
	if q.unit != "" {
		return 0, fmt.Errorf("%.60q is not a plain number: write %s without %.20q", q.text, q.number, q.unit)
	}
	return q.value()
}

// ParseShare reads a percentage as a fraction of one; shares above 100% are left to the caller.
func ParseShare(text string) (float64, error) {
	q, err := single(text, Share)
	if err != nil {
		return 0, err
	}
	x, err := q.value()
	switch {
	case err != nil:
		return 0, err
	case q.unit == "" && (q.number == "0" || q.number == "1"):
		return x, nil
	case q.unit == "":
		return 0, fmt.Errorf("%.60q has no unit: a share is a percentage, as in %s%%", q.text, compact(percent(x), 6))
	}
	return x / 100, nil
}

// percent reads a bare number as its writer meant it: 0.3 as 30 %, 30 as 30 %.
func percent(x float64) float64 {
	if x < 1 {
		return x * 100
	}
	return x
}

// ParseSize reads a number of bytes. kB, MB, GB, TB are powers of 1000; KiB, MiB, GiB, TiB of 1024.
func ParseSize(text string) (int64, error) {
	q, err := single(text, Size)
	if err != nil {
		return 0, err
	}
	if q.unit == "" {
		return 0, q.bare()
	}
	x, err := q.value()
	if err != nil {
		return 0, err
	}
	x *= factor(sizes, q.unit)
	if x >= math.MaxInt64 {
		return 0, fmt.Errorf("%.60q is larger than 8 EiB, the largest size", q.text)
	}
	if x != math.Trunc(x) {
		return 0, fmt.Errorf("%.60q is not a whole number of bytes", q.text)
	}
	return int64(x), nil
}

// ParseRate reads a number of events per unit of time, as events per second.
func ParseRate(text string) (float64, error) {
	q, err := single(text, Rate)
	if err != nil {
		return 0, err
	}
	if q.unit == "" {
		return 0, q.bare()
	}
	x, err := q.value()
	if err != nil {
		return 0, err
	}
	if f := factor(frequencies, q.unit); f > 0 {
		x *= f
	} else {
		x /= factor(durations, perUnit(q.unit)) / float64(time.Second)
	}
	if math.IsInf(x, 0) {
		return 0, fmt.Errorf("%.60q is too large for a number", q.text)
	}
	return x, nil
}

// Format writes a value of a dimension, in the units [Parse] gives, short and human.
func Format(value float64, dim Dimension) string {
	switch dim {
	case Duration:
		if ns := value * float64(time.Second); math.Abs(ns) < math.MaxInt64 {
			return FormatDuration(time.Duration(math.Round(ns)))
		}
		return compact(value, 4) + "s"
	case Share:
		return compact(value*100, 6) + "%"
	case Size:
		for _, name := range []string{"TB", "GB", "MB", "kB"} {
			if f := factor(sizes, name); math.Abs(value) >= f {
				return compact(value/f, 4) + name
			}
		}
		return compact(value, 4) + "B"
	case Rate:
		for _, name := range []string{"s", "min", "h"} {
			if per := factor(durations, name) / float64(time.Second); value == 0 || math.Abs(value*per) >= 1 {
				return compact(value*per, 4) + "/" + name
			}
		}
		return compact(value*24*3600, 4) + "/day"
	}
	return strconv.FormatFloat(value, 'g', -1, 64)
}

// compact writes a number with so many significant digits and no exponent people must decode.
func compact(x float64, digits int) string {
	x, _ = strconv.ParseFloat(strconv.FormatFloat(x, 'g', digits, 64), 64)
	text := strconv.FormatFloat(x, 'f', -1, 64)
	if len(text) > 15 {
		return strings.Replace(strconv.FormatFloat(x, 'g', -1, 64), "e+", "e", 1)
	}
	return text
}
