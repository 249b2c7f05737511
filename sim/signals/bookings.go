package signals

import (
	"encoding/csv"
	"fmt"
	"time"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
	"github.com/twinbed/twinbed/sim/formula"
	"github.com/twinbed/twinbed/sim/units"
)

func init() {
	sim.Signals.Add("bookings", "how many people are there: a calendar of the week from a CSV file, of which not all are kept and not all on time",
		func() sim.SignalModel { return &Bookings{} })
}

// Bookings is presence by a calendar that repeats weekly. The file has the
// columns from (Mon 09:00), to (Mon 10:30), people, and one that is named as the
// attribute by which things find their rows. Who comes and when is drawn for
// each booking of each week, the same in all variants.
type Bookings struct {
	File   string              `required:"true" doc:"CSV file with a header, in the scenario's folder"`
	By     string              `required:"true" doc:"the attribute (a text), and the column, that tell which bookings are a thing's own"`
	Kept   float64             `unit:"%" default:"100%" min:"0" max:"1" doc:"share of the bookings that people come to"`
	Late   chance.Distribution `unit:"s" default:"0" doc:"how much later than booked they come, and leave"`
	Sensor `key:",inline"`

	start    time.Duration
	of       []int32 // which list is a thing's own
	bookings [][]booking
}

type booking struct {
	from, to time.Duration // of the week
	people   float64
	number   uint64 // in the file
}

// Build reads the calendar.
func (m *Bookings) Build(s *sim.Site) (sim.Signal, error) {
	m.at(s)
	m.start = s.Calendar.Start
	at := s.Kind.Attribute(m.By)
	if at < 0 || s.Kind.Attributes[at].Type != formula.Text {
		return nil, sim.Wrongf("by", "%s has no attribute %q that is a text", s.Kind.Name, m.By)
	}
	lists, err := m.read(s)
	if err != nil {
		return nil, sim.Wrongf("file", "%s: %v", m.File, err)
	}
	place := map[float64]int32{}
	m.of, m.bookings = make([]int32, s.Kind.Count), nil
	for i, v := range s.Kind.Attributes[at].Values {
		if _, there := place[v]; !there {
			place[v] = int32(len(m.bookings))
			m.bookings = append(m.bookings, lists[v])
		}
		m.of[i] = place[v]
	}
	return m, nil
}

// read gives bookings by the symbol of their owner.
func (m *Bookings) read(s *sim.Site) (map[float64][]booking, error) {
	file, err := s.Open(m.File)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	r := csv.NewReader(file)
	records, err := r.ReadAll()
	if err != nil {
		return nil, err
	}
	if len(records) < 2 {
		return nil, fmt.Errorf("a calendar needs a header and a booking at the least")
	}
	var columns [4]int
	for n, name := range []string{"from", "to", "people", m.By} {
		if columns[n] = position(records[0], name); columns[n] < 0 {
			return nil, fmt.Errorf("line 1: no column %q", name)
		}
	}
	lists := map[float64][]booking{}
	for n, record := range records[1:] {
		b := booking{number: uint64(n)}
		from, err := units.ParseMoment(record[columns[0]])
		if err == nil {
			b.from = from.WeekTime()
			from, err = units.ParseMoment(record[columns[1]])
			b.to = from.WeekTime()
		}
		if err == nil {
			b.people, err = units.Parse(record[columns[2]], units.Number)
		}
		if err == nil && b.to <= b.from {
			err = fmt.Errorf("a booking ends after it begins, in the same week")
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n+2, err)
		}
		owner := s.Symbols.ID(record[columns[3]])
		lists[owner] = append(lists[owner], b)
	}
	return lists, nil
}

// Advance is who is there at now: those of overlapping bookings together.
func (m *Bookings) Advance(i int, _, now sim.Time) float64 {
	since := m.start + time.Duration(now)
	week, at := uint64(since/sim.Week), since%sim.Week
	people := 0.0
	for _, b := range m.bookings[m.of[i]] {
		draw := drawTruth + 2*(week<<20|b.number)
		if at < b.from || m.stream.Uniform(uint32(i), draw) >= m.Kept {
			continue
		}
		late := time.Duration(m.Late.Quantile(m.stream.Uniform(uint32(i), draw+1)) * float64(time.Second))
		if at >= b.from+max(late, 0) && at < b.to+max(late, 0) {
			people += b.people
		}
	}
	return people
}
