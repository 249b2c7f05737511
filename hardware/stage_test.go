package hardware_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/hardware"
	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/wall"
)

// toy is a device whose behaviour a test writes down; what is nil works at once.
type toy struct {
	hardware.Binding
	open  func(ctx context.Context) error
	sense func(ctx context.Context, values []float64) error
	act   func(ctx context.Context, command string, value float64) error
	shut  func() error

	mu     sync.Mutex
	opened int
	closed int
	acts   []string
}

func (d *toy) Open(ctx context.Context, _ hardware.Site) (hardware.Adapter, error) {
	d.mu.Lock()
	d.opened++
	d.mu.Unlock()
	if d.open != nil {
		if err := d.open(ctx); err != nil {
			return nil, err
		}
	}
	return d, nil
}

func (d *toy) Sense(ctx context.Context, values []float64) error {
	if d.sense != nil {
		return d.sense(ctx, values)
	}
	values[0] = 20
	return nil
}

func (d *toy) Act(ctx context.Context, command string, value float64) error {
	d.mu.Lock()
	d.acts = append(d.acts, fmt.Sprintf("%s %g", command, value))
	d.mu.Unlock()
	if d.act != nil {
		return d.act(ctx, command, value)
	}
	return nil
}

func (d *toy) Close() error {
	d.mu.Lock()
	d.closed++
	d.mu.Unlock()
	if d.shut != nil {
		return d.shut()
	}
	return nil
}

func (d *toy) Describe() []string { return []string{"a toy", "one sensor"} }

// stage is a live run with one real thing on it, and everything that was seen.
type stage struct {
	sim.Silent
	t        *testing.T
	world    *sim.World
	device   *hardware.Device
	sent     []sim.Reading
	arrived  []sim.Reading
	acks     []sim.Ack
	lost     map[sim.Cause]int
	lostElse [4]int // by medium
	noted    []string
	nextID   uint64
}

func (s *stage) Reading(r *sim.Reading) { s.arrived = append(s.arrived, keep(r)) }
func (s *stage) Ack(a *sim.Ack)         { s.acks = append(s.acks, *a) }
func (s *stage) Sent(r *sim.Reading)    { s.sent = append(s.sent, keep(r)) }
func (s *stage) Noted(e sim.Event) {
	s.noted = append(s.noted, fmt.Sprintf("%v %s: %s", e.At.Duration(), e.What, e.Detail))
}

func (s *stage) Lost(m sim.Medium, _ sim.ThingID, _ sim.Time, why sim.Cause) {
	if m != sim.ReadingMessage {
		s.lostElse[m]++
		return
	}
	s.lost[why]++
}

func keep(r *sim.Reading) sim.Reading {
	kept := *r
	kept.Values = slices.Clone(r.Values)
	return kept
}

func newWorld(clock *sim.Clock, o sim.Observer) *sim.World {
	w := &sim.World{Clock: clock, Roster: &sim.Roster{}, Seed: 7, Observers: sim.Observers{o}}
	w.Roster.Add(&sim.Kind{
		Name: "press", Count: 3, Declared: 3, Every: time.Second,
		Signals: []sim.SignalSpec{{Name: "temperature"}, {Name: "vibration"}},
		Commands: []sim.CommandSpec{
			{Name: "stop"}, {Name: "set_speed", Sets: []sim.Setting{{FromValue: true}}},
		},
	})
	w.Link = sim.NewLink(sim.Network{}, w.Seed, w.Roster.Size())
	return w
}

const (
	stop     = sim.CommandID(0)
	setSpeed = sim.CommandID(1)
)

// live plays a test in a bubble whose wall clock is not the real one.
func live(t *testing.T, config hardware.Config, armed bool, play func(s *stage)) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{t: t, lost: map[sim.Cause]int{}}
		s.world = newWorld(sim.NewLiveClock(1, wall.NewTimer()), s)
		var err error
		s.device, err = hardware.Bind(s.world, hardware.Wire{Thing: 1, Config: config, Carrier: s, Armed: armed})
		require.NoError(t, err)
		s.device.Start()
		play(s)
		s.books()
	})
}

// run plays until a time.
func (s *stage) run(until time.Duration) { require.NoError(s.t, s.world.Clock.Run(sim.Time(until))) }

// at has a command sent at a time.
func (s *stage) at(when time.Duration, c sim.CommandID, value float64) (id uint64) {
	s.nextID++
	id = s.nextID
	s.again(when, id, c, value)
	return id
}

func (s *stage) again(when time.Duration, id uint64, c sim.CommandID, value float64) {
	s.world.Clock.At(sim.Time(when), func() {
		s.device.Obey(&sim.Command{ID: id, Thing: 1, Name: c, Value: value, Attempt: 1, Decided: s.world.Clock.Stamp()})
	})
}

// outcomes are the acks in words, in order.
func (s *stage) outcomes() (all []string) {
	for _, a := range s.acks {
		all = append(all, fmt.Sprintf("%d %s: %s", a.ID, a.Outcome, a.Note))
	}
	return all
}

// books holds the run to its ledger: every number once, and each reading sent
// has arrived or was lost for a reason.
func (s *stage) books() {
	lost := 0
	for _, n := range s.lost {
		lost += n
	}
	require.Len(s.t, s.sent, len(s.arrived)+lost)
	for i, r := range s.sent {
		require.Equal(s.t, uint32(i+1), r.Seq)
		require.Equal(s.t, sim.ThingID(1), r.Thing)
	}
}

func (s *stage) close() { require.NoError(s.t, s.device.Close(5*time.Second)) }

var nan = math.NaN()
