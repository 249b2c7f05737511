package reports

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// Search looks for the highest rate that a system sustains, by runs that each
// hold or do not: it doubles the rate until it does not hold, bisects on a
// logarithmic scale, and confirms both ends of what is left with runs of their
// own. Near the knee chance decides, and a busy machine spoils any run, so no
// rate is given up because of one run: two of three decide. One run will do where
// a rate holds that is to be doubled, and where one breaks that has broken before.
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

// searches bounds how often the search begins anew from a bracket that did not
// stand.
const searches = 8

func (h *hunt) run(ctx context.Context) error {
	from, factor := h.Round(h.Start), 2.0
	for range searches {
		low, high, err := h.bracket(ctx, from, factor)
		if err != nil {
			return err
		}
		if low > 0 && high > 0 {
			if low, high, err = h.bisect(ctx, low, high); err != nil {
				return err
			}
		}
		if low == 0 {
			return nil
		}
		from, factor = 0, (1+h.Tolerance)*(1+h.Tolerance)
		if holds, err := h.holds(ctx, low, twoOfThree); err != nil {
			return err
		} else if !holds {
			from = h.Round(low / (1 + h.Tolerance))
		} else if high > 0 {
			if holds, err := h.holds(ctx, high, oneThatBreaks); err != nil {
				return err
			} else if holds {
				from = high
			}
		}
		if from == 0 {
			h.Sustained, h.AtLeast, h.Confirmed = low, high == 0, true
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

// bracket multiplies or divides the rate by a factor, more boldly each time,
// until one holds and the next does not. low is 0 where none holds, high where
// all do.
func (h *hunt) bracket(ctx context.Context, rate, factor float64) (low, high float64, err error) {
	for low == 0 || high == 0 {
		holds, err := h.holds(ctx, rate, oneThatHolds)
		if err != nil {
			return 0, 0, err
		}
		next := h.Round(rate / factor)
		if holds {
			low, next = rate, min(h.Round(rate*factor), h.Round(h.Max))
			if next <= rate {
				break
			}
		} else if high = rate; next >= rate || next < h.Start*lowest {
			break
		}
		rate, factor = next, min(factor*factor, 2)
	}
	return low, high, nil
}

// bisect narrows the bracket down to the tolerance, or to what can be played.
func (h *hunt) bisect(ctx context.Context, low, high float64) (float64, float64, error) {
	for high > low*(1+h.Tolerance) {
		middle := h.Round(math.Sqrt(low * high))
		if middle <= low || middle >= high {
			break
		}
		holds, err := h.holds(ctx, middle, twoOfThree)
		if err != nil {
			return low, high, err
		}
		if holds {
			low = middle
		} else {
			high = middle
		}
	}
	return low, high, nil
}

// rule says how many runs decide.
type rule int

const (
	twoOfThree    rule = iota
	oneThatHolds       // or two of three
	oneThatBreaks      // or two of three
)

// holds plays a rate as often as the rule wants.
func (h *hunt) holds(ctx context.Context, rate float64, enough rule) (bool, error) {
	held, broke := 0, 0
	for {
		run, err := h.Play(ctx, rate, h.played(rate))
		if err != nil {
			return false, err
		}
		s := h.step(rate)
		s.Runs = append(s.Runs, run)
		if run.Holds {
			held++
		} else {
			broke++
			s.Reason = run.Reason
		}
		first := held+broke == 1 && (enough == oneThatHolds && run.Holds || enough == oneThatBreaks && !run.Holds)
		if !first && held < 2 && broke < 2 {
			continue
		}
		s.Holds = held > broke
		return s.Holds, nil
	}
}

// step is a rate's step; a new rate gets one.
func (h *hunt) step(rate float64) *LoadStep {
	for i := range h.Steps {
		if float64(h.Steps[i].Rate) == rate {
			return &h.Steps[i]
		}
	}
	h.Steps = append(h.Steps, LoadStep{Rate: Number(rate)})
	return &h.Steps[len(h.Steps)-1]
}

// played is how many runs there have been at a rate.
func (h *hunt) played(rate float64) int {
	for i := range h.Steps {
		if float64(h.Steps[i].Rate) == rate {
			return len(h.Steps[i].Runs)
		}
	}
	return 0
}
