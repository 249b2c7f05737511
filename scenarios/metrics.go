package scenarios

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/twinbed/twinbed/broker"
	"github.com/twinbed/twinbed/reports"
)

// answerWithin is how long a run may take to be looked at.
const answerWithin = 2 * time.Second

// Metrics serves the run as it is, for Prometheus, while it is played.
func (r *Run) Metrics() http.Handler {
	return reports.MetricsHandler(func(q *http.Request) (reports.Moment, error) {
		ctx, cancel := context.WithTimeout(q.Context(), answerWithin)
		defer cancel()
		return r.Look(ctx)
	})
}

// Look asks the clock's thread what the run is like; a run that is not under way
// does not answer.
func (r *Run) Look(ctx context.Context) (reports.Moment, error) {
	answer := make(chan reports.Moment, 1)
	ask := func() {
		m := r.Recorder.Moment()
		m.Counts = r.counts()
		answer <- m
	}
	if !r.World.Clock.Post(ask) {
		return reports.Moment{}, errors.New("the clock's inbox is full")
	}
	select {
	case m := <-answer:
		m.Scenario, m.Sessions = r.Script.Name, r.sessionsUp()
		return m, nil
	case <-ctx.Done():
		return reports.Moment{}, errors.New("the run does not answer: it has not begun, has ended, or is too busy")
	}
}

// sessionsUp is how many MQTT sessions of things are up. It is for any thread.
func (r *Run) sessionsUp() (list []reports.SessionsMoment) {
	for _, f := range r.World.Fleets {
		if s, ok := f.Carrier.(*broker.Sessions); ok {
			list = append(list, reports.SessionsMoment{Kind: f.Kind.Name, Up: s.Up(), Of: s.Size()})
		}
	}
	return list
}
