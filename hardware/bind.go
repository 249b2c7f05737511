package hardware

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/units"
)

// Wire says which thing is a real device and how it is reached.
type Wire struct {
	Thing     sim.ThingID
	Config    Config
	Carrier   sim.Carrier                              // takes readings and acks that have passed the link
	Armed     bool                                     // else commands are judged, refused and told, and the device is left alone
	Open      func(name string) (io.ReadCloser, error) // a file of the scenario's folder
	LookupEnv func(name string) (string, bool)         // for secrets
}

// Device is a real device at its place in a run: a sim.Device that also senses.
// Its methods belong to the clock's thread; Close comes after the run.
type Device struct {
	world   *sim.World
	kind    *sim.Kind
	thing   sim.ThingID
	config  Config
	site    Site
	binding Binding
	carrier sim.Carrier
	armed   bool
	pushing bool
	origin  time.Time // the wall clock at elapsed time zero

	// the clock's thread
	counts    Counts
	seq       uint32
	asking    bool // a due reading is under way
	found     bool
	lost      bool
	lostSince sim.Time
	deeds     deeds
	reading   sim.Reading // reused
	stopTicks func()

	// between clock and edge
	dues    chan sim.Time
	orders  chan order
	session atomic.Pointer[session]
	broken  atomic.Pointer[error] // why there is no session
	hung    atomic.Int32
	lastOK  atomic.Int64 // when the last good reading was had, UnixNano of the wall; 0: never

	// the edge
	tried  sync.Once
	opened chan struct{} // closed after the first attempt to open
	cancel context.CancelFunc
	edge   sync.WaitGroup
	rules  []rule // per command; the acting goroutine's, and Close's after it

	onLink struct{ readings, commands, acks int } // on the clock's thread
}

// Counts is what has become of a device's readings and commands.
type Counts struct {
	Due       uint64 // readings that were due; 0 for a device that pushes
	Sensed    uint64 // readings that the device gave
	Late      uint64 // of these, after the next one was due
	Missed    uint64 // due readings not asked for, as the one before was not there yet; pushed ones not fetched in time
	Failed    uint64 // due readings that were asked for in vain; connections that ended, for a device that pushes
	Malformed uint64 // pushed messages that could not be read
	Outages   uint64 // times the device was lost
	Commands  uint64 // commands that reached the wire
	Done      uint64
	Refused   uint64
	Faulty    uint64 // commands that the device tried in vain or never answered
}

// Why a reading of a device comes to nothing.
var (
	lostSilent = sim.NewCause("device silent")
	lostBusy   = sim.NewCause("device still busy")
	lostBehind = sim.NewCause("device faster than its wire")
)

// Bind puts a real device in a thing's place. The clock must be live; all that is
// wrong with the configuration is told at once. Nothing is opened before Start.
func Bind(w *sim.World, wire Wire) (*Device, error) {
	k := w.Roster.Kind(wire.Thing)
	if k == nil {
		return nil, errors.New("a device must be bound to a thing of the roster")
	}
	if !w.Clock.Live() {
		return nil, fmt.Errorf("%s cannot be real: the clock is virtual", w.Roster.Name(wire.Thing))
	}
	site := Site{
		Thing: w.Roster.Name(wire.Thing), Signals: k.Signals, Commands: k.Commands,
		Open: wire.Open, LookupEnv: wire.LookupEnv,
	}
	if err := Check(wire.Config, site); err != nil {
		return nil, err
	}
	d := &Device{
		world: w, kind: k, thing: wire.Thing, config: wire.Config, site: site,
		binding: wire.Config.Bound().complete(), carrier: wire.Carrier, armed: wire.Armed,
		dues: make(chan sim.Time, 1), opened: make(chan struct{}),
	}
	if p, ok := wire.Config.(Pushing); ok {
		d.pushing = p.Pushing()
	}
	d.orders = make(chan order, d.binding.Queue)
	for i := range k.Commands {
		d.rules = append(d.rules, rule{Limit: d.binding.limit(k.Commands[i].Name), takesValue: k.Commands[i].TakesValue()})
	}
	if !d.pushing && k.Every <= 0 {
		return nil, fmt.Errorf("%s cannot be real: it has no interval to be sensed at", site.Thing)
	}
	for _, f := range w.Fleets {
		if f.Kind.Holds(wire.Thing) {
			f.Release(wire.Thing)
		}
	}
	return d, nil
}

// Start opens the device and begins to sense, the first reading at once; before
// the clock runs or on its thread.
func (d *Device) Start() {
	d.origin = origin(d.world.Clock)
	ctx, cancel := context.WithCancel(context.Background())
	d.cancel = cancel
	d.edge.Go(func() { d.keep(ctx) })
	d.edge.Go(func() { d.act(ctx) })
	if d.pushing {
		return
	}
	d.edge.Go(func() { d.sense(ctx) })
	first := d.world.Clock.At(d.world.Clock.Now(), d.tick)
	repeat := d.world.Clock.Every(d.kind.Every, d.tick)
	d.stopTicks = func() { first.Cancel(); repeat() }
}

// origin finds the wall clock's time at elapsed time zero, from the quickest of
// a few looks at both. It errs to the early side: a stamp is never before its cause.
func origin(c *sim.Clock) time.Time {
	var best time.Time
	least := time.Duration(1<<63 - 1)
	for range 5 {
		before := time.Now()
		elapsed := c.Stamp().Wall
		if took := time.Since(before); took < least {
			least, best = took, before.Add(-elapsed)
		}
	}
	return best
}

// stamp is a time of the edge as a stamp of the run.
func (d *Device) stamp(t time.Time) sim.Stamp {
	wall := max(t.Sub(d.origin), 0)
	return sim.Stamp{At: sim.Time(float64(wall) * d.world.Clock.Speed()), Wall: wall}
}

// travel has a message arrive at a time, and counts it as on its way until then; one that
// was sent before is not counted again.
func (d *Device) travel(arrives sim.Time, again bool, onLink *int, arrive func()) {
	if again {
		onLink = new(int)
	}
	*onLink++
	d.world.Clock.At(arrives, func() { *onLink--; arrive() })
}

// OnLink is how many readings, commands and acks are on their way; on the clock's thread
// or after the run.
func (d *Device) OnLink() (readings, commands, acks int) {
	return d.onLink.readings, d.onLink.commands, d.onLink.acks
}

// Thing is whose place the device takes.
func (d *Device) Thing() sim.ThingID { return d.thing }

// Counts tells what has happened so far; on the clock's thread or after the run.
func (d *Device) Counts() Counts { return d.counts }

// Lost says whether the device is away at present; on the clock's thread or
// after the run.
func (d *Device) Lost() bool { return d.lost }

// Close ends sensing and acting, gives an armed device its safe commands and lets
// it go, within the time given even when the adapter hangs. After the clock's
// run; a device that was not started needs none.
func (d *Device) Close(within time.Duration) error {
	if d.cancel == nil {
		return nil
	}
	if d.stopTicks != nil {
		d.stopTicks()
	}
	deadline := time.Now().Add(within)
	d.cancel()
	d.cancel = nil
	ended := make(chan struct{})
	go func() { d.edge.Wait(); close(ended) }()
	late := time.NewTimer(within)
	defer late.Stop()
	select {
	case <-ended:
	case <-late.C:
		return fmt.Errorf("%s: %w: not let go within %s", d.site.Thing, errHung, units.FormatDuration(within))
	}
	err := d.leaveSafe(deadline)
	if s := d.session.Swap(nil); s != nil {
		err = errors.Join(err, d.letGo(s, max(time.Until(deadline)-grace, 0)))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", d.site.Thing, err)
	}
	return nil
}

func (d *Device) note(e sim.Event) {
	e.At, e.Thing = d.world.Clock.Now(), d.thing
	d.world.Observers.Noted(e)
}
