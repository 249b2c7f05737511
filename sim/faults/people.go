package faults

import (
	"errors"
	"fmt"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
)

func init() {
	sim.Faults.Add("absent", "workers are not there: they finish what is in their hands and take nothing more", func() sim.Fault { return &Absent{} })
	sim.Faults.Add("shift_gap", "whoever's shift begins meanwhile is not there before the end; those before them go home as ever", func() sim.Fault { return &ShiftGap{} })
	sim.Faults.Add("slow_answers", "workers answer more slowly than usual", func() sim.Fault { return &SlowAnswers{} })
	sim.Faults.Add("refuses", "workers will not do some of the tasks", func() sim.Fault { return &Refuses{} })
	sim.Faults.Add("wrong_action", "workers do something else than they were asked to, and call it done", func() sim.Fault { return &WrongAction{} })
	sim.Faults.Add("alarm_fatigue", "answers slow down with the number of tasks that a crew was offered in the last two hours", func() sim.Fault { return &AlarmFatigue{} })
}

// onPeople is a fault that strikes workers.
type onPeople struct{}

// Area is where it strikes.
func (onPeople) Area() sim.Area { return sim.PeopleOf }

// Check wants workers that fit the pattern.
func (onPeople) Check(w *sim.World, where sim.Selection) error {
	undo, err := disturb(w, where, &sim.Disturbance{})
	if err == nil {
		undo()
	}
	return err
}

func disturb(w *sim.World, where sim.Selection, d *sim.Disturbance) (undo func(), err error) {
	if w.Workforce == nil {
		return nil, errors.New("there is nobody to be met: the scenario has no people")
	}
	d.Hits = where.Hits
	return w.Workforce.Disturb(where.Pattern, d)
}

func luck(w *sim.World, name string) chance.Stream { return w.Seed.Stream("fault " + name) }

// Absent sends workers home.
type Absent struct{ onPeople }

// Begin sends them home until undone.
func (f *Absent) Begin(w *sim.World, where sim.Selection) (func(), error) {
	return disturb(w, where, &sim.Disturbance{Absent: true})
}

// ShiftGap has the next shift be late.
type ShiftGap struct{ onPeople }

// Begin keeps shifts from beginning until undone.
func (f *ShiftGap) Begin(w *sim.World, where sim.Selection) (func(), error) {
	return disturb(w, where, &sim.Disturbance{LateShift: true})
}

// SlowAnswers slows workers down.
type SlowAnswers struct {
	onPeople
	Times float64 `default:"3" above:"0" max:"1000" doc:"factor of their answer times" source:"none, an assumption"`
}

// Begin slows them down until undone.
func (f *SlowAnswers) Begin(w *sim.World, where sim.Selection) (func(), error) {
	return disturb(w, where, &sim.Disturbance{Slower: f.Times})
}

// Refuses has tasks come back undone.
type Refuses struct {
	onPeople
	Share float64 `default:"50%" unit:"%" above:"0" max:"1" doc:"share of the tasks" source:"none, an assumption"`
}

// Begin has them refuse until undone.
func (f *Refuses) Begin(w *sim.World, where sim.Selection) (func(), error) {
	return disturb(w, where, &sim.Disturbance{Refuses: f.Share, Luck: luck(w, "refuses")})
}

// WrongAction has tasks be acknowledged as done that were not.
type WrongAction struct {
	onPeople
	Share   float64 `default:"50%" unit:"%" above:"0" max:"1" doc:"share of the tasks" source:"none, an assumption"`
	Instead string  `doc:"the command by which they do to the thing what they do; default: nothing"`
}

// Check wants workers, and a command that some thing knows.
func (f *WrongAction) Check(w *sim.World, where sim.Selection) error {
	if err := f.onPeople.Check(w, where); err != nil || f.Instead == "" {
		return err
	}
	for _, k := range w.Roster.Kinds {
		if c := k.Command(f.Instead); c != sim.NoCommand && !k.Commands[c].TakesValue() {
			return nil
		}
	}
	return fmt.Errorf("no thing has a command %q that needs no value", f.Instead)
}

// Begin has them err until undone.
func (f *WrongAction) Begin(w *sim.World, where sim.Selection) (func(), error) {
	return disturb(w, where, &sim.Disturbance{Wrong: f.Share, Instead: f.Instead, Luck: luck(w, "wrong_action")})
}

// AlarmFatigue slows crews down that were alarmed often.
type AlarmFatigue struct {
	onPeople
	Some float64 `default:"1.25" min:"1" max:"100" doc:"factor of the answer time from 30 tasks on" source:"none, an assumption; the bins are those of a pilot (Bonafide et al. 2015), and the larger study of 2017 found no effect of them"`
	Many float64 `default:"1.6" min:"1" max:"100" doc:"factor from 80 tasks on" source:"none, an assumption; the bins are those of a pilot (Bonafide et al. 2015), and the larger study of 2017 found no effect of them"`
}

// Begin tires them until undone.
func (f *AlarmFatigue) Begin(w *sim.World, where sim.Selection) (func(), error) {
	return disturb(w, where, &sim.Disturbance{Fatigue: &sim.Fatigue{Some: f.Some, Many: f.Many}})
}
