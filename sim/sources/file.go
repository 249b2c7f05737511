package sources

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/twinbed/twinbed/sim"
)

func init() {
	Sources.Add("file", "rows of a CSV file: all true from the beginning, or each from its time on", func() Config { return &File{} })
}

// File is a CSV file with a header. A column is of numbers if all that stands in
// it is, empty cells being unknown; else of texts.
type File struct {
	File    string        `required:"true" file:"true" doc:"CSV file with a header, in the scenario's folder"`
	Key     string        `doc:"the column that rows are looked up by; without it there is one row at a time"`
	Time    string        `doc:"the column that says when a row becomes true: since the start, as in 8h, or a moment, as in Mon 06:00; then the table is that of a week and goes round"`
	Every   time.Duration `min:"100ms" doc:"rows without key and time: how long each is true; else how often the table is taken as new: read again in a live run"`
	Columns []string      `doc:"the columns to take; default: all but key and time"`
}

// rereadWithin is how long reading a file again may take; only a stuck disk needs it.
const rereadWithin = 30 * time.Second

// Open reads the file.
func (c *File) Open(s Site) (sim.Source, error) {
	source, err := c.open(s)
	if err == nil {
		return source, nil
	}
	if w, ok := errors.AsType[*sim.Wrong](err); ok {
		return nil, w
	}
	return nil, sim.Wrongf("file", "%v", err)
}

func (c *File) open(s Site) (sim.Source, error) {
	t, err := c.read(s)
	if err != nil {
		return nil, err
	}
	if len(t.cells) == 0 {
		return nil, fmt.Errorf("%s has no rows below its header", c.File)
	}
	shape, err := shapeOf(t, c.Key, c.Columns, c.Time)
	if err != nil {
		return nil, err
	}
	column := -1
	if c.Time != "" {
		if column = slices.Index(t.names, c.Time); column < 0 {
			return nil, sim.Wrongf("time", "there is no column %q; there are %s", c.Time, strings.Join(t.names, ", "))
		}
	}
	steps := c.Key == "" && column < 0 && len(t.cells) > 1
	switch {
	case column >= 0 && c.Every > 0:
		return nil, sim.Wrongf("every", "the rows have times of their own: take every or time away")
	case steps && c.Every <= 0:
		return nil, fmt.Errorf("%s has %d rows and nothing says which one holds: name a key or a time column, or how long each is true with every", c.File, len(t.cells))
	}
	rows, err := shape.rows(t, s.Symbols, column >= 0)
	if err != nil {
		return nil, err
	}
	if column >= 0 || steps {
		return timelineOf(shape, t, rows, column, c.Every, s.Calendar)
	}
	x := &snapshot{shape: shape, site: s, rows: rows, every: c.Every, timeout: rereadWithin}
	if s.Live {
		x.ask = func(context.Context) (*table, error) { return c.reread(s, t.names) }
	}
	return x, nil
}

// reread reads the file again; its columns must be those of before.
func (c *File) reread(s Site, names []string) (*table, error) {
	t, err := c.read(s)
	if err == nil && !slices.Equal(t.names, names) {
		err = fmt.Errorf("%s:1: the columns were %s, and are %s", c.File, strings.Join(names, ", "), strings.Join(t.names, ", "))
	}
	return t, err
}

// read parses the file; errors tell it with the line.
func (c *File) read(s Site) (*table, error) {
	text, err := limited(s, c.File)
	if err != nil {
		return nil, err
	}
	return parseCSV(text, c.File)
}

// parseCSV reads a CSV with a header. name is for errors.
func parseCSV(text []byte, name string) (*table, error) {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(text) {
		return nil, fmt.Errorf("%s:%d: this is not UTF-8 text", name, 1+bytes.Count(validPart(text), []byte("\n")))
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.TrimLeadingSpace = true
	r.FieldsPerRecord = -1
	r.ReuseRecord = true
	header, err := r.Read()
	if err != nil {
		return nil, wrongCSV(name, err)
	}
	t := &table{}
	for i, column := range header {
		column = strings.TrimSpace(column)
		if column == "" || slices.Contains(t.names, column) {
			return nil, fmt.Errorf("%s:1: column %d is called %q; each column needs a name of its own", name, i+1, column)
		}
		t.names = append(t.names, column)
	}
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, wrongCSV(name, err)
		}
		line, _ := r.FieldPos(0)
		place := name + ":" + strconv.Itoa(line)
		switch {
		case len(record) != len(t.names):
			return nil, fmt.Errorf("%s: here are %d cells and in the header %d", place, len(record), len(t.names))
		case len(t.cells) == maxRows || len(t.cells)*len(t.names) > maxCells:
			return nil, fmt.Errorf("%s: this table is too large: %d rows and %d cells are possible", place, maxRows, maxCells)
		}
		cells := make([]any, len(record))
		for i, text := range record {
			if text = strings.TrimSpace(text); text != "" {
				cells[i] = text
			}
		}
		t.cells, t.places = append(t.cells, cells), append(t.places, place)
	}
	return t, t.declare()
}

// declare tells the columns of a CSV in which all cells are numbers.
func (t *table) declare() error {
	t.declared = make([]sort, len(t.names))
	for c, name := range t.names {
		numbers, odd := Numbers(func(yield func(string) bool) {
			for _, cells := range t.cells {
				if text, _ := cells[c].(string); !yield(text) {
					return
				}
			}
		})
		switch {
		case !numbers:
			t.declared[c] = textual
		case odd >= 0:
			return fmt.Errorf("%s: %w", t.places[odd], NoNumber(name, written(t.cells[odd][c])))
		default:
			t.declared[c] = numeric
		}
	}
	return nil
}

// Numbers says whether a column of a CSV is meant to be of numbers: all that stands
// in it reads as one. odd is the first row that holds NaN, an infinity or what is
// larger than numbers can be, which no column may hold; -1 if none does.
func Numbers(column iter.Seq[string]) (numbers bool, odd int) {
	odd = -1
	row := 0
	for text := range column {
		v, err := strconv.ParseFloat(text, 64)
		switch {
		case text == "":
		case err != nil && !errors.Is(err, strconv.ErrRange):
			return false, -1
		case v-v != 0 && odd < 0:
			odd = row
		}
		row++
	}
	return true, odd
}

// NoNumber is what is wrong with a cell that is odd.
func NoNumber(column, cell string) error {
	return fmt.Errorf("%s is %.40s, and numbers are finite: leave the cell empty where nothing is known", column, cell)
}

func validPart(text []byte) []byte {
	at := 0
	for at < len(text) {
		r, size := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		at += size
	}
	return text[:at]
}

func wrongCSV(name string, err error) error {
	if p, ok := errors.AsType[*csv.ParseError](err); ok {
		return fmt.Errorf("%s:%d: %w", name, p.Line, p.Err)
	}
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%s:1: there is no header", name)
	}
	return fmt.Errorf("%s: %w", name, err)
}
