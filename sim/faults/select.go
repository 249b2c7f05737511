package faults

import (
	"errors"
	"fmt"
	"strings"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/formula"
)

// Select finds the things that a text names: a kind, a thing, a pattern such as
// press-1*, or a condition over attributes such as site == "north" and power > 3.
// Workers and crews are the workforce's to find, by the same pattern.
func Select(w *sim.World, text string) (sim.Selection, error) {
	if strings.ContainsAny(text, "=<>") {
		things, err := withAttributes(w, text)
		return sim.Selection{Pattern: text, Things: things}, err
	}
	things, err := w.Roster.Match(text)
	return sim.Selection{Pattern: text, Things: things}, err
}

// withAttributes finds the things for whose attributes a condition holds. Kinds
// that lack an attribute it names are passed over; if all do, the error says so.
func withAttributes(w *sim.World, condition string) (things []sim.ThingID, err error) {
	var why error
	fits := false
	for _, k := range w.Roster.Kinds {
		scope := formula.NewTable(w.Symbols)
		for at, a := range k.Attributes {
			scope.Add(a.Name, formula.Ref{Type: a.Type, Space: formula.Row, Slot: at})
		}
		p, err := formula.Compile(condition, scope, formula.Bool)
		if err != nil {
			why = err
			continue
		}
		fits = true
		row := make([]float64, len(k.Attributes))
		for i := range k.Count {
			for at, a := range k.Attributes {
				row[at] = a.Values[i]
			}
			if p.Bool(&formula.Env{Row: row}) {
				things = append(things, k.First+sim.ThingID(i))
			}
		}
	}
	switch {
	case !fits:
		return nil, why
	case len(things) == 0:
		return nil, errors.New("no thing has such attributes")
	}
	return things, nil
}

// needThings is the check of faults that meet things.
func needThings(w *sim.World, where sim.Selection) error {
	if len(where.Things) > 0 {
		return nil
	}
	var kinds []string
	for _, k := range w.Roster.Kinds {
		kinds = append(kinds, w.Roster.Names(k))
	}
	return fmt.Errorf("no thing is named %q; there are %s", where.Pattern, strings.Join(kinds, ", "))
}
