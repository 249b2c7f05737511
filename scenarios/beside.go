package scenarios

import (
	"context"
	"fmt"
	"slices"

	"github.com/twinbed/twinbed/reports"
)

// beside plays the same run without its faults meanwhile, if that is wanted and
// can be; calm waits for it, and yields nil where there was none: a live run cannot
// be played twice, and one without faults is its own. It reads the scenario anew:
// models keep what they were built with, so two runs at once must share none.
func (r *Run) beside(ctx context.Context) (calm func() (*reports.Calm, error), err error) {
	if !r.staging.Beside || r.live != nil || len(r.Script.Faults) == 0 {
		return func() (*reports.Calm, error) { return nil, nil }, nil
	}
	s, err := r.Script.WithVariant(r.Script.Variant)
	if err != nil {
		return nil, err
	}
	s.Clock, s.Faults = r.Script.Clock, nil
	run, err := s.Stage(Staging{Replica: r.staging.Replica, LookupEnv: r.staging.LookupEnv, beside: true, terse: true})
	if err != nil {
		return nil, err
	}
	type played struct {
		*reports.Calm
		error
	}
	done := make(chan played, 1)
	go func() {
		report, err := run.Play(ctx)
		if err != nil || ctx.Err() != nil { // cut short, it is nothing to be held against
			done <- played{nil, err}
			return
		}
		done <- played{run.after.Calm(report), nil}
	}()
	return func() (*reports.Calm, error) { x := <-done; return x.Calm, x.error }, nil
}

// broken says what must hold whatever goes wrong, and does not: no fault outlives
// its window, and no command is carried out twice. The ledger holds the rest.
func (r *Run) broken() (list []string) {
	if r.after == nil {
		return nil
	}
	if id := r.after.Twice(); id != 0 {
		list = append(list, fmt.Sprintf("command %d was carried out twice", id))
	}
	if harm := r.World.Harmed(); harm != "" && r.timeline.Open() == 0 {
		list = append(list, "all faults are over, and "+harm)
	}
	return list
}

// faultCounts is what became of each fault of the scenario, in its order.
func (r *Run) faultCounts() (list []reports.FaultCount) {
	for _, a := range r.timeline.Accounts() {
		list = append(list, reports.FaultCount{Fault: a.Name, Where: a.Where, Begun: a.Begun, Hits: a.Hits, LetIn: a.LetIn, Through: a.Through})
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
