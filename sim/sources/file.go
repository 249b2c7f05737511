package sources

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"sort"
	"strings"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/units"
)

func init() {
	Sources.Add("file", "rows of a CSV file: all true from the beginning, or each from its time on", func() Config { return &File{} })
}

// File is a CSV file with a header.
type File struct {
	File    string   `required:"true" file:"true" doc:"CSV file with a header, in the scenario's folder"`
	Key     string   `doc:"the column that rows are looked up by; without it there is one row at a time"`
	Time    string   `doc:"the column that says when a row becomes true: since the start, as in 8h, or a moment such as Mon 06:00; without it all are from the beginning"`
	Columns []string `doc:"the columns to take; default: all but key and time"`
}

// Open reads the file.
func (c *File) Open(s Site) (sim.Source, error) {
	text, err := limited(s, c.File)
	if err != nil {
		return nil, sim.Wrongf("file", "%v", err)
	}
	f, err := c.parse(text, s)
	if err == nil {
		return f, nil
	}
	if w, ok := errors.AsType[*sim.Wrong](err); ok {
		return nil, w
	}
	return nil, sim.Wrongf("file", "%s: %v", c.File, err)
}

// file is the rows, in the order in which they become true.
type file struct {
	columns []sim.Column
	keyed   bool
	keys    []string
	times   []sim.Time
	values  [][]float64
}

func (c *File) parse(text []byte, s Site) (*file, error) {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))))
	header, err := r.Read()
	if err != nil {
		return nil, errors.New("line 1: no header")
	}
	for i := range header {
		header[i] = strings.TrimSpace(header[i])
		if header[i] == "" || slices.Contains(header[:i], header[i]) {
			return nil, fmt.Errorf("line 1: column %d is called %q; each column needs a name of its own", i+1, header[i])
		}
	}
	at, names, err := c.layout(header)
	if err != nil {
		return nil, err
	}
	f := &file{keyed: c.Key != ""}
	var rows [][]string
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		line, _ := r.FieldPos(0)
		if len(rows) == maxRows {
			return nil, fmt.Errorf("line %d: more than %d rows", line, maxRows)
		}
		when := sim.Time(0)
		if at.time >= 0 {
			if when, err = instant(record[at.time], s.Calendar); err != nil {
				return nil, fmt.Errorf("line %d: %s: %w", line, c.Time, err)
			}
		}
		key := ""
		if at.key >= 0 {
			key = strings.TrimSpace(record[at.key])
		}
		row := make([]string, len(at.columns))
		for i, column := range at.columns {
			row[i] = record[column]
		}
		rows, f.keys, f.times = append(rows, row), append(f.keys, key), append(f.times, when)
	}
	if len(rows) == 0 {
		return nil, errors.New("there are no rows below the header")
	}
	if at.time < 0 && at.key < 0 && len(rows) > 1 {
		return nil, fmt.Errorf("there are %d rows and nothing tells which one holds: name a key or a time column", len(rows))
	}
	f.columns, f.values = cells(names, rows, s.Symbols)
	sort.Stable(f)
	return f, nil
}

// layout is where in a record what stands.
type layout struct {
	key, time int // -1 for none
	columns   []int
}

func (c *File) layout(header []string) (at layout, names []string, err error) {
	find := func(path, name string) int {
		i := slices.Index(header, name)
		if i < 0 && name != "" && err == nil {
			err = sim.Wrongf(path, "%s has no column %q; there are %s", c.File, name, strings.Join(header, ", "))
		}
		return i
	}
	at.key, at.time = find("key", c.Key), find("time", c.Time)
	for _, name := range c.Columns {
		at.columns, names = append(at.columns, find("columns", name)), append(names, name)
	}
	for i, name := range header {
		if len(c.Columns) == 0 && i != at.key && i != at.time {
			at.columns, names = append(at.columns, i), append(names, name)
		}
	}
	if err == nil && len(names) == 0 {
		err = errors.New("line 1: besides key and time there is no column")
	}
	return at, names, err
}

// instant reads a duration since the start, or a moment of the first week.
func instant(text string, calendar sim.Calendar) (sim.Time, error) {
	text = strings.TrimSpace(text)
	if d, err := units.ParseDuration(text); err == nil {
		return sim.Time(d), nil
	}
	if m, err := units.ParseMoment(text); err == nil {
		since := m.WeekTime() - calendar.Start
		if since < 0 {
			since += sim.Week
		}
		return sim.Time(since), nil
	}
	return 0, fmt.Errorf("%.40q is neither a time since the start, such as 8h, nor a moment, such as Mon 06:00", text)
}

// Len, Less and Swap order the rows by time.
func (f *file) Len() int           { return len(f.times) }
func (f *file) Less(i, j int) bool { return f.times[i] < f.times[j] }
func (f *file) Swap(i, j int) {
	f.times[i], f.times[j] = f.times[j], f.times[i]
	f.keys[i], f.keys[j] = f.keys[j], f.keys[i]
	f.values[i], f.values[j] = f.values[j], f.values[i]
}

// Columns are the file's, without key and time.
func (f *file) Columns() []sim.Column { return f.columns }

// Keyed says whether rows are looked up by a key.
func (f *file) Keyed() bool { return f.keyed }

// Start joins what is true now, and each further row at its time.
func (f *file) Start(clock *sim.Clock, join func(string, []float64, sim.Time)) error {
	next := 0
	var step func()
	step = func() {
		for next < len(f.times) && f.times[next] <= clock.Now() {
			join(f.keys[next], f.values[next], f.times[next])
			next++
		}
		if next < len(f.times) {
			clock.At(f.times[next], step)
		}
	}
	step()
	return nil
}

// Close has nothing to do.
func (f *file) Close() error { return nil }
