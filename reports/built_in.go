package reports

import (
	"strings"

	"github.com/twinbed/twinbed/sim"
)

// BuiltIn is a KPI that scenarios can name. One more is one more file with an
// init that adds it to KPIs.
type BuiltIn interface {
	// About is what the value is measured in ("h", "%", "/h" or any words), and
	// whether "lower" or "higher" is better, "" for neither.
	About() (unit, better string)
	// Watch lists the conditions and values over a kind's ground truth that the
	// KPI needs; none for a kind it has nothing to do with, and always in the same order.
	Watch(k *sim.Kind) []Watch
	// Value computes it when the run has ended; Unknown where there is nothing to
	// compute it from.
	Value(b *Basis) Number
}

// Watch is one formula over ground truth, and what to do with it.
type Watch struct {
	How     string // "time", "count", "integral", "sum", "mean", "max", "min", or "spells": how long it holds each time
	Formula string
}

// Basis is what there is to compute built-in KPIs from.
type Basis struct {
	Totals     []Total       // one per Watch; none where no kind is watched
	ThingHours float64       // of the kinds that are watched
	Hours      float64       // the run lasted
	People     []sim.CrewUse // of one crew alone, where OfCrew
	OfCrew     bool          // the KPI says of which
	Commands   uint64        // issued
	Tasks      uint64        // issued
	TasksDone  uint64
	TaskWait   Number // hours
	TaskTime   Number // hours
	Fired      uint64
	Escalated  uint64
	Readings   uint64 // delivered
}

// KPIs are the built-in ones.
var KPIs = sim.NewRegistry[BuiltIn]("KPI")

func builtInNames() (names []string) {
	for _, e := range KPIs.Entries() {
		names = append(names, e.Name)
	}
	return names
}

// figure is a built-in KPI in a table's line.
type figure struct {
	unit, better string
	watch        func(k *sim.Kind) []Watch
	value        func(b *Basis) Number
}

// crewFigure is a figure whose of is a crew and not a kind of things.
type crewFigure struct{ figure }

func (f *figure) About() (unit, better string) { return f.unit, f.better }

func (f *figure) Watch(k *sim.Kind) []Watch {
	if f.watch == nil {
		return nil
	}
	return f.watch(k)
}

func (f *figure) Value(b *Basis) Number {
	if f.watch != nil && len(b.Totals) == 0 {
		return Unknown
	}
	return f.value(b)
}

// down is the condition under which a thing of a kind does not work; "" where it
// has no state that says so.
func down(k *sim.Kind) string {
	var parts []string
	if k.State("broken") >= 0 {
		parts = append(parts, "broken != 0")
	}
	if k.State("load") >= 0 {
		parts = append(parts, "load == 0")
	}
	return strings.Join(parts, " or ")
}

func watchDown(how string) func(k *sim.Kind) []Watch {
	return func(k *sim.Kind) []Watch {
		if d := down(k); d != "" {
			return []Watch{{how, d}}
		}
		return nil
	}
}

func watchBroken(how string) func(k *sim.Kind) []Watch {
	return func(k *sim.Kind) []Watch {
		if k.State("broken") >= 0 {
			return []Watch{{how, "broken != 0"}}
		}
		return nil
	}
}

func sum(b *Basis) Number   { return Number(b.Totals[0].Sum) }
func count(b *Basis) Number { return Number(b.Totals[0].Count) }

// onShift and busy are hours, summed over all workers.
func onShift(b *Basis) (hours float64) {
	for _, c := range b.People {
		hours += c.OnShift.Hours()
	}
	return hours
}

func busy(b *Basis) (hours float64) {
	for _, c := range b.People {
		hours += c.Busy.Hours()
	}
	return hours
}

// tasksDone is what the platform knows to be done; of one crew, what it has finished.
func tasksDone(b *Basis) Number {
	if !b.OfCrew {
		return Number(b.TasksDone)
	}
	return withPeople(func(b *Basis) Number {
		done := 0
		for _, c := range b.People {
			done += c.Tasks
		}
		return Number(done)
	})(b)
}

func withPeople(value func(b *Basis) Number) func(b *Basis) Number {
	return func(b *Basis) Number {
		if len(b.People) == 0 {
			return Unknown
		}
		return value(b)
	}
}

func init() {
	add := func(name, doc string, f figure) {
		KPIs.Add(name, doc, func() BuiltIn { return &f })
	}
	addOfCrew := func(name, doc string, f figure) {
		KPIs.Add(name, doc, func() BuiltIn { return &crewFigure{f} })
	}
	add("downtime", "how long things were down, broken or with load 0, summed over things",
		figure{"h", "lower", watchDown("time"), sum})
	add("unplanned_downtime", "how long things were broken, summed over things",
		figure{"h", "lower", watchBroken("time"), sum})
	add("breakdowns", "how often things broke",
		figure{"", "lower", watchBroken("count"), count})
	add("availability", "share of the time that things were not down",
		figure{"%", "higher", watchDown("time"), func(b *Basis) Number { return 1 - ratio(b.Totals[0].Sum, b.ThingHours) }})
	add("repair_time", "mean time from down to up again, of things that are up again",
		figure{"h", "lower", watchDown("spells"), func(b *Basis) Number { return ratio(b.Totals[0].Sum, float64(b.Totals[0].Count)) }})
	addOfCrew("worker_utilisation", "share of the time on shift that workers were busy",
		figure{"%", "", nil, withPeople(func(b *Basis) Number { return ratio(busy(b), onShift(b)) })})
	addOfCrew("hours_worked", "how long workers were busy, summed over workers",
		figure{"h", "", nil, withPeople(func(b *Basis) Number { return Number(busy(b)) })})
	addOfCrew("hours_on_shift", "how long workers were on shift, summed over workers",
		figure{"h", "", nil, withPeople(func(b *Basis) Number { return Number(onShift(b)) })})
	add("alarms_per_worker_hour", "tasks given to people for each hour of a worker on shift",
		figure{"/h", "lower", nil, withPeople(func(b *Basis) Number { return ratio(float64(b.Tasks), onShift(b)) })})
	add("task_wait", "mean time until a person takes a task up, of tasks that were carried out",
		figure{"h", "lower", nil, func(b *Basis) Number { return b.TaskWait }})
	add("task_time", "mean time of work on a task, of tasks that were carried out",
		figure{"h", "lower", nil, func(b *Basis) Number { return b.TaskTime }})
	addOfCrew("tasks_done", "tasks that were done",
		figure{"", "", nil, tasksDone})
	add("escalations", "tasks that had to be offered to others as well",
		figure{"", "lower", nil, func(b *Basis) Number { return Number(b.Escalated) }})
	add("commands", "commands sent to things, without repeats",
		figure{"", "", nil, func(b *Basis) Number { return Number(b.Commands) }})
	add("decisions_fired", "how often decisions fired",
		figure{"", "", nil, func(b *Basis) Number { return Number(b.Fired) }})
	add("readings", "readings that reached the platform, each once",
		figure{"", "", nil, func(b *Basis) Number { return Number(b.Readings) }})
}
