package scenarios_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/scenarios"
	"github.com/twinbed/twinbed/sim/wall"
)

// While a run that has ended waits for what its clients have not got rid of yet, its clock goes
// on: what is acted and answered meanwhile would else seem to have taken as long as the wait.
func TestTheClockGoesOnWhileWhatIsOnItsWayComesIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := scenarios.Load("testdata/ending.yaml", scenarios.Options{})
		require.NoError(t, err)
		defer s.Close()
		run, err := s.Stage(scenarios.Staging{Wall: wall.NewTimer(), InMemory: true})
		require.NoError(t, err)
		r, err := run.Play(context.Background())
		require.NoError(t, err)
		require.True(t, r.Ledger.Balanced, "%v", r.Reasons)
		uplink := r.Decisions[0].Segments[0]
		require.Equal(t, "uplink", uplink.Name)
		require.Greater(t, float64(uplink.Max), 0.5, "seconds, else nobody was waited for")
		require.Less(t, float64(r.Trust.Lateness.Max), 0.01, "seconds")
	})
}
