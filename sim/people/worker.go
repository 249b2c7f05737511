package people

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/twinbed/twinbed/sim"
)

// worker is one person.
type worker struct {
	name   string
	crew   *crew
	shift  bool  // on shift
	phone  Phone // of a real person, else nil
	absent int   // absences that hold
	gaps   int   // shifts that begin do not, for so many reasons
	late   bool  // for his shift
	amiss  []*sim.Disturbance
	away   bool     // a real person whose phone nobody reads
	busy   bool     // called to or at work on a job
	unseen bool     // busy, and nobody knows with what: a real person who has not answered
	idle   sim.Time // since when not busy

	there     sim.Time // since when present
	thereFor  time.Duration
	busySince sim.Time
	busyFor   time.Duration
}

func (x *worker) present() bool { return x.shift && x.absent == 0 && !x.late }

// free says whether the worker can be called.
func (x *worker) free() bool { return x.present() && !x.busy && !x.away }

func (x *worker) engage(now sim.Time) { x.busy, x.unseen, x.busySince = true, x.phone != nil, now }

// answer is when an engaged worker begins to work.
func (x *worker) answer(now sim.Time) {
	if x.unseen {
		x.unseen, x.busySince = false, now
	}
}

func (x *worker) release(now sim.Time) {
	x.busyFor += x.busyNow(now)
	x.busy, x.unseen, x.idle = false, false, now
}

// busyNow is how long the worker has been busy with the latest job.
func (x *worker) busyNow(now sim.Time) time.Duration {
	if !x.busy || x.unseen {
		return 0
	}
	return now.Sub(x.busySince)
}

// clockIn puts a crew on shift, or not, and follows the shift through the weeks.
func (f *Workforce) clockIn(c *crew) {
	f.set(c.workers, func(x *worker) { x.shift = c.Shift.On(f.world.Calendar.WeekTime(f.world.Clock.Now())) })
	f.awaitChange(c)
}

func (f *Workforce) awaitChange(c *crew) {
	w := f.world
	at := w.Calendar.WeekTime(w.Clock.Now())
	change, on := c.Shift.Next(at)
	if on == c.Shift.On(at) {
		return // it never changes
	}
	w.Clock.After(change-at, func() {
		f.set(c.workers, func(x *worker) { x.shift, x.late = on, on && x.gaps > 0 })
		f.awaitChange(c)
	})
}

// set changes who is there, keeps count of the time, and has those who are there
// now take up what waits, the longest idle first.
func (f *Workforce) set(workers []*worker, change func(x *worker)) {
	now := f.world.Clock.Now()
	var came []*worker
	for _, x := range workers {
		before := x.present()
		change(x)
		switch after := x.present(); {
		case after && !before:
			x.there = now
			came = append(came, x)
		case before && !after:
			x.thereFor += now.Sub(x.there)
		}
	}
	slices.SortStableFunc(came, func(a, b *worker) int { return cmp.Compare(a.idle, b.idle) })
	for _, x := range came {
		f.next(x)
	}
}

// Disturb has whoever fits the pattern behave otherwise, until undo is called. A
// worker who is away for several reasons comes back after the last.
func (f *Workforce) Disturb(pattern string, d *sim.Disturbance) (undo func(), err error) {
	var met []*worker
	for _, x := range f.workers {
		fits, err := path.Match(pattern, x.name)
		if err != nil {
			return nil, fmt.Errorf("pattern %q: %w", pattern, err)
		}
		if fits || x.crew.Name == pattern {
			met = append(met, x)
		}
	}
	if met == nil {
		return nil, f.nobody(pattern)
	}
	f.set(met, func(x *worker) { x.suffer(d, +1) })
	return func() { f.set(met, func(x *worker) { x.suffer(d, -1) }) }, nil
}

// Disturbed is how many workers behave otherwise at present.
func (f *Workforce) Disturbed() (n int) {
	for _, x := range f.workers {
		if len(x.amiss) > 0 {
			n++
		}
	}
	return n
}

// suffer takes a disturbance on (+1) or off (-1).
func (x *worker) suffer(d *sim.Disturbance, by int) {
	if d.Absent {
		x.absent += by
	}
	if d.LateShift {
		x.gaps += by
		x.late = x.late && x.gaps > 0
	}
	if by > 0 {
		x.amiss = append(x.amiss, d)
	} else {
		x.amiss = slices.DeleteFunc(x.amiss, func(y *sim.Disturbance) bool { return y == d })
	}
	if by > 0 && (d.Absent || d.LateShift) {
		d.Hits.Add()
	}
}

// amissWith finds the first disturbance by which a worker does a job otherwise.
func (x *worker) amissWith(j *job, share func(*sim.Disturbance) float64) *sim.Disturbance {
	for _, d := range x.amiss {
		if p := share(d); p > 0 && d.Luck.Uniform(uint32(j.Thing), j.luck) < p {
			return d
		}
	}
	return nil
}

func (f *Workforce) nobody(pattern string) error {
	var crews, all []string
	for _, c := range f.crews {
		crews = append(crews, c.Name)
		for _, x := range c.workers {
			all = append(all, x.name)
		}
	}
	return fmt.Errorf("no worker or crew is named %q%s; there are the crews %s",
		pattern, meant(pattern, append(crews[:len(crews):len(crews)], all...)), strings.Join(crews, ", "))
}

// Use tells what each crew has done up to now. Overtime is busy time and not
// time on shift.
func (f *Workforce) Use(now sim.Time) (list []sim.CrewUse) {
	for _, c := range f.crews {
		use := c.use
		for _, x := range c.workers {
			use.OnShift += x.thereFor
			use.Busy += x.busyFor + x.busyNow(now)
			if x.present() {
				use.OnShift += now.Sub(x.there)
			}
		}
		list = append(list, use)
	}
	return list
}
