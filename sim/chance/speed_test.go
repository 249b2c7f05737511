package chance_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/sim/chance"
	"github.com/twinbed/twinbed/sim/units"
)

var (
	sinkBits  uint64
	sinkFloat float64
)

func BenchmarkBits(b *testing.B) {
	s := chance.Seed(7).Stream("bench")
	b.ReportAllocs()
	for n := range uint64(b.N) {
		sinkBits += s.Bits(uint32(n&1023), n)
	}
}

func BenchmarkUniform(b *testing.B) {
	s := chance.Seed(7).Stream("bench")
	b.ReportAllocs()
	for n := range uint64(b.N) {
		sinkFloat += s.Uniform(uint32(n&1023), n)
	}
}

var timed = []string{
	"20ms", "uniform 2h..4h", "normal mean 65s sd 6s", "normal mean 12m sd 3m", "lognormal median 4m p95 15m", "exponential mean 2h",
	"weibull shape 2.5 scale 90h", "triangular 1m 2m 5m", "gamma shape 2 scale 3m", "lognormal median 4m p95 15m at most 1h",
}

// BenchmarkQuantile includes drawing the uniform number, as every use does.
func BenchmarkQuantile(b *testing.B) {
	s := chance.Seed(7).Stream("bench")
	for _, words := range timed {
		d := chance.MustParse(words, units.Duration)
		b.Run(strings.ReplaceAll(words, " ", "_"), func(b *testing.B) {
			b.ReportAllocs()
			for n := range uint64(b.N) {
				sinkFloat += d.Quantile(s.Uniform(5, n))
			}
		})
	}
}

func TestDrawingAllocatesNothing(t *testing.T) {
	s := chance.Seed(7).Stream("bench")
	for _, words := range timed {
		d := chance.MustParse(words, units.Duration)
		require.Zero(t, testing.AllocsPerRun(1, func() {
			for n := range uint64(1000) {
				sinkFloat += d.Quantile(s.Uniform(1, n))
			}
		}), words)
	}
}
