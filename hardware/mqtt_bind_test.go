package hardware_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/hardware"
	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/wall"
)

// told passes on what a run tells about its device.
type told struct {
	stage
	events chan string
	values chan float64
}

func (o *told) Noted(e sim.Event) { o.events <- e.What }

func (o *told) Reading(r *sim.Reading) {
	o.stage.Reading(r)
	select {
	case o.values <- r.Values[0]:
	default:
	}
}

func TestABoundMQTTDeviceOutlivesItsBroker(t *testing.T) {
	p := newPlant(t, "")
	p.play()
	p.show(1)
	o := &told{stage: stage{t: t, lost: map[sim.Cause]int{}}, events: make(chan string, 100), values: make(chan float64)}
	o.world = newWorld(sim.NewLiveClock(1, wall.NewTimer()), o)
	c := p.config()
	c.Signals = c.Signals[:1]
	c.Backoff, c.MaxBackoff = 20*time.Millisecond, 100*time.Millisecond
	var err error
	o.device, err = hardware.Bind(o.world, hardware.Wire{Thing: 1, Config: c, Carrier: o, Armed: true})
	require.NoError(t, err)
	o.device.Start()
	played := make(chan error)
	go func() { played <- o.world.Clock.Run(sim.Time(time.Hour)) }()

	require.Equal(t, "device found", <-o.events)
	require.Equal(t, 1.0, <-o.values)
	p.stop()
	require.Equal(t, "device lost", <-o.events)
	p.show(2)
	p.start()
	p.play()
	require.Equal(t, "device back", <-o.events)
	for x := range o.values {
		if x == 2 {
			break
		}
		require.Equal(t, 1.0, x, "heard before the outage")
	}
	o.world.Clock.Stop(nil)
	require.ErrorIs(t, <-played, sim.ErrStopped)
	o.close()
	require.False(t, o.device.Lost())
	require.Equal(t, uint64(1), o.device.Counts().Outages)
	o.books()
}
