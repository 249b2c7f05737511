package faults

import "github.com/twinbed/twinbed/sim"

func init() {
	sim.Faults.Add("broker_down", "the broker stops in order and starts again at the end: clients of MQTT 5 are told, and all connections break", func() sim.Fault { return &BrokerDown{} })
}

var lostToStop = sim.NewCause("fault: broker_down")

// BrokerDown stops the broker.
type BrokerDown struct {
	modelled
	Ending `key:",inline"`
}

// Begin ends it until undone.
func (f *BrokerDown) Begin(w *sim.World, where sim.Selection) (func(), error) {
	return f.end(w, "broker_down", false, lostToStop, where.Hits)
}
