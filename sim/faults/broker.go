package faults

import (
	"errors"

	"github.com/twinbed/twinbed/sim"
)

func init() {
	sim.Faults.Add("session_loss", "the broker ends and begins anew at once: connections break and sessions are forgotten", func() sim.Fault { return &SessionLoss{} })
	sim.Faults.Add("slow_subscriber", "a client subscribes to everything and does not read: its queue overflows", func() sim.Fault { return &SlowSubscriber{} })
}

// onBroker is a fault that strikes the broker.
type onBroker struct{}

// Area is where it strikes.
func (onBroker) Area() sim.Area { return sim.BrokerOf }

// Check wants a run that has a broker.
func (onBroker) Check(w *sim.World, _ sim.Selection) error {
	if !w.Live {
		return errors.New("in virtual time there is no broker that it could meet: set the clock to realtime, or to a speed; broker_down, broker_kill and queue_overflow are modelled in virtual time")
	}
	return nil
}

// ours is a broker of the run's own.
type ours struct{ onBroker }

// Check wants one.
func (f ours) Check(w *sim.World, where sim.Selection) error {
	if w.ForeignBroker {
		return errors.New("the broker is not ours to stop (broker.url): stop it where it runs")
	}
	return f.onBroker.Check(w, where)
}

// modelled is a fault of a broker of the run's own that virtual time has a model of:
// what passes between the things that would speak by the broker and the platform.
type modelled struct{ ours }

// Check wants a broker of the run's own, or virtual time and somebody who would speak by one.
func (f modelled) Check(w *sim.World, where sim.Selection) error {
	if w.Live {
		return f.ours.Check(w, where)
	}
	if len(brokered(w)) == 0 {
		return errors.New("no thing of this scenario speaks by a broker")
	}
	return nil
}

// brokered are the things whose messages a broker carries in a live run.
func brokered(w *sim.World) (things []sim.ThingID) {
	for _, k := range w.Roster.Kinds {
		for i := range k.Count {
			if w.Brokered == nil || w.Brokered(k) {
				things = append(things, k.First+sim.ThingID(i))
			}
		}
	}
	return things
}

// Ending is how a broker goes and what it has when it is back.
type Ending struct {
	Sessions string `default:"forgotten" oneof:"forgotten|kept" doc:"kept: when it is back it has its sessions, with their subscriptions and the messages of QoS 1 and 2 that wait in them, and retained messages, as from a disk"`
}

// end has the broker be away until undone. In virtual time nothing gets through
// meanwhile.
func (e *Ending) end(w *sim.World, name string, killed bool, why sim.Cause, hits *sim.Hits) (undo func(), err error) {
	if !w.Live {
		return w.Link.Impair(name, w.Seed, sim.Impairment{Where: brokered(w), Up: true, Down: true, Loss: 1, Cause: why, Hits: hits}), nil
	}
	return w.Wires.StopBroker(sim.BrokerEnd{Killed: killed, Keeps: e.Sessions == "kept"}, hits)
}

// SessionLoss stops the broker and starts it again.
type SessionLoss struct{ ours }

// Begin does both.
func (f *SessionLoss) Begin(w *sim.World, where sim.Selection) (func(), error) {
	start, err := w.Wires.StopBroker(sim.BrokerEnd{}, where.Hits)
	if err == nil {
		start()
	}
	return func() {}, err
}

// SlowSubscriber does not read.
type SlowSubscriber struct{ onBroker }

// Begin subscribes until undone.
func (f *SlowSubscriber) Begin(w *sim.World, where sim.Selection) (func(), error) {
	return w.Wires.Attack("slow_subscriber", []sim.ThingID{0}, where.Hits)
}
