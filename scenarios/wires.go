package scenarios

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/twinbed/twinbed/broker"
	"github.com/twinbed/twinbed/broker/journal"
	"github.com/twinbed/twinbed/sim"
)

// wires are a live run's connections and broker, as faults meet them.
type wires struct {
	live      *live
	world     *sim.World
	journal   *journal.Journal // nil without one, or while it is read
	repeating bool             // what a run has done before is repeated: nothing is connected
	pending   sync.WaitGroup   // brokers that stop or start, and strangers that leave
	strangers []func()         // that send them away
}

var _ sim.Wires = (*wires)(nil)

// Harm does harm to connections, fleet by fleet.
func (x *wires) Harm(where []sim.ThingID, h *sim.WireHarm) (undo func(), rest []sim.ThingID) {
	rest = where
	var undos []func()
	for _, s := range x.live.sessions {
		undo, others := s.Harm(rest, h)
		undos, rest = append(undos, undo), others
	}
	return func() {
		for _, undo := range undos {
			undo()
		}
	}, rest
}

// OurBroker says whether the broker is the run's own.
func (x *wires) OurBroker() bool { _, ours := x.live.hub.(*broker.Gate); return ours }

var errForeignBroker = errors.New("the broker is not ours to stop: stop it where it runs")

// StopBroker ends the broker, beside the clock, which it waits for.
func (x *wires) StopBroker(how sim.BrokerEnd, hits *sim.Hits) (start func(), err error) {
	gate, ours := x.live.hub.(*broker.Gate)
	if !ours {
		return nil, errForeignBroker
	}
	hits.Add()
	if x.repeating {
		return func() {}, nil // there is nobody to break off from
	}
	end, told, begin := gate.Stop, "broker stopped", gate.Start
	if how.Killed {
		end, told = gate.Kill, "broker killed"
	}
	if how.Keeps {
		begin = gate.Resume
	}
	stopped := make(chan struct{})
	x.pending.Go(func() {
		defer close(stopped)
		x.tell(told, end())
	})
	return func() {
		x.pending.Go(func() {
			<-stopped
			x.tell("broker started", begin())
		})
	}, nil
}

// Narrow leaves queues less room.
func (x *wires) Narrow(room int, hits *sim.Hits) (undo func(), err error) {
	gate, ours := x.live.hub.(*broker.Gate)
	switch {
	case !ours:
		return nil, errForeignBroker
	case x.repeating:
		return func() {}, nil // what came in came in
	}
	return gate.Narrow(room, hits), nil
}

// HarmDisk stands in the journal's way.
func (x *wires) HarmDisk(full bool, delay func() time.Duration, hits *sim.Hits) (undo func(), err error) {
	hits.Add()
	if x.journal == nil { // it is being read
		return func() {}, nil
	}
	var refusal error
	if full {
		refusal = syscall.ENOSPC
	}
	return x.journal.Obstruct(delay, refusal), nil
}

// tell notes what became of the broker.
func (x *wires) tell(what string, err error) {
	detail := ""
	if err != nil {
		detail = err.Error()
	}
	x.note(what, detail)
}

func (x *wires) note(what, detail string) {
	x.world.Clock.Post(func() {
		x.world.Observers.Noted(sim.Event{At: x.world.Clock.Now(), What: what, Thing: sim.NoThing, Detail: detail})
	})
}

// Attack sends a stranger.
func (x *wires) Attack(how string, where []sim.ThingID, hits *sim.Hits) (stop func(), err error) {
	if x.repeating {
		return func() {}, nil
	}
	var names []string
	for _, id := range where {
		names = append(names, x.world.Roster.Name(id))
	}
	dial := func(ctx context.Context) (net.Conn, error) { return x.live.hub.Dial(ctx) }
	leave, err := broker.Assault(how, dial, names, hits)
	if err != nil {
		return nil, err
	}
	gone := sync.OnceFunc(leave)
	x.strangers = append(x.strangers, gone)
	return func() {
		x.pending.Go(func() {
			gone()
			letIn, through := hits.Intrusion()
			x.note("stranger gone", fmt.Sprintf("%s: let in %d times, %d tries got through", how, letIn, through))
		})
	}, nil
}

// close waits for all that was begun, and sends strangers away who are still there.
func (x *wires) close() {
	for _, leave := range x.strangers {
		leave()
	}
	x.pending.Wait()
}
