package units

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Shift is a weekly pattern of duty, such as "Mon-Fri 06:00-14:00" or "daily
// 22:00-06:00". The zero Shift is "always". A shift that touches the next hands
// over to it: duty goes on, and the hours are counted anew.
type Shift struct {
	text  string
	spans []span // sorted, not overlapping; empty is always
}

// span is duty from one week time until before another, which is past the week's end when the span runs over it.
type span struct{ from, to time.Duration }

const (
	days  = `(?:daily|weekdays|weekends|` + day + `(?:-` + day + `)?(?: *, *` + day + `(?:-` + day + `)?)*)`
	times = timeOfDay + ` *- *` + timeOfDay
)

// ShiftPattern is the regular expression of what [ParseShift] accepts, for JSON Schema.
const ShiftPattern = `^ *(?:always|` + days + ` +` + times + `(?: *(?:;| and ) *(?:` + days + ` +)?` + times + `)*) *$`

var (
	separator = regexp.MustCompile(` *; *| +and +`)
	timesLast = regexp.MustCompile(`^(.*?) *\b(` + timeOfDay + `) *- *(` + timeOfDay + `)$`)
)

// ParseShift reads "always", "Mon-Fri 06:00-14:00", "Mon,Wed 8:00-12:00 and
// 13:00-17:00; Sat 08:00-12:00", "daily 22:00-06:00", "weekdays ...", "weekends
// ...". Times that end before they begin run over midnight; a part without days
// has those of the part before; overlapping times are one.
func ParseShift(text string) (Shift, error) {
	text = strings.Trim(text, " ")
	if text == "always" {
		return Shift{}, nil
	}
	if text == "" {
		return Shift{}, fmt.Errorf("a shift is missing: write it as in Mon-Fri 06:00-14:00, daily 22:00-06:00 or always")
	}
	s := Shift{text: text}
	var on []int
	for _, part := range separator.Split(text, -1) {
		spans, days, err := parsePart(part, on)
		if err != nil {
			return Shift{}, fmt.Errorf("shift %.60q: %w", text, err)
		}
		s.spans, on = append(s.spans, spans...), days
	}
	s.spans = united(s.spans)
	return s, nil
}

// parsePart reads days and a span of times; without days, those before apply.
func parsePart(part string, before []int) ([]span, []int, error) {
	m := timesLast.FindStringSubmatch(part)
	if m == nil {
		return nil, nil, fmt.Errorf("%.40q has no times: write it as in Mon-Fri 06:00-14:00, daily 22:00-06:00 or always", part)
	}
	from, err := parseTime(m[2])
	if err != nil {
		return nil, nil, err
	}
	to, err := parseTime(m[3])
	if err != nil {
		return nil, nil, err
	}
	switch {
	case from == 24*time.Hour:
		return nil, nil, fmt.Errorf("24:00 can only end a shift: begin at 00:00 of the next day")
	case from == to:
		return nil, nil, fmt.Errorf("%s-%s begins and ends at the same time: write 00:00-24:00 for a whole day", m[2], m[3])
	case to < from:
		to += 24 * time.Hour
	}
	on := before
	if m[1] != "" {
		if on, err = parseDays(m[1]); err != nil {
			return nil, nil, err
		}
	}
	if on == nil {
		return nil, nil, fmt.Errorf("%.40q has no days: write it as in Mon-Fri %s-%s or daily %s-%s", part, m[2], m[3], m[2], m[3])
	}
	var spans []span
	for _, d := range on {
		midnight := time.Duration(d) * 24 * time.Hour
		spans = append(spans, span{midnight + from, midnight + to})
	}
	return spans, on, nil
}

var commaInDays = regexp.MustCompile(` *, *`)

// parseDays lists weekdays from 0, Monday, to 6, Sunday.
func parseDays(text string) (on []int, err error) {
	switch text {
	case "daily":
		return []int{0, 1, 2, 3, 4, 5, 6}, nil
	case "weekdays":
		return []int{0, 1, 2, 3, 4}, nil
	case "weekends":
		return []int{5, 6}, nil
	}
	for _, word := range commaInDays.Split(text, -1) {
		first, last, ranged := strings.Cut(word, "-")
		if !ranged {
			last = first
		}
		a, err := parseDay(first)
		if err != nil {
			return nil, fmt.Errorf("%w; or daily, weekdays, weekends", err)
		}
		b, err := parseDay(last)
		if err != nil {
			return nil, fmt.Errorf("%w; or daily, weekdays, weekends", err)
		}
		for d := a; ; d = (d + 1) % 7 {
			on = append(on, d)
			if d == b {
				break
			}
		}
	}
	return on, nil
}

// united sorts spans and makes one of those that overlap, also over the week's end; nil when duty never ends.
func united(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	kept := spans[:1]
	for _, s := range spans[1:] {
		last := &kept[len(kept)-1]
		if s.from == last.from || s.from < last.to {
			last.to = max(last.to, s.to)
		} else {
			kept = append(kept, s)
		}
	}
	for len(kept) > 1 && kept[len(kept)-1].to-Week > kept[0].from {
		last := &kept[len(kept)-1]
		last.to = max(last.to, kept[0].to+Week)
		kept = kept[1:]
	}
	if kept[0].to-kept[0].from >= Week {
		return nil
	}
	return kept
}

// at finds the span that holds a week time, and the week time as that span counts it.
func (s Shift) at(t time.Duration) (i int, within time.Duration) {
	for i, d := range s.spans {
		if t >= d.from && t < d.to {
			return i, t
		}
		if t+Week < d.to {
			return i, t + Week
		}
	}
	return -1, t
}

// On says whether there is duty at a week time: what has passed since Monday 00:00, modulo a week.
func (s Shift) On(t time.Duration) bool {
	i, _ := s.at(weekTime(t))
	return i >= 0 || len(s.spans) == 0
}

// Next is when duty next begins or ends strictly after t, and whether there is
// duty from then on. The change is on the same axis as t and not taken modulo a
// week, so change-t is the wait. A shift that never changes answers one week later and its state.
func (s Shift) Next(t time.Duration) (change time.Duration, on bool) {
	now := weekTime(t)
	i, within := s.at(now)
	if i >= 0 {
		end := s.spans[i].to - within
		for end < Week {
			j, _ := s.at(weekTime(now + end))
			if j < 0 {
				return t + end, false
			}
			end += s.spans[j].to - s.spans[j].from
		}
	}
	if i >= 0 || len(s.spans) == 0 {
		return t + Week, true
	}
	for _, d := range s.spans {
		if d.from > now {
			return t + d.from - now, true
		}
	}
	return t + s.spans[0].from + Week - now, true
}

// Hours is how many hours of the current shift have passed; 0 off duty and in a shift that is always.
func (s Shift) Hours(t time.Duration) float64 {
	i, within := s.at(weekTime(t))
	if i < 0 {
		return 0
	}
	return (within - s.spans[i].from).Hours()
}

// PerWeek is how much duty there is in a week.
func (s Shift) PerWeek() time.Duration {
	if len(s.spans) == 0 {
		return Week
	}
	total := time.Duration(0)
	for _, d := range s.spans {
		total += d.to - d.from
	}
	return total
}

// String is the shift as it was written.
func (s Shift) String() string {
	if s.text == "" {
		return "always"
	}
	return s.text
}
