package reports

import (
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/twinbed/twinbed/sim/units"
)

// Progress is how far a run is.
type Progress struct {
	Moment
	Planned           time.Duration
	Offered, Achieved Number // readings a second of wall time, lately
}

// Sent are the readings of all kinds that have been sent.
func (m *Moment) Sent() (n uint64) {
	for _, k := range m.Kinds {
		n += k.Sent
	}
	return n
}

// Delivered are the readings of all kinds that have reached their twins.
func (m *Moment) Delivered() (n uint64) {
	for _, k := range m.Kinds {
		n += k.Delivered
	}
	return n
}

// lost is all that is known to be lost.
func (m *Moment) lost() uint64 {
	n := sumOf(m.Lost)
	for _, k := range m.Kinds {
		n += sumOf(k.Lost)
	}
	return n
}

// String is the progress on one line that fits a terminal. What matters most
// comes first, and what does not fit is left out.
func (p Progress) String() string {
	line := units.FormatDuration(p.Played)
	if p.Planned > 0 {
		line = fmt.Sprintf("%3.0f%%  %s of %s", 100*float64(p.Played)/float64(p.Planned), line, units.FormatDuration(p.Planned))
	}
	for _, part := range p.parts() {
		if part != "" && utf8.RuneCountInString(line)+2+utf8.RuneCountInString(part) <= width {
			line += "  " + part
		}
	}
	return line
}

func (p *Progress) parts() (parts []string) {
	add := func(wanted bool, format string, args ...any) {
		if wanted {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	add(p.Offered.Known() && p.Achieved.Known(), "%s/s of %s/s", short(float64(p.Achieved)), short(float64(p.Offered)))
	add(!p.Offered.Known() || !p.Achieved.Known(), "%s readings", grouped(p.Delivered()))
	lost := p.lost()
	add(lost > 0, "%s lost", grouped(lost))
	var open uint64
	var most *DecisionMoment
	for i := range p.Decisions {
		d := &p.Decisions[i]
		open += d.Fired - d.Closed.Total()
		if d.Loop.Count > 0 && (most == nil || d.Loop.Count > most.Loop.Count) {
			most = d
		}
	}
	if most != nil {
		add(true, "loop p50 %s p99 %s", seconds(most.Loop.P50), seconds(most.Loop.P99))
	}
	add(len(p.Decisions) > 0, "%s open", grouped(open))
	up, of := 0, 0
	for _, s := range p.Sessions {
		up, of = up+s.Up, of+s.Of
	}
	add(of > 0 && up == of, "%s up", grouped(up))
	add(up < of, "%s of %s up", grouped(up), grouped(of))
	add(p.Lateness[0] > 0, "lag p99 %s", units.FormatDuration(p.Lateness[0]))
	return parts
}
