package reports

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// Number is a float64 whose JSON is null where it is not known or not finite.
type Number float64

// Unknown is the Number of what was not measured.
var Unknown = Number(math.NaN())

// Known says whether there is a finite value.
func (n Number) Known() bool { return n-n == 0 }

// MarshalJSON writes the shortest text that reads back as the same number.
func (n Number) MarshalJSON() ([]byte, error) {
	if !n.Known() {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

// UnmarshalJSON reads a number or null.
func (n *Number) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*n = Unknown
		return nil
	}
	return json.Unmarshal(b, (*float64)(n))
}

// ratio is a/b, unknown where there is no b.
func ratio(a, b float64) Number {
	if b == 0 {
		return Unknown
	}
	return Number(a / b)
}

// grouped writes a count with a space between thousands.
func grouped[T int | int64 | uint64](n T) string {
	digits := strconv.FormatInt(int64(n), 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(d)
	}
	return sign + b.String()
}

// short writes a number with four significant digits, large ones grouped.
func short(x float64) string {
	switch {
	case x-x != 0:
		return "-"
	case math.Abs(x) >= 999.95 && math.Abs(x) < 1e15:
		return grouped(int64(math.Round(x)))
	}
	x, _ = strconv.ParseFloat(strconv.FormatFloat(x, 'g', 4, 64), 64)
	return strconv.FormatFloat(x, 'g', -1, 64)
}
