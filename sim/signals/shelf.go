package signals

import "github.com/twinbed/twinbed/sim"

func init() {
	sim.Signals.Add("shelf", "pieces that customers take until there are none: how many are left; Poisson demand, refilled by a command",
		func() sim.SignalModel { return &Shelf{} })
}

// Shelf holds pieces. A command that sets the state left refills it. The states
// sold and short count the pieces that were taken and those that were asked for
// in vain (lost sales).
type Shelf struct {
	_ struct{} `formula:"left falls by one with each event of a Poisson process with the rate points·busy, down to 0" source:"none, an assumption: customers who do not know of one another"`

	Flow   `key:",inline"`
	Holds  float64 `required:"true" above:"0" doc:"pieces at the beginning"`
	Sensor `key:",inline"`

	fleet             *sim.Fleet
	left, sold, short int
}

// States are what the model needs of its thing.
func (m *Shelf) States() []sim.StateSpec {
	return []sim.StateSpec{{Name: "left", Initial: m.Holds, Moves: true}, {Name: "sold", Moves: true}, {Name: "short", Moves: true}}
}

// Build fills the shelf.
func (m *Shelf) Build(s *sim.Site) (sim.Signal, error) {
	m.at(s)
	m.fleet = s.Fleet
	m.left, m.sold, m.short = s.Kind.State("left"), s.Kind.State("sold"), s.Kind.State("short")
	return m, m.build(s)
}

// Advance lets customers take pieces.
func (m *Shelf) Advance(i int, _, now sim.Time) float64 {
	left := m.fleet.State(i, m.left)
	m.take(i, now, func(sim.Time, uint64) {
		if *left < 1 {
			*m.fleet.State(i, m.short)++
			return
		}
		*left--
		*m.fleet.State(i, m.sold)++
	})
	return *left
}
