package language

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"time"

	"github.com/twinbed/twinbed/sim/units"
)

// Pair is a key and what stands behind it, as a scenario writes it.
type Pair struct{ Key, Value string }

// Draw writes a random entry of a registry, within what its tags allow: each key
// that has to be there, and each other one every second time. luck yields numbers
// between 0 and 1; words yields a text for a key that is free text, "" for none.
func Draw(entry any, luck func() float64, words func(key string) string) (pairs []Pair) {
	for _, f := range planOf(reflect.TypeOf(entry).Elem(), "").fields {
		if !f.required && luck() < 0.5 {
			continue
		}
		if value := f.draw(luck, words); value != "" {
			pairs = append(pairs, Pair{f.key, value})
		}
	}
	return pairs
}

func (f *field) draw(luck func() float64, words func(key string) string) string {
	kind := f.kind
	if kind.Kind() == reflect.Pointer {
		kind = kind.Elem()
	}
	switch {
	case len(f.oneof) > 0:
		return f.oneof[int(luck()*float64(len(f.oneof)))]
	case kind == durationType:
		return units.FormatDuration(magnitude(luck, 6).Round(time.Second))
	case kind == distributionType:
		return "exponential mean " + units.FormatDuration(magnitude(luck, 3).Round(time.Second))
	case kind.Kind() == reflect.String:
		return words(f.key)
	case kind.Kind() == reflect.Float64 && f.unit == "%":
		return fmt.Sprintf("%d%%", 1+int(luck()*99))
	case kind.Kind() == reflect.Int:
		return strconv.Itoa(1 + int(luck()*4))
	case kind.Kind() == reflect.Float64:
		return strconv.FormatFloat(f.kept(math.Pow(10, 3*luck()-0.5)), 'g', 3, 64)
	}
	return ""
}

// kept is a number kept to the field's bounds.
func (f *field) kept(x float64) float64 {
	if low, err := strconv.ParseFloat(f.min, 64); err == nil {
		x = max(x, low)
	}
	if high, err := strconv.ParseFloat(f.max, 64); err == nil {
		x = min(x, high)
	}
	return x
}

// magnitude is a duration from a second on, of any of so many powers of four.
func magnitude(luck func() float64, powers float64) time.Duration {
	return time.Duration(math.Pow(4, powers*luck()) * float64(time.Second))
}
