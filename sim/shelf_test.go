package sim

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// What waits on a shelf comes in each thing's own order, what was put there first first,
// and takes no more room than waited at once.
func TestAShelfKeepsEachThingsOrder(t *testing.T) {
	s, luck := &shelf{waits: make([]wait, 1)}, rand.New(rand.NewPCG(1, 2))
	hands, want, most := make([]hand, 3), make([][]event, 3), 0
	for n := range 10_000 {
		i := luck.IntN(len(hands))
		h := &hands[i]
		if len(want[i]) == 0 {
			require.Equal(t, Never, s.other(h))
		} else if luck.IntN(2) == 0 {
			require.Equal(t, want[i][0].at, s.other(h))
			require.Equal(t, want[i][0], s.take(h))
			want[i] = want[i][1:]
			continue
		}
		e := event{Time(luck.IntN(20)), uint64(n)}
		s.put(h, e)
		want[i] = append(want[i], e)
		slices.SortStableFunc(want[i], func(a, b event) int { return cmp.Compare(a.at, b.at) })
		most = max(most, len(want[0])+len(want[1])+len(want[2]))
	}
	require.Len(t, s.waits, most+1)
}
