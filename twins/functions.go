package twins

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/formula"
	"github.com/twinbed/twinbed/sim/units"
)

// function is a feature as formulas call it.
type function struct {
	name, doc string
	params    []formula.Param
	result    formula.Type
	bind      func(s *scope, f *function, args []formula.Arg) (formula.Ref, error)
}

var (
	signalParam = formula.Param{Name: "signal", Kind: formula.NameOf}
	windowParam = formula.Param{Name: "window", Kind: formula.ConstantDuration}
	maybeWindow = formula.Param{Name: "window", Kind: formula.ConstantDuration, Optional: true}
)

var functions = []function{
	{"mean", "mean of a signal over a window of time, which moves in tenths of it", []formula.Param{signalParam, windowParam}, formula.Number,
		overSignal(func(k *twins, q *query) error {
			f := shared(k, q, "spread", func() *spread {
				return &spread{window: newWindow[moments, *moments](q.window, k.kind.Every), mean: -1, sd: -1}
			})
			f.mean = q.slot
			return nil
		})},
	{"sd", "standard deviation of a signal over a window of time, which moves in tenths of it", []formula.Param{signalParam, windowParam}, formula.Number,
		overSignal(func(k *twins, q *query) error {
			f := shared(k, q, "spread", func() *spread {
				return &spread{window: newWindow[moments, *moments](q.window, k.kind.Every), mean: -1, sd: -1}
			})
			f.sd = q.slot
			return nil
		})},
	{"rolling_min", "least value of a signal over a window of time, which moves in tenths of it", []formula.Param{signalParam, windowParam}, formula.Number,
		overSignal(func(k *twins, q *query) error { sharedBounds(k, q).least = q.slot; return nil })},
	{"rolling_max", "greatest value of a signal over a window of time, which moves in tenths of it", []formula.Param{signalParam, windowParam}, formula.Number,
		overSignal(func(k *twins, q *query) error { sharedBounds(k, q).greatest = q.slot; return nil })},
	{"slope", "rise of a signal per hour by the least-squares line over a window (default: 720 readings); unknown until readings span half of it",
		[]formula.Param{signalParam, maybeWindow}, formula.Number,
		overSignal(func(k *twins, q *query) error {
			f, err := sharedTrend(k, q)
			if err == nil {
				f.slope = q.slot
			}
			return err
		})},
	{"reaches", "time until a signal reaches a level by the least-squares line over a window (default: 720 readings): 0 at or beyond it, seen from the side the thing started on; longer than anything if the line leads away",
		[]formula.Param{signalParam, {Name: "level", Kind: formula.ConstantNumber}, maybeWindow}, formula.Duration,
		overSignal(func(k *twins, q *query) error {
			f, err := sharedTrend(k, q)
			if err == nil {
				f.reaches = append(f.reaches, &reach{level: q.level, slot: q.slot})
			}
			return err
		})},
	{"rate", "rise of a signal per second between the last two readings", []formula.Param{signalParam}, formula.Number,
		overSignal(func(k *twins, q *query) error {
			k.follow(q.signal, &rate{signal: q.signal, slot: q.slot})
			return nil
		})},
	{"ewma", "exponentially weighted mean of a signal: a reading counts half after the half-life",
		[]formula.Param{signalParam, {Name: "half_life", Kind: formula.ConstantDuration}}, formula.Number,
		overSignal(func(k *twins, q *query) error {
			k.follow(q.signal, &ewma{slot: q.slot, fade: fade{halfLife: q.window.Seconds()}})
			return nil
		})},
	{"previous", "value of a signal before the last", []formula.Param{signalParam}, formula.Number,
		overSignal(func(k *twins, q *query) error {
			k.follow(q.signal, &previous{signal: q.signal, slot: q.slot})
			return nil
		})},
	residualFunction, ewmaZFunction, cusumFunction, pageHinkleyFunction,
	{"correction", "what a person last found (finds) by what the sensor showed then: the factor that corrects a signal; 1 before anybody has found anything",
		[]formula.Param{signalParam}, formula.Number,
		overSignal(func(k *twins, q *query) error {
			k.follow(q.signal, &correction{slot: q.slot})
			return nil
		})},
	{"silent_for", "time since the thing was last heard; unknown before the first time", nil, formula.Duration, bindSilentFor},
	{"age", "time since what a source says became true; unknown where it says nothing",
		[]formula.Param{{Name: "source", Kind: formula.NameOf}}, formula.Duration, bindAge},
	{"desired", "what a state of the thing was last told to be",
		[]formula.Param{{Name: "state", Kind: formula.NameOf}}, formula.Number, bindDesired},
}

var errStarted = errors.New("nothing can be added while the platform runs")

// query is a call over a signal with its arguments.
type query struct {
	call          string
	signal        int
	level         float64       // the one number
	window        time.Duration // or half-life; the default where it was left out
	learn, season time.Duration
	slot          int
}

// overSignal makes the bind of a feature of a signal: each distinct call gets
// one slot, however many formulas make it.
func overSignal(start func(*twins, *query) error) func(*scope, *function, []formula.Arg) (formula.Ref, error) {
	return func(s *scope, f *function, args []formula.Arg) (ref formula.Ref, err error) {
		q := &query{signal: s.k.kind.Signal(args[0].Name), window: s.k.trendWindow()}
		if q.signal < 0 {
			return ref, fmt.Errorf("%q is not a signal of %s%s", args[0].Name, s.k.kind.Name, suggest(args[0].Name, s.k.signalNames()))
		}
		for n, p := range f.params[1:] {
			if err := q.read(&p, args[n+1]); err != nil {
				return ref, err
			}
		}
		q.call = fmt.Sprintf("%s %d %v %v %v %v", f.name, q.signal, q.level, q.window, q.learn, q.season)
		if slot, ok := s.k.bound[q.call]; ok || s.probe {
			ref.Slot = slot
			return ref, nil
		}
		if s.p.started {
			return ref, errStarted
		}
		s.k.uses = append(s.k.uses, use{sort: featureUse, of: len(s.k.uses)})
		q.slot = len(s.k.uses) - 1
		s.k.bound[q.call] = q.slot
		return formula.Ref{Slot: q.slot}, start(s.k, q)
	}
}

// read takes an argument after the signal.
func (q *query) read(p *formula.Param, a formula.Arg) error {
	to := &q.window
	switch {
	case !a.Given:
		return nil
	case p.Kind == formula.ConstantNumber:
		q.level = a.Value
		return nil
	case !(a.Value >= 0.001) || math.IsInf(a.Value, 0) || a.Value > 10*365*24*3600:
		return fmt.Errorf("%s is longer than nothing and shorter than ten years", p.Name)
	case p.Name == learnParam.Name:
		to = &q.learn
	case p.Name == maybeSeason.Name:
		to = &q.season
	}
	*to = sim.Seconds(a.Value)
	return nil
}

// follow has a feature updated with each reading of a signal.
func (k *twins) follow(signal int, f feature) { k.features[signal] = append(k.features[signal], f) }

// shared finds what features of the same signal and window keep together.
func shared[F feature](k *twins, q *query, sort string, fresh func() F) F {
	key := fmt.Sprint(sort, q.signal, " ", q.window)
	if f, ok := k.windows[key]; ok {
		return f.(F)
	}
	f := fresh()
	k.windows[key] = f
	k.follow(q.signal, f)
	return f
}

func sharedBounds(k *twins, q *query) *bounds {
	return shared(k, q, "bounds", func() *bounds {
		return &bounds{window: newWindow[extremes, *extremes](q.window, k.kind.Every), least: -1, greatest: -1}
	})
}

func sharedTrend(k *twins, q *query) (*trend, error) {
	if every := k.kind.Every; q.window < 2*every {
		return nil, fmt.Errorf("a trend over %s needs readings more often than every %s", units.FormatDuration(q.window), units.FormatDuration(every))
	}
	return shared(k, q, "trend", func() *trend {
		half := q.window.Seconds() / 2 * (1 - 1e-9) // a span of exactly half is enough
		return &trend{window: newWindow[line, *line](q.window, k.kind.Every), span: half, slope: -1}
	}), nil
}

func bindSilentFor(s *scope, _ *function, _ []formula.Arg) (formula.Ref, error) {
	return s.clocked(use{sort: silentUse}, -1)
}

// clocked is the slot of a use that changes with time.
func (s *scope) clocked(u use, from int) (formula.Ref, error) {
	known := s.k.slotOf(u) >= 0
	slot, ok := s.slot(u)
	if !ok {
		return formula.Ref{}, errStarted
	}
	if !known && !s.probe {
		s.k.clocked = append(s.k.clocked, clocked{slot, from})
	}
	return formula.Ref{Slot: slot}, nil
}

func bindAge(s *scope, _ *function, args []formula.Arg) (formula.Ref, error) {
	src, _ := s.p.column(args[0].Name)
	if src == nil || !src.meets(s.k) {
		return formula.Ref{}, fmt.Errorf("%q is not a source%s", args[0].Name, suggest(args[0].Name, s.p.sourceNames()))
	}
	_, from, ok := s.joined(src, use{sort: asOfUse, of: src.index})
	if !ok {
		return formula.Ref{}, errStarted
	}
	age := use{sort: ageUse, of: src.index}
	if src.keyed {
		return s.clocked(age, from)
	}
	slot, ok := s.worldSlot(age)
	if !ok {
		return formula.Ref{}, errStarted
	}
	return formula.Ref{Space: formula.World, Slot: slot}, nil
}

func bindDesired(s *scope, _ *function, args []formula.Arg) (formula.Ref, error) {
	at := s.k.kind.State(args[0].Name)
	if at < 0 {
		return formula.Ref{}, fmt.Errorf("%q is not a state of %s%s", args[0].Name, s.k.kind.Name, suggest(args[0].Name, s.k.stateNames()))
	}
	slot, ok := s.slot(use{sort: desiredUse, of: at})
	if !ok {
		return formula.Ref{}, errStarted
	}
	return formula.Ref{Slot: slot}, nil
}
