package signals

import (
	"encoding/csv"
	"fmt"
	"io"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/units"
)

func init() {
	sim.Signals.Add("replay", "plays a recorded trace from a CSV file on the scenario's clock",
		func() sim.SignalModel { return &Replay{} })
}

// Replay plays a trace: a CSV with a header, one column of times, one of values.
type Replay struct {
	_ struct{} `formula:"x = the trace at speed·t + shift·(place of the thing)" source:"plain, a definition"`

	File    string        `required:"true" doc:"CSV file with a header, in the scenario's folder" source:"none, the scenario's own"`
	Column  string        `required:"true" doc:"the column with the values"`
	Time    string        `default:"time" doc:"the column with the times since the beginning: \"90s\", or plain seconds"`
	Between string        `default:"line" oneof:"line|step" doc:"between two samples: a straight line, or the earlier one"`
	Speed   float64       `default:"1" above:"0" doc:"how much faster than recorded" source:"plain"`
	Once    bool          `doc:"stay at the last value instead of beginning again"`
	Shift   time.Duration `doc:"each further thing is so much further into the trace, so that a fleet does not move as one"`
	Sensor  `key:",inline"`

	times  []sim.Time
	values []float64
	length sim.Time
	last   []int32 // where each thing was last found: traces are read in order
}

// Build reads the trace.
func (m *Replay) Build(s *sim.Site) (sim.Signal, error) {
	m.at(s)
	file, err := s.Open(m.File)
	if err != nil {
		return nil, sim.Wrongf("file", "%v", err)
	}
	defer file.Close()
	if err := m.read(file); err != nil {
		return nil, sim.Wrongf("file", "%s: %v", m.File, err)
	}
	m.last = make([]int32, s.Kind.Count)
	return m, nil
}

func (m *Replay) read(file io.Reader) error {
	m.times, m.values = nil, nil
	r := csv.NewReader(file)
	header, err := r.Read()
	if err != nil {
		return fmt.Errorf("line 1: no header: %w", err)
	}
	time, value := position(header, m.Time), position(header, m.Column)
	switch {
	case time < 0:
		return fmt.Errorf("line 1: no column %q; there are %s", m.Time, strings.Join(header, ", "))
	case value < 0:
		return fmt.Errorf("line 1: no column %q; there are %s", m.Column, strings.Join(header, ", "))
	}
	for {
		record, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		line, _ := r.FieldPos(0)
		at, err := instant(record[time])
		if err != nil {
			return fmt.Errorf("line %d: %w", line, err)
		}
		v, err := strconv.ParseFloat(record[value], 64)
		if err != nil || v-v != 0 {
			return fmt.Errorf("line %d: %q is not a number", line, record[value])
		}
		if n := len(m.times); n > 0 && at <= m.times[n-1] {
			return fmt.Errorf("line %d: times must rise", line)
		}
		m.times, m.values = append(m.times, at), append(m.values, v)
	}
	if len(m.times) < 2 {
		return fmt.Errorf("a trace needs at least two samples, got %d", len(m.times))
	}
	first := m.times[0]
	for i := range m.times {
		m.times[i] -= first
	}
	n := len(m.times)
	m.length = m.times[n-1] + m.times[n-1]/sim.Time(n-1) // the last sample lasts as long as the others on average
	return nil
}

func position(header []string, name string) int {
	for i, h := range header {
		if strings.TrimSpace(h) == name {
			return i
		}
	}
	return -1
}

// instant reads seconds or a duration.
func instant(text string) (sim.Time, error) {
	text = strings.TrimSpace(text)
	if s, err := strconv.ParseFloat(text, 64); err == nil && s >= 0 && s < 1e9 {
		return sim.Time(s * 1e9), nil
	}
	d, err := units.ParseDuration(text)
	return sim.Time(d), err
}

// Advance is the trace at now.
func (m *Replay) Advance(i int, _, now sim.Time) float64 {
	t := sim.Time(float64(now)*m.Speed) + sim.Time(m.Shift)*sim.Time(i)
	if m.Once {
		t = min(t, m.times[len(m.times)-1])
	} else {
		t %= m.length
	}
	at := int(m.last[i])
	if m.times[at] > t || at+1 < len(m.times) && m.times[at+1] <= t {
		if at+2 < len(m.times) && m.times[at+1] <= t && t < m.times[at+2] {
			at++
		} else {
			at = sort.Search(len(m.times), func(k int) bool { return m.times[k] > t }) - 1
		}
		m.last[i] = int32(at)
	}
	if at+1 == len(m.times) || m.Between == "step" {
		return m.values[at]
	}
	part := float64(t-m.times[at]) / float64(m.times[at+1]-m.times[at])
	return m.values[at] + part*(m.values[at+1]-m.values[at])
}
