package scenarios_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/scenarios"
)

// What a setting changes in a variant is there when it is laid over the rest, and a
// setting of the rest holds in each.
func TestSettingsReachIntoVariants(t *testing.T) {
	s, err := scenarios.Load("predictive-maintenance", scenarios.Options{Variant: "ioe", Sets: []string{
		"things.press.count=7", "variants.ioe.duration=3h", "variants.ioe.things.press.count=9",
	}})
	require.NoError(t, err)
	defer s.Close()
	require.Equal(t, "3h0m0s", s.Duration.String())
	require.Equal(t, 7, s.Things[0].Count)
	iot, err := s.WithVariant("iot")
	require.NoError(t, err)
	require.NotEqual(t, s.Duration, iot.Duration)
	_, err = scenarios.Load("predictive-maintenance", scenarios.Options{Variant: "iot", Sets: []string{"variants.iot.things.press.colour=red"}})
	require.ErrorContains(t, err, "colour")
}
