package twins

import (
	"math"
	"time"

	"github.com/twinbed/twinbed/sim"
)

// Unreached is what reaches yields, in seconds, for a level that the trend never
// comes to. It is finite so that "later than twelve hours" holds of it.
const Unreached = math.MaxFloat64

// feature is derived from one signal, reading by reading: it puts its values
// into slots of the row before the reading's own does.
type feature interface {
	layOut(things int)
	update(i int, x float64, at sim.Time, row []float64)
}

// spread is the mean and the standard deviation (of a sample) over a window.
type spread struct {
	window[moments, *moments]
	mean, sd int // slots, -1 for none
}

func (f *spread) update(i int, x float64, at sim.Time, row []float64) {
	open, before := f.at(i, at)
	open.add(x)
	all := *before
	all.absorb(open)
	if f.mean >= 0 {
		row[f.mean] = all.mean
	}
	if f.sd >= 0 && all.n > 1 {
		row[f.sd] = math.Sqrt(all.squares / (all.n - 1))
	} else if f.sd >= 0 {
		row[f.sd] = math.NaN()
	}
}

// bounds are the least and the greatest value over a window.
type bounds struct {
	window[extremes, *extremes]
	least, greatest int // slots, -1 for none
}

func (f *bounds) update(i int, x float64, at sim.Time, row []float64) {
	open, before := f.at(i, at)
	open.add(x)
	all := *before
	all.absorb(open)
	if f.least >= 0 {
		row[f.least] = all.least
	}
	if f.greatest >= 0 {
		row[f.greatest] = all.greatest
	}
}

// trend is the least-squares line over a window. It is unknown until the
// readings span half of it, so that two noisy ones do not make a forecast.
type trend struct {
	window[line, *line]
	span    float64 // seconds the readings must span
	slope   int     // slot of the rise per hour, -1 for none
	reaches []*reach
}

// reach is when the line comes to a level, from the side on which the thing was
// first seen.
type reach struct {
	level float64
	slot  int
	side  []int8 // 1 from below, -1 from above, 0 not seen yet
}

func (f *trend) layOut(things int) {
	f.window.layOut(things)
	for _, r := range f.reaches {
		r.side = make([]int8, things)
	}
}

func (f *trend) update(i int, x float64, at sim.Time, row []float64) {
	open, before := f.at(i, at)
	t := float64(at) * 1e-9 // a division would stand in the way of all that follows
	open.add(t, x)
	all := *before
	all.absorb(open)
	slope := math.NaN()
	if t-all.from >= f.span {
		slope = all.slope()
	}
	if f.slope >= 0 {
		row[f.slope] = slope * 3600
	}
	for _, r := range f.reaches {
		row[r.slot] = r.after(i, x, all.x+slope*(t-all.t), slope)
	}
}

// after is the seconds until the line, now at y and rising by slope a second,
// comes to the level: 0 at or beyond it, Unreached if it leads away, NaN while
// the trend is unknown.
func (r *reach) after(i int, x, y, slope float64) float64 {
	if r.side[i] == 0 {
		r.side[i] = 1
		if x > r.level {
			r.side[i] = -1
		}
	}
	side := float64(r.side[i])
	left, speed := (r.level-y)*side, slope*side
	switch {
	case math.IsNaN(slope):
		return math.NaN()
	case left <= 0:
		return 0
	case speed <= 0:
		return Unreached
	}
	return min(left/speed, Unreached)
}

// ewma is the exponentially weighted mean: what a reading says counts half
// after a half-life.
type ewma struct {
	slot int
	at   []sim.Time
	fade
}

// fade is what time leaves of a weight: half of it after a half-life.
type fade struct {
	halfLife float64  // seconds
	step     sim.Time // between two readings, and what it leaves:
	left     float64  // kept because it is mostly the same
}

func (f *fade) after(step sim.Time) float64 {
	if step = max(step, 0); step != f.step || f.left == 0 {
		f.step, f.left = step, math.Exp2(-step.Seconds()/f.halfLife)
	}
	return f.left
}

func (f *ewma) layOut(things int) { f.at = make([]sim.Time, things) }

func (f *ewma) update(i int, x float64, at sim.Time, row []float64) {
	left := f.after(at - f.at[i])
	f.at[i] = at
	if math.IsNaN(row[f.slot]) {
		row[f.slot] = x
		return
	}
	row[f.slot] = x + (row[f.slot]-x)*left
}

// rate is the rise per second between the last two readings.
type rate struct {
	signal, slot int
	at           []sim.Time
}

func (f *rate) layOut(things int) { f.at = make([]sim.Time, things) }

func (f *rate) update(i int, x float64, at sim.Time, row []float64) {
	if at > f.at[i] {
		row[f.slot] = (x - row[f.signal]) / (at - f.at[i]).Seconds()
	}
	f.at[i] = at
}

// previous is the value before the last.
type previous struct{ signal, slot int }

func (f *previous) layOut(int) {}

func (f *previous) update(_ int, _ float64, _ sim.Time, row []float64) {
	row[f.slot] = row[f.signal]
}

// correction is the factor between what people find and what the sensor shows:
// the calibration that an ack brings, kept until the next. 1 before the first.
type correction struct {
	slot  int
	shown []float64 // by the sensor, at the last reading; NaN before the first
}

func (f *correction) layOut(things int) {
	f.shown = make([]float64, things)
	for i := range f.shown {
		f.shown[i] = math.NaN()
	}
}

func (f *correction) update(i int, x float64, _ sim.Time, row []float64) {
	f.shown[i] = x
	if math.IsNaN(row[f.slot]) {
		row[f.slot] = 1
	}
}

// learn takes up a finding; beside a sensor that shows nothing or the other sign
// there is no factor.
func (f *correction) learn(i int, found float64, row []float64) {
	if c := found / f.shown[i]; c > 0 && !math.IsInf(c, 1) {
		row[f.slot] = c
	}
}

// clocked is a slot that changes with time: from the slot that holds since when
// in seconds, or, where that is -1, since the thing was last heard.
type clocked struct{ slot, from int }

// refresh brings the slots of thing i that change with time to now.
func (k *twins) refresh(i int, now sim.Time) {
	row := k.row(i)
	for _, c := range k.clocked {
		if c.from >= 0 {
			row[c.slot] = now.Seconds() - row[c.from]
		} else if k.heard(i) {
			row[c.slot] = now.Sub(k.seen[i].mirrored).Seconds()
		}
	}
}

// defaultWindow is how many readings a trend looks back over unless told: two
// hours of one every ten seconds.
const defaultWindow = 720

func (k *twins) trendWindow() time.Duration {
	if k.kind.Every <= 0 {
		return time.Hour
	}
	return min(defaultWindow*k.kind.Every, sim.Week)
}
