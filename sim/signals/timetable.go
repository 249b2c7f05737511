package signals

import (
	"encoding/csv"
	"fmt"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/formula"
)

// timetable reads a CSV file whose rows belong to things by an attribute that is
// a text and a column of the same name. lists has the rows of each owner in the
// order of the file; of says which list is a thing's own.
func timetable[T any](s *sim.Site, file, by string, columns []string, read func(cells []string, number int) (T, error)) (of []int32, lists [][]T, err error) {
	at := s.Kind.Attribute(by)
	if at < 0 || s.Kind.Attributes[at].Type != formula.Text {
		return nil, nil, sim.Wrongf("by", "%s has no attribute %q that is a text", s.Kind.Name, by)
	}
	owned, err := rowsByOwner(s, file, append(columns[:len(columns):len(columns)], by), read)
	if err != nil {
		return nil, nil, sim.Wrongf("file", "%s: %v", file, err)
	}
	place := map[float64]int32{}
	of = make([]int32, s.Kind.Count)
	for i, v := range s.Kind.Attributes[at].Values {
		if _, there := place[v]; !there {
			place[v] = int32(len(lists))
			lists = append(lists, owned[v])
		}
		of[i] = place[v]
	}
	return of, lists, nil
}

// rowsByOwner gives rows by the symbol of their owner, who stands in the last of
// the columns.
func rowsByOwner[T any](s *sim.Site, name string, columns []string, read func(cells []string, number int) (T, error)) (map[float64][]T, error) {
	file, err := s.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	records, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(records) < 2 {
		return nil, fmt.Errorf("a timetable needs a header and a row at the least")
	}
	places := make([]int, len(columns))
	for n, column := range columns {
		if places[n] = position(records[0], column); places[n] < 0 {
			return nil, fmt.Errorf("line 1: no column %q", column)
		}
	}
	owned, cells := map[float64][]T{}, make([]string, len(columns))
	for number, record := range records[1:] {
		for n, place := range places {
			cells[n] = record[place]
		}
		row, err := read(cells, number)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number+2, err)
		}
		owner := s.Symbols.ID(cells[len(cells)-1])
		owned[owner] = append(owned[owner], row)
	}
	return owned, nil
}
