package sources

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twinbed/twinbed/sim"
)

// snapshot is a source that knows all its rows at once and asks for them anew.
type snapshot struct {
	*shape
	site    Site
	rows    []row
	every   time.Duration // 0: never anew
	timeout time.Duration
	ask     func(ctx context.Context) (*table, error) // nil: what is known holds again
	release func() error                              // nil: nothing to let go

	clock   *sim.Clock
	join    func(string, []float64, sim.Time)
	stop    func()
	ctx     context.Context
	cancel  context.CancelFunc
	edge    sync.WaitGroup
	asking  atomic.Bool
	failing bool
}

// Columns are the table's, without the key.
func (s *snapshot) Columns() []sim.Column { return s.columns }

// Keyed says whether rows are looked up by a key.
func (s *snapshot) Keyed() bool { return s.key >= 0 }

// Start joins what was read when the source was opened, and asks anew each
// interval: on the spot in virtual time, at the edge in a live run.
func (s *snapshot) Start(clock *sim.Clock, join func(string, []float64, sim.Time)) error {
	s.clock, s.join = clock, join
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.tell(clock.Now())
	if s.every > 0 {
		s.stop = clock.Every(s.every, s.refresh)
	}
	return nil
}

func (s *snapshot) tell(asOf sim.Time) {
	for _, r := range s.rows {
		s.join(r.key, r.values, asOf)
	}
}

func (s *snapshot) refresh() {
	asked := s.clock.Now()
	switch {
	case s.ask == nil:
		s.tell(asked)
	case !s.site.Live:
		t, err := s.fetch()
		s.hear(t, err, asked)
	case s.asking.CompareAndSwap(false, true): // else the last answer is still to come
		s.edge.Go(func() {
			t, err := s.fetch()
			posted := s.clock.Post(func() {
				s.asking.Store(false)
				s.hear(t, err, asked)
			})
			if !posted {
				s.asking.Store(false)
			}
		})
	}
}

func (s *snapshot) fetch() (*table, error) {
	ctx, cancel := context.WithTimeout(s.ctx, s.timeout)
	defer cancel()
	return s.ask(ctx)
}

// hear takes an answer. After an error the old rows stay, with their old asOf.
func (s *snapshot) hear(t *table, err error, asked sim.Time) {
	var rows []row
	if err == nil {
		rows, err = s.read(t)
	}
	if err != nil {
		if !s.failing {
			s.note("data source does not answer", err.Error())
		}
		s.failing = true
		return
	}
	if s.failing {
		s.failing = false
		s.note("data source answers again", "")
	}
	s.forget(rows, asked)
	s.rows = rows
	s.tell(asked)
}

// read makes rows of a table that has the columns of the first one, in any order.
func (s *snapshot) read(t *table) ([]row, error) {
	if s.key < 0 && len(t.cells) > 1 {
		t.cells = t.cells[:1]
	}
	return s.shape.rows(t, s.site.Symbols, false)
}

// forget makes rows unknown that are there no longer.
func (s *snapshot) forget(rows []row, asked sim.Time) {
	kept := make(map[string]bool, len(rows))
	for _, r := range rows {
		kept[r.key] = true
	}
	for _, r := range s.rows {
		if !kept[r.key] {
			s.join(r.key, nil, asked)
		}
	}
}

func (s *snapshot) note(what, detail string) {
	if s.site.Noted != nil {
		s.site.Noted(what, detail)
	}
}

// Close ends the asking and lets go what is held.
func (s *snapshot) Close() error {
	if s.stop != nil {
		s.stop()
	}
	if s.cancel != nil {
		s.cancel()
	}
	s.edge.Wait()
	if s.release == nil {
		return nil
	}
	return s.release()
}
