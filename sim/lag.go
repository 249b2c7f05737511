package sim

import (
	"math/bits"
	"time"
)

// Lag is how late a live clock let due events happen, as a histogram of 32 bins
// an octave: quantiles are within 3 %.
type Lag struct {
	counts [64 * lagBins]uint64
	total  uint64
	max    time.Duration
}

const lagBins = 32

func (l *Lag) record(d time.Duration) {
	d = max(d, 0)
	l.counts[lagBin(uint64(d))]++
	l.total++
	l.max = max(l.max, d)
}

func lagBin(ns uint64) int {
	if ns < lagBins {
		return int(ns)
	}
	shift := bits.Len64(ns) - 6 // keeps the top 6 bits: 32 to 63
	return (shift+1)*lagBins + int(ns>>shift) - lagBins
}

func lagValue(bin int) uint64 {
	if bin < lagBins {
		return uint64(bin)
	}
	shift := bin/lagBins - 1
	return uint64(bin%lagBins+lagBins)<<shift + 1<<shift/2
}

// Less is the lateness of what came after before was copied. Its Max is exact
// to 3 % only.
func (l *Lag) Less(before *Lag) *Lag {
	if before.total == 0 {
		return l
	}
	rest := &Lag{total: l.total - before.total}
	for bin := range l.counts {
		if rest.counts[bin] = l.counts[bin] - before.counts[bin]; rest.counts[bin] > 0 {
			rest.max = min(time.Duration(lagValue(bin)), l.max)
		}
	}
	return rest
}

// Count is how many events were timed.
func (l *Lag) Count() uint64 { return l.total }

// Max is the worst lateness.
func (l *Lag) Max() time.Duration { return l.max }

// Quantile is the lateness that a share q of events did not exceed.
func (l *Lag) Quantile(q float64) time.Duration {
	rank := uint64(q * float64(l.total))
	var seen uint64
	for bin, n := range l.counts {
		if seen += n; n > 0 && seen >= rank {
			return min(time.Duration(lagValue(bin)), l.max)
		}
	}
	return l.max
}
