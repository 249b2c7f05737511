package hardware_test

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/hardware"
	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/wall"
)

func TestReadingsAreDueWhenTheyAreDue(t *testing.T) {
	d := &toy{sense: func(ctx context.Context, values []float64) error {
		<-time.After(300 * time.Millisecond) // in a bubble: the device takes its time
		values[1] = 4
		return nil
	}}
	live(t, d, false, func(s *stage) {
		s.run(3500 * time.Millisecond)
		require.Len(t, s.arrived, 4)
		for i, r := range s.arrived {
			require.Equal(t, sim.Time(i)*sim.Time(time.Second), r.Sensed.At, "the stamp is when it was due")
			require.Equal(t, time.Duration(i)*time.Second, r.Sensed.Wall)
			require.True(t, math.IsNaN(r.Values[0]))
			require.Equal(t, 4.0, r.Values[1])
			require.False(t, r.Foreign)
		}
		s.close()
		require.Equal(t, []string{"0s device found: a toy; one sensor"}, s.noted)
		require.Equal(t, hardware.Counts{Due: 4, Sensed: 4}, s.device.Counts())
	})
}

func TestASlowDeviceIsNotWaitedForAndTheBooksSaySo(t *testing.T) {
	d := &toy{sense: func(ctx context.Context, values []float64) error {
		<-time.After(1500 * time.Millisecond)
		values[0] = 1
		return nil
	}}
	live(t, d, false, func(s *stage) {
		ticks := 0
		s.world.Clock.Every(100*time.Millisecond, func() { ticks++ })
		s.run(5900 * time.Millisecond)
		require.Equal(t, 59, ticks, "the clock does not wait")
		require.Equal(t, hardware.Counts{Due: 6, Sensed: 3, Late: 3, Missed: 3}, s.device.Counts())
		require.Zero(t, s.world.Clock.Lag().Max())
		s.close()
	})
}

func TestADeviceThatFailsIsTriedAgainThenOpenedAnew(t *testing.T) {
	failing := errors.New("checksum")
	calls := 0
	d := &toy{
		Binding: hardware.Binding{Retries: 1, Backoff: 100 * time.Millisecond},
		sense: func(_ context.Context, values []float64) error {
			calls++
			values[0] = float64(calls)
			if calls >= 2 && calls <= 4 { // one retry mends nothing, the next session's does
				return failing
			}
			return nil
		},
	}
	live(t, d, false, func(s *stage) {
		s.run(3500 * time.Millisecond)
		s.close()
		require.Equal(t, hardware.Counts{Due: 4, Sensed: 3, Failed: 1, Outages: 1}, s.device.Counts())
		require.Equal(t, []string{
			"0s device found: a toy; one sensor",
			"1.1s device lost: checksum", "2.1s device back: after 1s",
		}, s.noted)
		require.Equal(t, 2, d.opened)
		require.Equal(t, 2, d.closed)
	})
}

func TestAnAbsentDeviceIsLookedForLessAndLessOftenAndTakenBack(t *testing.T) {
	var tries []time.Duration
	begin := time.Now()
	d := &toy{Binding: hardware.Binding{Backoff: time.Second, MaxBackoff: 4 * time.Second}}
	d.open = func(context.Context) error {
		if len(tries) == 0 {
			begin = time.Now()
		}
		tries = append(tries, time.Since(begin))
		if len(tries) < 5 {
			return errors.New("no such port")
		}
		return nil
	}
	live(t, d, true, func(s *stage) {
		s.at(500*time.Millisecond, stop, nan)
		s.run(14500 * time.Millisecond)
		s.close()
		require.Equal(t, []time.Duration{0, time.Second, 3 * time.Second, 7 * time.Second, 11 * time.Second}, tries)
		require.Equal(t, "0s device lost: open: no such port", s.noted[0])
		require.Contains(t, s.noted, "11s device found: a toy; one sensor")
		require.Equal(t, []string{"1 refused: not connected: open: no such port"}, s.outcomes())
		c := s.device.Counts()
		require.Equal(t, uint64(15), c.Due)
		require.Equal(t, c.Due, c.Sensed+c.Failed)
		require.False(t, s.device.Lost())
	})
}

func TestAHangingAdapterNeitherHoldsTheClockNorTheEndUp(t *testing.T) {
	release := make(chan struct{})
	hang := func() error { <-release; return nil }
	d := &toy{
		Binding: hardware.Binding{Timeout: 500 * time.Millisecond},
		open:    func(context.Context) error { return nil },
		shut:    hang,
	}
	d.sense = func(context.Context, []float64) error { return hang() }
	live(t, d, true, func(s *stage) {
		release = make(chan struct{}) // of the bubble
		s.run(100 * time.Second)
		require.Zero(t, s.world.Clock.Lag().Max())
		require.Zero(t, s.device.Counts().Sensed)
		require.LessOrEqual(t, d.opened, 4, "an adapter that hangs again and again is left alone")
		require.Contains(t, s.noted[1], "the adapter hangs: no answer within 500ms")
		begin := time.Now()
		_ = s.device.Close(time.Second) // it may say that the adapter hangs
		require.LessOrEqual(t, time.Since(begin), 1200*time.Millisecond)
		close(release)
	})
}

func TestAPanicOfAnAdapterIsAFailureOfTheDevice(t *testing.T) {
	d := &toy{sense: func(context.Context, []float64) error { panic("nil map") }}
	live(t, d, false, func(s *stage) {
		s.run(500 * time.Millisecond)
		s.close()
		require.Contains(t, s.noted, "0s device lost: the adapter panicked: nil map")
	})
}

func TestTheLinkLiesBeforeRealDevicesToo(t *testing.T) {
	d := &toy{}
	live(t, d, true, func(s *stage) {
		cause := sim.NewCause("network loss")
		undo := s.world.Link.Impair("cut", 1, sim.Impairment{Where: []sim.ThingID{1}, Up: true, Down: true, Loss: 1, Cause: cause})
		s.world.Clock.At(sim.Time(1500*time.Millisecond), undo)
		s.at(time.Millisecond, stop, nan)
		s.run(2500 * time.Millisecond)
		s.close()
		require.Equal(t, 2, s.lost[cause])
		require.Equal(t, 1, s.lostElse[sim.CommandMessage])
		require.Len(t, s.arrived, 1)
		require.Empty(t, s.acks)
		require.Empty(t, d.acts)
	})
}

func TestOnlyALiveClockTakesDevices(t *testing.T) {
	w := newWorld(sim.NewClock(), sim.Silent{})
	_, err := hardware.Bind(w, hardware.Wire{Thing: 1, Config: &toy{}})
	require.EqualError(t, err, "press-02 cannot be real: the clock is virtual")
	w = newWorld(sim.NewLiveClock(1, wall.NewTimer()), sim.Silent{})
	_, err = hardware.Bind(w, hardware.Wire{Thing: 99, Config: &toy{}})
	require.ErrorContains(t, err, "a thing of the roster")
	w.Roster.Kinds[0].Every = 0
	_, err = hardware.Bind(w, hardware.Wire{Thing: 1, Config: &toy{}})
	require.ErrorContains(t, err, "no interval")
}

func TestABoundThingIsNoLongerPlayed(t *testing.T) {
	w := newWorld(sim.NewLiveClock(1, wall.NewTimer()), sim.Silent{})
	k := w.Roster.Kinds[0]
	k.Signals = nil
	f, err := sim.NewFleet(w, k, nil, nil)
	require.NoError(t, err)
	w.Fleets = []*sim.Fleet{f}
	_, err = hardware.Bind(w, hardware.Wire{Thing: 1, Config: &toy{}})
	require.NoError(t, err)
	require.True(t, f.Played(0))
	require.False(t, f.Played(1))
}

// crier sends on its own.
type crier struct {
	toy
	said chan cry
}

type cry struct {
	x       float64
	skipped int
	err     error
}

func (c *crier) Pushing() bool { return true }

func (c *crier) Open(ctx context.Context, s hardware.Site) (hardware.Adapter, error) {
	_, err := c.toy.Open(ctx, s)
	return c, err
}

func (c *crier) Next(ctx context.Context, values []float64) (hardware.Push, error) {
	select {
	case said := <-c.said:
		values[0] = said.x
		return hardware.Push{Came: time.Now(), Skipped: said.skipped}, said.err
	case <-ctx.Done():
		return hardware.Push{}, ctx.Err()
	}
}

func TestADeviceThatSendsOnItsOwnIsHeardWhenItSends(t *testing.T) {
	d := &crier{}
	live(t, d, false, func(s *stage) {
		d.said = make(chan cry)
		go func() {
			for _, c := range []cry{
				{x: 1}, {x: 2, skipped: 3}, {err: hardware.ErrMalformed}, {err: errors.New("silent")}, {x: 5},
			} {
				<-time.After(700 * time.Millisecond)
				d.said <- c
			}
		}()
		s.run(10 * time.Second)
		s.close()
		require.Equal(t, hardware.Counts{Sensed: 3, Missed: 3, Malformed: 1, Failed: 1, Outages: 1}, s.device.Counts())
		require.Len(t, s.arrived, 3)
		for i, at := range []time.Duration{700, 1400, 3500} {
			r := s.arrived[i]
			require.True(t, r.Foreign)
			require.Equal(t, at*time.Millisecond, r.Sensed.Wall, "the stamp is when it came")
			require.Equal(t, sim.Time(r.Sensed.Wall), r.Sensed.At)
		}
		require.Equal(t, []string{
			"0s device found: a toy; one sensor", "2.1s device malformed: malformed",
			"2.8s device lost: silent", "3.5s device back: after 700ms",
		}, s.noted)
	})
}
