package reports_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/formula"
)

// hotPath is all the witness does for one reading that is not lost.
func hotPath(t testing.TB, things int, kpis ...reports.KPI) (tell func(n int), r *reports.Recorder) {
	clock, roster := sim.NewClock(), &sim.Roster{}
	k := press(things)
	roster.Add(k)
	r, err := reports.NewRecorder(reports.Setup{
		Clock: clock, Roster: roster, Symbols: &formula.Symbols{}, KPIs: kpis,
		Decisions: []string{"hot"}, Targets: []reports.Target{{Truth: "temperature > 40"}}[:min(len(kpis), 1)],
	})
	require.NoError(t, err)
	reading := &sim.Reading{}
	row := []float64{20, 1}
	return func(n int) {
		i := n % things
		now := sim.Time(n) * sim.Time(time.Millisecond)
		row[0] = float64(n % 50)
		r.Truth(k, i, now, row)
		*reading = sim.Reading{Thing: sim.ThingID(i), Seq: uint32(n/things) + 1, Sensed: sim.Stamp{At: now - 20_000_000}}
		r.Sent(reading)
		r.Mirrored(reading, sim.Fresh)
	}, r
}

func TestAReadingCostsNoAllocation(t *testing.T) {
	tell, r := hotPath(t, 40, hotKPIs...)
	n := 0
	for ; n < 4000; n++ {
		tell(n)
	}
	require.Zero(t, testing.AllocsPerRun(10, func() {
		for range 4000 { // some of them cross what is to be detected
			tell(n)
			n++
		}
	}))
	require.Zero(t, testing.AllocsPerRun(100, func() { r.Lost(sim.ReadingMessage, 3, 0, sim.LostOnLink) }))
}

func BenchmarkReading(b *testing.B) {
	for _, x := range []struct {
		name   string
		things int
		kpis   []reports.KPI
	}{
		{"40 things", 40, nil},
		{"40 things with KPIs", 40, hotKPIs},
		{"a million things", 1_000_000, nil},
		{"a million things with KPIs", 1_000_000, hotKPIs},
	} {
		b.Run(x.name, func(b *testing.B) {
			tell, _ := hotPath(b, x.things, x.kpis...)
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				tell(n)
				n++
			}
		})
	}
}
