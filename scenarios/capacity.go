package scenarios

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/sim/wall"
)

// CapacityOptions say how a capacity is looked for. Times are of the wall in a
// live run, of the scenario in a virtual one.
type CapacityOptions struct {
	By        string        // reports.ByRate or ByThings; "": by rate in live runs, by things in virtual ones
	StepTime  time.Duration // of a run, after its warm-up; 0: 5 s in live runs, the scenario's duration in virtual ones
	WarmUp    time.Duration // 0: 2 s in live runs, none in virtual ones
	Tolerance float64       // 0: 5 %
	Max       float64       // readings a second; 0: what can be played
	Staging   Staging
	Begins    func(rate float64)        // a run begins; nil: nobody wants to know
	Ends      func(run *reports.Sample) // and ends
}

// What can be played at most.
const (
	fastest   = 1e7       // readings a second
	mostAdded = 1_000_000 // things
)

// Capacity finds the highest sustained rate at which the scenario's limits hold
// and its books balance, each rate in runs of their own: what one leaves behind
// cannot harm the next. Load stages and faults are left out, and so are limits
// that want a high rate, because the rate is what is varied. When ctx ends, or a
// run cannot be played, the capacity has what was found until then and says why
// it ended; the error is for a scenario of which there can be none.
func (s *Script) Capacity(ctx context.Context, o CapacityOptions) (*reports.Capacity, error) {
	started := time.Now()
	if err := s.fillCapacity(&o); err != nil {
		return nil, err
	}
	ladder := newLadder(s, o.By)
	if ladder.scaled == 0 {
		return nil, notFound("there is nothing to vary: all things of %s are real devices or outside clients", s.Name)
	}
	trial := &capacityTrial{Script: s, options: o, ladder: ladder}
	c := &reports.Capacity{
		Scenario: s.Name, Question: s.Question, Variant: s.Variant, Seed: uint64(s.Seed), Clock: s.Clock.String(),
		By: o.By, Time: reports.ScenarioTime, WarmUp: reports.Number(o.WarmUp.Seconds()), StepTime: reports.Number(o.StepTime.Seconds()),
		Tolerance: reports.Number(o.Tolerance), Limits: []string{}, Notes: ladder.notes,
	}
	if s.Clock.Live() {
		c.Time = reports.WallTime
	}
	for _, l := range s.Limits {
		if l.WantsRate() {
			c.Notes = append(c.Notes, "the limit "+l.Text)
			continue
		}
		trial.limits = append(trial.limits, l)
		c.Limits = append(c.Limits, l.Text)
	}
	if len(trial.limits) == 0 && !s.Clock.Live() {
		return nil, notFound("%s has no limit that a rate could break, and in virtual time the books balance at any rate; give it a limit", s.Name)
	}
	search := reports.Search{Start: ladder.rate(1), Max: o.Max, Tolerance: o.Tolerance, Round: ladder.round, Play: trial.play}
	found, err := search.Run(ctx)
	if _, wrong := errors.AsType[Mistakes](err); wrong && len(found.Steps) <= 1 {
		return nil, err // the scenario's own
	}
	if err != nil {
		c.Ended = err.Error()
	}
	c.Conclude(found)
	c.Wall = wallFrom(started)
	c.Wall.ClockFirst = s.Clock.Live() && o.Staging.Wall == nil && wall.First()
	return c, nil
}

// fillCapacity gives the options their defaults.
func (s *Script) fillCapacity(o *CapacityOptions) error {
	live := s.Clock.Live()
	choose := func(d *time.Duration, ofLive, ofVirtual time.Duration) {
		if *d <= 0 {
			*d = ofVirtual
			if live {
				*d = ofLive
			}
		}
	}
	choose(&o.StepTime, 5*time.Second, s.Duration)
	choose(&o.WarmUp, 2*time.Second, 0)
	if o.By == "" {
		o.By = reports.ByThings
		if live {
			o.By = reports.ByRate
		}
	}
	if o.Tolerance <= 0 {
		o.Tolerance = 0.05
	}
	if o.Max <= 0 {
		o.Max = fastest
	}
	if o.By != reports.ByThings && o.By != reports.ByRate {
		return notFound("a capacity is looked for by things or by rate, not by %q", o.By)
	}
	return nil
}

// ladder turns rates into things and times between their readings.
type ladder struct {
	script        *Script
	byThings      bool
	scaled, fixed float64 // readings a second of the scenario as it is: those that are varied, and the others
	most          float64 // factor
	notes         []string
}

func newLadder(s *Script, by string) *ladder {
	l := &ladder{script: s, byThings: by == reports.ByThings, notes: []string{}}
	things := 0
	var stay []string
	for i := range s.Things {
		t := &s.Things[i]
		switch {
		case l.varies(t):
			l.scaled += l.perSecond(t.Count, t.Every)
			things += t.Count
		case s.Clock.Live() && t.Connect == "outside":
			stay = append(stay, t.Name) // what they send is not ours to say
		default:
			l.fixed += l.perSecond(t.Count, t.Every)
			stay = append(stay, t.Name)
		}
	}
	l.most = math.Inf(1)
	if l.byThings && things > 0 {
		l.most = mostAdded / float64(things)
	}
	if len(stay) > 0 {
		l.notes = append(l.notes, "more of "+strings.Join(stay, ", ")+", whose rate stays as it is")
	}
	if len(s.Load) > 0 {
		l.notes = append(l.notes, "the load's stages: all things are on")
	}
	if len(s.Faults) > 0 {
		l.notes = append(l.notes, "the faults")
	}
	return l
}

// varies says whether a kind's rate is ours to vary: not that of real devices and
// outside clients.
func (l *ladder) varies(t *Thing) bool {
	return !l.script.Clock.Live() || len(t.Hardware) == 0 && t.Connect != "outside"
}

// perSecond is of the wall in a live run.
func (l *ladder) perSecond(count int, every time.Duration) float64 {
	perSecond := float64(count) / every.Seconds()
	if l.script.Clock.Live() {
		perSecond *= l.script.Clock.Factor
	}
	return perSecond
}

// rung is a kind as it is at a factor.
func (l *ladder) rung(t Thing, factor float64) Thing {
	if !l.varies(&t) {
		return t
	}
	if l.byThings {
		t.Count = max(1, int(math.Round(float64(t.Count)*factor)))
		t.MQTT.Gateways = min(t.MQTT.Gateways, t.Count)
	} else {
		t.Every = max(1, time.Duration(math.Round(float64(t.Every)/factor)))
	}
	return t
}

// rate is what is played at a factor.
func (l *ladder) rate(factor float64) float64 {
	rate := l.fixed
	for _, t := range l.script.Things {
		if l.varies(&t) {
			t = l.rung(t, factor)
			rate += l.perSecond(t.Count, t.Every)
		}
	}
	return rate
}

// factor is by how much the scenario is scaled for a rate.
func (l *ladder) factor(rate float64) float64 {
	return min(max((rate-l.fixed)/l.scaled, 1e-6), l.most)
}

// round is the rate that is played where one is asked for.
func (l *ladder) round(rate float64) float64 { return l.rate(l.factor(rate)) }

// capacityTrial plays runs of the scenario at rates.
type capacityTrial struct {
	*Script
	options CapacityOptions
	ladder  *ladder
	limits  []reports.Limit
}

// play plays one run; an error is of one that could not be played to an end of
// its own.
func (c *capacityTrial) play(ctx context.Context, rate float64, number int) (reports.Sample, error) {
	if ctx.Err() != nil {
		return reports.Sample{}, context.Cause(ctx)
	}
	if c.options.Begins != nil {
		c.options.Begins(rate)
	}
	s := *c.Script
	s.Load, s.Faults, s.Limits = nil, nil, c.limits
	s.Things = slices.Clone(s.Things)
	tightest := time.Duration(math.MaxInt64)
	for i, t := range c.Things {
		tightest = min(tightest, t.Every)
		s.Things[i] = c.ladder.rung(t, c.ladder.factor(rate))
	}
	speed := 1.0
	if s.Clock.Live() {
		speed = s.Clock.Factor
	}
	played := func(d time.Duration) time.Duration { return time.Duration(float64(d) * speed) }
	s.Duration = played(c.options.WarmUp + c.options.StepTime)
	staging := c.options.Staging
	staging.Replica, staging.WarmUp = number, played(c.options.WarmUp)
	// The clock has to be as punctual as in the scenario as it was written: a shorter
	// time between readings is there to make a rate, not to ask for more precision.
	staging.Punctual = time.Duration(float64(tightest) / speed / 10)
	run, err := s.Stage(staging)
	if err != nil {
		return reports.Sample{}, err
	}
	run.giveUpBehind(c.options.StepTime)
	report, err := run.Play(ctx)
	runtime.GC() // the next run does not clear away what this one has left
	if err != nil {
		return reports.Sample{}, err
	}
	if ctx.Err() != nil {
		return reports.Sample{}, context.Cause(ctx)
	}
	sample := report.Sample(rate)
	if c.options.Ends != nil {
		c.options.Ends(&sample)
	}
	return sample, nil
}

// giveUpBehind ends a live run whose clock has fallen behind by a time: it would
// last for ever and could say nothing new.
func (r *Run) giveUpBehind(most time.Duration) {
	clock := r.World.Clock
	if !clock.Live() {
		return
	}
	clock.Every(time.Duration(clock.Speed()*float64(most)/50), func() {
		if behind := clock.Stamp().Wall - clock.StampOf(clock.Now()).Wall; behind > most {
			clock.Stop(fmt.Errorf("the clock fell behind by more than %s", most))
		}
	})
}

// wallFrom is what there is to say of the machine at the end of what began at a
// time.
func wallFrom(started time.Time) reports.Wall {
	return reports.Wall{
		Started: started.UTC().Format(time.RFC3339), Took: reports.Number(time.Since(started).Seconds()),
		Machine: fmt.Sprintf("%s/%s, %d cores", runtime.GOOS, runtime.GOARCH, runtime.NumCPU()),
		Go:      runtime.Version(), Version: Version(),
	}
}
