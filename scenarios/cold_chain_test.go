//go:build !race

package scenarios_test

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/scenarios"
)

func TestColdChainIsTheSameTwiceAndItsBooksBalance(t *testing.T) {
	for _, variant := range []string{"iot", "ioe"} {
		o := scenarios.Options{Variant: variant, Sets: []string{"duration=12h"}}
		first := play(t, "cold-chain", o)
		require.Equal(t, settled(t, first), settled(t, play(t, "cold-chain", o)))
		for _, b := range first.Ledger.Readings {
			require.Zero(t, b.Unexplained)
		}
	}
}

// The answer of docs/worlds/cold-chain.md does not hang on when somebody comes by
// where no alarm has reached anybody.
func TestColdChainDoesNotHangOnWhoComesByUnasked(t *testing.T) {
	s, err := scenarios.Load("cold-chain", scenarios.Options{Sets: []string{"things.truck.unattended=1h"}})
	require.NoError(t, err)
	defer s.Close()
	result, err := s.Compare(context.Background(), scenarios.CompareOptions{Replications: 12})
	require.NoError(t, err)
	require.True(t, holds(t, result, claim{"ioe", "spoiled_value", -1}))
}

// USP <1160>, ΔH/R = 10,000 K: half a day at 5 °C and half a day at 15 °C.
func TestMeanKineticTemperatureIsThatOfTheFormula(t *testing.T) {
	r := play(t, "cold-chain", scenarios.Options{Variant: "iot", Sets: []string{
		"start=Mon 00:00", "duration=1 day", "things.truck.every=1m", "things.truck.count=1",
		`things.truck.signals.load_temperature={model: expression, value: "hour < 12 ? 5 : 15"}`,
	}})
	want := 10000/-math.Log((math.Exp(-10000/278.15)+math.Exp(-10000/288.15))/2) - 273.15
	for _, k := range r.KPIs {
		if k.Name == "mean_kinetic_temperature" {
			require.InDelta(t, want, float64(k.Value), 0.02)
			return
		}
	}
	t.Fatal("no mean_kinetic_temperature")
}
