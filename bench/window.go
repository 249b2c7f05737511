//go:build unix

package main

import (
	"context"
	"errors"
	"slices"
	"time"
)

// sample is how many messages a broker had heard at a time.
type sample struct {
	at time.Time
	n  int64
}

const sampleEvery = 10 * time.Millisecond

// watch samples a broker until ctx ends.
func (p *plain) watch(ctx context.Context) (all []sample) {
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	for {
		all = append(all, sample{time.Now(), p.heard.Load()})
		select {
		case <-tick.C:
		case <-ctx.Done():
			return append(all, sample{time.Now(), p.heard.Load()})
		}
	}
}

// steady is the rate in the middle: from a fifth to four fifths of the time
// between the first and the last message, so that beginning and end of a tool do
// not count.
func steady(all []sample) (perSecond float64, err error) {
	first := slices.IndexFunc(all, func(s sample) bool { return s.n > all[0].n })
	last := len(all) - 1
	for last > 0 && all[last-1].n == all[last].n {
		last--
	}
	if first < 0 || last-first < 10 {
		return 0, errors.New("too little was sent to tell a rate")
	}
	long := all[last].at.Sub(all[first].at)
	after := func(share float64) sample {
		at := all[first].at.Add(time.Duration(share * float64(long)))
		return all[slices.IndexFunc(all, func(s sample) bool { return !s.at.Before(at) })]
	}
	from, to := after(0.2), after(0.8)
	return float64(to.n-from.n) / to.at.Sub(from.at).Seconds(), nil
}

// beside runs f while a plain broker is watched, and yields how many messages it
// heard and at which steady rate.
func beside(ctx context.Context, by hearing, f func(p *plain) error) (heard int64, rate float64, err error) {
	p, err := openPlain("127.0.0.1:0", by)
	if err != nil {
		return 0, 0, err
	}
	defer p.close()
	watching, stop := context.WithCancel(ctx)
	defer stop()
	samples := make(chan []sample, 1)
	go func() { samples <- p.watch(watching) }()
	err = f(p)
	p.settle(ctx)
	stop()
	all := <-samples
	if err != nil {
		return 0, 0, err
	}
	rate, err = steady(all)
	return p.heard.Load(), rate, err
}

// settle waits until the broker hears nothing more.
func (p *plain) settle(ctx context.Context) {
	for last := int64(-1); last != p.heard.Load() && ctx.Err() == nil; {
		last = p.heard.Load()
		pause(ctx, 5*sampleEvery)
	}
}
