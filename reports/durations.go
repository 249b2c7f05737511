package reports

import (
	"math"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// longest is what a histogram tells apart, 104 days; a longer duration counts
// as that in quantiles, and as itself in maximum and mean.
const longest = 1<<53 - 1

// durations counts durations: quantiles to so many digits, maximum and mean
// exactly. Nothing is allocated until the first that is not 0.
type durations struct {
	digits       int
	histogram    *hdrhistogram.Histogram // of those that are not 0
	count, zeros uint64
	sum          exact // nanoseconds
	max          time.Duration
}

func (d *durations) add(x time.Duration) {
	d.count++
	if x <= 0 {
		d.zeros++
		return
	}
	if d.histogram == nil {
		d.histogram = hdrhistogram.New(1, longest, max(d.digits, 2))
	}
	d.sum.add(int64(x))
	d.max = max(d.max, x)
	// The range is held to, so there is no error to be had.
	_ = d.histogram.RecordValue(min(int64(x), longest))
}

// clear forgets all.
func (d *durations) clear() { *d = durations{digits: d.digits} }

// quantile is the duration that a share q did not exceed; 0 of none.
func (d *durations) quantile(q float64) time.Duration {
	rank := uint64(math.Ceil(q*float64(d.count) - 1e-9))
	if rank <= d.zeros {
		return 0
	}
	rank = min(rank, d.count) - d.zeros
	n := d.histogram.TotalCount()
	return min(time.Duration(d.histogram.ValueAtPercentile(float64(rank)/float64(n)*100)), d.max)
}

func (d *durations) mean() time.Duration {
	if d.count == 0 {
		return 0
	}
	return time.Duration(d.sum.float() / float64(d.count))
}

// Durations are the figures of many durations, in seconds; null where there
// were none.
type Durations struct {
	Count uint64 `json:"count"`
	P50   Number `json:"p50"`
	P90   Number `json:"p90"`
	P95   Number `json:"p95"`
	P99   Number `json:"p99"`
	P999  Number `json:"p99.9"`
	Max   Number `json:"max"`
	Mean  Number `json:"mean"`
}

func (d *durations) figures() Durations {
	if d.count == 0 {
		return Durations{0, Unknown, Unknown, Unknown, Unknown, Unknown, Unknown, Unknown}
	}
	at := func(q float64) Number { return Number(d.quantile(q).Seconds()) }
	return Durations{
		Count: d.count, P50: at(0.5), P90: at(0.9), P95: at(0.95), P99: at(0.99), P999: at(0.999),
		Max: Number(d.max.Seconds()), Mean: Number(d.mean().Seconds()),
	}
}
