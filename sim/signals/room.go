package signals

import (
	"math"
	"time"

	"github.com/twinbed/twinbed/sim"
)

func init() {
	sim.Signals.Add("room", "air temperature of a heated room: air and building mass exchange heat (two time constants), a thermostat switches the heating, whoever is cold turns it up",
		func() sim.SignalModel { return &Room{} })
}

// Room is a thermal network of two resistances and two capacities (interior and
// medium, TiTm in the way in which Bacher and Madsen 2011 name such models), T the air, M the mass, To outside:
//
//	Air·dT/dt  = Exchange·(M − T) + (Loss + Window·window)·(To − T) + Power·heat + Gain·present
//	Mass·dM/dt = Exchange·(T − M)
//
// solved exactly over steps of at most a minute. A thermostat within the room
// heats below setpoint − Band and stops above setpoint + Band. Its states:
// setpoint and window (1 open), which commands set; heat; used, kWh so far, and
// paid, what they cost; overrides, how often somebody turned it up.
type Room struct {
	_ struct{} `formula:"air·dT/dt = exchange·(M − T) + (loss + window·open)·(To − T) + power·heat + gain·present; mass·dM/dt = exchange·(T − M)" source:"checked, interior and medium (TiTm) as models for CTSM have it; that Bacher and Madsen 2011 (Energy and Buildings 43, 1511) list it: unchecked"`

	Outside  string        `required:"true" doc:"the signal that is the temperature outside"`
	Present  string        `doc:"the signal that says how many are there; without it nobody"`
	Price    string        `doc:"the signal that is the price of a kWh; without it heating costs nothing"`
	Loss     float64       `default:"0.05" above:"0" unit:"kW/K" doc:"to the outside, ventilation included" source:"none, an assumption: an office of 20 m²"`
	Window   float64       `default:"0.15" min:"0" unit:"kW/K" doc:"what an open window adds" source:"none, an assumption"`
	Exchange float64       `default:"0.15" above:"0" unit:"kW/K" doc:"between air and mass" source:"none, an assumption"`
	Air      float64       `default:"0.1" above:"0" unit:"kWh/K" doc:"capacity of air and furniture" source:"none, an assumption"`
	Mass     float64       `default:"1.2" above:"0" unit:"kWh/K" doc:"capacity of walls and floor; with loss 0.05 kW/K a slow time constant of 27 h" source:"none, an assumption in the range of Bacher and Madsen 2011"`
	Power    float64       `default:"2" min:"0" unit:"kW" doc:"of the heating" source:"none, an assumption"`
	Gain     float64       `default:"0.1" min:"0" unit:"kW" doc:"of each person present" source:"checked, Engineering ToolBox: 1 met (seated, relaxed) is 104 W a person, 1.2 met (sedentary work) 126 W, of which a part is latent"`
	Band     float64       `default:"0.5" min:"0" doc:"hysteresis of the thermostat, K either way" source:"none, an assumption: a common value"`
	Setpoint float64       `default:"21" doc:"at the beginning" source:"none, an assumption"`
	Comfort  float64       `default:"21" doc:"what somebody who is cold turns the setpoint to" source:"none, an assumption"`
	Bears    float64       `default:"1.5" min:"0" doc:"K below comfort that people bear" source:"none, an assumption: half of what ISO 7730 category C allows"`
	Patience time.Duration `default:"15m" min:"0s" doc:"how long, before they turn it up" source:"none, an assumption"`
	Sensor   `key:",inline"`

	fleet                                          *sim.Fleet
	index, outside, present, price                 int
	setpoint, window, heat, used, paid, overridden int
	mass                                           []float64
	cold                                           []sim.Time // how long somebody has been cold
}

// Needs are the signals that it reads.
func (m *Room) Needs() []string { return []string{m.Outside, m.Present, m.Price} }

// States are what the model needs of its thing.
func (m *Room) States() []sim.StateSpec {
	return []sim.StateSpec{
		{Name: "setpoint", Initial: m.Setpoint, Moves: true}, {Name: "window"}, {Name: "heat", Moves: true},
		{Name: "used", Moves: true}, {Name: "paid", Moves: true}, {Name: "overrides", Moves: true},
	}
}

// Build begins with air and mass at the setpoint.
func (m *Room) Build(s *sim.Site) (sim.Signal, error) {
	m.at(s)
	k := s.Kind
	m.fleet, m.index, m.outside, m.present, m.price = s.Fleet, s.Index, k.Signal(m.Outside), k.Signal(m.Present), k.Signal(m.Price)
	if m.outside < 0 {
		return nil, sim.Wrongf("outside", "%s has no signal %q", k.Name, m.Outside)
	}
	if m.Present != "" && m.present < 0 {
		return nil, sim.Wrongf("present", "%s has no signal %q", k.Name, m.Present)
	}
	if m.Price != "" && m.price < 0 {
		return nil, sim.Wrongf("price", "%s has no signal %q", k.Name, m.Price)
	}
	m.setpoint, m.window, m.heat, m.overridden = k.State("setpoint"), k.State("window"), k.State("heat"), k.State("overrides")
	m.used, m.paid = k.State("used"), k.State("paid")
	m.mass, m.cold = make([]float64, k.Count), make([]sim.Time, k.Count)
	for i := range k.Count {
		m.mass[i] = m.Setpoint
		*s.Fleet.Truth(i, s.Index) = m.Setpoint
	}
	return m, nil
}

// Advance plays air, mass, thermostat and people from minute to minute.
func (m *Room) Advance(i int, from, now sim.Time) float64 {
	t := *m.fleet.Truth(i, m.index)
	for from < now {
		step := min(now-from, sim.Time(time.Minute))
		t = m.step(i, t, step)
		from += step
	}
	return t
}

func (m *Room) step(i int, t float64, d sim.Time) float64 {
	f := m.fleet
	heat, set := f.State(i, m.heat), f.State(i, m.setpoint)
	switch {
	case t < *set-m.Band:
		*heat = 1
	case t > *set+m.Band:
		*heat = 0
	}
	people := 0.0
	if m.present >= 0 {
		people = *f.Truth(i, m.present)
	}
	hours := time.Duration(d).Hours()
	t, m.mass[i] = m.relax(t, m.mass[i], *f.Truth(i, m.outside), m.Loss+m.Window**f.State(i, m.window), m.Power**heat+m.Gain*people, hours)
	kWh := m.Power * *heat * hours
	*f.State(i, m.used) += kWh
	if m.price >= 0 {
		*f.State(i, m.paid) += kWh * *f.Truth(i, m.price)
	}
	if people <= 0 || t > m.Comfort-m.Bears || *set >= m.Comfort {
		m.cold[i] = 0
	} else if m.cold[i] += d; m.cold[i] >= sim.Time(m.Patience) {
		*set = m.Comfort
		*f.State(i, m.overridden)++
		m.cold[i] = 0
	}
	return t
}

// relax is the exact solution over some hours: with x the distance from where
// all would settle, x(h) = e^{Ah}·x(0), by the two eigenvalues of A.
func (m *Room) relax(t, mass, outside, loss, power, hours float64) (air, walls float64) {
	settled := outside + power/loss
	a, b := -(m.Exchange+loss)/m.Air, m.Exchange/m.Air
	c := m.Exchange / m.Mass // and d = −c
	middle, half := (a-c)/2, math.Sqrt((a+c)*(a+c)/4+b*c)
	slow, fast := math.Exp((middle+half)*hours), math.Exp((middle-half)*hours)
	k := (slow - fast) / (2 * half)
	x, y := t-settled, mass-settled
	l := middle - half
	return settled + fast*x + k*((a-l)*x+b*y), settled + fast*y + k*(c*x+(-c-l)*y)
}
