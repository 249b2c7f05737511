package scenarios

import (
	"context"
	"slices"

	"github.com/twinbed/twinbed/reports"
)

// beside plays the same run without its faults meanwhile, if that is wanted and
// can be; calm waits for it. It is nil where there was none: a live run cannot be
// played twice, and one without faults is its own.
func (r *Run) beside(ctx context.Context) (calm func() *reports.Calm) {
	if !r.staging.Beside || r.live != nil || len(r.Script.Faults) == 0 {
		return func() *reports.Calm { return nil }
	}
	s := *r.Script
	s.Faults = nil
	done := make(chan *reports.Calm, 1)
	go func() {
		defer close(done)
		run, err := s.Stage(Staging{Replica: r.staging.Replica, LookupEnv: r.staging.LookupEnv, beside: true})
		if err != nil {
			return
		}
		if report, err := run.Play(ctx); err == nil && ctx.Err() == nil {
			done <- run.after.Calm(report)
		}
	}()
	return func() *reports.Calm { return <-done }
}

// faultCounts is what became of each fault of the scenario, in its order.
func (r *Run) faultCounts() (list []reports.FaultCount) {
	for _, a := range r.timeline.Accounts() {
		list = append(list, reports.FaultCount{Fault: a.Name, Where: a.Where, Begun: a.Begun, Hits: a.Hits})
	}
	return slices.Clip(list)
}

// lookAtConnections has the account of faults see how many connections are up.
func (r *Run) lookAtConnections() {
	up, of := 0, 0
	for _, s := range r.live.sessions {
		up, of = up+s.Up(), of+s.Size()
	}
	r.after.Connections(up, of)
}
