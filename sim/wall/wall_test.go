package wall_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/wall"
)

var (
	_ sim.Wall = (*wall.Timer)(nil)
	_ sim.Wall = wall.Closer(nil)
)

func TestSleepLastsUntilItsTimeOrAWake(t *testing.T) {
	w := wall.New()
	defer func() { require.NoError(t, w.Close()) }()
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.Sleep(w.Elapsed() + 2*time.Millisecond)
		until := w.Elapsed()
		require.GreaterOrEqual(t, until, 2*time.Millisecond)
		w.Wake()
		w.Sleep(until + time.Hour)
		w.Sleep(0)
	}()
	<-done
}

func TestTimerIsExactInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := wall.NewTimer()
		w.Sleep(3 * time.Hour)
		require.Equal(t, 3*time.Hour, w.Elapsed())
		go w.Wake()
		w.Sleep(9 * time.Hour)
		require.Equal(t, 3*time.Hour, w.Elapsed())
	})
}

// BenchmarkPacing plays 1,000 things at 1 Hz and reports how late they were.
func BenchmarkPacing(b *testing.B) {
	for range b.N {
		w := wall.New()
		c := sim.NewLiveClock(1, w)
		k := c.Handle(nothing{})
		for i := range 2000 {
			c.Schedule(sim.Time(i)*sim.Time(time.Millisecond), k, 0, 0)
		}
		finished := make(chan error)
		go func() { finished <- c.Run(sim.Time(2 * time.Second)) }()
		require.NoError(b, <-finished)
		require.NoError(b, w.Close())
		b.ReportMetric(float64(c.Lag().Quantile(0.5))/1e3, "µs-p50")
		b.ReportMetric(float64(c.Lag().Quantile(0.99))/1e3, "µs-p99")
	}
}

type nothing struct{}

func (nothing) Happen(_, _ uint32) {}
