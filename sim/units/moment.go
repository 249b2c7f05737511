package units

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Moment is a weekday and a time of day, "Mon 06:00", kept as what has passed of the week since Monday 00:00.
type Moment time.Duration

const (
	day       = `(?:[Mm]on(?:day)?|[Tt]ue(?:s|sday)?|[Ww]ed(?:nesday)?|[Tt]hu(?:rs|rsday)?|[Ff]ri(?:day)?|[Ss]at(?:urday)?|[Ss]un(?:day)?)`
	timeOfDay = `[0-9]{1,2}:[0-9]{2}`
)

// MomentPattern is the regular expression of what [ParseMoment] accepts, for JSON Schema.
const MomentPattern = `^ *` + day + ` +` + timeOfDay + ` *$`

var (
	dayNames  = []string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}
	dayWords  = []string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}
	wholeDay  = regexp.MustCompile(`^` + day + `$`)
	wholeTime = regexp.MustCompile(`^` + timeOfDay + `$`)
)

// ParseMoment reads "Mon 06:00" or "Monday 6:00".
func ParseMoment(text string) (Moment, error) {
	const as = "write it as in Mon 06:00"
	words := Words(text)
	switch len(words) {
	case 0:
		return 0, fmt.Errorf("a weekday and time are missing: %s", as)
	case 1:
		return 0, fmt.Errorf("%.60q lacks a weekday or a time of day: %s", text, as)
	case 2:
	default:
		return 0, fmt.Errorf("%.60q is not one weekday and one time of day: %s", text, as)
	}
	d, err := parseDay(words[0])
	if err != nil {
		return 0, fmt.Errorf("%.60q: %w", text, err)
	}
	t, err := parseTime(words[1])
	if err != nil {
		return 0, fmt.Errorf("%.60q: %w", text, err)
	}
	if t == 24*time.Hour {
		return 0, fmt.Errorf("%.60q: 24:00 can only end a shift: write 00:00 of the next day", text)
	}
	return Moment(time.Duration(d)*24*time.Hour + t), nil
}

// WeekTime is what has passed of the week since Monday 00:00.
func (m Moment) WeekTime() time.Duration { return weekTime(time.Duration(m)) }

// String writes the moment as "Mon 06:00".
func (m Moment) String() string {
	t := m.WeekTime()
	return dayNames[t/(24*time.Hour)] + " " + clockFace(t%(24*time.Hour))
}

func clockFace(t time.Duration) string {
	return fmt.Sprintf("%02d:%02d", t/time.Hour, t%time.Hour/time.Minute)
}

// weekTime brings any duration since some Monday 00:00 into one week.
func weekTime(t time.Duration) time.Duration {
	if t %= Week; t < 0 {
		t += Week
	}
	return t
}

// parseDay is 0 for Monday to 6 for Sunday.
func parseDay(word string) (int, error) {
	if !wholeDay.MatchString(word) {
		return 0, fmt.Errorf("%.20q is not a weekday%s; possible are %s",
			word, suggestion(word, append(dayNames[:7:7], dayWords...)), strings.Join(dayNames, ", "))
	}
	for i, name := range dayNames {
		if strings.EqualFold(word[:3], name) {
			return i, nil
		}
	}
	panic("units: a weekday that matches has a name: " + word)
}

// parseTime reads 00:00 to 24:00.
func parseTime(word string) (time.Duration, error) {
	if !wholeTime.MatchString(word) {
		return 0, fmt.Errorf("%.20q is not a time of day: write it as in 06:00 or 14:30", word)
	}
	hours, minutes, _ := strings.Cut(word, ":")
	h, _ := strconv.Atoi(hours)
	m, _ := strconv.Atoi(minutes)
	if m > 59 || h > 24 || h == 24 && m > 0 {
		return 0, fmt.Errorf("%s is not a time of day: these run from 00:00 to 24:00", word)
	}
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute, nil
}
