package sim

import "sync/atomic"

// Area is the part of the world in which a fault strikes, and so whom it meets.
type Area string

// The areas, in the order in which they are told.
const (
	Things     Area = "things"    // devices: whom it meets are things
	NetworkOf  Area = "network"   // what lies between things and platform: likewise
	BrokerOf   Area = "broker"    // the broker: it meets all who are connected
	PlatformOf Area = "platform"  // whoever decides
	PeopleOf   Area = "people"    // workers and crews
	DataOf     Area = "data"      // context, by the names of its sources
	HardwareOf Area = "hardware"  // real devices, and who plays them in virtual time
	Attackers  Area = "attackers" // strangers who mean harm, to things or to the broker
)

// Areas lists them.
var Areas = []Area{Things, NetworkOf, BrokerOf, PlatformOf, PeopleOf, DataOf, HardwareOf, Attackers}

// Names says whether a fault of the area has to say whom it meets.
func (a Area) Names() bool { return a != BrokerOf && a != PlatformOf }

// Fault is something that goes wrong, as a scenario writes it. Begin does the
// harm and returns its own undo, which is called exactly once.
type Fault interface {
	Area() Area
	Begin(w *World, where Selection) (undo func(), err error)
}

// Checked is a Fault that can tell before the run that it cannot apply.
type Checked interface {
	Check(w *World, where Selection) error
}

// Prepared is a Fault that has to put something in place before the run begins.
type Prepared interface {
	Prepare(w *World)
}

// Selection says whom a fault meets: a pattern over names, and the things that
// fit it. Workers, crews and sources are looked up by the pattern.
type Selection struct {
	Pattern string
	Things  []ThingID
	Hits    *Hits
}

// Hits counts what a fault did harm to: messages, values, answers, connections; and of
// a stranger, whose tries those are, what came of them. Any goroutine may count.
type Hits struct{ n, letIn, through atomic.Uint64 }

// Add counts one more.
func (h *Hits) Add() {
	if h != nil {
		h.n.Add(1)
	}
}

// Count is how many there were.
func (h *Hits) Count() uint64 { return h.n.Load() }

// LetIn counts that a broker let a stranger in, GotThrough that one of its tries had the
// effect that was meant.
func (h *Hits) LetIn()      { h.letIn.Add(1) }
func (h *Hits) GotThrough() { h.through.Add(1) }

// Intrusion is how often a stranger was let in, and how many tries got through.
func (h *Hits) Intrusion() (letIn, through uint64) { return h.letIn.Load(), h.through.Load() }

// Faults are the faults that scenarios can name.
var Faults = NewRegistry[Fault]("fault")
