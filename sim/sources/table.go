package sources

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/formula"
	"github.com/twinbed/twinbed/sim/units"
)

// table is what was read at one time. A cell is a float64, a string, or nil for
// nothing. It knows no Symbols, so that it can be read by any goroutine.
type table struct {
	names    []string
	declared []sort   // of each column
	cells    [][]any  // by row
	places   []string // of each row, for errors: "orders.csv:3"; nil: counted
}

// sort is what the database says of a column.
type sort uint8

const (
	untold  sort = iota // the values tell
	numeric             // strings in it are numbers, too
	textual
)

func (t *table) place(row int) string {
	if t.places != nil {
		return t.places[row]
	}
	return fmt.Sprintf("row %d", row+1)
}

// shape is how a table's rows become those of a source. It is found once, when
// the source is opened, and holds for all that is read later.
type shape struct {
	columns  []sim.Column
	at       []int // where in the table each column stands
	key      int   // -1: there is one row
	numbered bool  // all keys are numbers
}

// row is one row of a source.
type row struct {
	key    string
	values []float64
	table  int // its place in the table
}

// shapeOf looks at a table. wanted are the columns to take, none for all but
// others, which may hold empty names.
func shapeOf(t *table, key string, wanted []string, others ...string) (*shape, error) {
	s := &shape{key: -1}
	find := func(path, name string) (int, error) {
		at := slices.Index(t.names, name)
		if at < 0 {
			hint := ""
			if near, ok := units.Nearest(name, t.names); ok {
				hint = fmt.Sprintf(" (did you mean %s?)", near)
			}
			return -1, sim.Wrongf(path, "there is no column %q%s; there are %s", name, hint, strings.Join(t.names, ", "))
		}
		return at, nil
	}
	var err error
	if key != "" {
		if s.key, err = find("key", key); err != nil {
			return nil, err
		}
		s.numbered = !t.isText(s.key)
	}
	for i, name := range wanted {
		at, err := find(fmt.Sprintf("columns.%d", i), name)
		if err != nil {
			return nil, err
		}
		s.at = append(s.at, at)
	}
	for at, name := range t.names {
		if len(wanted) == 0 && at != s.key && !slices.Contains(others, name) {
			s.at = append(s.at, at)
		}
	}
	for _, at := range s.at {
		s.columns = append(s.columns, sim.Column{Name: t.names[at], Text: t.isText(at)})
	}
	if len(s.at) == 0 {
		return nil, fmt.Errorf("there are no columns but %s", strings.Join(t.names, ", "))
	}
	return s, nil
}

// isText says whether a column is of texts: one that is declared so, or in which
// anything stands that is no number.
func (t *table) isText(column int) bool {
	if t.declared[column] == textual {
		return true
	}
	return slices.ContainsFunc(t.cells, func(cells []any) bool {
		_, ok := number(cells[column], t.declared[column])
		return !ok
	})
}

// number is a cell's number, NaN for an empty one; false for a text.
func number(cell any, declared sort) (float64, bool) {
	switch x := cell.(type) {
	case float64:
		return finite(x), true
	case string:
		if declared != numeric {
			return math.NaN(), false
		}
		v, err := strconv.ParseFloat(strings.TrimSpace(x), 64)
		return finite(v), err == nil
	}
	return math.NaN(), true
}

// finite makes infinities unknown.
func finite(v float64) float64 {
	if v-v != 0 {
		return math.NaN()
	}
	return v
}

// written is a cell as a text.
func written(cell any) string {
	switch x := cell.(type) {
	case string:
		return x
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64)
	}
	return ""
}

// rows are a table's rows; a text where numbers stood and a key that is there
// twice are errors.
func (s *shape) rows(t *table, symbols *formula.Symbols, twice bool) ([]row, error) {
	rows := make([]row, 0, len(t.cells))
	seen := map[string]int{}
	for r, cells := range t.cells {
		x := row{values: make([]float64, len(s.at)), table: r}
		if s.key >= 0 {
			x.key = s.keyOf(cells[s.key], t.declared[s.key])
			if x.key == "" {
				return nil, fmt.Errorf("%s: the key %s is empty", t.place(r), t.names[s.key])
			}
			if before, again := seen[x.key]; again && !twice {
				return nil, fmt.Errorf("%s: the key %q stands in %s already", t.place(r), x.key, t.place(before))
			}
			seen[x.key] = r
		}
		for c, at := range s.at {
			if s.columns[c].Text {
				x.values[c] = symbols.ID(written(cells[at]))
				continue
			}
			v, ok := number(cells[at], t.declared[at])
			if !ok {
				return nil, fmt.Errorf("%s: %s is %.40q, and was a number", t.place(r), t.names[at], written(cells[at]))
			}
			x.values[c] = v
		}
		rows = append(rows, x)
	}
	return rows, nil
}

// keyOf writes a key as the twins write the attribute that it is looked up by:
// where all are numbers, 007 and 7 are the same.
func (s *shape) keyOf(cell any, declared sort) string {
	if s.numbered {
		if v, ok := number(cell, declared); ok && v == v {
			return strconv.FormatFloat(v, 'g', -1, 64)
		}
	}
	return strings.TrimSpace(written(cell))
}
