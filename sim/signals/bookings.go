package signals

import (
	"fmt"
	"time"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
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
	_ struct{} `formula:"people = sum over the bookings that are kept and hold now − late" source:"plain, a definition"`

	File   string              `required:"true" doc:"CSV file with a header, in the scenario's folder" source:"none, the scenario's own"`
	By     string              `required:"true" doc:"the attribute (a text), and the column, that tell which bookings are a thing's own"`
	Kept   float64             `unit:"%" default:"100%" min:"0" max:"1" doc:"share of the bookings that people come to" source:"plain"`
	Late   chance.Distribution `unit:"s" default:"0" doc:"how much later than booked they come, and leave" source:"plain"`
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
	var err error
	m.of, m.bookings, err = timetable(s, m.File, m.By, []string{"from", "to", "people"}, readBooking)
	return m, err
}

// readBooking reads from, to and people.
func readBooking(cells []string, number int) (b booking, err error) {
	b.number = uint64(number)
	from, err := units.ParseMoment(cells[0])
	if err != nil {
		return b, err
	}
	to, err := units.ParseMoment(cells[1])
	if err != nil {
		return b, err
	}
	if b.from, b.to = from.WeekTime(), to.WeekTime(); b.to <= b.from {
		return b, fmt.Errorf("a booking ends after it begins, in the same week")
	}
	b.people, err = units.Parse(cells[2], units.Number)
	return b, err
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
