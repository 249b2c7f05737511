package scenarios

import (
	"github.com/twinbed/twinbed/broker"
	"github.com/twinbed/twinbed/sim"
)

// spread has a virtual run played in lanes, on one core or several, once its platform has
// been started.
func (r *Run) spread() {
	if r.staging.Plain {
		return
	}
	if why := r.inseparable(); why != "" {
		if r.staging.Cores > 1 {
			r.oneCore = why
		}
		return
	}
	w := r.World
	r.lanes = sim.NewLanes(w, max(r.staging.Cores, 1), r.Platform.Fits, func(l *sim.Lane) {
		l.World.Bus = broker.NewRouter(&l.World)
		r.Platform.Beside(l)
		l.Watch(w.Observers)
	})
	r.lanes.Calm = func() bool { return r.timeline.Open() == 0 && (r.after == nil || r.after.Quiet()) }
}

// inseparable says why the run cannot be spread over several cores; "" if it can.
func (r *Run) inseparable() string {
	w := r.World
	switch {
	case w.Clock.Live():
		return "time passes by the wall"
	case w.Intake != nil:
		return "with a fault of the scenario messages wait for one another in front of the platform"
	case !w.Observers.Watchable():
		return "a fault of the scenario begins when something holds, and all things are watched for that"
	case !sim.Separable(w, r.Platform.Fits):
		return "all things hang together: their signals plan events or read other things, or their twins have detectors, or read one another or a stock"
	}
	return ""
}

// OneCore says, once the run has been played, why it was on one core where several were
// asked for; "" if it was not.
func (r *Run) OneCore() string { return r.oneCore }
