package scenarios

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/wall"
)

// Play plays the run to its end, or until ctx is done, and reports. The error is
// for a run that could not be played at all: a port that is taken, a device that
// cannot be bound. A run that was cut short has a report that says so.
func (r *Run) Play(ctx context.Context) (*reports.Report, error) {
	started := time.Now()
	calm, err := r.beside(ctx)
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	if r.live != nil {
		defer enliven()()
	}
	if r.live != nil && !r.journaled() {
		if err := r.live.open(ctx); err != nil {
			return nil, errors.Join(err, r.Close())
		}
	}
	if r.Platform != nil {
		if err := r.Platform.Start(); err != nil {
			return nil, errors.Join(err, r.Close())
		}
	}
	r.spread()
	for _, f := range r.World.Fleets {
		f.Play(r.Script.Load)
	}
	if r.journaled() {
		if err := r.recall(); err != nil {
			return nil, errors.Join(err, r.Close())
		}
		if err := r.live.hub.Open(); err != nil {
			return nil, errors.Join(err, r.Close())
		}
		if err := r.live.open(ctx); err != nil {
			return nil, errors.Join(err, r.Close())
		}
	}
	clock := r.World.Clock
	if r.staging.WarmUp > 0 {
		clock.At(sim.Time(r.staging.WarmUp), r.begin)
	}
	if r.after != nil && r.live != nil {
		clock.Every(time.Duration(float64(time.Second)/10*clock.Speed()), r.lookAtConnections)
	}
	release := context.AfterFunc(ctx, func() { clock.Stop(context.Cause(ctx)) })
	end := sim.Time(r.Script.Duration)
	stopped := clock.Run(end)
	release()
	r.Recorder.End()
	r.played = clock.Now()
	if stopped == nil && r.live != nil {
		r.drain()
	}
	r.Recorder.Close(r.played, r.flights())
	environment := r.environment(started)
	if stopped != nil {
		environment.Ended = stopped.Error()
	}
	environment.Broken = r.broken()
	report := r.Recorder.Report(environment)
	report.Durable = r.keeping.report()
	r.over = stopped == nil
	if len(r.Script.Faults) > 0 {
		without, err := calm()
		if err != nil {
			return nil, errors.Join(fmt.Errorf("the run beside, without faults: %w", err), r.Close())
		}
		report.Resilience = r.after.Resilience(r.faultCounts(), without, report, r.limits)
	}
	return report, r.Close()
}

// begin ends the warm-up.
func (r *Run) begin() {
	if r.lanes != nil {
		r.lanes.Gather()
	}
	r.Recorder.Begin()
}

// drain lets what is on its way at the end of a live run come in. The clock goes on
// meanwhile: what came in while it stood still would have taken as long as that.
func (r *Run) drain() {
	for _, f := range r.World.Fleets {
		f.Silence()
	}
	clock := r.World.Clock
	const moment = 20 * time.Millisecond
	step := func() error { return clock.Run(clock.Now().Add(time.Duration(float64(moment) * clock.Speed()))) }
	_ = step()
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		r.live.drain()
	}()
	for waiting := true; waiting; {
		if step() != nil {
			<-drained // the clock has been stopped
		}
		select {
		case <-drained:
			waiting = false
		default:
		}
	}
	for range drainWithin / moment {
		_ = step()
		if r.Recorder.Unsettled() <= r.live.doubts() {
			break
		}
	}
	r.live.settle()
}

// flights is what is on its way now.
func (r *Run) flights() reports.Flights {
	f := reports.Flights{Readings: make([]uint64, len(r.World.Fleets))}
	if r.live != nil {
		f.Readings, f.Commands, f.Acks = r.live.inFlight(r.World)
	}
	for k, fleet := range r.World.Fleets {
		readings, commands, acks := fleet.OnLink()
		f.Readings[k] += uint64(readings)
		f.Commands += uint64(commands)
		f.Acks += uint64(acks)
	}
	if r.World.Intake != nil {
		readings, acks := r.World.Intake.InFlight(r.World.Roster.Kinds)
		for k, n := range readings {
			f.Readings[k] += uint64(n)
		}
		f.Acks += uint64(acks)
	}
	f.Open = r.underWay()
	return f
}

// Close gives everything back that the run holds; Play does it by itself.
func (r *Run) Close() error {
	var all []error
	if r.live != nil {
		all = append(all, r.live.close())
		r.live = nil
		all = append(all, r.keeping.close(r.over))
	}
	for _, s := range r.sources {
		all = append(all, s.Close())
	}
	r.sources = nil
	return errors.Join(all...)
}

// Observe writes events.jsonl of the run; flush it after Play.
func (r *Run) Observe(w io.Writer) *reports.Events {
	e := reports.NewEvents(w, r.World.Clock, r.World.Roster, r.decisions())
	r.World.Observers = append(r.World.Observers, e)
	return e
}

// Progress yields how far the run is, again and again until ctx is done; the
// clock is asked, so that a run that hangs yields nothing.
func (r *Run) Progress(ctx context.Context, every time.Duration) iter.Seq[reports.Progress] {
	return func(yield func(reports.Progress) bool) {
		tick := time.NewTicker(every)
		defer tick.Stop()
		last, when := [2]uint64{}, time.Time{}
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			m, err := r.Look(ctx)
			if err != nil {
				continue
			}
			p := reports.Progress{Moment: m, Planned: r.Script.Duration, Offered: reports.Unknown, Achieved: reports.Unknown}
			now, so := time.Now(), [2]uint64{m.Sent(), m.Delivered()}
			if took := now.Sub(when).Seconds(); !when.IsZero() {
				p.Offered, p.Achieved = reports.Number(float64(so[0]-last[0])/took), reports.Number(float64(so[1]-last[1])/took)
			}
			last, when = so, now
			if !yield(p) {
				return
			}
		}
	}
}

// Version is what the report calls this build of Twinbed.
func Version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

// environment is what the report is told of the world outside the run.
func (r *Run) environment(started time.Time) reports.Environment {
	s := r.Script
	e := reports.Environment{
		Scenario: s.Name, Question: s.Question, Variant: s.Variant, Seed: uint64(r.World.Seed), Clock: s.Clock.String(),
		Planned: s.Duration, Limits: r.limits, Counts: r.counts(), Devices: r.devices(), Wall: wallFrom(started),
	}
	if r.lanes != nil && r.staging.Cores > 1 {
		e.Wall.Cores = r.staging.Cores
	}
	e.Wall.ClockFirst = r.live != nil && r.staging.Wall == nil && wall.First()
	e.Real, e.Simulated = r.players()
	e.Simulated = append(e.Simulated, r.leftOut()...)
	e.Remarks, e.Sources = r.remarks(), r.cited
	return e
}

// players says who plays the things, and which people are real.
func (r *Run) players() (real, simulated []string) {
	for i, k := range r.World.Roster.Kinds {
		t := &r.Script.Things[i]
		played := k.Declared
		for _, d := range r.Script.bound(t) {
			if r.World.Clock.Live() {
				real = append(real, fmt.Sprintf("%s by %s", d.Thing, d.Adapter.Name))
				played--
			} else {
				simulated = append(simulated, fmt.Sprintf("%s, which is real (%s) in a live run", d.Thing, d.Adapter.Name))
				played--
			}
		}
		switch {
		case played <= 0:
		case r.World.Clock.Live() && r.Script.connect(t) == "outside":
			real = append(real, fmt.Sprintf("%d %s by outside clients", played, k.Name))
		default:
			simulated = append(simulated, strconv.Itoa(played)+" "+k.Name)
		}
	}
	for _, c := range r.Script.People {
		if r.World.Clock.Live() && c.Phone && r.Script.has("people") {
			real = append(real, fmt.Sprintf("%d %s by phone", c.Count, c.Name))
		}
	}
	return real, simulated
}

// devices tells what the real things last said.
func (r *Run) devices() (list []reports.Device) {
	if r.live == nil {
		return nil
	}
	for _, d := range r.live.devices {
		twin := r.twin(d.Thing())
		k, counts := r.World.Roster.Kind(d.Thing()), d.Counts()
		x := reports.Device{
			Thing: r.World.Roster.Name(d.Thing()), By: r.adapterOf(d.Thing()), Health: twin.Health.String(),
			Readings: counts.Sensed, Missed: counts.Missed + counts.Failed, Values: []reports.Signal{},
		}
		for i, s := range k.Signals {
			v := reports.Unknown
			if twin.Signals != nil {
				v = reports.Number(twin.Signals[i])
			}
			x.Values = append(x.Values, reports.Signal{Name: s.Name, Unit: s.Unit, Value: v})
		}
		list = append(list, x)
	}
	return list
}

// adapterOf is the name of the adapter by which a thing is real.
func (r *Run) adapterOf(id sim.ThingID) string {
	for _, t := range r.Script.Things {
		for _, d := range t.Hardware {
			if d.Thing == r.World.Roster.Name(id) {
				return d.Adapter.Name
			}
		}
	}
	return ""
}

// counts is what platform and wires counted besides.
func (r *Run) counts() (list []reports.Count) {
	add := func(words string, n uint64) {
		if n > 0 {
			list = append(list, reports.Count{Words: words, Count: n})
		}
	}
	_, orders := r.orders()
	for _, c := range orders {
		add(c.Words, c.Count)
	}
	if r.Platform != nil {
		p := r.Platform.Counts()
		add("acks that came after their deed had been given up", p.LateAcks)
		add("acks of deeds that were closed or never issued", p.StrayAcks)
		for _, d := range r.Platform.Decisions() {
			add(d.Name+": not begun, the last turn was still open", d.AlreadyAtWork)
			add(d.Name+": could not be judged for want of context", d.Blind)
		}
		for _, s := range r.Platform.Sources() {
			add(s.Name+": things without a row", uint64(s.Missing))
			add(s.Name+": rows too old", s.Stale)
		}
	}
	if r.live != nil {
		for _, c := range r.live.counts() {
			add(c.Words, c.Count)
		}
	}
	return list
}
