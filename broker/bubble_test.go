package broker

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim"
)

// In a bubble time is not the machine's: an hour over the real broker, through
// pipes, takes as long as its messages.
func TestAnHourOverTheBrokerInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, 10, 30*time.Second, GateOptions{})
		s.onRead = func(r *sim.Reading) {
			if r.Seq%10 == 0 {
				s.router.Command(&sim.Command{ID: uint64(r.Thing)<<32 | uint64(r.Seq), Thing: r.Thing, Name: 1, Value: 0.5, Seq: r.Seq, Attempt: 1, Decided: s.world.Clock.Stamp()})
			}
		}
		f := s.sessions(SessionOptions{QoS: 1})
		require.NoError(t, s.gate.Open())
		require.NoError(t, f.Connect(context.Background()))
		s.fleet().Switch(10)
		require.NoError(t, s.world.Clock.Run(sim.Time(time.Hour)))
		require.NoError(t, f.Drain(time.Minute))
		require.NoError(t, s.world.Clock.Run(s.world.Clock.Now()))
		f.Close()
		require.NoError(t, s.gate.Close())

		require.Equal(t, s.sent, len(s.readings))
		require.GreaterOrEqual(t, len(s.readings), 10*119)
		require.Len(t, s.acks, 10*(len(s.readings)/10/10))
		require.Empty(t, s.lost)
		require.Empty(t, s.notes)
		for _, r := range s.readings {
			require.Equal(t, r.Sensed.At, r.Arrived.At, "nothing takes time here but what is modelled")
		}
	})
}
