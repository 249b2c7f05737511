package scenarios

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
)

// ChaosOptions say how a scenario is put to the test by random faults.
type ChaosOptions struct {
	Plans    int // how many are played
	Most     int // faults in a plan; 0: 4
	Cores    int // 0: all; a live run has the machine for itself
	Progress func(played, of int)
}

// Chaos is what became of a scenario under random faults.
type Chaos struct {
	Plans  int
	Faults int       // in all plans
	Begun  int       // and how often they struck
	Failed int       // plans by which an invariant was broken
	Number int       // of the one that was shrunk furthest, from 1
	Least  FaultPlan // the smallest that fails
	Why    error     // how
	Again  string    // the command that plays it again
	Took   time.Duration
}

// Of so many plans that fail, the first, each is shrunk by so many runs at most;
// the smallest is told.
const (
	mostShrunk  = 8
	mostShrinks = 200
)

// recheck is how many plans there are to one that is played twice, to see that the
// same plan is the same run.
const recheck = 50

// Chaos plays many seeded random plans of faults instead of the scenario's own,
// and holds each run to what must be so whatever goes wrong (see unsound). The
// first plan that breaks it is shrunk. The same seed is the same plans.
func (s *Script) Chaos(ctx context.Context, o ChaosOptions) (*Chaos, error) {
	began := time.Now()
	if o.Most <= 0 {
		o.Most = 4
	}
	if o.Cores <= 0 {
		o.Cores = runtime.GOMAXPROCS(0)
	}
	if s.Clock.Live() {
		o.Cores = 1
	}
	dry, err := s.Stage(Staging{dry: true})
	if err != nil {
		return nil, err
	}
	planner := newPlanner(s, dry, o.Most)
	if err := dry.Close(); err != nil {
		return nil, err
	}
	c := &Chaos{}
	type failure struct {
		FaultPlan
		why error
	}
	failed := map[int]failure{}
	var mu sync.Mutex
	var players sync.WaitGroup
	next := 0
	for range o.Cores {
		players.Go(func() {
			for {
				mu.Lock()
				n := next
				next++
				mu.Unlock()
				if n >= o.Plans || ctx.Err() != nil {
					return
				}
				plan := planner.draw(chance.Seed(s.Seed), n)
				begun, why := s.try(ctx, plan, n%recheck == 0)
				if ctx.Err() != nil {
					return
				}
				mu.Lock()
				c.Plans++
				c.Faults += len(plan)
				c.Begun += begun
				if why != nil {
					c.Failed++
					failed[n+1] = failure{plan, why}
				}
				played := c.Plans
				mu.Unlock()
				if o.Progress != nil {
					o.Progress(played, o.Plans)
				}
			}
		})
	}
	players.Wait()
	for i, n := range slices.Sorted(maps.Keys(failed)) {
		if i == mostShrunk || len(c.Least) == 1 {
			break
		}
		x := failed[n]
		least, why := x.Shrink(func(p FaultPlan) error {
			_, err := s.try(ctx, p, errors.Is(x.why, errOther))
			if errors.Is(err, errUnplayable) && !errors.Is(x.why, errUnplayable) {
				return nil // it is no plan
			}
			return err
		}, mostShrinks)
		if why == nil { // as a live run may
			least, why = x.FaultPlan, fmt.Errorf("%w (played again, it held)", x.why)
		}
		if c.Why == nil || len(least) < len(c.Least) {
			c.Least, c.Why, c.Number = least, why, n
		}
	}
	if c.Failed > 0 {
		c.Again = s.command(c.Least)
	}
	c.Took = time.Since(began)
	if ctx.Err() != nil {
		return c, fmt.Errorf("chaos was cut short after %d plans: %w", c.Plans, context.Cause(ctx))
	}
	return c, nil
}

var (
	errUnplayable = errors.New("it cannot be played")
	errOther      = errors.New("played again, the same plan was another run")
)

// try plays a plan and says how it is unsound; twice, if the second run has to be
// the first again.
func (s *Script) try(ctx context.Context, p FaultPlan, twice bool) (begun int, err error) {
	hash := ""
	times := 1
	if twice && !s.Clock.Live() {
		times = 2
	}
	for range times {
		other, err := s.withFaults(p)
		if err != nil {
			return 0, fmt.Errorf("%w: %w", errUnplayable, err)
		}
		run, err := other.Stage(Staging{terse: true})
		if err != nil {
			return 0, fmt.Errorf("%w: %w", errUnplayable, err)
		}
		r, err := run.Play(ctx)
		if err != nil {
			return 0, fmt.Errorf("%w: %w", errUnplayable, err)
		}
		begun = 0
		for _, f := range run.faultCounts() {
			begun += f.Begun
		}
		if err := run.unsound(r); err != nil {
			return begun, err
		}
		if hash != "" && hash != r.Hash {
			return begun, errOther
		}
		hash = r.Hash
	}
	return begun, nil
}

// unsound says which of the things that must hold in any run does not: the books
// balance, with every deed issued and closed once; what broken looks after; and
// whom a fault met is heard again.
func (r *Run) unsound(x *reports.Report) error {
	if !x.Ledger.Balanced {
		return errors.New(x.Reasons[0])
	}
	if broken := r.broken(); len(broken) > 0 {
		return errors.New(broken[0])
	}
	return r.unheard(x)
}

// unheard names whom a fault met and who was never heard again, though there was
// time.
func (r *Run) unheard(x *reports.Report) error {
	grace := time.Minute
	for _, k := range r.World.Roster.Kinds {
		grace = max(grace, 20*k.Every)
	}
	if r.timeline.Open() > 0 || x.Verdict == reports.Untrusted && !r.World.Clock.Live() {
		return nil
	}
	last := reports.Number(0)
	if x.Resilience != nil {
		for _, b := range x.Resilience.Blows {
			last = max(last, b.To)
		}
	}
	if float64(x.Played-last) < grace.Seconds() {
		return nil // not all is over for long enough
	}
	for _, f := range r.World.Fleets {
		for i := range f.Active() {
			id := f.Kind.First + sim.ThingID(i)
			if r.Platform == nil || !f.Played(id) {
				continue
			}
			if heard := r.twin(id).Mirrored; heard == sim.Never || r.played.Sub(heard) > grace {
				return fmt.Errorf("%s has not been heard again", r.World.Roster.Name(id))
			}
		}
	}
	return nil
}
