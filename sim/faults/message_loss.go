package faults

import "github.com/twinbed/twinbed/sim"

func init() {
	sim.Faults.Add("message_loss", "a share of the messages to and from the things vanishes", func() sim.Fault { return &MessageLoss{} })
}

var lostToFault = sim.NewCause("fault: message_loss")

// MessageLoss loses messages at random.
type MessageLoss struct {
	Rate float64 `required:"true" unit:"%" above:"0" max:"1" doc:"share that is lost"`
	Way  string  `default:"both" oneof:"both|up|down" doc:"up: readings and acks, down: commands"`
}

// Area is where it strikes.
func (f *MessageLoss) Area() sim.Area { return sim.NetworkOf }

// Check wants things.
func (f *MessageLoss) Check(w *sim.World, where sim.Selection) error { return needThings(w, where) }

// Begin harms the link until undone.
func (f *MessageLoss) Begin(w *sim.World, where sim.Selection) (func(), error) {
	return w.Link.Impair("message_loss", w.Seed, sim.Impairment{
		Where: where.Things, Up: f.Way != "down", Down: f.Way != "up", Loss: f.Rate, Hits: where.Hits, Cause: lostToFault,
	}), nil
}
