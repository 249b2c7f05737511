// Package sources holds what context can come from, one file a sort: a CSV file,
// a stock, a database. A scenario tells them apart by the key they are named
// after: {file: orders.csv}, {stock: 6}, {query: select …}.
package sources

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
	"github.com/twinbed/twinbed/sim/formula"
)

// Config is a source as a scenario writes it.
type Config interface {
	// Open makes the source. Mistakes are sim.Wrong with paths from the
	// configuration on; nothing runs before the source is started.
	Open(s Site) (sim.Source, error)
}

// Site is where a source is put.
type Site struct {
	Name     string
	Open     func(file string) (io.ReadCloser, error) // a file of the scenario's folder
	Symbols  *formula.Symbols
	Getenv   func(name string) string
	Live     bool // goroutines may be used; else everything happens on the clock
	Calendar sim.Calendar
	Seed     chance.Seed
	Noted    func(what, detail string) // tells the run's observers; may be nil
}

// Sources are the sources that scenarios can name, by the key that tells them.
var Sources = sim.NewRegistry[Config]("data source")

// maxRows and maxBytes bound what is read of a file or a query.
const (
	maxRows  = 1_000_000
	maxBytes = 64 << 20
)

// cells turns texts into the values of columns: a column is of numbers if all
// that stands in it is, empty cells being unknown; else of texts.
func cells(names []string, rows [][]string, symbols *formula.Symbols) ([]sim.Column, [][]float64) {
	columns := make([]sim.Column, len(names))
	values := make([][]float64, len(rows))
	for r := range values {
		values[r] = make([]float64, len(names))
	}
	for c, name := range names {
		columns[c].Name = name
		for r := range rows {
			v, ok := number(rows[r][c])
			if !ok {
				columns[c].Text = true
				break
			}
			values[r][c] = v
		}
		for r := range rows {
			if columns[c].Text {
				values[r][c] = symbols.ID(rows[r][c])
			}
		}
	}
	return columns, values
}

// number reads a cell; an empty one is unknown.
func number(text string) (float64, bool) {
	text = strings.TrimSpace(text)
	if text == "" {
		return math.NaN(), true
	}
	v, err := strconv.ParseFloat(text, 64)
	return v, err == nil && v-v == 0
}

// limited reads a file of the scenario's folder, up to maxBytes.
func limited(s Site, name string) ([]byte, error) {
	f, err := s.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err == nil && len(text) > maxBytes {
		err = fmt.Errorf("%s has more than %d MB", name, maxBytes>>20)
	}
	return text, err
}
