package chance_test

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/twinbed/twinbed/sim/chance"
)

// sequences are the orders in which a run walks through its luck; each must look random by itself.
var sequences = []struct {
	name string
	draw func(i uint64) uint64
}{
	{"along one entity's draws", func(i uint64) uint64 { return chance.Seed(1).Stream("noise").Bits(0, i) }},
	{"across entities", func(i uint64) uint64 { return chance.Seed(1).Stream("noise").Bits(uint32(i), 0) }},
	{"round by round over a thousand entities", func(i uint64) uint64 { return chance.Seed(1).Stream("noise").Bits(uint32(i%1000), i/1000) }},
	{"two entities in turn", func(i uint64) uint64 { return chance.Seed(1).Stream("noise").Bits(uint32(i&1), i>>1) }},
	{"far away draws", func(i uint64) uint64 { return chance.Seed(1).Stream("noise").Bits(7, i<<40) }},
	{"across seeds", func(i uint64) uint64 { return chance.Seed(i).Stream("noise").Bits(0, 0) }},
	{"across replicas", func(i uint64) uint64 { return chance.Seed(1).Replica(int(i)).Stream("noise").Bits(0, 0) }},
	{"across streams", func(i uint64) uint64 { return chance.Seed(1).Stream(fmt.Sprint("noise", i)).Bits(0, 0) }},
	{"with seed zero", func(i uint64) uint64 { return chance.Seed(0).Stream("").Bits(0, i) }},
	{"of a raw stream", func(i uint64) uint64 { return chance.Stream(0).Bits(0, i) }},
}

const length = 100_000

// unlikely is the probability below which a test calls a sequence not random. The
// luck is fixed, so a test that passes stays passed; some 200 figures are looked at.
const unlikely = 1e-5

func requireChiSquare(t *testing.T, counts []int, name string) {
	t.Helper()
	total, x2 := 0, 0.0
	for _, c := range counts {
		total += c
	}
	expected := float64(total) / float64(len(counts))
	for _, c := range counts {
		x2 += (float64(c) - expected) * (float64(c) - expected) / expected
	}
	p := distuv.ChiSquared{K: float64(len(counts) - 1)}.Survival(x2)
	require.True(t, p > unlikely && p < 1-unlikely, "%s: chi-square %.1f with %d cells, p = %g", name, x2, len(counts), p)
}

func TestEveryByteOfEverySequenceIsUniform(t *testing.T) {
	for _, s := range sequences {
		counts := make([][]int, 8)
		for b := range counts {
			counts[b] = make([]int, 256)
		}
		for i := range uint64(length) {
			for b, x := 0, s.draw(i); b < 8; b, x = b+1, x>>8 {
				counts[b][byte(x)]++
			}
		}
		for b := range counts {
			requireChiSquare(t, counts[b], fmt.Sprintf("%s, byte %d", s.name, b))
		}
	}
}

func TestNeighboursAreIndependent(t *testing.T) {
	for _, s := range sequences {
		for _, shift := range []int{0, 29, 60} { // low, middle and high bits
			pairs, triples := make([]int, 256), make([]int, 4096)
			a, b := s.draw(length)>>shift&15, s.draw(length+1)>>shift&15
			for i := range uint64(length) {
				c := s.draw(i) >> shift & 15
				pairs[b<<4|c]++
				triples[a<<8|b<<4|c]++
				a, b = b, c
			}
			requireChiSquare(t, pairs, s.name+", pairs")
			requireChiSquare(t, triples, s.name+", triples")
		}
	}
}

func TestThereIsNoSerialCorrelation(t *testing.T) {
	uniform := func(b uint64) float64 { return float64(b>>11) * 0x1p-53 }
	for _, s := range sequences {
		for _, lag := range []uint64{1, 2, 7, 1000} {
			sum := 0.0
			for i := range uint64(length) {
				sum += (uniform(s.draw(i)) - 0.5) * (uniform(s.draw(i+lag)) - 0.5)
			}
			r := sum / length * 12
			require.Less(t, math.Abs(r), 4.4/math.Sqrt(length), "%s at lag %d", s.name, lag)
		}
	}
}

func TestBitsAreBalancedInEveryDraw(t *testing.T) {
	for _, s := range sequences {
		ones, changed := 0, 0
		for i := range uint64(length) {
			ones += bits.OnesCount64(s.draw(i))
			changed += bits.OnesCount64(s.draw(i) ^ s.draw(i+1))
		}
		bound := 4.4 * math.Sqrt(length*64) / 2
		require.InDelta(t, length*32, ones, bound, s.name)
		require.InDelta(t, length*32, changed, bound, "%s: neighbours' bits", s.name)
	}
}

// Knuth's birthday spacings (Marsaglia 1985) finds lattices that the other tests do not see:
// of m birthdays in a year of n days, m³/4n spacings are expected to occur twice.
func TestBirthdaysAreSpacedAtRandom(t *testing.T) {
	const m, rounds = 4096, 32 // a year of 2³² days: 4 repeated spacings a round
	for _, s := range sequences {
		for _, shift := range []int{0, 32} {
			repeated := 0
			for round := range uint64(rounds) {
				repeated += repeatedSpacings(func(i uint64) uint32 { return uint32(s.draw(round*m+i) >> shift) }, m)
			}
			require.InDelta(t, 4*rounds, repeated, 4.6*math.Sqrt(4*rounds), s.name)
		}
	}
}

// repeatedSpacings counts how many spacings between sorted birthdays equal the one before in size.
func repeatedSpacings(birthday func(i uint64) uint32, m int) (repeated int) {
	days := make([]uint32, m)
	for i := range days {
		days[i] = birthday(uint64(i))
	}
	slices.Sort(days)
	for i := m - 1; i > 0; i-- {
		days[i] -= days[i-1]
	}
	slices.Sort(days)
	for i := 1; i < m; i++ {
		if days[i] == days[i-1] {
			repeated++
		}
	}
	return repeated
}

func TestOneBitOfTheInputChangesHalfTheOutput(t *testing.T) {
	const samples = 4096
	inputs := []struct {
		name  string
		width int
		flip  func(s chance.Stream, entity uint32, n uint64, bit int) uint64
	}{
		{"stream", 64, func(s chance.Stream, e uint32, n uint64, b int) uint64 { return (s ^ 1<<b).Bits(e, n) }},
		{"entity", 32, func(s chance.Stream, e uint32, n uint64, b int) uint64 { return s.Bits(e^1<<b, n) }},
		{"number", 64, func(s chance.Stream, e uint32, n uint64, b int) uint64 { return s.Bits(e, n^1<<b) }},
	}
	for _, in := range inputs {
		for bit := range in.width {
			var flips [64]int
			for i := range uint64(samples) {
				s, e, n := chance.Seed(i).Stream("avalanche"), uint32(i%64), i/64
				changed := s.Bits(e, n) ^ in.flip(s, e, n, bit)
				for out := range flips {
					flips[out] += int(changed >> out & 1)
				}
			}
			for out, f := range flips {
				require.InDelta(t, samples/2, f, 5.5*math.Sqrt(samples)/2, "%s bit %d, output bit %d", in.name, bit, out)
			}
		}
	}
}

func TestUniformIsStrictlyInsideAndSymmetric(t *testing.T) {
	s := chance.Seed(7).Stream("inside")
	for i := range uint64(10_000) {
		u := s.Uniform(uint32(i), i)
		require.True(t, u > 0 && u < 1)
		require.Equal(t, u, 1-(1-u), "antithetic draws are exact")
	}
	require.Equal(t, 0x1p-53, (float64(uint64(0)>>12)+0.5)*0x1p-52, "the least")
	require.Equal(t, 1-0x1p-53, (float64(uint64(math.MaxUint64)>>12)+0.5)*0x1p-52, "the greatest")
}

func TestLuckIsTheSameForEver(t *testing.T) {
	// A change here changes every recorded event hash: it needs a new major version of the report.
	s := chance.Seed(7).Stream("press temperature")
	require.Equal(t, chance.Stream(0xe9d4613070e9072b), s)
	require.Equal(t, uint64(0x5d2f8f7194bf947), s.Bits(39, 1000))
	require.Equal(t, chance.Seed(0xb16d546574bc8db2), chance.Seed(7).Replica(3))
	require.Equal(t, chance.Seed(7), chance.Seed(7).Replica(0), "a single run is the first replica")
}

func TestNamesAndSeedsGiveDifferentStreams(t *testing.T) {
	seen := map[chance.Stream]string{}
	for seed := range chance.Seed(100) {
		for _, name := range []string{"", "\x00", "a", "b", "ab", "ba", "a a", "press temperature", "press temperaturf"} {
			for replica := range 10 {
				s, here := seed.Replica(replica).Stream(name), fmt.Sprint(seed, name, replica)
				require.Empty(t, seen[s], here)
				seen[s] = here
			}
		}
	}
}
