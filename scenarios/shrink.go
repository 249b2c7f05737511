package scenarios

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/twinbed/twinbed/scenarios/language"
	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/units"
)

// smaller are the plans that are one step simpler: without one of the faults; without a
// key that need not be there, so that its default holds; with a window half as long; and
// with a rounder time or value. None leads back to where it came from.
func (p FaultPlan) smaller() (list []FaultPlan) {
	for i := range p {
		list = append(list, slices.Delete(slices.Clone(p), i, i+1))
	}
	for i, m := range p {
		with := func(change Mishap) {
			other := slices.Clone(p)
			other[i] = change
			list = append(list, other)
		}
		for k, pair := range m {
			if pair.Key != "fault" && pair.Key != "where" && pair.Key != "for" {
				with(slices.Delete(slices.Clone(m), k, k+1))
			}
		}
		for k, pair := range m {
			for _, value := range simpler(pair) {
				change := slices.Clone(m)
				change[k].Value = value
				with(change)
			}
		}
	}
	return list
}

// simpler are values that could stand for a key's instead, the simplest first.
func simpler(pair language.Pair) (list []string) {
	if pair.Key == "fault" || pair.Key == "where" {
		return nil
	}
	if d, err := units.Parse(pair.Value, units.Duration); err == nil {
		if pair.Key == "for" {
			if half := sim.Seconds(d / 2).Round(time.Second); half >= time.Second && half.Seconds() < d {
				list = append(list, units.FormatDuration(half))
			}
		}
		return append(list, rounderDurations(sim.Seconds(d))...)
	}
	return append(list, rounderNumbers(pair.Value)...)
}

// rounderDurations are multiples of round times nearby, the roundest first.
func rounderDurations(d time.Duration) (list []string) {
	for _, unit := range []time.Duration{24 * time.Hour, time.Hour, 30 * time.Minute, 10 * time.Minute, time.Minute, 10 * time.Second, time.Second} {
		if d%unit == 0 {
			return list // it is as round as that already
		}
		if x := d.Truncate(unit); x > 0 {
			list = append(list, units.FormatDuration(x))
		}
	}
	return list
}

var numeral = regexp.MustCompile(`[0-9]+(\.[0-9]+)?`)

// rounderNumbers has one number less exact: of one digit, or of two.
func rounderNumbers(text string) (list []string) {
	at := numeral.FindStringIndex(text)
	if at == nil {
		return nil
	}
	x, err := strconv.ParseFloat(text[at[0]:at[1]], 64)
	if err != nil || x == 0 {
		return nil
	}
	for digits := range 2 {
		step := math.Pow10(int(math.Floor(math.Log10(x))) - digits)
		round := strconv.FormatFloat(math.Round(x/step)*step, 'g', 3, 64)
		if round == text[at[0]:at[1]] {
			return list
		}
		list = append(list, text[:at[0]]+round+text[at[1]:])
	}
	return list
}

// Shrink looks for the simplest plan that still fails, one step after the other.
func (p FaultPlan) Shrink(fails func(FaultPlan) error, most int) (FaultPlan, error) {
	why := fails(p)
	for tried := 0; why != nil; {
		smaller := p.smaller()
		next := slices.IndexFunc(smaller, func(q FaultPlan) bool {
			tried++
			if tried > most {
				return false
			}
			err := fails(q)
			if err != nil {
				why = err
			}
			return err != nil
		})
		if next < 0 {
			break
		}
		p = smaller[next]
	}
	return p, why
}

// describe counts a plan's faults in words.
func (p FaultPlan) describe() string {
	if len(p) == 1 {
		return "one fault"
	}
	return fmt.Sprintf("%d faults", len(p))
}
