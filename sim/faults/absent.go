package faults

import (
	"errors"

	"github.com/twinbed/twinbed/sim"
)

func init() {
	sim.Faults.Add("absent", "workers are not there: they finish what is in their hands and take nothing more", func() sim.Fault { return &Absent{} })
}

// Absent sends workers home.
type Absent struct{}

// Area is where it strikes.
func (f *Absent) Area() sim.Area { return sim.PeopleOf }

// Check wants workers that fit the pattern.
func (f *Absent) Check(w *sim.World, where sim.Selection) error {
	if w.Workforce == nil {
		return errors.New("nobody can be absent: the scenario has no people")
	}
	undo, err := w.Workforce.Absent(where.Pattern)
	if err == nil {
		undo()
	}
	return err
}

// Begin sends them home until undone.
func (f *Absent) Begin(w *sim.World, where sim.Selection) (func(), error) {
	if w.Workforce == nil {
		return nil, errors.New("there are no people in this variant")
	}
	return w.Workforce.Absent(where.Pattern)
}
