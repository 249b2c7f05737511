package people

import (
	"hash/fnv"
	"math"
	"sort"
	"time"

	"github.com/twinbed/twinbed/sim"
)

// The bins of alarm load (Bonafide et al. 2015): 0 to 29, 30 to 79, 80 and more
// in 120 minutes.
const (
	alarmWindow = 120 * time.Minute
	someAlarms  = 30
	manyAlarms  = 80
)

// offered notes a task for the crew's alarm load.
func (c *crew) offered(now sim.Time) {
	c.recent = append(c.recent[len(c.recent)-c.load(now):], now)
}

// load is how many tasks were offered in the last 120 minutes.
func (c *crew) load(now sim.Time) int {
	old := sort.Search(len(c.recent), func(i int) bool { return now.Sub(c.recent[i]) < alarmWindow })
	return len(c.recent) - old
}

// slower is the factor of a worker's answer to a call that comes now.
func (x *worker) slower(now sim.Time, calendar sim.Calendar) float64 {
	c, factor := x.crew, 1.0
	if c.Experience > 0 {
		factor = c.Experience
	}
	if c.ShiftFactor > 0 {
		factor *= math.Pow(1+c.ShiftFactor, c.Shift.Hours(calendar.WeekTime(now)))
	}
	if c.AlarmLoad != nil {
		factor *= c.fatigue(now, sim.Fatigue{Some: c.AlarmLoad.Some, Many: c.AlarmLoad.Many})
	}
	for _, d := range x.amiss {
		before := factor
		if d.Slower > 0 {
			factor *= d.Slower
		}
		if d.Fatigue != nil {
			factor *= c.fatigue(now, *d.Fatigue)
		}
		if factor != before {
			d.Hits.Add()
		}
	}
	return factor
}

// fatigue is the factor by the crew's alarm load.
func (c *crew) fatigue(now sim.Time, by sim.Fatigue) float64 {
	switch load := c.load(now); {
	case load >= manyAlarms:
		return by.Many
	case load >= someAlarms:
		return by.Some
	}
	return 1
}

// answerTime is the seconds from the call to the beginning of the work.
func (f *Workforce) answerTime(o *offer, x *worker) float64 {
	c := x.crew
	if c.Answers == nil {
		return 0
	}
	u := f.answers.Uniform(uint32(o.Thing), o.luck+uint64(o.place))
	return c.Answers.Quantile(u) * x.slower(f.world.Clock.Now(), f.world.Calendar)
}

// workTime is the seconds of work: the task's own, else the crew's.
func (f *Workforce) workTime(j *job, c *crew) float64 {
	takes := j.Takes
	if takes == nil {
		takes = c.Takes
	}
	if takes == nil {
		return 0
	}
	return takes.Quantile(f.works.Uniform(uint32(j.Thing), j.luck))
}

// luckKey is what a task is drawn by: its words and its thing, and not its id,
// which depends on all other tasks.
type luckKey struct {
	thing sim.ThingID
	what  uint64
}

// drawNumber numbers a task among those of the same words about the same thing.
func (f *Workforce) drawNumber(t *sim.Task) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(t.What)) // never fails
	key := luckKey{t.Thing, h.Sum64()}
	n := f.drawn[key]
	f.drawn[key] = n + 1
	return key.what ^ n*0x9e3779b97f4a7c15
}
