package sim_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim"
)

// A run that is repeated comes to each point by the same events, or says that it does not.
func TestARepetitionIsHeldToTheWayOfTheRun(t *testing.T) {
	begin := func() (*sim.Clock, *int) {
		c, n := sim.NewClock(), new(int)
		for i := range 10 {
			c.At(sim.Time(i)*sim.Time(time.Second), func() { *n++ })
		}
		return c, n
	}
	c, n := begin()
	require.NoError(t, c.Rerun(sim.Time(2500*time.Millisecond), 3))
	require.Equal(t, 3, *n)
	require.Equal(t, sim.Time(2500*time.Millisecond), c.Now())
	require.NoError(t, c.Rerun(sim.Time(3*time.Second), 3), "it was before the event that was due just then")
	require.NoError(t, c.Rerun(sim.Time(3*time.Second), 4))
	c.CatchUp(sim.Time(6 * time.Second))
	require.Equal(t, 7, *n)

	for _, wrong := range []struct {
		now    time.Duration
		events uint64
	}{{2500 * time.Millisecond, 2}, {2500 * time.Millisecond, 4}, {time.Minute, 11}} {
		c, _ := begin()
		require.ErrorContains(t, c.Rerun(sim.Time(wrong.now), wrong.events), "left the way")
	}
}
