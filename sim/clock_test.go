package sim_test

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/wall"
)

func TestTiesHappenInTheOrderTheyWereScheduled(t *testing.T) {
	c := sim.NewClock()
	var got []int
	for i := range 5 {
		c.At(10, func() { got = append(got, i) })
	}
	c.At(5, func() { c.At(10, func() { got = append(got, 5) }) })
	require.NoError(t, c.Run(20))
	require.Equal(t, []int{0, 1, 2, 3, 4, 5}, got)
	require.Equal(t, sim.Time(20), c.Now())
}

func TestACancelledTimerDoesNotHappen(t *testing.T) {
	c := sim.NewClock()
	happened := 0
	a := c.At(10, func() { happened++ })
	c.At(10, func() { happened += 10 })
	a.Cancel()
	stop := c.Every(3, func() { happened += 100 })
	c.At(7, stop)
	require.NoError(t, c.Run(20))
	require.Equal(t, 210, happened)
	a.Cancel()
	sim.Timer{}.Cancel()
}

func TestTheSameEventsGiveTheSameHash(t *testing.T) {
	play := func(second sim.Time) uint64 {
		c := sim.NewClock()
		c.At(1, func() {})
		c.At(second, func() {})
		require.NoError(t, c.Run(10))
		return c.Hash()
	}
	require.Equal(t, play(2), play(2))
	require.NotEqual(t, play(2), play(3))
}

func TestStopEndsARunFromOutside(t *testing.T) {
	c := sim.NewClock()
	c.Every(1, func() {
		if c.Now() == 5000 {
			go c.Stop(nil)
		}
	})
	require.ErrorIs(t, c.Run(sim.Never), sim.ErrStopped)
	c = sim.NewLiveClock(1, wall.NewTimer())
	why := errors.New("the user")
	go c.Stop(why)
	require.ErrorIs(t, c.Run(sim.Time(time.Hour)), why)
}

func TestPostsFromManyGoroutinesAllHappenOnTheClock(t *testing.T) {
	c := sim.NewLiveClock(1, wall.New())
	var wg sync.WaitGroup
	count := 0
	for range 8 {
		wg.Go(func() {
			for range 1000 {
				c.Post(func() {
					if count++; count == 8000 {
						c.Stop(nil)
					}
				})
			}
		})
	}
	require.ErrorIs(t, c.Run(sim.Time(time.Hour)), sim.ErrStopped)
	wg.Wait()
	require.Equal(t, 8000, count)
	require.Zero(t, c.Refused())
}

// The three modes let the same things happen at the same scenario times.
func TestVirtualRealtimeAndScaledAgree(t *testing.T) {
	play := func(c *sim.Clock) (times []sim.Time) {
		stop := c.Every(7*time.Second, func() { times = append(times, c.Now()) })
		c.At(sim.Time(40*time.Second), stop)
		c.After(90*time.Second, func() { times = append(times, c.Now()) })
		require.NoError(t, c.Run(sim.Time(2*time.Minute)))
		return append(times, c.Now())
	}
	virtual := play(sim.NewClock())
	for _, speed := range []float64{1, 60, 0.5} {
		synctest.Test(t, func(t *testing.T) {
			w := wall.NewTimer()
			require.Equal(t, virtual, play(sim.NewLiveClock(speed, w)))
			require.InDelta(t, 120/speed, w.Elapsed().Seconds(), 1e-3)
		})
	}
}

func TestLagIsMeasuredFromWhenAnEventWasDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := wall.NewTimer()
		c := sim.NewLiveClock(1, w)
		c.At(sim.Time(time.Second), func() { w.Sleep(w.Elapsed() + 300*time.Millisecond) }) // a stall
		c.At(sim.Time(1100*time.Millisecond), func() {
			require.Equal(t, sim.Time(1100*time.Millisecond), c.Now())
			require.Equal(t, sim.Time(1300*time.Millisecond), c.Stamp().At)
		})
		require.NoError(t, c.Run(sim.Time(2*time.Second)))
		require.Equal(t, 200*time.Millisecond, c.Lag().Max())
		require.EqualValues(t, 2, c.Lag().Count())
		require.Zero(t, c.Lag().Quantile(0.5))
		require.InEpsilon(t, float64(200*time.Millisecond), float64(c.Lag().Quantile(1)), 0.03)
	})
}
