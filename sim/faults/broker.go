package faults

import (
	"errors"

	"github.com/twinbed/twinbed/sim"
)

func init() {
	sim.Faults.Add("broker_down", "the broker is down, all connections break, and what it knew of sessions is forgotten", func() sim.Fault { return &BrokerDown{} })
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
		return errors.New("in virtual time there is no broker: a partition of all things is what can be had there")
	}
	return nil
}

// ours is a broker that can be stopped.
type ours struct{ onBroker }

// Check wants a broker of the run's own.
func (f ours) Check(w *sim.World, where sim.Selection) error {
	if w.ForeignBroker {
		return errors.New("the broker is not ours to stop (broker.url): stop it where it runs")
	}
	return f.onBroker.Check(w, where)
}

// BrokerDown stops the broker.
type BrokerDown struct{ ours }

// Begin stops it until undone.
func (f *BrokerDown) Begin(w *sim.World, where sim.Selection) (func(), error) {
	return w.Wires.StopBroker(where.Hits)
}

// SessionLoss stops it and starts it again.
type SessionLoss struct{ ours }

// Begin does both.
func (f *SessionLoss) Begin(w *sim.World, where sim.Selection) (func(), error) {
	start, err := w.Wires.StopBroker(where.Hits)
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
