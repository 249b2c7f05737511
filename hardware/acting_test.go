package hardware_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/hardware"
	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
	"github.com/twinbed/twinbed/sim/units"
	"github.com/twinbed/twinbed/sim/wall"
)

const ms = time.Millisecond

func TestACommandIsCarriedOutOnceAndStamped(t *testing.T) {
	d := &toy{act: func(context.Context, string, float64) error {
		<-time.After(200 * ms)
		return nil
	}}
	live(t, d, true, func(s *stage) {
		id := s.at(100*ms, setSpeed, 40)
		s.again(150*ms, id, setSpeed, 40) // while it is under way
		s.again(900*ms, id, setSpeed, 40) // and after
		s.run(time.Second)
		s.close()
		require.Equal(t, []string{"set_speed 40"}, d.acts)
		require.Equal(t, []string{"1 done: ", "1 done: already carried out"}, s.outcomes())
		for _, a := range s.acks {
			require.Equal(t, sim.Stamp{At: sim.Time(100 * ms), Wall: 100 * ms}, a.Delivered)
			require.Equal(t, sim.Stamp{At: sim.Time(300 * ms), Wall: 300 * ms}, a.Done)
			require.Equal(t, sim.ThingID(1), a.Thing)
			require.Nil(t, a.State)
		}
		c := s.device.Counts()
		require.Equal(t, [3]uint64{1, 1, 0}, [3]uint64{c.Commands, c.Done, c.Refused})
	})
}

func TestADeviceThatIsNotArmedGetsNoCommand(t *testing.T) {
	d := &toy{Binding: hardware.Binding{
		Limits: []hardware.Limit{{Command: "set_speed", Range: &hardware.Range{Min: 0, Max: 50}}},
		Safe:   []hardware.Safe{{Command: "stop"}},
	}}
	live(t, d, false, func(s *stage) {
		s.at(100*ms, setSpeed, 40)
		s.at(200*ms, setSpeed, 60)
		s.at(300*ms, stop, nan)
		s.run(time.Second)
		s.close()
		require.Empty(t, d.acts, "not even the safe ones")
		require.Equal(t, []string{
			"1 refused: not armed: set_speed was not given to press-02",
			"2 refused: set_speed 60 is outside 0 to 50",
			"3 refused: not armed: stop was not given to press-02",
		}, s.outcomes())
		require.Contains(t, s.noted, "200ms refused: set_speed 60 is outside 0 to 50")
		require.Equal(t, uint64(3), s.device.Counts().Refused)
	})
}

func TestTheInterlockRefusesAndNeverClamps(t *testing.T) {
	d := &toy{
		Binding: hardware.Binding{Limits: []hardware.Limit{
			{Command: "set_speed", Range: &hardware.Range{Min: -10, Max: 100}, MaxRate: 10, MinInterval: time.Second},
			{Command: "stop", MinInterval: 5 * time.Second},
		}},
		act: func(_ context.Context, _ string, value float64) error {
			if value == 30 {
				return errors.New("jammed")
			}
			return nil
		},
	}
	live(t, d, true, func(s *stage) {
		for i, x := range []float64{nan, math.Inf(1), math.Inf(-1), 100.1, -10.1} {
			s.at(time.Duration(i)*10*ms, setSpeed, x)
		}
		s.at(1*time.Second, setSpeed, 10)    // the first has no change
		s.at(1500*ms, setSpeed, 11)          // too soon
		s.at(3*time.Second, setSpeed, 31)    // 21 in 2 s
		s.at(3*time.Second+ms, setSpeed, 30) // 20 in 2.001 s; the device jams
		s.at(5*time.Second+ms, setSpeed, 35) // from 30 it would do, from 10 not: the device may be at either
		s.at(5500*ms, setSpeed, 30)          // is fair for both
		s.at(6*time.Second, stop, nan)
		s.at(7*time.Second, stop, nan)
		s.at(11*time.Second, stop, nan)
		s.run(12 * time.Second)
		s.close()
		require.Equal(t, []string{
			"1 refused: set_speed needs a value",
			"2 refused: set_speed +Inf is not finite",
			"3 refused: set_speed -Inf is not finite",
			"4 refused: set_speed 100.1 is outside -10 to 100",
			"5 refused: set_speed -10.1 is outside -10 to 100",
			"6 done: ",
			"7 refused: set_speed came 500ms after the one before, sooner than 1s",
			"8 refused: set_speed 31 changes by 21 in 2s, faster than 10 per second",
			"9 failed: jammed",
			"10 refused: set_speed 35 changes by 25 in 2s, faster than 10 per second",
			"11 failed: jammed",
			"12 done: ",
			"13 refused: stop came 1s after the one before, sooner than 5s",
			"14 done: ",
		}, s.outcomes())
		require.Equal(t, []string{"set_speed 10", "set_speed 30", "set_speed 30", "stop NaN", "stop NaN"}, d.acts)
	})
}

func TestABusyDeviceTakesSoManyCommandsAndNoOldOnes(t *testing.T) {
	d := &toy{
		Binding: hardware.Binding{Queue: 2, Timeout: 10 * time.Second, Patience: 4 * time.Second},
		act: func(context.Context, string, float64) error {
			<-time.After(3 * time.Second)
			return nil
		},
	}
	live(t, d, true, func(s *stage) {
		for i := range 5 {
			s.at(time.Duration(i+1)*10*ms, stop, nan)
		}
		s.run(20 * time.Second)
		s.close()
		require.Equal(t, []string{
			"4 refused: 2 commands are waiting already", "5 refused: 2 commands are waiting already",
			"1 done: ", "2 done: ", "3 refused: waited 5.98s for the device",
		}, s.outcomes())
	})
}

func TestNoAnswerIsAFailureThatNobodyKnowsTheOutcomeOf(t *testing.T) {
	d := &toy{
		Binding: hardware.Binding{Timeout: 500 * ms},
		act: func(ctx context.Context, command string, _ float64) error {
			switch command {
			case "stop":
				<-ctx.Done()
				return ctx.Err()
			default:
				return fmt.Errorf("%w: the key is on manual", hardware.ErrRefused)
			}
		},
	}
	live(t, d, true, func(s *stage) {
		s.at(ms, stop, nan)
		s.at(2*ms, setSpeed, 4)
		s.run(5 * time.Second)
		s.close()
		require.Equal(t, []string{
			"1 failed: no answer within 500ms: what came of it is unknown: context deadline exceeded",
			"2 refused: refused by the device: the key is on manual",
		}, s.outcomes())
	})
}

func TestCommandsNeedARecentReadingWhereTheScenarioSaysSo(t *testing.T) {
	blind := false
	d := &toy{
		Binding: hardware.Binding{StateAge: 3 * time.Second},
		sense: func(_ context.Context, values []float64) error {
			if blind {
				return errors.New("no echo")
			}
			return nil
		},
	}
	live(t, d, true, func(s *stage) {
		s.at(2500*ms, stop, nan)
		s.world.Clock.At(sim.Time(2600*ms), func() { blind = true })
		s.at(6*time.Second, stop, nan)
		s.run(7 * time.Second)
		s.close()
		require.Equal(t, []string{
			"1 done: ", "2 refused: the device's state is not known: no good reading for 3s",
		}, s.outcomes())
	})
}

func TestAnArmedDeviceIsLeftSafe(t *testing.T) {
	d := &toy{Binding: hardware.Binding{
		Limits: []hardware.Limit{{Command: "set_speed", MaxRate: 1, MinInterval: time.Hour}},
		Safe:   []hardware.Safe{{Command: "set_speed", Value: 0}, {Command: "stop", Value: nan}},
	}}
	live(t, d, true, func(s *stage) {
		s.at(500*ms, setSpeed, 90)
		s.run(time.Second)
		s.close()
		require.Equal(t, []string{"set_speed 90", "set_speed 0", "stop NaN"}, d.acts)
		require.Equal(t, 1, d.opened)
		require.Equal(t, 1, d.closed)
		require.NoError(t, s.device.Close(time.Second), "twice is once")
	})
}

func TestADeviceThatCannotBeLeftSafeIsTold(t *testing.T) {
	away := errors.New("cable")
	d := &toy{
		Binding: hardware.Binding{Safe: []hardware.Safe{{Command: "stop"}}},
		open:    func(context.Context) error { return away },
	}
	live(t, d, true, func(s *stage) {
		s.run(time.Second)
		require.EqualError(t, s.device.Close(time.Second), "press-02: not left safe: open: cable")
	})
	d.open = nil
	d.act = func(context.Context, string, float64) error { return errors.New("jammed") }
	live(t, d, true, func(s *stage) {
		s.run(time.Second)
		require.EqualError(t, s.device.Close(time.Second), "press-02: not left safe: stop: jammed")
	})
}

func TestAtSixtyTimesTheStampsAreOnBothClocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{t: t, lost: map[sim.Cause]int{}}
		s.world = newWorld(sim.NewLiveClock(60, wall.NewTimer()), s)
		latency := chance.MustParse("30s", units.Duration)
		s.world.Link = sim.NewLink(sim.Network{Latency: latency}, 7, 3)
		var err error
		s.device, err = hardware.Bind(s.world, hardware.Wire{Thing: 1, Config: &toy{}, Carrier: s, Armed: true})
		require.NoError(t, err)
		s.device.Start()
		s.at(time.Minute, stop, nan)
		s.run(5 * time.Minute)
		s.close()
		require.Equal(t, []string{"1 done: "}, s.outcomes())
		require.Equal(t, sim.Stamp{At: sim.Time(90 * time.Second), Wall: 1500 * ms}, s.acks[0].Delivered)
		require.Equal(t, s.world.Clock.StampOf(sim.Time(time.Second)), s.arrived[1].Sensed)
	})
}

func TestLimitsAndSafeCommandsAreChecked(t *testing.T) {
	for _, c := range []struct {
		path, message string
		binding       hardware.Binding
	}{
		{"limits.go", `press-01 has no command "go"; possible are stop, set_speed`,
			hardware.Binding{Limits: []hardware.Limit{{Command: "go"}}}},
		{"limits.stop", "stop takes no value: only min_interval can be set",
			hardware.Binding{Limits: []hardware.Limit{{Command: "stop", MaxRate: 1}}}},
		{"limits.set_speed.range", "5 to 1 is no range: the lowest value comes first",
			hardware.Binding{Limits: []hardware.Limit{{Command: "set_speed", Range: &hardware.Range{Min: 5, Max: 1}}}}},
		{"limits.set_speed.range", "NaN to 1 is no range: the lowest value comes first",
			hardware.Binding{Limits: []hardware.Limit{{Command: "set_speed", Range: &hardware.Range{Min: nan, Max: 1}}}}},
		{"limits.set_speed.max_rate", "NaN is no rate",
			hardware.Binding{Limits: []hardware.Limit{{Command: "set_speed", MaxRate: nan}}}},
		{"safe.0", `press-01 has no command "go"; possible are stop, set_speed`,
			hardware.Binding{Safe: []hardware.Safe{{Command: "go"}}}},
		{"safe.0", "set_speed needs a value",
			hardware.Binding{Safe: []hardware.Safe{{Command: "set_speed", Value: nan}}}},
		{"safe.0", "set_speed 7 is outside 0 to 5", hardware.Binding{
			Limits: []hardware.Limit{{Command: "set_speed", Range: &hardware.Range{Max: 5}}},
			Safe:   []hardware.Safe{{Command: "set_speed", Value: 7}}}},
	} {
		wrongs := sim.Wrongs(hardware.Check(&toy{Binding: c.binding}, (&plant{}).site()))
		require.Len(t, wrongs, 1)
		require.Equal(t, c.path, wrongs[0].Path)
		require.Equal(t, c.message, wrongs[0].Message)
	}
	var r hardware.Range
	require.NoError(t, r.FromWords("-5 to 12.5"))
	require.Equal(t, hardware.Range{Min: -5, Max: 12.5}, r)
	require.ErrorContains(t, r.FromWords("5-12"), "write it as in 0 to 100")
	var s hardware.Safe
	require.NoError(t, s.FromWords("set_speed 0"))
	require.Equal(t, hardware.Safe{Command: "set_speed"}, s)
	require.ErrorContains(t, s.FromWords("a b c"), "write it as in stop")
}
