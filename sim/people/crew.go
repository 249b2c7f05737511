// Package people plays crews of workers: who is on shift, who takes a task up and
// when, how long it takes. Each does one task at a time.
//
//	task ─ line of its skill ─ a free worker is called ─ answers ─ works ─ ack
//	         │ by priority        longest idle first
//	         └─ unanswered for its patience: in a second skill's line as well
package people

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
	"github.com/twinbed/twinbed/sim/units"
)

// Crew is a group of workers with the same skills and hours. The time that a
// called worker needs to answer is
//
//	T = draw · 1.15^h (with ShiftFactor 15 %, h hours into the shift) · experience · alarm load
type Crew struct {
	Name        string              `key:"-"`
	Count       int                 `default:"1" min:"1" max:"100000" doc:"how many workers"`
	Skills      []string            `doc:"what they can do; the crew's name is always among it"`
	Shift       units.Shift         `default:"always" doc:"when they are there, week by week"`
	Answers     chance.Distribution `unit:"s" default:"lognormal median 4m p95 15m" doc:"from being called to beginning the work: notice and walk" source:"shape: Brown et al. 2005 (log-normal service times); median and p95: none, an assumption"`
	Takes       chance.Distribution `unit:"s" default:"lognormal median 20m p95 60m" doc:"time of work where the task does not say" source:"shape: Brown et al. 2005; median and p95: none, an assumption"`
	ShiftFactor float64             `unit:"%" default:"0%" min:"0" max:"10" doc:"how much slower to answer for each hour into the shift; nurses: 15%" source:"Bonafide et al. 2017"`
	Experience  string              `default:"longer" oneof:"longer|under a year" doc:"newcomers answer in half the time" source:"Bonafide et al. 2017: 4.4 min under a year, 8.8 min after"`
	AlarmLoad   *AlarmLoad          `doc:"answers slow down with the tasks of the last two hours; without it they do not"`
	Patience    time.Duration       `min:"0s" doc:"a task that says nothing itself and is unanswered for so long is offered to escalate as well; 0s: never"`
	Escalate    string              `doc:"a skill"`
	Phone       bool                `doc:"in live runs these are real people with an MQTT client each"`
}

// AlarmLoad are factors of the answer time by how many tasks the crew was offered
// in the last 120 minutes.
type AlarmLoad struct {
	Some float64 `default:"1.25" min:"1" doc:"factor from 30 tasks on" source:"bins: Bonafide et al. 2015; factors: none, an assumption"`
	Many float64 `default:"1.6" min:"1" doc:"factor from 80 tasks on" source:"bins: Bonafide et al. 2015; factors: none, an assumption"`
}

const (
	alarmWindow = 120 * time.Minute
	someAlarms  = 30
	manyAlarms  = 80
	newcomer    = 0.5
)

// crew is a Crew at work.
type crew struct {
	Crew
	workers []*worker
	offered []sim.Time // tasks of the last two hours, where AlarmLoad asks for them
	use     sim.CrewUse
	factor  float64
}

// offer notes a task for the alarm load.
func (c *crew) offer(now sim.Time) {
	if c.AlarmLoad == nil {
		return
	}
	old := 0
	for old < len(c.offered) && now.Sub(c.offered[old]) >= alarmWindow {
		old++
	}
	c.offered = append(c.offered[old:], now)
}

// slower is the factor of an answer that begins now.
func (c *crew) slower(now sim.Time, calendar sim.Calendar) float64 {
	f := c.factor
	if c.ShiftFactor > 0 {
		f *= pow(1+c.ShiftFactor, c.Shift.Hours(calendar.WeekTime(now)))
	}
	if c.AlarmLoad != nil {
		recent := 0
		for _, t := range c.offered {
			if now.Sub(t) < alarmWindow {
				recent++
			}
		}
		switch {
		case recent >= manyAlarms:
			f *= c.AlarmLoad.Many
		case recent >= someAlarms:
			f *= c.AlarmLoad.Some
		}
	}
	return f
}

func (c *crew) can(skill string) bool { return skill == c.Name || slices.Contains(c.Skills, skill) }

// New hires crews. Mistakes come back as sim.Wrong with paths below "people".
func New(w *sim.World, crews []Crew) (*Workforce, error) {
	f := &Workforce{
		world: w, open: map[uint64]*job{}, lines: map[string]*line{}, drawn: map[luckKey]uint64{},
		answers: w.Seed.Stream("people answer"), works: w.Seed.Stream("people work"),
	}
	for _, config := range crews {
		f.hire(config)
	}
	for _, c := range f.crews {
		if c.Escalate != "" && !f.anybody(c.Escalate) {
			return nil, sim.Wrongf("people."+c.Name+".escalate", "nobody has the skill %q; there are %s", c.Escalate, strings.Join(f.skills(), ", "))
		}
	}
	for _, x := range f.workers {
		f.clockIn(x)
	}
	return f, nil
}

func (f *Workforce) hire(config Crew) {
	c := &crew{Crew: config, factor: 1}
	c.use = sim.CrewUse{Crew: c.Name, Workers: c.Count}
	if c.Experience == "under a year" {
		c.factor = newcomer
	}
	for n := range c.Count {
		x := &worker{name: c.Name, crew: c}
		if c.Count > 1 {
			x.name = fmt.Sprintf("%s-%d", c.Name, n+1)
		}
		c.workers = append(c.workers, x)
		f.workers = append(f.workers, x)
	}
	f.crews = append(f.crews, c)
}

// skills lists what somebody can do, crew by crew.
func (f *Workforce) skills() (all []string) {
	for _, c := range f.crews {
		for _, s := range append([]string{c.Name}, c.Skills...) {
			if !slices.Contains(all, s) {
				all = append(all, s)
			}
		}
	}
	return all
}

func (f *Workforce) anybody(skill string) bool {
	return slices.ContainsFunc(f.crews, func(c *crew) bool { return c.can(skill) })
}
