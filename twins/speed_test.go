package twins_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/formula"
	"github.com/twinbed/twinbed/twins"
)

// many is a world of one kind of things with some signals.
func many(n int, signals ...string) *sim.World {
	k := &sim.Kind{Name: "sensor", Count: n, Declared: n, Every: 10 * time.Second, Commands: []sim.CommandSpec{{Name: "cool"}}}
	for _, s := range signals {
		k.Signals = append(k.Signals, sim.SignalSpec{Name: s})
	}
	w := &sim.World{Clock: sim.NewClock(), Symbols: new(formula.Symbols), Roster: new(sim.Roster)}
	w.Roster.Add(k)
	return w
}

func TestAMillionTwinsCostFortyBytesEach(t *testing.T) {
	const n = 1_000_000
	w := many(n, "temperature")
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	p, err := twins.New(twins.Config{Decisions: []twins.Decision{{Name: "hot", When: "temperature > 80", Do: list(word("cool"))}}}, w, nil)
	require.NoError(t, err)
	require.NoError(t, p.Start())
	runtime.GC()
	runtime.ReadMemStats(&after)
	require.LessOrEqual(t, float64(after.HeapAlloc-before.HeapAlloc)/n, 40.0)
	runtime.KeepAlive(p)
}

// worn is a platform with two signals, a forecast and two decisions, and
// readings that make none of them fire.
func worn(t testing.TB, things int) (*sim.World, *twins.Platform, func(n int)) {
	w := many(things, "vibration", "temperature")
	p, err := twins.New(twins.Config{Decisions: []twins.Decision{
		{Name: "alarm", When: "vibration > 8.5", For: 30 * time.Second, Until: "vibration < 5", Do: list(word("cool"))},
		{Name: "early", When: "reaches(vibration, 9) < hours(12) and temperature > 70", Until: "vibration < 5", Do: list(word("cool"))},
	}}, w, nil)
	require.NoError(t, err)
	require.NoError(t, p.Start())
	values := []float64{0, 0}
	r := sim.Reading{Values: values}
	return w, p, func(n int) {
		r.Thing, r.Seq = sim.ThingID(n%things), uint32(n/things+1)
		r.Sensed.At = sim.Time(n/things+1) * sim.Time(10*time.Second)
		values[0], values[1] = 3+float64(n%7)*0.01, 60
		p.Reading(&r)
	}
}

func TestAReadingAllocatesNothing(t *testing.T) {
	_, p, read := worn(t, 40)
	n := 0
	require.Zero(t, testing.AllocsPerRun(100_000, func() { read(n); n++ }))
	require.Zero(t, p.Counts().Readings[sim.Late])
	require.Zero(t, p.Decisions()[0].Fired)
}

func benchmarkReading(b *testing.B, things int) {
	_, _, read := worn(b, things)
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		read(n)
	}
}

func BenchmarkReading40(b *testing.B)     { benchmarkReading(b, 40) }
func BenchmarkReading100000(b *testing.B) { benchmarkReading(b, 100_000) }

func BenchmarkReadingPlain(b *testing.B) {
	w := many(40, "temperature")
	p, err := twins.New(twins.Config{Decisions: []twins.Decision{{Name: "hot", When: "temperature > 80", Do: list(word("cool"))}}}, w, nil)
	require.NoError(b, err)
	require.NoError(b, p.Start())
	r := sim.Reading{Values: []float64{60}}
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		r.Thing, r.Seq = sim.ThingID(n%40), uint32(n/40+1)
		p.Reading(&r)
	}
}

type obedient struct{ *twins.Platform }

func (o obedient) Task(*sim.Task)  {}
func (o obedient) Withdraw(uint64) {}
func (o obedient) Command(c *sim.Command) {
	o.Ack(&sim.Ack{ID: c.ID, Thing: c.Thing})
}

func BenchmarkTurn(b *testing.B) {
	w := many(40, "temperature")
	p, err := twins.New(twins.Config{Decisions: []twins.Decision{{Name: "hot", When: "temperature > 80", Do: list(word("cool"))}}}, w, nil)
	require.NoError(b, err)
	require.NoError(b, p.Start())
	w.Bus = obedient{p}
	r := sim.Reading{Values: []float64{60}}
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		r.Thing, r.Seq = sim.ThingID(n%40), uint32(n/40+1)
		r.Values[0] = float64(70 + n/40%2*20)
		p.Reading(&r)
	}
}
