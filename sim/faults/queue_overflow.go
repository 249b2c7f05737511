package faults

import (
	"errors"

	"github.com/twinbed/twinbed/sim"
)

func init() {
	sim.Faults.Add("queue_overflow", "the queues between broker and platform are full: readings and acks of QoS 0 and commands are lost, those of QoS 1 and 2 wait with their senders, unacknowledged", func() sim.Fault { return &QueueOverflow{} })
}

var lostToOverflow = sim.NewCause("fault: queue_overflow")

// QueueOverflow leaves the broker's queues hardly any room.
type QueueOverflow struct {
	modelled
	Room int `default:"0" min:"0" doc:"messages that may wait all the same" source:"plain"`
}

// Check wants, in virtual time, a platform before which messages can wait.
func (f *QueueOverflow) Check(w *sim.World, where sim.Selection) error {
	if !w.Live && w.Platform == nil {
		return errors.New("there is no platform in this run that anything could wait for")
	}
	return f.modelled.Check(w, where)
}

// Prepare puts an intake in front of the platform where there is no broker: that is
// where messages wait.
func (f *QueueOverflow) Prepare(w *sim.World) {
	if !w.Live {
		w.NeedIntake()
	}
}

// Begin leaves them less room until undone.
func (f *QueueOverflow) Begin(w *sim.World, where sim.Selection) (func(), error) {
	if !w.Live {
		return w.Intake.Narrow(brokered(w), f.Room, lostToOverflow, where.Hits), nil
	}
	return w.Wires.Narrow(f.Room, where.Hits)
}
