package faults

import (
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
)

func init() {
	sim.Faults.Add("stale", "a source says nothing new: twins keep what they have, and it ages", func() sim.Fault { return &Stale{onData{name: "stale"}} })
	sim.Faults.Add("unavailable", "a source cannot be had: nothing of it is known", func() sim.Fault { return &Unavailable{onData{name: "unavailable"}} })
	sim.Faults.Add("slow", "what is new in a source comes later", func() sim.Fault { return &Slow{onData: onData{name: "slow"}} })
	sim.Faults.Add("wrong", "the numbers of a source are wrong", func() sim.Fault { return &Wrong{onData: onData{name: "wrong"}} })
	sim.Faults.Add("missing", "a source lacks some of its rows", func() sim.Fault { return &Missing{onData: onData{name: "missing"}} })
}

// onData is a fault that strikes context, by the names of its sources.
type onData struct{ name string }

// Area is where it strikes.
func (onData) Area() sim.Area { return sim.DataOf }

// Check wants a source that fits the pattern, and wires those that do.
func (onData) Check(w *sim.World, where sim.Selection) error {
	names, err := sources(w, where.Pattern)
	for _, name := range names {
		w.Feeds.Wire(name)
	}
	return err
}

func sources(w *sim.World, pattern string) (names []string, err error) {
	if w.Feeds == nil || len(w.Feeds.Names) == 0 {
		return nil, fmt.Errorf("no source of data is named %q: the scenario has none that a fault can meet", pattern)
	}
	for _, name := range w.Feeds.Names {
		fits, err := path.Match(pattern, name)
		if err != nil {
			return nil, fmt.Errorf("pattern %q: %w", pattern, err)
		}
		if fits {
			names = append(names, name)
		}
	}
	if names == nil {
		return nil, fmt.Errorf("no source of data is named %q; there are %s", pattern, strings.Join(w.Feeds.Names, ", "))
	}
	return names, nil
}

// harm does harm to each source that is met.
func (f onData) harm(w *sim.World, where sim.Selection, h func(luck chance.Stream) *sim.FeedHarm) (func(), error) {
	names, err := sources(w, where.Pattern)
	var undos []func()
	for _, name := range names {
		x := h(w.Seed.Stream("fault " + f.name + " " + name))
		x.Hits = where.Hits
		undos = append(undos, w.Feeds.Feed(name).Harm(x))
	}
	return all(undos), err
}

// Stale stops a source.
type Stale struct{ onData }

// Begin stops it until undone.
func (f *Stale) Begin(w *sim.World, where sim.Selection) (func(), error) {
	return f.harm(w, where, func(chance.Stream) *sim.FeedHarm { return &sim.FeedHarm{Hold: true} })
}

// Unavailable takes a source away.
type Unavailable struct{ onData }

// Begin takes it away until undone.
func (f *Unavailable) Begin(w *sim.World, where sim.Selection) (func(), error) {
	return f.harm(w, where, func(chance.Stream) *sim.FeedHarm {
		return &sim.FeedHarm{Gone: func(string) bool { return true }}
	})
}

// Slow delays what is new.
type Slow struct {
	onData
	By chance.Distribution `required:"true" unit:"s" doc:"how much later"`
}

// Begin delays it until undone.
func (f *Slow) Begin(w *sim.World, where sim.Selection) (func(), error) {
	return f.harm(w, where, func(luck chance.Stream) *sim.FeedHarm {
		return &sim.FeedHarm{Delay: func(n uint64) time.Duration { return sim.Seconds(f.By.Quantile(luck.Uniform(0, n))) }}
	})
}

// Wrong changes numbers.
type Wrong struct {
	onData
	Times float64 `default:"1" doc:"factor of every number" source:"plain"`
	Plus  float64 `default:"0" doc:"and what is added" source:"plain"`
}

// Check wants a change.
func (f *Wrong) Check(w *sim.World, where sim.Selection) error {
	if f.Times == 1 && f.Plus == 0 {
		return fmt.Errorf("numbers times 1 plus 0 are not wrong: say times or plus")
	}
	return f.onData.Check(w, where)
}

// Begin changes them until undone.
func (f *Wrong) Begin(w *sim.World, where sim.Selection) (func(), error) {
	return f.harm(w, where, func(chance.Stream) *sim.FeedHarm {
		return &sim.FeedHarm{Change: func(values []float64) {
			for n := range values {
				values[n] = values[n]*f.Times + f.Plus
			}
		}}
	})
}

// Missing takes rows away.
type Missing struct {
	onData
	Share float64 `default:"50%" unit:"%" above:"0" max:"1" doc:"share of the rows" source:"none, an assumption"`
}

// Begin takes them away until undone.
func (f *Missing) Begin(w *sim.World, where sim.Selection) (func(), error) {
	return f.harm(w, where, func(chance.Stream) *sim.FeedHarm {
		return &sim.FeedHarm{Gone: func(key string) bool { return w.Seed.Stream("fault missing row "+key).Uniform(0, 0) < f.Share }}
	})
}
