// Package sources holds what context can come from, one file a sort: a CSV file,
// a stock, a database. A scenario tells them apart by the key they are named
// after: {file: orders.csv}, {stock: 6}, {query: select …}.
//
//	file, query ─ table ─ shape: columns and keys ┬ snapshot: all rows at once, anew each interval
//	                                              └ timeline: each row at its time
//
// A row's asOf is when it was asked for or became true. When a refresh goes wrong,
// the rows that are known stay, and grow old.
package sources

import (
	"fmt"
	"io"

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
	Open     func(file string) (io.ReadCloser, error) // a file of the scenario's folder; from any goroutine
	Symbols  *formula.Symbols
	Getenv   func(name string) string
	Live     bool // goroutines may be used; else everything happens on the clock
	Calendar sim.Calendar
	Seed     chance.Seed
	Noted    func(what, detail string) // tells the run's observers; may be nil
}

// Sources are the sources that scenarios can name, by the key that tells them.
var Sources = sim.NewRegistry[Config]("data source")

// What is read of a file or a query is bounded.
const (
	maxRows  = 1_000_000
	maxCells = 10_000_000
	maxBytes = 64 << 20
)

// limited reads a file of the scenario's folder, up to maxBytes.
func limited(s Site, name string) ([]byte, error) {
	f, err := s.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return limitedOf(f, name)
}

func limitedOf(f io.Reader, name string) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err == nil && len(content) > maxBytes {
		err = fmt.Errorf("%s has more than %d MiB", name, maxBytes>>20)
	}
	return content, err
}
