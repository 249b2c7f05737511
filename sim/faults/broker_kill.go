package faults

import "github.com/twinbed/twinbed/sim"

func init() {
	sim.Faults.Add("broker_kill", "the broker is killed and starts again at the end: nobody is told, nothing is flushed, and connections are reset", func() sim.Fault { return &BrokerKill{} })
}

var lostToKill = sim.NewCause("fault: broker_kill")

// BrokerKill ends the broker as a process that is killed.
type BrokerKill struct {
	modelled
	Ending `key:",inline"`
}

// Begin ends it until undone.
func (f *BrokerKill) Begin(w *sim.World, where sim.Selection) (func(), error) {
	return f.end(w, "broker_kill", true, lostToKill, where.Hits)
}
