package signals

import (
	"math"
	"time"

	"github.com/twinbed/twinbed/sim"
)

func init() {
	sim.Signals.Add("battery", "power that a battery gives (above 0) or takes, as it is asked to, while it is neither empty nor full; what is lost is lost half on the way in, half on the way out",
		func() sim.SignalModel { return &Battery{} })
}

// Battery holds energy:
//
//	dE/dt = −P/η while it gives P > 0,  dE/dt = −P·η while it takes P < 0,  0 ≤ E ≤ Holds
//
// with η the root of the round-trip efficiency, solved exactly: a battery that
// becomes empty or full stops at that moment. Its states: asked, kW, which commands
// set; stored, kWh; taken and given, kWh at the grid's side so far. At any time
// stored = start + η·taken − given/η.
type Battery struct {
	_ struct{} `formula:"dE/dt = −P/η while it gives P > 0, −P·η while it takes P < 0, 0 ≤ E ≤ holds, |P| ≤ power, η = √efficiency" source:"plain, an energy balance; that losses divide evenly is an assumption"`

	Holds      float64 `required:"true" above:"0" unit:"kWh" doc:"what it holds"`
	Power      float64 `required:"true" above:"0" unit:"kW" doc:"the most it gives or takes"`
	Efficiency float64 `unit:"%" default:"82%" above:"0" max:"1" doc:"given for each that was taken" source:"checked, EIA 2021 of its Power Plant Operations Report: mean monthly round trip of US utility-scale batteries in 2019"`
	Start      float64 `unit:"%" default:"50%" min:"0" max:"1" doc:"charge at the beginning" source:"none, an assumption"`
	Sensor     `key:",inline"`

	fleet                       *sim.Fleet
	asked, stored, taken, given int
	way                         float64 // efficiency of one way
}

// States are what the model needs of its thing.
func (m *Battery) States() []sim.StateSpec {
	return []sim.StateSpec{{Name: "asked"}, {Name: "stored", Initial: m.Start * m.Holds, Moves: true}, {Name: "taken", Moves: true}, {Name: "given", Moves: true}}
}

// Build puts the signal on its things.
func (m *Battery) Build(s *sim.Site) (sim.Signal, error) {
	m.at(s)
	m.fleet, m.way = s.Fleet, math.Sqrt(m.Efficiency)
	m.asked, m.stored, m.taken, m.given = s.Kind.State("asked"), s.Kind.State("stored"), s.Kind.State("taken"), s.Kind.State("given")
	return m, nil
}

// Advance moves energy for as long as it can, and is the power at now.
func (m *Battery) Advance(i int, from, now sim.Time) float64 {
	f := m.fleet
	stored := f.State(i, m.stored)
	power := min(max(*f.State(i, m.asked), -m.Power), m.Power)
	hours := time.Duration(now - from).Hours()
	switch {
	case power > 0:
		lasts := *stored * m.way / power
		*f.State(i, m.given) += power * min(hours, lasts)
		if hours >= lasts {
			*stored = 0
			return 0
		}
		*stored -= power / m.way * hours
	case power < 0:
		lasts := (m.Holds - *stored) / (-power * m.way)
		*f.State(i, m.taken) -= power * min(hours, lasts)
		if hours >= lasts {
			*stored = m.Holds
			return 0
		}
		*stored -= power * m.way * hours
	}
	return power
}
