package faults

import "github.com/twinbed/twinbed/sim"

func init() {
	sim.Faults.Add("wrong_unit", "devices report in another unit than was agreed on; as written, °F for °C", func() sim.Fault { return &WrongUnit{} })
}

// WrongUnit changes the scale of what sensors show.
type WrongUnit struct {
	onThings
	Channel `key:",inline"`
	Times   float64 `default:"1.8" doc:"factor" source:"plain, °C into °F"`
	Plus    float64 `default:"32" doc:"and what is added" source:"plain, °C into °F"`
}

// Check wants the signal.
func (f *WrongUnit) Check(w *sim.World, where sim.Selection) error { return f.check(w, where) }

// Begin converts until undone.
func (f *WrongUnit) Begin(w *sim.World, where sim.Selection) (func(), error) {
	return w.Tampers.Add(where.Things, func(x *sim.Outgoing) {
		f.each(w, x, func(n int) {
			x.Values[n] = x.Values[n]*f.Times + f.Plus
			where.Hits.Add()
		})
	}), nil
}
