package reports_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/formula"
)

// way is one reading's way.
type way struct{ sensed, arrived float64 } // seconds

// ageOf plays readings of one thing through a recorder.
func ageOf(t *testing.T, end float64, updates []way) reports.Age {
	clock, roster := sim.NewClock(), &sim.Roster{}
	roster.Add(press(1))
	r, err := reports.NewRecorder(reports.Setup{Clock: clock, Roster: roster, Symbols: &formula.Symbols{}})
	require.NoError(t, err)
	at := func(s float64) sim.Time { return sim.Time(s * 1e9) }
	for n, u := range updates {
		m := &sim.Reading{Seq: uint32(n + 1), Sensed: sim.Stamp{At: at(u.sensed)}}
		clock.At(at(u.sensed), func() { r.Sent(m) })
		clock.At(at(u.arrived), func() { r.Mirrored(m, sim.Fresh) })
	}
	require.NoError(t, clock.Run(at(end)))
	r.End()
	r.Close(at(end), reports.Flights{Readings: []uint64{0}})
	return r.Report(environment(t, time.Duration(end*1e9))).Ages[0]
}

const many = 100_000

// near holds a mean of batches against theory.
func near(t *testing.T, want float64, batches []float64, what string) {
	i := reports.NewInterval(batches)
	require.InDelta(t, want, float64(i.Mean), 1.6*float64(i.Half)+1e-9, "%s: %v", what, i) // some 99.7 %
}

// Sampled every T and on the way for D: T/2 + D in the mean, T + D at its peaks.
func TestTheAgeOfWhatIsSampledPeriodically(t *testing.T) {
	var list []way
	for n := range 1000 {
		list = append(list, way{float64(n) * 10, float64(n)*10 + 3})
	}
	a := ageOf(t, 10_003, list)
	require.InDelta(t, 8, float64(a.Mean), 1e-9)
	require.InDelta(t, 13, float64(a.Peak), 1e-9)
	require.InDelta(t, 13, float64(a.Max), 1e-9)
	require.EqualValues(t, 1, a.Things)
}

// With random delays that do not overtake it is T/2 + E[D]; where a share p is
// lost, T(1+p)/(2(1-p)) + D, as the time between two that arrive is geometric.
func TestTheAgeWithRandomDelaysAndWithLosses(t *testing.T) {
	luck := rand.New(rand.NewPCG(1, 2))
	var delayed, lossy []float64
	for range 20 {
		var random, lost []way
		for n := range many / 20 {
			random = append(random, way{float64(n), float64(n) + 0.9*luck.Float64()})
			if luck.Float64() >= 0.3 {
				lost = append(lost, way{float64(n), float64(n) + 0.2})
			}
		}
		delayed = append(delayed, float64(ageOf(t, many/20, random).Mean))
		lossy = append(lossy, float64(ageOf(t, many/20, lost).Mean))
	}
	near(t, 0.5+0.45, delayed, "random delay")
	near(t, 1.3/(2*0.7)+0.2, lossy, "losses")
}

// A queue M/M/1, first come first served: (1/μ)(1 + 1/ρ + ρ²/(1−ρ)), by Kaul,
// Yates and Gruteser (2012); peaks are 1/λ plus the time in the system.
func TestTheAgeBehindAQueue(t *testing.T) {
	luck := rand.New(rand.NewPCG(3, 4))
	for _, rho := range []float64{0.3, 0.53, 0.8} {
		var means, peaks []float64
		for range 20 {
			var list []way
			now, free := 0.0, 0.0
			for range many / 20 {
				now += luck.ExpFloat64() / rho
				free = max(free, now) + luck.ExpFloat64()
				list = append(list, way{now, free})
			}
			a := ageOf(t, free, list)
			means, peaks = append(means, float64(a.Mean)), append(peaks, float64(a.Peak))
		}
		near(t, 1+1/rho+rho*rho/(1-rho), means, "mean")
		near(t, 1/rho+1/(1-rho), peaks, "peak")
	}
}

func TestATwinThatWasNeverHeardHasNoAge(t *testing.T) {
	a := ageOf(t, 10, nil)
	require.False(t, a.Mean.Known() || a.Peak.Known() || a.Max.Known())
}
