package units_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim/units"
)

func at(t *testing.T, moment string) time.Duration {
	t.Helper()
	m, err := units.ParseMoment(moment)
	require.NoError(t, err)
	return m.WeekTime()
}

func TestAMomentIsADayAndATime(t *testing.T) {
	for text, want := range map[string]string{
		"Mon 06:00": "Mon 06:00", "monday 6:00": "Mon 06:00", "Sun  23:59": "Sun 23:59", "Thurs 00:00": "Thu 00:00", "tues 7:05": "Tue 07:05",
	} {
		m, err := units.ParseMoment(text)
		require.NoError(t, err)
		require.Equal(t, want, m.String())
		require.Regexp(t, units.MomentPattern, text)
	}
	require.Equal(t, 6*time.Hour, at(t, "Mon 06:00"))
	require.Equal(t, units.Week-time.Minute, at(t, "Sun 23:59"))
	require.Equal(t, "Sun 23:00", units.Moment(-time.Hour).String())
}

func TestAWrongMomentIsExplained(t *testing.T) {
	for text, want := range map[string]string{
		"":              `a weekday and time are missing: write it as in Mon 06:00`,
		"Mon":           `"Mon" lacks a weekday or a time of day: write it as in Mon 06:00`,
		"Mon 06:00 UTC": `"Mon 06:00 UTC" is not one weekday and one time of day: write it as in Mon 06:00`,
		"Munday 06:00":  `"Munday 06:00": "Munday" is not a weekday (did you mean Monday?); possible are Mon, Tue, Wed, Thu, Fri, Sat, Sun`,
		"Mon 6am":       `"Mon 6am": "6am" is not a time of day: write it as in 06:00 or 14:30`,
		"Mon 25:00":     `"Mon 25:00": 25:00 is not a time of day: these run from 00:00 to 24:00`,
		"Mon 06:60":     `"Mon 06:60": 06:60 is not a time of day: these run from 00:00 to 24:00`,
		"Mon 24:00":     `"Mon 24:00": 24:00 can only end a shift: write 00:00 of the next day`,
	} {
		_, err := units.ParseMoment(text)
		require.EqualError(t, err, want)
	}
}

func TestAShiftIsOnWhenItIsOn(t *testing.T) {
	for _, c := range []struct {
		text    string
		on, off []string
		perWeek time.Duration
	}{
		{"Mon-Fri 06:00-14:00", []string{"Mon 06:00", "Fri 13:59"}, []string{"Mon 05:59", "Mon 14:00", "Sat 08:00"}, 40 * time.Hour},
		{"daily 22:00-06:00", []string{"Mon 00:00", "Mon 05:59", "Sun 22:00", "Sun 23:59"}, []string{"Mon 06:00", "Sun 21:59"}, 56 * time.Hour},
		{"Sun 20:00-04:00", []string{"Sun 20:00", "Mon 03:59"}, []string{"Mon 04:00", "Sun 19:59"}, 8 * time.Hour},
		{"Mon,Wed 8:00-12:00 and 13:00-17:00; Sat 08:00-12:00", []string{"Wed 13:00", "Sat 11:59"}, []string{"Wed 12:00", "Sat 13:00", "Tue 09:00"}, 20 * time.Hour},
		{"Fri-Mon 10:00-11:00", []string{"Sat 10:30", "Mon 10:30"}, []string{"Tue 10:30"}, 4 * time.Hour},
		{"weekdays 09:00-17:00 and weekends 10:00-12:00", []string{"Fri 16:00", "Sun 11:00"}, []string{"Sun 16:00"}, 44 * time.Hour},
		{"Mon 06:00-14:00; Mon 12:00-16:00", []string{"Mon 15:59"}, []string{"Mon 16:00"}, 10 * time.Hour},
		{"Sun 20:00-08:00; Mon 06:00-10:00", []string{"Mon 07:00", "Mon 09:59"}, []string{"Mon 10:00"}, 14 * time.Hour},
		{"daily 00:00-24:00", []string{"Mon 00:00", "Sun 23:59"}, nil, units.Week},
		{"always", []string{"Mon 00:00", "Sun 23:59"}, nil, units.Week},
		{"daily 06:00-14:00 and 13:00-22:00 and 21:00-07:00", []string{"Mon 00:00", "Wed 21:30"}, nil, units.Week},
	} {
		s, err := units.ParseShift(c.text)
		require.NoError(t, err)
		require.Equal(t, c.text, s.String())
		require.Equal(t, c.perWeek, s.PerWeek(), c.text)
		require.Regexp(t, units.ShiftPattern, c.text)
		for _, m := range c.on {
			require.True(t, s.On(at(t, m)), "%s at %s", c.text, m)
			require.True(t, s.On(at(t, m)+3*units.Week), "any week")
		}
		for _, m := range c.off {
			require.False(t, s.On(at(t, m)), "%s at %s", c.text, m)
		}
	}
	require.True(t, units.Shift{}.On(0))
	require.Equal(t, "always", units.Shift{}.String())
}

func TestNextIsTheNextChange(t *testing.T) {
	day, err := units.ParseShift("Mon-Fri 06:00-14:00")
	require.NoError(t, err)
	for _, c := range []struct {
		from, wait time.Duration
		on         bool
	}{
		{at(t, "Mon 05:00"), time.Hour, true},
		{at(t, "Mon 06:00"), 8 * time.Hour, false},
		{at(t, "Mon 14:00"), 16 * time.Hour, true},
		{at(t, "Fri 14:00"), 64 * time.Hour, true},
		{at(t, "Fri 14:00") + 5*units.Week, 64 * time.Hour, true},
	} {
		change, on := day.Next(c.from)
		require.Equal(t, c.wait, change-c.from)
		require.Equal(t, c.on, on)
	}

	night, err := units.ParseShift("Sun 20:00-04:00")
	require.NoError(t, err)
	change, on := night.Next(at(t, "Sun 21:00"))
	require.Equal(t, at(t, "Sun 20:00")+8*time.Hour, change, "over the week's end")
	require.False(t, on)
}

func TestTouchingShiftsHandOver(t *testing.T) {
	s, err := units.ParseShift("Mon-Fri 06:00-14:00 and 14:00-22:00")
	require.NoError(t, err)
	change, on := s.Next(at(t, "Mon 07:00"))
	require.Equal(t, at(t, "Mon 22:00"), change)
	require.False(t, on)
	require.Equal(t, 7.0, s.Hours(at(t, "Mon 13:00")))
	require.Equal(t, 0.5, s.Hours(at(t, "Mon 14:30")))
	require.Zero(t, s.Hours(at(t, "Sat 14:30")))
}

func TestHoursCountOverMidnightAndTheWeeksEnd(t *testing.T) {
	s, err := units.ParseShift("daily 22:00-06:00")
	require.NoError(t, err)
	require.Equal(t, 3.5, s.Hours(at(t, "Mon 01:30")))
	require.Equal(t, 3.5, s.Hours(at(t, "Thu 01:30")))
}

func TestAShiftThatNeverChangesAnswersAWeekLater(t *testing.T) {
	for _, text := range []string{"always", "daily 00:00-24:00", "daily 12:00-00:00; 00:00-12:00"} {
		s, err := units.ParseShift(text)
		require.NoError(t, err)
		change, on := s.Next(at(t, "Wed 09:00"))
		require.Equal(t, at(t, "Wed 09:00")+units.Week, change, text)
		require.True(t, on)
	}
}

func TestAWrongShiftIsExplained(t *testing.T) {
	for text, want := range map[string]string{
		"":                        `a shift is missing: write it as in Mon-Fri 06:00-14:00, daily 22:00-06:00 or always`,
		"Mon-Fri":                 `shift "Mon-Fri": "Mon-Fri" has no times: write it as in Mon-Fri 06:00-14:00, daily 22:00-06:00 or always`,
		"06:00-14:00":             `shift "06:00-14:00": "06:00-14:00" has no days: write it as in Mon-Fri 06:00-14:00 or daily 06:00-14:00`,
		"Mon-Fry 06:00-14:00":     `shift "Mon-Fry 06:00-14:00": "Fry" is not a weekday (did you mean Fri?); possible are Mon, Tue, Wed, Thu, Fri, Sat, Sun; or daily, weekdays, weekends`,
		"daily 06:00-25:00":       `shift "daily 06:00-25:00": 25:00 is not a time of day: these run from 00:00 to 24:00`,
		"daily 06:00-06:00":       `shift "daily 06:00-06:00": 06:00-06:00 begins and ends at the same time: write 00:00-24:00 for a whole day`,
		"daily 24:00-06:00":       `shift "daily 24:00-06:00": 24:00 can only end a shift: begin at 00:00 of the next day`,
		"Mon and Tue 06:00-14:00": `shift "Mon and Tue 06:00-14:00": "Mon" has no times: write it as in Mon-Fri 06:00-14:00, daily 22:00-06:00 or always`,
	} {
		_, err := units.ParseShift(text)
		require.EqualError(t, err, want)
	}
}

func FuzzCalendarParsersAndPatternsAgree(f *testing.F) {
	for _, seed := range []string{"Mon 06:00", "Mon-Fri 06:00-14:00", "daily 22:00-06:00", "always", "Sat,Sun 1:00 - 2:00 and 3:00-4:00;weekends 09:00-10:00", "Mon-06:00-14:00", "Mon, 06:00-14:00", "daily, Mon 01:00-02:00", "daily 1:00-2:00 and  ; 3:00-4:00", "Mon\t06:00"} {
		f.Add(seed)
	}
	moment, shift := regexp.MustCompile(units.MomentPattern), regexp.MustCompile(units.ShiftPattern)
	agree := func(t *testing.T, text string, shaped bool, err error) {
		if err == nil {
			require.True(t, shaped, "%q is read but the pattern refuses it", text)
		} else if shaped {
			require.Regexp(t, aboutValue, err.Error(), text)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, err := units.ParseMoment(text)
		agree(t, text, moment.MatchString(text), err)
		s, err := units.ParseShift(text)
		agree(t, text, shift.MatchString(text), err)
		if err == nil {
			soundShift(t, s)
		}
	})
}

// soundShift walks a week from change to change and finds the duty that PerWeek promises.
func soundShift(t *testing.T, s units.Shift) {
	now, _ := s.Next(0)
	total, end := time.Duration(0), now+units.Week
	for now < end {
		change, on := s.Next(now)
		require.Greater(t, change, now)
		if s.On(now) {
			total += change - now
			require.True(t, s.On(change-1))
		}
		require.Equal(t, on, s.On(change))
		now = change
	}
	require.Equal(t, s.PerWeek(), total, s.String())
}
