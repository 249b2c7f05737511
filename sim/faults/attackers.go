package faults

import (
	"errors"

	"github.com/twinbed/twinbed/sim"
)

func init() {
	for name, doc := range map[string]string{
		"rogue_client":      "a stranger logs in as the devices, with passwords that it guesses",
		"spoofed_identity":  "a stranger publishes readings in the devices' names",
		"replay":            "a stranger listens to the devices and publishes again what they said",
		"command_injection": "a stranger publishes commands to the devices",
		"flood":             "a stranger publishes rubbish as fast as it can",
		"snooping":          "a stranger subscribes to what is not for it",
	} {
		sim.Faults.Add(name, doc, func() sim.Fault { return &Attack{how: name} })
	}
}

// Attack is a stranger at the broker, a real client with a real socket, who means
// harm to some things. Each try is a hit; what the broker refused is among its counts.
type Attack struct{ how string }

// Area is where it strikes.
func (f *Attack) Area() sim.Area { return sim.Attackers }

// Check wants things, and a run that has a broker.
func (f *Attack) Check(w *sim.World, where sim.Selection) error {
	if !w.Live {
		return errors.New("in virtual time there is no broker that could be attacked: set the clock to realtime, or to a speed")
	}
	return needThings(w, where)
}

// Begin attacks until undone.
func (f *Attack) Begin(w *sim.World, where sim.Selection) (func(), error) {
	return w.Wires.Attack(f.how, where.Things, where.Hits)
}
