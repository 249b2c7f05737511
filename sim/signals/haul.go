package signals

import (
	"fmt"
	"slices"
	"time"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
	"github.com/twinbed/twinbed/sim/units"
)

func init() {
	sim.Signals.Add("haul", "speed of a truck that takes orders out and comes home, with a driver who keeps the EU's driving times, breaks and rests",
		func() sim.SignalModel { return &Haul{} })
}

// Haul is a truck with a weekly timetable of orders. It leaves the depot for
// each at its time, or as soon after as truck and driver are there, unloads and
// comes back empty. The driver keeps articles 6 to 8 of Regulation (EC) No
// 561/2006: a break of 45 min after 4 h 30 min at the wheel at the latest; 9 h at
// the wheel a day, 10 h on the first two days of the week that need it; a rest of
// 11 h within 24 h of the last one's end. Split breaks and reduced rests are not
// used, and the rest of the week is the timetable's. A truck that stands broken
// lets its driver rest.
//
// The file has the columns at (Mon 06:00), km, slot (hours of the week: 10.5 is
// Mon 10:30), tonnes, and one that is named as the attribute by which trucks find
// their orders. On the main road a truck does Speed·pace; the other road is
// Detour times as long and free. The pace is taken up
// whenever the truck is looked at; between two looks all turns are exact.
//
// States that say how it is: bound (0 at the depot, 1 out, 2 back), rolling (1
// while the driver is at the wheel), left (km to go), wheel (h driven since the
// last rest), allowed (h that may be driven until the next one), stretch (h driven
// since the last break), gross (t), km; asked (orders
// that were due to leave so far), delivered, on_time. States that commands set: detour (1: the other road for
// the rest of this leg), early (h before the time of the next order), held (1: stays
// at the depot), fresh (1: another driver, who is rested).
type Haul struct {
	_ struct{} `formula:"km an hour = speed·pace, or speed over detour times the way; at the wheel 4 h 30 min at most without a break of 45 min, 9 h (twice a week 10 h) without a rest of 11 h" source:"checked, Regulation (EC) No 561/2006, articles 6 to 8, as hauliers and coach firms quote it"`

	File   string              `required:"true" doc:"CSV file with a header, in the scenario's folder" source:"none, the scenario's own"`
	By     string              `required:"true" doc:"the attribute (a text), and the column, that tell which orders are a truck's own"`
	Speed  float64             `default:"80" above:"0" unit:"km/h" doc:"on a free road" source:"none, an assumption; trucks are limited to 90 km/h (Directive 92/6/EEC, checked)"`
	Pace   string              `doc:"the signal that says what share of it the main road allows; without it all"`
	Detour float64             `default:"1.15" min:"1" doc:"how many times as long the other road is" source:"none, an assumption"`
	Unload chance.Distribution `default:"lognormal median 45m p95 90m" unit:"s" doc:"time at the customer's" source:"none, an assumption"`
	Empty  float64             `default:"15" above:"0" unit:"t" doc:"mass without a load: tractor 7 t, semitrailer 8 t" source:"none, an assumption in the range of the field"`
	Sensor `key:",inline"`

	clock  *sim.Clock
	start  time.Duration
	fleet  *sim.Fleet
	pace   int
	states haulStates
	turns  sim.EventKind
	of     []int32
	orders [][]order
	tours  []tour
}

// The regulation, in hours.
const (
	stretch   = 4.5  // at the wheel without a break
	shortStop = 0.75 // a break
	dayWheel  = 9.0  // at the wheel between two rests
	longWheel = 10.0 // the same, on longDays days of the week
	longDays  = 2
	dayLength = 13.0 // from a rest's end to the next one's beginning
	longStop  = 11.0 // a rest
)

type haulStates struct {
	bound, rolling, left, wheel, allowed, stretch, gross, km, asked, delivered, onTime, detour, early, held, fresh, broken int
}

// order is a row of the timetable: at is from the run's start, in its first week.
type order struct {
	at, slot   sim.Time
	km, tonnes float64
}

// tour is what a truck and its driver are at.
type tour struct {
	doing         activity
	speed         float64       // since the last advance
	until         sim.Time      // when doing is over, at the depot when the driver may leave
	began, home   sim.Time      // when the driver's day began, when the truck came home
	stood         sim.Time      // since when the truck has been broken
	asked, taken  int           // orders
	week          time.Duration // of the run, in which the driver has had
	long          int           // days of more than dayWheel
	plan          uint32        // which turn is the valid one
	away, limited bool          // on the other road; the next turn is a break or a rest and not an arrival
}

type activity uint8

const (
	atDepot activity = iota
	driving
	onBreak
	atRest
	unloading
)

// Needs is the signal that it reads.
func (m *Haul) Needs() []string { return []string{m.Pace} }

// States are what the model needs of its thing.
func (m *Haul) States() []sim.StateSpec {
	var list []sim.StateSpec
	for _, name := range []string{"bound", "rolling", "left", "wheel", "allowed", "stretch", "gross", "km", "asked", "delivered", "on_time", "detour", "early", "held", "fresh"} {
		list = append(list, sim.StateSpec{Name: name, Moves: true})
	}
	return list
}

// Build reads the orders; all trucks begin at the depot, with rested drivers.
func (m *Haul) Build(s *sim.Site) (sim.Signal, error) {
	m.at(s)
	k := s.Kind
	m.clock, m.start, m.fleet, m.pace = s.Clock, s.Calendar.Start, s.Fleet, k.Signal(m.Pace)
	if m.Pace != "" && m.pace < 0 {
		return nil, sim.Wrongf("pace", "%s has no signal %q", k.Name, m.Pace)
	}
	var err error
	m.of, m.orders, err = timetable(s, m.File, m.By, []string{"at", "km", "slot", "tonnes"}, func(cells []string, _ int) (order, error) {
		return readOrder(cells, s.Calendar)
	})
	if err != nil {
		return nil, err
	}
	for _, list := range m.orders {
		slices.SortStableFunc(list, func(a, b order) int { return int(min(max(a.at-b.at, -1), 1)) })
	}
	m.states = haulStates{
		bound: k.State("bound"), rolling: k.State("rolling"), left: k.State("left"), wheel: k.State("wheel"), allowed: k.State("allowed"), stretch: k.State("stretch"),
		gross: k.State("gross"), km: k.State("km"), asked: k.State("asked"), delivered: k.State("delivered"), onTime: k.State("on_time"),
		detour: k.State("detour"), early: k.State("early"), held: k.State("held"), fresh: k.State("fresh"), broken: k.State("broken"),
	}
	m.turns = s.Clock.Handle(m)
	m.tours = make([]tour, k.Count)
	for i := range m.tours {
		m.tours[i].home = -hours(longStop)
		*m.fleet.State(i, m.states.gross) = m.Empty
		m.foresee(i, 0)
	}
	return m, nil
}

// readOrder reads at, km, slot and tonnes.
func readOrder(cells []string, calendar sim.Calendar) (o order, err error) {
	at, err := units.ParseMoment(cells[0])
	if err != nil {
		return o, err
	}
	var numbers [3]float64
	for n, cell := range cells[1:4] {
		if numbers[n], err = units.Parse(cell, units.Number); err != nil {
			return o, err
		}
	}
	wait := sim.Seconds(numbers[1]*3600) - at.WeekTime()
	switch {
	case numbers[0] <= 0 || numbers[2] <= 0:
		return o, fmt.Errorf("an order has km and tonnes above 0")
	case wait <= 0 || wait > sim.Week:
		return o, fmt.Errorf("the slot %s is not after the departure: it is in hours since Monday 00:00, as in %g", cells[2], (at.WeekTime() + time.Hour).Hours())
	}
	o = order{at: sim.Time((at.WeekTime() - calendar.Start%sim.Week + sim.Week) % sim.Week), km: numbers[0], tonnes: numbers[2]}
	o.slot = o.at.Add(wait)
	return o, nil
}

// order is a truck's n-th; false where it has none.
func (m *Haul) order(i, n int) (o order, ok bool) {
	list := m.orders[m.of[i]]
	if len(list) == 0 {
		return o, false
	}
	o = list[n%len(list)]
	weeks := sim.Time(n/len(list)) * sim.Time(sim.Week)
	o.at, o.slot = o.at+weeks, o.slot+weeks
	return o, true
}

func (m *Haul) state(i, state int) *float64 { return m.fleet.State(i, state) }

// Coupled says that it plans its events as it goes.
func (m *Haul) Coupled() *sim.Kind { return nil }

// Advance drives on at the speed of then, and finds the speed of now.
func (m *Haul) Advance(i int, from, now sim.Time) float64 {
	t, s := &m.tours[i], &m.states
	if t.speed > 0 && now > from {
		hours := time.Duration(now - from).Hours()
		*m.state(i, s.km) += t.speed * hours
		*m.state(i, s.left) = max(*m.state(i, s.left)-t.speed*hours, 0)
		*m.state(i, s.wheel) += hours
		*m.state(i, s.stretch) += hours
	}
	for {
		o, ok := m.order(i, t.asked)
		if !ok || o.at > now {
			break
		}
		t.asked++
		*m.state(i, s.asked)++
	}
	if speed := m.speed(i); speed != t.speed {
		m.stands(i, speed, now)
		t.speed = speed
		m.foresee(i, now)
	}
	return t.speed
}

// speed is km/h at present.
func (m *Haul) speed(i int) float64 {
	if m.tours[i].doing != driving || m.states.broken >= 0 && *m.state(i, m.states.broken) != 0 {
		return 0
	}
	if m.tours[i].away || m.pace < 0 {
		return m.Speed
	}
	return m.Speed * max(*m.fleet.Truth(i, m.pace), 0.01)
}

// stands notes since when a truck has been broken on the road, and lets its driver
// have rested meanwhile.
func (m *Haul) stands(i int, speed float64, now sim.Time) {
	t := &m.tours[i]
	switch {
	case t.doing != driving:
	case speed == 0:
		t.stood = now
	case t.speed == 0:
		if now.Sub(t.stood).Hours() >= longStop {
			m.rested(i, now)
		} else if now.Sub(t.stood).Hours() >= shortStop {
			*m.state(i, m.states.stretch) = 0
		}
	}
}

// rested begins a driver's day.
func (m *Haul) rested(i int, now sim.Time) {
	t, s := &m.tours[i], &m.states
	if *m.state(i, s.wheel) > dayWheel {
		t.long++
	}
	if week := (m.start + time.Duration(now)) / sim.Week; week != t.week {
		t.week, t.long = week, 0
	}
	t.began = now
	*m.state(i, s.wheel), *m.state(i, s.stretch), *m.state(i, s.allowed) = 0, 0, dayWheel
	if t.long < longDays {
		*m.state(i, s.allowed) = longWheel
	}
}

func hours(h float64) sim.Time { return sim.Time(h * float64(time.Hour)) }

// foresee plans the next turn.
func (m *Haul) foresee(i int, now sim.Time) {
	t, s := &m.tours[i], &m.states
	t.plan = (t.plan + 1) & sim.MaxArg
	at := t.until
	switch t.doing {
	case atDepot:
		o, ok := m.order(i, t.taken)
		if !ok || *m.state(i, s.held) != 0 {
			return
		}
		at = max(o.at-hours(max(*m.state(i, s.early), 0)), at)
	case driving:
		if t.speed == 0 {
			return
		}
		at = now + hours(*m.state(i, s.left)/t.speed)
		limit := now + hours(max(min(stretch-*m.state(i, s.stretch), *m.state(i, s.allowed)-*m.state(i, s.wheel)), 0))
		limit = min(limit, t.began+hours(dayLength))
		t.limited = limit < at
		at = min(at, limit)
	}
	m.clock.Schedule(max(at, now), m.turns, uint32(i), t.plan)
}

// Happen is a turn of a tour, unless the plan has changed.
func (m *Haul) Happen(who, plan uint32) {
	i := int(who)
	t := &m.tours[i]
	if t.plan != plan {
		return
	}
	if m.fleet.Changed(i); t.plan != plan {
		return // the road is another by now
	}
	now := m.clock.Now()
	m.turn(i, now)
	rolling := 0.0
	if t.doing == driving {
		rolling = 1
	}
	*m.state(i, m.states.rolling) = rolling
	t.speed = m.speed(i)
	m.foresee(i, now)
	m.fleet.Settle(i)
}

// turn goes on to what comes next.
func (m *Haul) turn(i int, now sim.Time) {
	t, s := &m.tours[i], &m.states
	switch t.doing {
	case atDepot:
		o, _ := m.order(i, t.taken)
		if now >= t.home+hours(longStop) {
			m.rested(i, now)
		}
		m.leave(i, 1, o.km, o.tonnes)
	case unloading:
		o, _ := m.order(i, t.taken)
		t.taken++
		m.leave(i, 2, o.km, m.Empty)
	case onBreak:
		t.doing = driving
		*m.state(i, s.stretch) = 0
	case atRest:
		t.doing = driving
		m.rested(i, now)
	case driving:
		if t.limited {
			m.pause(i, now)
		} else {
			m.arrive(i, now)
		}
	}
}

// leave begins a leg.
func (m *Haul) leave(i int, leg, km, tonnes float64) {
	t, s := &m.tours[i], &m.states
	t.doing, t.away = driving, false
	*m.state(i, s.bound), *m.state(i, s.left), *m.state(i, s.gross) = leg, km, tonnes
	*m.state(i, s.detour), *m.state(i, s.early) = 0, 0
}

// pause is a break, or a rest where the day is over.
func (m *Haul) pause(i int, now sim.Time) {
	t, s := &m.tours[i], &m.states
	const soon = 1e-6 // of an hour: what rounding may leave
	if *m.state(i, s.wheel) >= *m.state(i, s.allowed)-soon || now >= t.began+hours(dayLength-soon) {
		t.doing, t.until = atRest, now+hours(longStop)
	} else {
		t.doing, t.until = onBreak, now+hours(shortStop)
	}
}

// arrive ends a leg.
func (m *Haul) arrive(i int, now sim.Time) {
	t, s := &m.tours[i], &m.states
	*m.state(i, s.left) = 0
	if *m.state(i, s.bound) == 2 {
		t.doing, t.home, t.until = atDepot, now, now
		if *m.state(i, s.wheel) > stretch/2 { // else the day has only begun: it was spent resting on the road
			t.until += hours(longStop)
		}
		*m.state(i, s.bound) = 0
		return
	}
	o, _ := m.order(i, t.taken)
	*m.state(i, s.delivered)++
	if now <= o.slot {
		*m.state(i, s.onTime)++
	}
	takes := m.Unload.Quantile(m.stream.Uniform(uint32(i), drawTruth+uint64(t.taken)))
	t.doing, t.until = unloading, now.Add(sim.Seconds(max(takes, 0)))
}

// StateSet obeys: another road, another driver, stay or leave.
func (m *Haul) StateSet(i int, now sim.Time) {
	t, s := &m.tours[i], &m.states
	if *m.state(i, s.detour) != 0 && !t.away && t.doing != atDepot && t.doing != unloading {
		t.away = true
		*m.state(i, s.left) *= m.Detour
	}
	if fresh := m.state(i, s.fresh); *fresh != 0 {
		*fresh = 0
		m.rested(i, now)
		t.home = now - hours(longStop)
		if t.doing != unloading {
			t.until = now
		}
	}
	m.foresee(i, now)
}
