package sim

import (
	"github.com/twinbed/twinbed/sim/chance"
	"github.com/twinbed/twinbed/sim/formula"
)

// World is a run's stage with everything on it. Fields that a scenario does
// without are nil (Workforce, Platform of an external system).
type World struct {
	Clock         *Clock
	Calendar      Calendar
	Seed          chance.Seed
	Symbols       *formula.Symbols
	Roster        *Roster
	Fleets        []*Fleet // one per kind, in the roster's order
	Link          *Link
	Tampers       Tampers
	Feeds         *Feeds
	Intake        *Intake          // in front of the platform, where a fault of the scenario meets it
	Live          bool             // the scenario is played live, also while it is only checked
	ForeignBroker bool             // and its broker is somebody else's
	Journaled     bool             // and what comes in is kept in a journal
	Wires         Wires            // of a live run
	Beyond        func(*Kind) bool // whose things are clients that are not ours; nil: nobody's
	Brokered      func(*Kind) bool // whose messages a broker carries in a live run; nil: everybody's
	Relays        bool             // a fault of the scenario wants to harm connections
	Bus           Bus
	Platform      Platform
	Workforce     Workforce
	Observers     Observers
}

// Do carries a command out on the spot, without wires. World is the Floor.
func (w *World) Do(id ThingID, c CommandID, value float64) { w.fleet(id).Do(id, c, value) }

// Lose books a reading as lost, unless it is one that was sent before.
func (w *World) Lose(r *Reading, why Cause) {
	if !r.Again {
		w.Observers.Lost(ReadingMessage, r.Thing, r.Sensed.At, why)
	}
}

// Look measures a signal on the spot: its truth at now.
func (w *World) Look(id ThingID, signal int) float64 { return w.fleet(id).Look(id, signal) }

// Attend says that somebody has been sent to the thing (+1) or left it (-1).
func (w *World) Attend(id ThingID, people int) { w.fleet(id).Attend(id, people) }

func (w *World) fleet(id ThingID) *Fleet {
	for _, f := range w.Fleets {
		if f.Kind.Holds(id) {
			return f
		}
	}
	panic("no fleet holds the thing")
}

// Observers shows everything to each of several observers, in order.
type Observers []Observer

func (o Observers) Sent(r *Reading) {
	for _, x := range o {
		x.Sent(r)
	}
}

func (o Observers) Mirrored(r *Reading, how Arrival) {
	for _, x := range o {
		x.Mirrored(r, how)
	}
}

func (o Observers) Lost(m Medium, thing ThingID, sensed Time, why Cause) {
	for _, x := range o {
		x.Lost(m, thing, sensed, why)
	}
}

func (o Observers) Issued(d *Deed) {
	for _, x := range o {
		x.Issued(d)
	}
}

func (o Observers) Took(m Medium, thing ThingID, id uint64) {
	for _, x := range o {
		x.Took(m, thing, id)
	}
}

func (o Observers) Answered(a *Ack) {
	for _, x := range o {
		x.Answered(a)
	}
}

func (o Observers) Heard(a *Ack) {
	for _, x := range o {
		x.Heard(a)
	}
}

func (o Observers) Closed(d *Deed, outcome Outcome, ack *Ack) {
	for _, x := range o {
		x.Closed(d, outcome, ack)
	}
}

func (o Observers) Turned(l *Loop) {
	for _, x := range o {
		x.Turned(l)
	}
}

func (o Observers) Truth(k *Kind, i int, now Time, row []float64) {
	for _, x := range o {
		x.Truth(k, i, now, row)
	}
}

func (o Observers) Noted(e Event) {
	for _, x := range o {
		x.Noted(e)
	}
}
