package sim

import (
	"maps"
	"slices"
	"time"
)

// Join takes a new row of a source: values are nil where it is gone.
type Join func(key string, values []float64, asOf Time)

// Feeds are where faults meet context: between each source and those who join it.
// Only sources that a fault of the scenario names are listened to.
type Feeds struct {
	clock *Clock
	Names []string // of the sources that faults can meet
	wired map[string]*Feed
}

// NewFeeds makes the feeds of a run.
func NewFeeds(c *Clock) *Feeds { return &Feeds{clock: c, wired: map[string]*Feed{}} }

// Wire has a source's rows go through a feed. Before its Start.
func (f *Feeds) Wire(name string) {
	if f.wired[name] == nil {
		f.wired[name] = &Feed{clock: f.clock, rows: map[string]row{}}
	}
}

// Feed finds a source's; nil where it was not wired.
func (f *Feeds) Feed(name string) *Feed { return f.wired[name] }

// Tap is what a source is to call instead of join: join itself where no fault can
// come between.
func (f *Feeds) Tap(name string, join Join) Join {
	if f == nil || f.wired[name] == nil {
		return join
	}
	x := f.wired[name]
	x.join = join
	return x.take
}

// Feed is one source's rows on their way to the twins.
type Feed struct {
	clock *Clock
	join  Join
	rows  map[string]row
	harms []*FeedHarm
}

type row struct {
	values []float64
	asOf   Time
}

// FeedHarm is what a fault does to rows.
type FeedHarm struct {
	Hold   bool                         // new rows do not come through
	Delay  func(n uint64) time.Duration // they come so much later; n counts rows
	Gone   func(key string) bool        // as if the row were not there
	Change func(values []float64)       // they say something else
	Hits   *Hits
	count  uint64
}

func (f *Feed) take(key string, values []float64, asOf Time) {
	f.rows[key] = row{slices.Clone(values), asOf}
	var wait time.Duration
	for _, h := range f.harms {
		if h.Hold {
			h.Hits.Add()
			return
		}
		if h.Delay != nil {
			h.Hits.Add()
			wait += h.Delay(h.count)
			h.count++
		}
	}
	if wait > 0 {
		f.clock.After(wait, func() { f.pass(key) })
		return
	}
	f.pass(key)
}

// pass joins the latest row of a key, as the faults let it be seen.
func (f *Feed) pass(key string) {
	x := f.rows[key]
	values := x.values
	for _, h := range f.harms {
		switch {
		case h.Gone != nil && h.Gone(key):
			h.Hits.Add()
			values = nil
		case h.Change != nil && values != nil:
			h.Hits.Add()
			values = slices.Clone(values)
			h.Change(values)
		}
	}
	f.join(key, values, x.asOf)
}

// Harm does harm until undo is called; what is known shows it at once.
func (f *Feed) Harm(h *FeedHarm) (undo func()) {
	f.harms = append(f.harms, h)
	if h.Gone != nil || h.Change != nil {
		f.passAll()
	}
	return func() {
		f.harms = slices.DeleteFunc(f.harms, func(x *FeedHarm) bool { return x == h })
		if !slices.ContainsFunc(f.harms, func(x *FeedHarm) bool { return x.Hold }) {
			f.passAll()
		}
	}
}

func (f *Feed) passAll() {
	for _, key := range slices.Sorted(maps.Keys(f.rows)) {
		f.pass(key)
	}
}
