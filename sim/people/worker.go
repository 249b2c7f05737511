package people

import (
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/units"
)

// worker is one person.
type worker struct {
	name   string
	crew   *crew
	shift  bool     // on shift
	absent int      // absences that hold
	job    *job     // called to or at work on
	idle   sim.Time // since when without a job

	there     sim.Time // since when there, while there
	thereFor  time.Duration
	busySince sim.Time
	busyFor   time.Duration
}

// free says whether the worker can be called.
func (x *worker) free() bool { return x.present() && x.job == nil }

func (x *worker) present() bool { return x.shift && x.absent == 0 }

func (x *worker) engaged(now sim.Time) { x.busySince = now }

func (x *worker) release(now sim.Time) {
	x.busyFor += now.Sub(x.busySince)
	x.job, x.idle = nil, now
}

// change changes whether a worker is there, and keeps count of the time.
func (f *Workforce) change(x *worker, set func()) {
	now := f.world.Clock.Now()
	before := x.present()
	set()
	switch after := x.present(); {
	case after && !before:
		x.there = now
		f.next(x)
	case before && !after:
		x.thereFor += now.Sub(x.there)
	}
}

// clockIn puts a worker on shift, or not, and follows the shift through the weeks.
func (f *Workforce) clockIn(x *worker) {
	w := f.world
	x.shift = x.crew.Shift.On(w.Calendar.WeekTime(w.Clock.Now()))
	f.awaitChange(x)
}

func (f *Workforce) awaitChange(x *worker) {
	w := f.world
	if x.crew.Shift.PerWeek() >= sim.Week {
		return
	}
	at := w.Calendar.WeekTime(w.Clock.Now())
	change, on := x.crew.Shift.Next(at)
	w.Clock.After(change-at, func() {
		f.change(x, func() { x.shift = on })
		f.awaitChange(x)
	})
}

// Absent sends home whoever fits the pattern, until undo is called: they finish
// what they have begun and take nothing more.
func (f *Workforce) Absent(pattern string) (undo func(), err error) {
	var gone []*worker
	for _, x := range f.workers {
		fits, err := path.Match(pattern, x.name)
		if err != nil {
			return nil, fmt.Errorf("pattern %q: %w", pattern, err)
		}
		if fits || x.crew.Name == pattern {
			gone = append(gone, x)
		}
	}
	if len(gone) == 0 {
		return nil, f.nobody(pattern)
	}
	for _, x := range gone {
		f.change(x, func() { x.absent++ })
	}
	return func() {
		for _, x := range gone {
			f.change(x, func() { x.absent-- })
		}
	}, nil
}

func (f *Workforce) nobody(pattern string) error {
	var crews, all []string
	for _, c := range f.crews {
		crews = append(crews, c.Name)
		for _, x := range c.workers {
			all = append(all, x.name)
		}
	}
	hint := ""
	if near, ok := units.Nearest(pattern, append(all, crews...)); ok {
		hint = fmt.Sprintf(", did you mean %s?", near)
	}
	return fmt.Errorf("no worker or crew is named %q%s; there are the crews %s", pattern, hint, strings.Join(crews, ", "))
}

// Use tells what each crew has done up to now.
func (f *Workforce) Use(now sim.Time) (list []sim.CrewUse) {
	for _, c := range f.crews {
		use := c.use
		for _, x := range c.workers {
			use.OnShift += x.thereFor
			use.Busy += x.busyFor
			if x.present() {
				use.OnShift += now.Sub(x.there)
			}
			if x.job != nil {
				use.Busy += now.Sub(x.busySince)
			}
		}
		list = append(list, use)
	}
	return list
}
