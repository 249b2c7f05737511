package scenarios_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/scenarios"
)

func TestWorldsBalanceAndGiveTheSameBytesTwice(t *testing.T) {
	for _, name := range []string{"patient-monitoring", "retail", "thermostat", "smart-grid", "truck-fleet"} {
		for _, variant := range []string{"iot", "ioe"} {
			o := scenarios.Options{Variant: variant, Sets: []string{"duration=1 day"}}
			r := play(t, name, o)
			require.NotEqual(t, "untrusted", r.Verdict, "%s %s", name, variant)
			require.Equal(t, settled(t, r), settled(t, play(t, name, o)), "%s %s", name, variant)
		}
	}
}
