package scenarios

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"

	"github.com/twinbed/twinbed/reports"
)

// CompareOptions say how a comparison is played.
type CompareOptions struct {
	Replications int                  // 0: as the scenario says
	Cores        int                  // 0: all
	First        int                  // the first replica of the seed
	NoFaults     bool                 // play each variant without its faults as well
	Progress     func(played, of int) // called from several goroutines
}

// Compare plays every variant with the same seeds, in virtual time and on all
// cores, and puts them side by side. A scenario without variants is played as
// it is. The same scenario gives the same comparison on any number of cores.
func (s *Script) Compare(ctx context.Context, o CompareOptions) (*reports.Comparison, error) {
	return s.compare(ctx, s.sides(o.NoFaults), o)
}

// compare plays all sides with the same seeds.
func (s *Script) compare(ctx context.Context, sides []side, o CompareOptions) (*reports.Comparison, error) {
	var names []string
	for _, x := range sides {
		names = append(names, x.name)
	}
	if o.Replications <= 0 {
		o.Replications = s.Replications
	}
	if o.Cores <= 0 {
		o.Cores = runtime.GOMAXPROCS(0)
	}
	jobs := len(names) * o.Replications
	trials, faults := make([]reports.Trial, jobs), make([]error, jobs)
	next := make(chan int)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var players sync.WaitGroup
	var mu sync.Mutex
	done := 0
	for range min(o.Cores, jobs) {
		players.Go(func() {
			for job := range next {
				trials[job], faults[job] = s.trial(ctx, sides[job%len(sides)], o.First+job/len(sides))
				if faults[job] != nil {
					cancel()
				}
				mu.Lock()
				done++
				played := done
				mu.Unlock()
				if o.Progress != nil {
					o.Progress(played, jobs)
				}
			}
		})
	}
feed:
	for job := range jobs {
		select {
		case next <- job:
		case <-ctx.Done():
			break feed
		}
	}
	close(next)
	players.Wait()
	for _, err := range faults {
		if err != nil && !errors.Is(err, context.Canceled) {
			return nil, err
		}
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("the comparison was cut short: %w", context.Cause(ctx))
	}
	return reports.Compare(s.Name, names, trials), nil
}

// side is one of those that are put side by side.
type side struct {
	name, variant string
	calm          bool     // without its faults
	sets          []string // further settings
}

// sides are all variants, or the scenario as it is, each also without its faults
// if that is wanted.
func (s *Script) sides(calm bool) (list []side) {
	names := s.Variants.names()
	if s.Variant != "" || len(names) == 0 {
		names = []string{s.Variant}
	}
	for _, name := range names {
		list = append(list, side{name: name, variant: name})
		if calm {
			list = append(list, side{name: strings.TrimSpace(name + " without faults"), variant: name, calm: true})
		}
	}
	return list
}

// trial plays one side with one seed.
func (s *Script) trial(ctx context.Context, x side, replica int) (reports.Trial, error) {
	v, err := s.with(x.variant, x.sets)
	if err != nil {
		return reports.Trial{}, err
	}
	v.Clock = Speed{}
	if x.calm {
		v.Faults = nil
	}
	run, err := v.Stage(Staging{Replica: replica})
	if err != nil {
		return reports.Trial{}, err
	}
	report, err := run.Play(ctx)
	if err != nil {
		return reports.Trial{}, err
	}
	if ctx.Err() != nil {
		return reports.Trial{}, ctx.Err()
	}
	trial := report.Trial()
	trial.Variant = x.name
	return trial, nil
}
