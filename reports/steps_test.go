package reports

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/formula"
)

// A condition that compares with constants is looked at when an edge is crossed, one that
// multiplies by 1 at each row: both must come to the same.
func TestStepsAreWhatLookingEachTimeComesTo(t *testing.T) {
	k := &sim.Kind{
		Name: "room", Count: 3, Signals: []sim.SignalSpec{{Name: "warm"}, {Name: "wet"}},
		States: []sim.StateSpec{{Name: "open"}}, Attributes: []sim.Attribute{{Name: "size", Type: formula.Number, Values: []float64{1, 2, 3}}},
	}
	formulae := [][2]string{
		{"warm > 2", "warm * 1 > 2"},
		{"warm <= 2 or open == 1", "warm * 1 <= 2 or open * 1 == 1"},
		{"not (open == 1) and wet >= 1", "not (open * 1 == 1) and wet * 1 >= 1"},
		{"open == 1", "open * 1 == 1"},
		{"size > 1 and open > 0", "size * 1 > 1 and open * 1 > 0"},
		{"(warm > 1) == (wet > 1)", "(warm * 1 > 1) == (wet * 1 > 1)"},
	}
	tr, scope := newTruth(k, Setup{Symbols: &formula.Symbols{}})
	program := func(text string) *formula.Program {
		p, err := formula.Compile(text, scope, formula.Bool)
		require.NoError(t, err)
		return p
	}
	var terms [][2]*term
	var detections [][2]*detection
	for _, f := range formulae {
		for _, h := range []how{timeWhile, countOf, spells, meanOf, sumAtEnd, maxOf} {
			terms = append(terms, [2]*term{tr.follow(h, program(f[0])), tr.follow(h, program(f[1]))})
		}
		x := Target{Ahead: 3600e9}
		detections = append(detections, [2]*detection{tr.detect(x, program(f[0])), tr.detect(x, program(f[1]))})
	}
	require.Len(t, tr.steps.terms, len(terms))
	require.Len(t, tr.steps.detections, len(detections))
	tr.layOut()

	luck := rand.New(rand.NewPCG(1, 2))
	rows := [][]float64{{0, 0, 0, 1}, {0, 0, 0, 2}, {0, 0, 0, 3}}
	now := sim.Time(0)
	for range 20_000 {
		now += sim.Time(luck.Int64N(60e9))
		i := luck.IntN(k.Count)
		switch row := rows[i]; luck.IntN(12) {
		case 0:
			row[2] = float64(luck.IntN(2))
		case 1:
			row[1] = float64(luck.IntN(3)) // right on an edge
		case 2:
			row[0] = math.NaN()
		case 3:
			row[0] = 1
		default:
			row[0] += luck.NormFloat64() / 4
		}
		tr.see(i, now, rows[i])
		if luck.IntN(50) == 0 {
			for _, pair := range detections {
				pair[0].fire(sim.ThingID(i), now)
				pair[1].fire(sim.ThingID(i), now)
			}
		}
	}
	tr.close(now + 3600e9)
	for n, pair := range terms {
		a, b := totalOf(pair[:1]), totalOf(pair[1:])
		name := pair[0].program.Source()
		require.Equal(t, b.Count, a.Count, name)
		require.InEpsilon(t, 1+b.Weight, 1+a.Weight, 1e-12, "%s %d", name, n)
		require.InEpsilon(t, 1+b.Sum, 1+a.Sum, 1e-9, "%s %d", name, n)
	}
	for _, pair := range detections {
		a, b := pair[0].figures(), pair[1].figures()
		require.NotZero(t, a.Detected)
		b.Truth = a.Truth
		require.Equal(t, b, a)
	}
}
