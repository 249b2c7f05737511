// Package people plays crews of workers: who is on shift, who takes a task up and
// when, how long it takes. Each does one task at a time.
//
//	task ─ line of its skill ─ a free worker is called ─ answers ─ works ─ ack
//	         │ by priority        longest idle first
//	         └─ unanswered for its patience: in a second skill's line as well;
//	            whoever answers first does it
//
// A shift's end and an absence keep nobody from finishing what he has been called
// to. Luck belongs to the task, not to whoever gets it: the third look at a
// certain bearing takes the same draws in all variants of a scenario. A worker can
// be a real person (see Employ), who answers and works in their own time.
package people

import (
	"errors"
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
//	T = draw · (1+ShiftFactor)^h · Experience · AlarmLoad, h hours into the shift
//
// an accelerated-failure-time model: with log-normal Answers, median·exp(σZ)·Π factors.
type Crew struct {
	_ struct{} `formula:"time to answer = answers·(1 + shift_factor)^h·experience·(some or many of alarm_load), h hours into the shift" source:"checked, an accelerated failure-time model, as Bonafide et al. 2017 (PMC5459660) fitted to nurses; that it holds for others is an assumption"`

	Name        string              `key:"-"`
	Count       int                 `default:"1" min:"1" max:"100000" doc:"how many workers" source:"plain"`
	Skills      []string            `doc:"what they can do; the crew's name is always among it"`
	Shift       units.Shift         `default:"always" doc:"when they are there, week by week"`
	Answers     chance.Distribution `unit:"s" default:"lognormal median 4m p95 15m" doc:"from being called to beginning the work: notice and walk" source:"none, an assumption in shape, median and p95"`
	Takes       chance.Distribution `unit:"s" default:"lognormal median 20m p95 60m" doc:"time of work where the task does not say" source:"none, an assumption in median and p95; that service times are log-normal is Brown et al. 2005"`
	ShiftFactor float64             `unit:"%" default:"0%" min:"0" max:"10" doc:"how much slower to answer for each hour into the shift; nurses: 15%; 0%: not at all" source:"plain, off; 15% for nurses is Bonafide et al. 2017"`
	Experience  float64             `default:"1" above:"0" max:"100" doc:"factor of the answer time; nurses in their first year: 0.5; 1: none" source:"plain, off; Bonafide et al. 2017: 4.4 min under a year, 8.8 min after"`
	AlarmLoad   *AlarmLoad          `doc:"answers slow down with the tasks of the last two hours; without it they do not"`
	Patience    time.Duration       `min:"0s" doc:"a task that says nothing itself and is unanswered for so long is offered to escalate as well; 0s: never"`
	Escalate    string              `doc:"a skill of another crew"`
	Phone       bool                `doc:"in live runs these are real people with an MQTT client each"`
}

// AlarmLoad are factors of the answer time by how many tasks the crew was offered
// in the last 120 minutes.
type AlarmLoad struct {
	Some float64 `default:"1.25" min:"1" max:"100" doc:"factor from 30 tasks on" source:"none, an assumption; the bins are those of a pilot (Bonafide et al. 2015), and the larger study of 2017 found no effect of them"`
	Many float64 `default:"1.6" min:"1" max:"100" doc:"factor from 80 tasks on" source:"none, an assumption; the bins are those of a pilot (Bonafide et al. 2015), and the larger study of 2017 found no effect of them"`
}

// crew is a Crew at work.
type crew struct {
	Crew
	workers []*worker
	recent  []sim.Time // offers of the last two hours, where AlarmLoad asks for them
	use     sim.CrewUse
}

func (c *crew) can(skill string) bool { return skill == c.Name || slices.Contains(c.Skills, skill) }

// New hires crews. The error holds all mistakes as sim.Wrong, with paths below
// "people".
func New(w *sim.World, crews []Crew) (*Workforce, error) {
	f := &Workforce{
		world: w, open: map[uint64]*job{}, lines: map[string]*line{}, drawn: map[luckKey]uint64{}, real: map[string]*worker{},
		answers: w.Seed.Stream("people answer"), works: w.Seed.Stream("people work"),
	}
	names := map[string]string{}
	var wrongs []error
	for _, config := range crews {
		c := f.hire(config)
		for _, x := range c.workers {
			if other, taken := names[x.name]; taken {
				wrongs = append(wrongs, sim.Wrongf("people."+c.Name, "a worker of the crew %s is already named %q", other, x.name))
				break
			}
			names[x.name] = c.Name
		}
	}
	for _, c := range f.crews {
		switch to := c.Escalate; {
		case to == "":
		case c.can(to):
			wrongs = append(wrongs, sim.Wrongf("people."+c.Name+".escalate", "%q is a skill of the crew itself; name one of another crew", to))
		case !f.anybody(to):
			wrongs = append(wrongs, sim.Wrongf("people."+c.Name+".escalate", "nobody has the skill %q%s; there are %s", to, meant(to, f.skills()), strings.Join(f.skills(), ", ")))
		}
	}
	if wrongs != nil {
		return nil, errors.Join(wrongs...)
	}
	for _, c := range f.crews {
		f.clockIn(c)
	}
	return f, nil
}

func (f *Workforce) hire(config Crew) *crew {
	c := &crew{Crew: config, use: sim.CrewUse{Crew: config.Name, Workers: config.Count}}
	for n := range c.Count {
		x := &worker{name: workerName(&config, n), crew: c}
		c.workers = append(c.workers, x)
		f.workers = append(f.workers, x)
	}
	f.crews = append(f.crews, c)
	return c
}

// workerName is a crew's name, alone where there is one worker, else numbered
// from 1: mechanic-2.
func workerName(c *Crew, n int) string {
	if c.Count == 1 {
		return c.Name
	}
	return fmt.Sprintf("%s-%d", c.Name, n+1)
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

// meant is the clause of an error that names the nearest known word, or nothing.
func meant(word string, known []string) string {
	if near, ok := units.Nearest(word, known); ok {
		return fmt.Sprintf(" (did you mean %s?)", near)
	}
	return ""
}

// Phones lists the workers who are real people in live runs.
func Phones(crews []Crew) (workers []string) {
	for i := range crews {
		c := &crews[i]
		if !c.Phone {
			continue
		}
		for n := range c.Count {
			workers = append(workers, workerName(c, n))
		}
	}
	return workers
}
