package reports

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// Search looks for the highest rate that a system sustains, by runs that each
// hold or do not. It doubles the rate until it does not hold; then each run is
// played near where what is known so far says the knee is (FitKnee), where it tells
// most, until the knee is known well enough or enough runs have been played; then
// the rate at the lower end of what is left is confirmed by runs of its own. Near
// the knee chance decides, and a busy machine spoils any run, so no rate is given
// up because of one run: two of three decide.
type Search struct {
	Start     float64               // readings a second of the first run
	Max       float64               // none is tried above
	Tolerance float64               // between what holds and what does not, as a share
	Round     func(float64) float64 // to a rate that can be played
	// Play plays a run at a rate; the number tells runs at one rate apart. An error
	// ends the search.
	Play func(ctx context.Context, rate float64, number int) (Sample, error)
}

// Found is what a search came to.
type Found struct {
	Steps     []LoadStep // by rate
	Sustained float64    // the highest rate that held; 0 for none
	Confirmed bool
	AtLeast   bool // it is the highest that might be tried
}

// LoadStep is all runs at one rate.
type LoadStep struct {
	Rate   Number   `json:"rate"`
	Holds  bool     `json:"holds"`
	Reason string   `json:"reason"` // why the last run that did not hold did not
	Runs   []Sample `json:"runs"`
}

// lowest is by how much the rate is halved at most to find one that holds.
const lowest = 1.0 / 1024

// Run carries the search out. When the context ends or a run cannot be played it
// returns what it has found until then, with the error.
func (s *Search) Run(ctx context.Context) (Found, error) {
	h := &hunt{Search: s}
	err := h.run(ctx)
	slices.SortFunc(h.Steps, func(a, b LoadStep) int { return cmp.Compare(a.Rate, b.Rate) })
	if !h.Confirmed {
		h.Sustained = h.standing()
	}
	return h.Found, err
}

// hunt is a search under way.
type hunt struct {
	*Search
	Found
}

const (
	mostRuns     = 60 // that look for the knee between two rates: by theory 8 % either way where a run scatters by a third
	mostConfirms = 8  // rates that are tried as the one that is sustained
)

func (h *hunt) run(ctx context.Context) error {
	var knee Estimate
	low, high, err := h.bracket(ctx)
	switch {
	case err != nil || low == 0:
		return err
	case high == 0:
		h.AtLeast = true
		return h.confirm(ctx, low)
	}
	if knee, err = h.narrow(ctx); err != nil {
		return err
	}
	if low = max(low, h.standing()); float64(knee.Low) > low {
		low = h.rung(float64(knee.Low), math.Floor)
	}
	for n := 0; n < mostConfirms && !h.Confirmed && err == nil; n++ {
		err = h.confirm(ctx, low)
		low = h.rung(low/(1+h.Tolerance), math.Round)
	}
	return err
}

// narrow plays runs one tolerance above and one below where the knee is thought to
// be, in turn, until its interval is as narrow as two tolerances.
func (h *hunt) narrow(ctx context.Context) (Estimate, error) {
	side, wide := 1+h.Tolerance, (1+h.Tolerance)*(1+h.Tolerance)
	for n := 0; ; n++ {
		knee := believe(h.runs())
		told := knee.told()
		if n == mostRuns || float64(told.High) <= float64(told.Low)*wide {
			return told, nil
		}
		at := min(max(knee.at, knee.first/2), knee.last*2) // beyond all that was tried where what broke first was spoilt
		if err := h.play(ctx, h.rung(at*side, math.Round)); err != nil {
			return told, err
		}
		side = 1 / side
	}
}

// rung is a rate on the ladder from the first rate, half a tolerance a step: runs
// that are to be near each other are at one rate.
func (h *hunt) rung(rate float64, round func(float64) float64) float64 {
	step := math.Log1p(h.Tolerance) / 2
	return h.Round(h.Start * math.Exp(step*round(math.Log(rate/h.Start)/step)))
}

// confirm plays a rate until two of its runs, and more than not, have held. What
// has been played there counts.
func (h *hunt) confirm(ctx context.Context, rate float64) error {
	for range 3 {
		if err := h.play(ctx, rate); err != nil {
			return err
		}
		switch s := h.step(rate); {
		case s.Holds && s.held() >= 2:
			h.Sustained, h.Confirmed = rate, true
			return nil
		case len(s.Runs)-s.held() >= 2:
			return nil
		}
	}
	return nil
}

// standing is the highest rate up to which all held; 0 for none.
func (h *hunt) standing() (rate float64) {
	for _, s := range h.Steps {
		if !s.Holds {
			break
		}
		rate = float64(s.Rate)
	}
	return rate
}

// bracket doubles or halves the rate until one holds and the next does not. low
// is 0 where none holds, high where all do.
func (h *hunt) bracket(ctx context.Context) (low, high float64, err error) {
	for rate := h.Round(h.Start); low == 0 || high == 0; {
		holds, err := h.holds(ctx, rate)
		if err != nil {
			return 0, 0, err
		}
		next := h.Round(rate / 2)
		if holds {
			low, next = rate, min(h.Round(rate*2), h.Round(h.Max))
			if next <= rate {
				break
			}
		} else if high = rate; next >= rate || next < h.Start*lowest {
			break
		}
		rate = next
	}
	return low, high, nil
}

// holds says whether a rate holds: one run will do where it does, two of three
// decide where it does not.
func (h *hunt) holds(ctx context.Context, rate float64) (bool, error) {
	for {
		if err := h.play(ctx, rate); err != nil {
			return false, err
		}
		switch s := h.step(rate); {
		case len(s.Runs) == 1 && s.Holds, s.held() == 2, len(s.Runs)-s.held() == 2:
			return s.Holds, nil
		}
	}
}

// play plays a run at a rate. A rate holds when more runs held than did not.
func (h *hunt) play(ctx context.Context, rate float64) error {
	number := len(h.step(rate).Runs)
	run, err := h.Play(ctx, rate, number)
	if err != nil {
		h.Steps = slices.DeleteFunc(h.Steps, func(s LoadStep) bool { return len(s.Runs) == 0 })
		return err
	}
	s := h.step(rate)
	s.Runs = append(s.Runs, run)
	if !run.Holds {
		s.Reason = run.Reason
	}
	s.Holds = 2*s.held() > len(s.Runs)
	return nil
}

// runs are all that were played.
func (f *Found) runs() (list []Sample) {
	for _, s := range f.Steps {
		list = append(list, s.Runs...)
	}
	return list
}

// step is a rate's step; a new rate gets one.
func (f *Found) step(rate float64) *LoadStep {
	for i := range f.Steps {
		if float64(f.Steps[i].Rate) == rate {
			return &f.Steps[i]
		}
	}
	f.Steps = append(f.Steps, LoadStep{Rate: Number(rate)})
	return &f.Steps[len(f.Steps)-1]
}

// held is how many of a step's runs held.
func (s *LoadStep) held() (n int) {
	for i := range s.Runs {
		if s.Runs[i].Holds {
			n++
		}
	}
	return n
}
