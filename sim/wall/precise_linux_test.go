package wall_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/twinbed/twinbed/sim/wall"
)

func TestAClocksThreadGoesBeforeOthersWhereItMayAndAsLongAsItIsOne(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	priority := func() int {
		raw, err := unix.Getpriority(unix.PRIO_PROCESS, 0)
		require.NoError(t, err)
		return raw
	}
	w, err := wall.NewPrecise()
	require.NoError(t, err)
	before, more := priority(), 0
	if wall.First() {
		more = 10
	}
	require.Equal(t, before, priority(), "asking changes nothing")
	w.Sleep(w.Elapsed() + time.Millisecond)
	require.Equal(t, min(before+more, 40), priority())
	require.NoError(t, w.Close())
	require.Equal(t, before, priority())
}
