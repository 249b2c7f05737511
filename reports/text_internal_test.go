package reports

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAShortWindowLateInARunEndsAfterItBegins(t *testing.T) {
	require.Equal(t, "1d 2h", edge(26*3600))
	require.Equal(t, "1d 2h 5m", edge(26*3600+300))
	require.Equal(t, "3d 1.50s", edge(3*24*3600+1.5))
	require.Equal(t, "0s", edge(0))
}

func TestALiveRunInWhichNothingWasDueIsNotCalledVirtual(t *testing.T) {
	var b strings.Builder
	require.NoError(t, (&Report{Clock: "realtime"}).Text(&b, false))
	require.NotContains(t, b.String(), "virtual time")
}
