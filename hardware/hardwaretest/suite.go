// Package hardwaretest holds what every adapter must do, as one suite of tests.
package hardwaretest

import (
	"context"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/hardware"
	"github.com/twinbed/twinbed/sim"
)

// Bench is a device, real or played, on the test bench, plugged in.
type Bench struct {
	Config   hardware.Config
	Signals  []string        // of the thing
	Missing  string          // one of them that the device does not have; "" if it has all
	Commands map[string]bool // that the device obeys, and whether each takes a value
	Folder   string          // the scenario's folder
	// Show has the device measure x from now on, 1 to 3, in signals of the bench's choice.
	Show func(x float64)
	// Shown finds x in a reading; false while the reading does not tell.
	Shown  func(values []float64) (x float64, ok bool)
	Unplug func()
	Plug   func()
}

// patience is how long anything may take before the suite calls it hung.
const patience = 20 * time.Second

// Suite runs the suite; setUp makes a fresh bench for each test.
func Suite(t *testing.T, setUp func(t *testing.T) Bench) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, b *bench)
	}{
		{"senses what the device shows", senses},
		{"opens and closes again and again and leaves nothing behind", leavesNothing},
		{"closes twice, and gives nothing afterwards", closesTwice},
		{"heeds the deadline and the end of a context", heedsContext},
		{"fails clearly when unplugged and comes back with new values", unplugs},
		{"gives no value for a signal that is not there", missing},
		{"refuses commands that it does not know", refusesUnknown},
		{"carries out those it knows", obeys},
		{"senses while it acts", sensesWhileActing},
		{"ends a call when it is closed", closesUnderCall},
		{"is told apart by name in the registry", registered},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, &bench{setUp(t), t}) })
	}
}

type bench struct {
	Bench
	t *testing.T
}

func (b *bench) site() hardware.Site {
	s := hardware.Site{
		Thing:     "thing-01",
		Open:      func(name string) (io.ReadCloser, error) { return os.Open(filepath.Join(b.Folder, name)) },
		LookupEnv: os.LookupEnv,
	}
	for _, name := range b.Signals {
		s.Signals = append(s.Signals, sim.SignalSpec{Name: name})
	}
	for name, value := range b.Commands {
		spec := sim.CommandSpec{Name: name}
		if value {
			spec.Sets = []sim.Setting{{FromValue: true}}
		}
		s.Commands = append(s.Commands, spec)
	}
	slices.SortFunc(s.Commands, func(a, b sim.CommandSpec) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return s
}

func (b *bench) ctx() context.Context {
	ctx, cancel := context.WithTimeout(b.t.Context(), patience)
	b.t.Cleanup(cancel)
	return ctx
}

func (b *bench) open() hardware.Adapter {
	b.t.Helper()
	a, err := b.Config.Open(b.ctx(), b.site())
	require.NoError(b.t, err)
	b.t.Cleanup(func() { require.NoError(b.t, a.Close()) })
	return a
}

// sense is one reading, by whichever way the adapter gives them.
func (b *bench) sense(ctx context.Context, a hardware.Adapter) ([]float64, error) {
	values := make([]float64, len(b.Signals))
	for i := range values {
		values[i] = math.NaN()
	}
	return values, a.Sense(ctx, values)
}

// sees waits until the device shows x and fails on a value that is neither x nor
// one of the others that may still come.
func (b *bench) sees(a hardware.Adapter, x float64, others ...float64) {
	b.t.Helper()
	ctx := b.ctx()
	for {
		values, err := b.sense(ctx, a)
		require.NoError(b.t, err)
		if shown, ok := b.Shown(values); ok && shown == x {
			return
		} else if ok {
			require.Contains(b.t, others, shown, "a value that the device does not show")
		}
	}
}

// within fails the test when f hangs.
func (b *bench) within(what string, f func()) {
	b.t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(patience):
		require.Fail(b.t, what+" hangs")
	}
}

func senses(t *testing.T, b *bench) {
	require.NoError(t, hardware.Check(b.Config, b.site()))
	b.Show(1)
	a := b.open()
	b.sees(a, 1)
	b.Show(2)
	b.sees(a, 2, 1)
	if d, ok := a.(hardware.Describes); ok {
		require.NotEmpty(t, d.Describe())
	}
	p, ok := a.(hardware.Pushes)
	if !ok {
		return
	}
	b.Show(3)
	for ctx := b.ctx(); ; {
		values := make([]float64, len(b.Signals))
		push, err := p.Next(ctx, values)
		require.NoError(t, err)
		require.False(t, push.Came.IsZero())
		if x, ok := b.Shown(values); ok && x == 3 {
			return
		}
	}
}

func leavesNothing(t *testing.T, b *bench) {
	b.Show(1)
	cycle := func() {
		a, err := b.Config.Open(b.ctx(), b.site())
		require.NoError(t, err)
		_, err = b.sense(b.ctx(), a)
		require.NoError(t, err)
		require.NoError(t, a.Close())
	}
	cycle() // what is started once for all
	before := runtime.NumGoroutine()
	for range 10 {
		cycle()
	}
	require.Eventually(t, func() bool { return runtime.NumGoroutine() <= before+2 }, patience, 10*time.Millisecond,
		"goroutines are left behind")
}

func closesTwice(t *testing.T, b *bench) {
	b.Show(1)
	a := b.open()
	b.sees(a, 1)
	require.NoError(t, a.Close())
	require.NoError(t, a.Close())
	_, err := b.sense(b.ctx(), a)
	require.Error(t, err)
}

func heedsContext(t *testing.T, b *bench) {
	b.Show(1)
	a := b.open()
	b.sees(a, 1)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	late, done := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer done()
	for _, ctx := range []context.Context{over, late} {
		b.within("a call whose context has ended", func() {
			_, err := b.sense(ctx, a)
			require.Error(t, err)
			for name := range b.Commands {
				require.Error(t, a.Act(ctx, name, 1))
			}
			if other, err := b.Config.Open(ctx, b.site()); err == nil {
				require.NoError(t, other.Close())
				require.Fail(t, "opened although the context has ended")
			}
			if p, ok := a.(hardware.Pushes); ok {
				_, err := p.Next(ctx, make([]float64, len(b.Signals)))
				require.Error(t, err)
			}
		})
	}
	b.sees(a, 1)
}

func unplugs(t *testing.T, b *bench) {
	b.Show(1)
	a := b.open()
	b.sees(a, 1)
	b.Unplug()
	b.within("an unplugged device", func() {
		for { // what had come before may still be told
			ctx, cancel := context.WithTimeout(t.Context(), patience/2)
			values, err := b.sense(ctx, a)
			cancel()
			if err != nil {
				require.Greater(t, len(err.Error()), 8, "an error that says why")
				return
			}
			if x, ok := b.Shown(values); ok {
				require.Equal(t, 1.0, x)
			}
		}
	})
	require.NoError(t, a.Close())
	ctx, cancel := context.WithTimeout(t.Context(), patience/2)
	defer cancel()
	other, err := b.Config.Open(ctx, b.site())
	if err == nil {
		_, err = b.sense(ctx, other)
		require.NoError(t, other.Close())
	}
	require.Error(t, err, "an unplugged device is not there")

	b.Plug()
	b.Show(3)
	for again := b.ctx(); ; {
		if other, err := b.Config.Open(again, b.site()); err == nil {
			t.Cleanup(func() { require.NoError(t, other.Close()) })
			b.sees(other, 3, 1) // what it showed before may still be on its way
			return
		}
		require.NoError(t, again.Err(), "the device did not come back")
	}
}

func missing(t *testing.T, b *bench) {
	if b.Missing == "" {
		return // the device has every signal
	}
	b.Show(1)
	values, err := b.sense(b.ctx(), b.open())
	if err == nil {
		require.True(t, math.IsNaN(values[slices.Index(b.Signals, b.Missing)]))
	}
}

func refusesUnknown(t *testing.T, b *bench) {
	b.Show(1)
	a := b.open()
	for _, name := range []string{"no such command", ""} {
		require.ErrorIs(t, a.Act(b.ctx(), name, 1), hardware.ErrUnknownCommand)
	}
}

func obeys(t *testing.T, b *bench) {
	if len(b.Commands) == 0 {
		return // the device obeys no command
	}
	b.Show(1)
	a := b.open()
	for name, takesValue := range b.Commands {
		value := math.NaN()
		if takesValue {
			value = 2
		}
		require.NoError(t, a.Act(b.ctx(), name, value))
	}
}

func sensesWhileActing(t *testing.T, b *bench) {
	b.Show(1)
	a := b.open()
	b.within("sensing while acting", func() {
		var both sync.WaitGroup
		ctx := b.ctx()
		both.Go(func() {
			for range 20 {
				_, _ = b.sense(ctx, a) // the race detector is the judge
			}
		})
		both.Go(func() {
			for range 20 {
				_ = a.Act(ctx, "no such command", 1)
				for name := range b.Commands {
					_ = a.Act(ctx, name, 1)
				}
			}
		})
		both.Wait()
	})
	b.sees(a, 1)
}

func closesUnderCall(t *testing.T, b *bench) {
	b.Show(1)
	a := b.open()
	b.sees(a, 1)
	b.within("sensing a device that is being closed", func() {
		var sensing sync.WaitGroup
		sensing.Go(func() {
			for {
				if _, err := b.sense(t.Context(), a); err != nil {
					return
				}
			}
		})
		require.NoError(t, a.Close())
		sensing.Wait()
	})
}

func registered(t *testing.T, b *bench) {
	for _, e := range hardware.Adapters.Entries() {
		if reflect.TypeOf(e.New()) == reflect.TypeOf(b.Config) {
			require.NotEmpty(t, e.Doc)
			require.NotNil(t, b.Config.Bound())
			return
		}
	}
	require.Fail(t, "the adapter is not in hardware.Adapters")
}
