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
	Replications int                  // 0: as the scenario says; where a precision is asked for, at most
	Cores        int                  // 0: all
	First        int                  // the first replica of the seed
	NoFaults     bool                 // play each variant without its faults as well
	Progress     func(played, of int) // called from several goroutines
}

// Compare plays every variant with the same seeds, in virtual time and on all
// cores, and puts them side by side. A scenario without variants is played as
// it is. The same scenario gives the same comparison on any number of cores. Where
// the scenario asks for a precision, seeds are played until it is reached or
// Replications are.
func (s *Script) Compare(ctx context.Context, o CompareOptions) (*reports.Comparison, error) {
	sides := s.sides(o.NoFaults)
	if s.Precision.Share == 0 {
		return s.compare(ctx, sides, o)
	}
	m := s.match(sides, o)
	for seeds := min(reports.FewestSeeds, m.Replications); ; {
		if err := m.play(ctx, seeds); err != nil {
			return nil, err
		}
		c := m.result()
		more := c.Sharpen(s.Precision, m.Replications)
		if more <= seeds {
			return c, nil
		}
		seeds = more
	}
}

// compare plays all sides with the same seeds, as many as replications.
func (s *Script) compare(ctx context.Context, sides []side, o CompareOptions) (*reports.Comparison, error) {
	m := s.match(sides, o)
	if err := m.play(ctx, m.Replications); err != nil {
		return nil, err
	}
	return m.result(), nil
}

// match is a comparison that is being played.
type match struct {
	CompareOptions
	script *Script
	sides  []side
	trials []reports.Trial // seed by seed, of each its sides
}

func (s *Script) match(sides []side, o CompareOptions) *match {
	if o.Replications <= 0 {
		o.Replications = s.Replications
	}
	if o.Cores <= 0 {
		o.Cores = runtime.GOMAXPROCS(0)
	}
	return &match{CompareOptions: o, script: s, sides: sides}
}

func (m *match) result() *reports.Comparison {
	var names []string
	for _, x := range m.sides {
		names = append(names, x.name)
	}
	return reports.Compare(m.script.Name, names, m.trials)
}

// play plays what is still missing of so many seeds.
func (m *match) play(ctx context.Context, seeds int) error {
	first, jobs := len(m.trials), len(m.sides)*seeds
	m.trials = append(m.trials, make([]reports.Trial, jobs-first)...)
	faults := make([]error, jobs)
	next := make(chan int)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var players sync.WaitGroup
	var mu sync.Mutex
	done := first
	for range min(m.Cores, jobs-first) {
		players.Go(func() {
			for job := range next {
				m.trials[job], faults[job] = m.script.trial(ctx, m.sides[job%len(m.sides)], m.First+job/len(m.sides))
				if faults[job] != nil {
					cancel()
				}
				mu.Lock()
				done++
				played := done
				mu.Unlock()
				if m.Progress != nil {
					m.Progress(played, jobs)
				}
			}
		})
	}
feed:
	for job := first; job < jobs; job++ {
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
			return err
		}
	}
	if ctx.Err() != nil {
		return fmt.Errorf("the comparison was cut short: %w", context.Cause(ctx))
	}
	return nil
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
	run, err := v.Stage(Staging{Replica: replica, terse: true})
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
