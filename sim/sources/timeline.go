package sources

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/units"
)

// timeline is a source whose rows become true one after the other.
type timeline struct {
	*shape
	rows   []row      // by time
	times  []sim.Time // of each row; in a weekly one, of its first time
	weekly bool       // a timetable by moments of the week, which goes round
	stop   sim.Timer
}

// timelineOf sorts rows by the times that stand in a column of the table, or
// that follow from the distance between two rows.
func timelineOf(s *shape, t *table, rows []row, column int, every time.Duration, calendar sim.Calendar) (*timeline, error) {
	l := &timeline{shape: s, rows: rows}
	for i := range rows {
		at := sim.Time(0).Add(time.Duration(i) * every)
		if column >= 0 {
			text := written(t.cells[rows[i].table][column])
			instant, weekly, err := parseInstant(text, calendar)
			switch {
			case err != nil:
				return nil, fmt.Errorf("%s: %s: %w", t.place(i), t.names[column], err)
			case i > 0 && weekly != l.weekly:
				return nil, fmt.Errorf("%s: %s: times since the start and moments of the week are mixed", t.place(i), t.names[column])
			}
			at, l.weekly = instant, weekly
		}
		l.times = append(l.times, at)
	}
	order := make([]int, len(rows))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(min(max(l.times[a]-l.times[b], -1), 1)) })
	last := map[string]sim.Time{}
	sorted := timeline{shape: s, weekly: l.weekly}
	for _, i := range order {
		if before, ok := last[rows[i].key]; ok && before == l.times[i] {
			return nil, fmt.Errorf("%s: a row of the same time is there already", t.place(i))
		}
		last[rows[i].key] = l.times[i]
		sorted.rows, sorted.times = append(sorted.rows, rows[i]), append(sorted.times, l.times[i])
	}
	return &sorted, nil
}

// parseInstant reads a duration since the start, or a moment of the week, which is
// its first time from the start on.
func parseInstant(text string, calendar sim.Calendar) (at sim.Time, weekly bool, err error) {
	text = strings.TrimSpace(text)
	if d, err := units.ParseDuration(text); err == nil {
		return sim.Time(d), false, nil
	}
	m, err := units.ParseMoment(text)
	if err != nil {
		return 0, false, fmt.Errorf("%.40q is neither a time since the start, such as 8h, nor a moment of the week, such as Mon 06:00", text)
	}
	return sim.Time((m.WeekTime() - calendar.Start%sim.Week + sim.Week) % sim.Week), true, nil
}

// Columns are the table's, without key and time.
func (l *timeline) Columns() []sim.Column { return l.columns }

// Keyed says whether rows are looked up by a key.
func (l *timeline) Keyed() bool { return l.key >= 0 }

// Start joins what is true now, and each further row at its time.
func (l *timeline) Start(clock *sim.Clock, join func(string, []float64, sim.Time)) error {
	if l.weekly {
		l.joinLastWeek(join)
	}
	next, week := 0, sim.Time(0)
	var step func()
	step = func() {
		for {
			if next == len(l.rows) {
				if !l.weekly {
					return
				}
				next, week = 0, week.Add(sim.Week)
			}
			at := week.Add(l.times[next].Duration())
			if at > clock.Now() {
				l.stop = clock.At(at, step)
				return
			}
			join(l.rows[next].key, l.rows[next].values, at)
			next++
		}
	}
	step()
	return nil
}

// joinLastWeek joins for each key what has held since before the start.
func (l *timeline) joinLastWeek(join func(string, []float64, sim.Time)) {
	settled := map[string]bool{}
	for i, r := range l.rows {
		if l.times[i] == 0 {
			settled[r.key] = true
		}
	}
	for i := len(l.rows) - 1; i >= 0; i-- {
		if r := l.rows[i]; !settled[r.key] {
			settled[r.key] = true
			join(r.key, r.values, l.times[i]-sim.Time(sim.Week))
		}
	}
}

// Close ends the timeline.
func (l *timeline) Close() error {
	l.stop.Cancel()
	return nil
}
