package sim

import (
	"io"

	"github.com/twinbed/twinbed/sim/chance"
	"github.com/twinbed/twinbed/sim/formula"
)

// SignalModel is the configuration of one signal of one kind, as a scenario
// writes it; Build makes the signal for all things of the kind.
type SignalModel interface {
	Build(s *Site) (Signal, error)
}

// Stateful is a SignalModel that needs states on its kind: those it reads, such
// as load, and those it keeps, such as wear. It is asked before any is built.
type Stateful interface {
	States() []StateSpec
}

// Site is where a signal is put: one signal of all things of one kind.
type Site struct {
	World    *World // what else there is: its fleets are those of the kinds above this one
	Clock    *Clock
	Calendar Calendar
	Fleet    *Fleet
	Kind     *Kind
	Index    int           // which signal
	Stream   chance.Stream // named after kind and signal; entity is the thing's place in its kind
	Symbols  *formula.Symbols
	Open     func(name string) (io.ReadCloser, error) // a file of the scenario's folder
}

// Signal is one measured quantity of all things of a kind; i is a thing's place
// in its kind. Both methods are on the hot path: no allocation.
type Signal interface {
	// Advance carries the truth of thing i from a time to a later one, under the states
	// it had in between, and returns it. The truth at from still stands in the fleet's row.
	Advance(i int, from, now Time) float64
	// Measure is what the sensor shows of a truth; n is the reading's number.
	Measure(i int, n uint32, truth float64) float64
}

// Signals are the signal models that scenarios can name.
var Signals = NewRegistry[SignalModel]("signal model")
