package reports

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
)

// A thing's numbers arrive shuffled, twice or not at all; a set that forgets
// nothing says how each fits.
func TestTheWindowTellsLateFromDuplicateAndMissesNoHole(t *testing.T) {
	luck := chance.Seed(3).Stream("series")
	for thing := range uint32(30) {
		var s series
		seen, gone, held := map[uint32]bool{}, map[uint32]bool{}, map[uint32]bool{}
		newest := uint32(0)
		for n := range uint64(400) {
			seq := uint32(n) + 1 + uint32(luck.Bits(thing, 3*n)%80)
			if luck.Uniform(thing, 3*n+1) < 0.3 {
				seq = uint32(n) + 1
			}
			how, known, missing, leaving := s.take(seq, false)
			want := sim.Fresh
			switch {
			case seen[seq]:
				want = sim.Duplicate
			case seq < newest:
				want = sim.Late
			}
			if known {
				require.Equal(t, want, how)
			} else {
				require.GreaterOrEqual(t, newest-seq, uint32(windowBits))
			}
			for bit := range uint32(windowBits) {
				if missing>>bit&1 == 1 {
					require.False(t, seen[leaving+bit])
					require.False(t, gone[leaving+bit], "told twice")
					gone[leaving+bit] = true
				}
			}
			seen[seq] = true
			newest = max(newest, seq)
			for at := newest; at > 0 && newest-at < windowBits; at-- {
				held[at] = true
				require.Equal(t, seen[at], s.window>>(newest-at)&1 == 1)
			}
		}
		for first := uint32(1); first+windowBits <= newest; first++ {
			require.True(t, seen[first] || gone[first] || !held[first], "number %d left unseen", first)
		}
	}
}

func TestIDsRememberTheirStates(t *testing.T) {
	var s idSet
	for _, id := range []uint64{0, 1, 4095, 4096, 1 << 60} {
		require.Equal(t, idNew, s.state(id))
		s.set(id, idOpen)
		require.Equal(t, idOpen, s.state(id))
		s.set(id, idClosed)
		require.Equal(t, idClosed, s.state(id))
	}
	require.Equal(t, idNew, s.state(2))
}
