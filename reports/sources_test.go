package reports_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/reports"
)

func TestSourcesAreToldWholeOnDemandAndCountedOtherwise(t *testing.T) {
	x := &reports.Report{Sources: []reports.Sourced{
		{Of: "things.lamp.signals.heat", Model: "thermal", Formula: "dT/dt = (ambient − T)/tau", Mark: "plain", Source: "Newton's law of cooling", Values: []reports.SourcedValue{
			{Key: "ambient", Value: "22", Unit: "°C", By: "scenario", Mark: "checked", Source: "a page"},
			{Key: "tau", Value: "20m", Unit: "s", By: "default", Mark: "none", Source: "an assumption"},
			{Key: "noise", Value: "0.1", By: "flag", Mark: "none"},
		}},
		{Of: "process.look.0.takes", Values: []reports.SourcedValue{{Value: "5m", By: "scenario", Mark: "unchecked", Source: "a book"}}},
	}}
	var whole, short strings.Builder
	require.NoError(t, x.SourcesText(&whole))
	require.Equal(t, `things.lamp.signals.heat  thermal
    dT/dt = (ambient − T)/tau
    source of the formula: needs no source: Newton's law of cooling
    ambient = 22 °C [checked: a page]
    tau = 20m, by default [no checked source: an assumption]
    noise = 0.1, by flag [no checked source]
process.look.0.takes
    5m [unchecked: a book]
`, whole.String())
	require.NoError(t, x.Text(&short, false))
	require.Contains(t, short.String(), "  4 values: 1 from checked sources, 1 from unchecked ones, 2 without a checked source, 0 that need none\n  1 of 1 formulae are checked or definitions")
}
