package reports

import (
	"slices"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/formula"
)

// compute works out all KPIs when the run has ended.
func (q *kpis) compute(r *Recorder) {
	env := formula.Env{Row: q.row}
	q.row[len(q.row)-1] = r.end.Duration().Hours()
	for _, i := range q.order {
		p := q.plans[i]
		switch {
		case p.program != nil:
			q.row[i] = p.program.Number(&env)
		case p.builtIn != nil:
			q.row[i] = float64(p.builtIn.Value(r.basisFor(p)))
		default:
			q.row[i] = float64(p.value(r.end.Duration().Hours()))
		}
	}
}

// value is what a KPI's own formula over ground truth came to, in its unit.
func (p *plan) value(played float64) Number {
	t := totalOf(p.terms[0])
	switch p.how {
	case timeWhile:
		return Number(t.Sum / hoursIn[p.Unit])
	case countOf:
		return Number(t.Count)
	case rateOf:
		return ratio(float64(t.Count), played)
	case meanOf:
		return ratio(t.Sum, t.Weight)
	}
	return Number(t.Sum)
}

// basisFor gathers what a built-in KPI is computed from.
func (r *Recorder) basisFor(p *plan) *Basis {
	tasks := &r.deeds.tasks
	b := &Basis{
		Hours: r.end.Duration().Hours(), People: r.people,
		Commands: r.deeds.commands.issued, Tasks: tasks.issued, TasksDone: tasks.outcomes.Done,
		TaskWait: Unknown, TaskTime: Unknown,
		Escalated: r.noted[sim.Escalated],
	}
	if _, ok := p.builtIn.(*crewFigure); ok && p.Of != "" {
		b.OfCrew = true
		b.People = slices.DeleteFunc(slices.Clone(r.people), func(c sim.CrewUse) bool { return c.Crew != p.Of })
	}
	for _, terms := range p.terms {
		b.Totals = append(b.Totals, totalOf(terms))
	}
	for _, k := range p.kinds {
		b.ThingHours += r.truths[k].hours(r.end)
	}
	if tasks.wait.count > 0 {
		b.TaskWait, b.TaskTime = Number(tasks.wait.mean().Hours()), Number(tasks.work.mean().Hours())
	}
	for d := range r.decisions {
		b.Fired += r.decisions[d].fired
	}
	for k := range r.kinds {
		total := r.total(k)
		b.Readings += total.delivered
	}
	return b
}

// results are the KPIs that the scenario asked for, in its order.
func (q *kpis) results() []KPIResult {
	list := []KPIResult{}
	for i, p := range q.plans {
		if p != nil && p.place >= 0 {
			list = append(list, KPIResult{Name: p.Name, Value: Number(q.row[i]), Unit: p.Unit, Better: p.Better, Doc: p.Doc})
		}
	}
	return list
}
