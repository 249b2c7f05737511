package reports

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/twinbed/twinbed/sim"
)

// Resilience says for each fault whether the loop survived it, what was lost and
// where, and what it cost beside the same run without any fault.
type Resilience struct {
	Beside string       `json:"beside"` // what it is held against, "" for nothing
	Faults []FaultCount `json:"faults"`
	Blows  []Blow       `json:"blows"`
	Cost   []Cost       `json:"cost"`
	Storms []Storm      `json:"storms"` // of connections, in a live run
}

// FaultCount is one entry of the scenario's list of faults.
type FaultCount struct {
	Fault string `json:"fault"`
	Where string `json:"where"`
	Begun int    `json:"begun"` // how many times
	Hits  uint64 `json:"hits"`  // messages, values, answers or connections that it did harm to

	LetIn   uint64 `json:"let_in,omitempty"`  // of a stranger: how often the broker let it in
	Through uint64 `json:"through,omitempty"` // and how many of its tries had the effect that was meant
}

// Blow is one window of one fault. Times are seconds of scenario time, of Uplink
// and Loops of wall time in a live run.
type Blow struct {
	Fault      string `json:"fault"`
	Where      string `json:"where"`
	From       Number `json:"from"`
	To         Number `json:"to"`         // null where the run ended before
	Uplink     Phases `json:"uplink"`     // of readings that came: count, mean, max
	Loops      Phases `json:"loops"`      // by when they were decided: count, p50, p99
	Detected   Number `json:"detected"`   // from its beginning to the first decision that fired because of it; null for none
	By         string `json:"by"`         // that decision
	Recovered  Number `json:"recovered"`  // from its end until readings came as before
	LoopsBack  Number `json:"loops_back"` // likewise until loops kept again within what Against says; null where that never was, or nothing can be said
	Against    string `json:"against"`    // what loops are held against
	Lost       []Loss `json:"lost"`
	Duplicates uint64 `json:"duplicates"`
	TimedOut   uint64 `json:"timed_out"` // deeds given up
	Missed     uint64 `json:"missed"`    // decisions that fired in the run beside and not here
	False      uint64 `json:"false"`     // and the other way round
	Later      Number `json:"later"`     // by how much those came later that fired in both, in the mean
}

// Phases are figures of before, during and after: before and after last as long as
// the window.
type Phases struct {
	Before Phase `json:"before"`
	During Phase `json:"during"`
	After  Phase `json:"after"`
}

// Phase is figures of a part of the run.
type Phase struct {
	Count  uint64 `json:"count"`
	Middle Number `json:"middle"` // mean of uplinks, median of loops
	High   Number `json:"high"`   // max of uplinks, p99 of loops
}

// Cost is a KPI with and without the faults.
type Cost struct {
	KPI     string `json:"kpi"`
	Unit    string `json:"unit"`
	With    Number `json:"with"`
	Without Number `json:"without"`
	Better  string `json:"better,omitempty"`
}

// Calm is the run beside: the same world and luck, and nothing goes wrong.
type Calm struct {
	fired []firing
	kpis  []KPIResult
}

// Calm keeps of a run without faults what a run with them is held against.
func (a *Aftermath) Calm(x *Report) *Calm { return &Calm{a.fired, x.KPIs} }

// Resilience draws up the account, holding loops against the scenario's limits. calm is
// nil where there was no run beside.
func (a *Aftermath) Resilience(counts []FaultCount, calm *Calm, x *Report, limits []Limit) *Resilience {
	r := &Resilience{Faults: counts, Blows: []Blow{}, Cost: []Cost{}, Storms: append([]Storm{}, a.storms...)}
	if a.storm != nil {
		r.Storms = append(r.Storms, a.storm.told())
	}
	slices.SortStableFunc(a.loops, func(x, y turned) int { return cmp.Compare(x.decided, y.decided) })
	var missed, extra []firing
	var late []shift
	if calm != nil {
		r.Beside = "the same run without faults"
		missed, extra, late = a.match(calm.fired)
		r.Cost = cost(x.KPIs, calm.kpis)
	}
	for _, s := range a.strikes {
		b := a.blow(s)
		b.LoopsBack, b.Against = a.loopsBack(s, x.Decisions, limits)
		b.Detected, b.By = a.detected(s, extra, calm != nil)
		_, _, end := a.phases(s)
		b.Missed, b.False = within(missed, s.from, end), within(extra, s.from, end)
		b.Later = later(late, s.from, end)
		r.Blows = append(r.Blows, b)
	}
	return r
}

// shift is a decision that fired in both runs, and by how much later here.
type shift struct {
	at    sim.Time
	later time.Duration
}

// phases are where before begins, and where the window and after end.
func (a *Aftermath) phases(s *strike) (before, to, after sim.Time) {
	to = min(s.to, a.planned)
	length := to - s.from
	return max(s.from-length, 0), to, min(to+length, a.planned)
}

func (a *Aftermath) blow(s *strike) Blow {
	before, to, after := a.phases(s)
	b := Blow{
		Fault: s.name, Where: s.where, From: Number(s.from.Seconds()), To: Unknown, Later: Unknown, LoopsBack: Unknown, Lost: []Loss{},
		Duplicates: s.duplicates, TimedOut: s.timedOut,
		Uplink: Phases{a.uplink(before, s.from), a.uplink(s.from, to), a.uplink(to, after)},
		Loops:  Phases{a.loop(before, s.from), a.loop(s.from, to), a.loop(to, after)},
	}
	if s.to != sim.Never {
		b.To = Number(s.to.Seconds())
	}
	for m := range s.lost {
		b.Lost = append(b.Lost, losses(sim.Medium(m), s.lost[m])...)
	}
	b.Recovered = a.recovered(s, b.Uplink.Before)
	return b
}

// uplink sums the bins of a part of the run.
func (a *Aftermath) uplink(from, to sim.Time) Phase {
	var sum bin
	for i := a.place(from); from < to && i <= a.place(to-1); i++ {
		sum.absorb(&a.uplinks[i])
	}
	if sum.count == 0 {
		return Phase{0, Unknown, Unknown}
	}
	return Phase{sum.count, Number(sum.mean()), Number(sum.max.Seconds())}
}

// recovered is the time from the end of a window until all whom the fault met have
// been heard again, and readings are no longer on their way than twice what they
// were before, in the mean of a part of the run; unknown while they are.
func (a *Aftermath) recovered(s *strike, before Phase) Number {
	if s.to == sim.Never || len(s.met) > 0 && s.heardAgain == sim.Never {
		return Unknown
	}
	back := s.to
	if len(s.met) > 0 {
		back = s.heardAgain
	}
	if !before.Middle.Known() {
		return Number(back.Sub(s.to).Seconds())
	}
	for i := a.place(s.to); i < bins; i++ {
		b := &a.uplinks[i]
		if b.count > 0 && b.mean() <= 2*float64(before.Middle)+1e-3 {
			begins := sim.Time(float64(i) / bins * float64(a.planned))
			return Number(max(back, begins).Sub(s.to).Seconds())
		}
	}
	return Unknown
}

// detected is the first decision in a window that would not have fired without the
// fault; where no run beside says so, the first about a thing that it met.
func (a *Aftermath) detected(s *strike, extra []firing, beside bool) (Number, string) {
	candidates := a.fired
	if beside {
		candidates = extra
	}
	for _, f := range candidates {
		if f.at < s.from || f.at > s.to || !beside && len(s.met) > 0 && !slices.Contains(s.met, f.thing) {
			continue
		}
		by := f.decision
		if f.thing != sim.NoThing {
			by += " at " + a.roster.Name(f.thing)
		}
		return Number(f.at.Sub(s.from).Seconds()), by
	}
	return Unknown, ""
}

// tolerance is how far apart a decision may fire in two runs and still be the
// same: three readings, or a minute.
func (a *Aftermath) tolerance(id sim.ThingID) time.Duration {
	if k := a.roster.Kind(id); k != nil {
		return max(3*k.Every, time.Minute)
	}
	return time.Minute
}

// match pairs what fired here with what fired in the run beside: of the same
// decision and thing, in order, when not too far apart.
func (a *Aftermath) match(calm []firing) (missed, extra []firing, late []shift) {
	order := func(x, y firing) int {
		return cmp.Or(strings.Compare(x.decision, y.decision), cmp.Compare(x.thing, y.thing), cmp.Compare(x.at, y.at))
	}
	here, there := slices.SortedFunc(slices.Values(a.fired), order), slices.SortedFunc(slices.Values(calm), order)
	for len(here) > 0 && len(there) > 0 {
		x, y := here[0], there[0]
		gap := x.at.Sub(y.at)
		same := x.decision == y.decision && x.thing == y.thing
		switch {
		case same && max(gap, -gap) <= a.tolerance(x.thing):
			late = append(late, shift{x.at, gap})
			here, there = here[1:], there[1:]
		case order(x, y) < 0:
			extra, here = append(extra, x), here[1:]
		default:
			missed, there = append(missed, y), there[1:]
		}
	}
	extra, missed = append(extra, here...), append(missed, there...)
	byTime := func(x, y firing) int { return cmp.Or(cmp.Compare(x.at, y.at), order(x, y)) }
	slices.SortFunc(extra, byTime)
	slices.SortFunc(missed, byTime)
	return missed, extra, late
}

func within(list []firing, from, to sim.Time) (n uint64) {
	for _, f := range list {
		if from <= f.at && f.at < to {
			n++
		}
	}
	return n
}

func later(list []shift, from, to sim.Time) Number {
	var sum time.Duration
	n := 0
	for _, l := range list {
		if from <= l.at && l.at < to {
			sum += l.later
			n++
		}
	}
	if n == 0 {
		return Unknown
	}
	return Number(sum.Seconds() / float64(n))
}

func cost(with, without []KPIResult) (list []Cost) {
	for i, k := range with {
		list = append(list, Cost{k.Name, k.Unit, k.Value, without[i].Value, k.Better})
	}
	return list
}
