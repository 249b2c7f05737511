package faults

import (
	"fmt"
	"strings"

	"github.com/twinbed/twinbed/sim"
)

// onThings is a fault that strikes devices.
type onThings struct{}

// Area is where it strikes.
func (onThings) Area() sim.Area { return sim.Things }

// Check wants things.
func (onThings) Check(w *sim.World, where sim.Selection) error { return needThings(w, where) }

// Channel says which of a thing's signals a fault is about.
type Channel struct {
	Signal string `doc:"which signal; default: all of the thing"`
}

// check wants the signal among those of a kind that is met.
func (c Channel) check(w *sim.World, where sim.Selection) error {
	if err := needThings(w, where); err != nil || c.Signal == "" {
		return err
	}
	var known []string
	for _, k := range w.Roster.Kinds {
		if !meets(where, k) {
			continue
		}
		if k.Signal(c.Signal) >= 0 {
			return nil
		}
		for _, s := range k.Signals {
			known = append(known, s.Name)
		}
	}
	return fmt.Errorf("%s has no signal %q; there are %s", where.Pattern, c.Signal, strings.Join(known, ", "))
}

func meets(where sim.Selection, k *sim.Kind) bool {
	for _, id := range where.Things {
		if k.Holds(id) {
			return true
		}
	}
	return false
}

// each calls do for every value that the fault is about.
func (c Channel) each(w *sim.World, x *sim.Outgoing, do func(signal int)) {
	if c.Signal == "" {
		for n := range x.Values {
			do(n)
		}
	} else if n := w.Roster.Kind(x.Thing).Signal(c.Signal); n >= 0 {
		do(n)
	}
}
