package sim

import (
	"time"

	"github.com/twinbed/twinbed/sim/chance"
)

// ThingID is a thing's place in the Roster.
type ThingID uint32

// NoThing stands where a message is about no thing.
const NoThing ThingID = ^ThingID(0)

// Reading is one report of a thing: all its signals at one time. Values is
// borrowed: whoever keeps it copies it.
type Reading struct {
	Thing   ThingID
	Seq     uint32        // the device's own count, from 1
	Foreign bool          // from a client or device that we do not play: Sensed is when it arrived
	Sensed  Stamp         // when it was due, however late we were
	Arrived Stamp         // stamped by the Bus
	Values  []float64     // one per signal of the thing's Kind; NaN where a reading lacks it
	Skew    time.Duration // how far the thing's own clock, by which the twin goes, is ahead
	Odd     bool          // its payload has a shape that nobody can read
	Again   bool          // it was sent before; no loss when it does not come
}

// CommandID is a command's place in its Kind's Commands.
type CommandID int16

// NoCommand stands where nothing is to be done.
const NoCommand CommandID = -1

// Command tells a thing to act. Commands and tasks share one series of ids.
type Command struct {
	ID      uint64
	Thing   ThingID
	Name    CommandID
	Value   float64 // the argument where the command takes one, else NaN
	Seq     uint32  // the reading that led to it, 0 for none
	Attempt int     // 1 for the first
	Decided Stamp
}

// Task asks a person to act.
type Task struct {
	ID       uint64
	Thing    ThingID // what it is about, NoThing for nothing in particular
	What     string
	Skill    string
	Priority int                 // higher goes first; equal ones in order of arrival
	Takes    chance.Distribution // seconds of work; nil: the crew's own
	Does     CommandID           // what the person's hands do to the thing when the work is done
	Value    float64             // the argument of Does, else NaN
	Finds    []int               // signals of the thing that the person measures, by place
	Patience time.Duration       // unanswered for so long it is offered to Escalate as well; 0: never
	Escalate string              // a skill
	Seq      uint32
	Attempt  int
	Decided  Stamp
}

// Order is what a platform that is not ours wants done: a command, or a task.
type Order struct {
	ID       uint64 // its own, of one series for commands and tasks; 0: it gave none
	Decision string // what it calls its reason; "": it did not say
	Seq      uint32 // the reading that led to it; 0: it did not say
	Thing    ThingID
	Command  CommandID // NoCommand for a task
	Value    float64   // the command's argument, else NaN
	Task     *Task     // nil for a command
}

// Outcome is how a command or task ended.
type Outcome uint8

// The outcomes of deeds.
const (
	Done      Outcome = iota // as asked
	Failed                   // tried and not achieved
	Refused                  // not tried: unknown, outside limits, not allowed
	TimedOut                 // no ack in time: what came of it is unknown
	Withdrawn                // taken back before anybody took it up
)

// String is the outcome in a word.
func (o Outcome) String() string {
	return [...]string{"done", "failed", "refused", "timed out", "withdrawn"}[o]
}

// Ack says what became of a command or task.
type Ack struct {
	ID        uint64
	Thing     ThingID
	Outcome   Outcome
	Foreign   bool      // from a client that we do not play: stamps are ours on arrival
	Real      bool      // acted by a real device or person: what it took is measured
	Delivered Stamp     // taken up by the device or person
	Done      Stamp     // acted
	State     []float64 // the thing's states afterwards (Kind.States), nil where not known; borrowed
	Found     []Finding // what the person measured; borrowed
	By        string    // the worker, "" for a device
	Note      string    // why not, where not done
}

// Finding is what a person has measured: the true value of a signal of the thing
// when the work was done.
type Finding struct {
	Signal int // its place in the thing's Kind
	Value  float64
}

// Stage is one step of the core decision loop.
type Stage uint8

// The stages of a loop in order; each is stamped in exactly one place.
const (
	Sensed    Stage = iota // due at the thing
	Arrived                // on the bus
	Mirrored               // in the twin
	Decided                // a decision fired
	Delivered              // first taken up by device or person
	Acted                  // last deed done
	Acked                  // known to the platform: the loop is closed
	Stages                 // how many there are
)

// String is the stage's name as reports print it.
func (s Stage) String() string {
	return [...]string{"sensed", "arrived", "mirrored", "decided", "delivered", "done", "acked"}[s]
}

// Loop is one turn of the core decision loop. Between two stamps lies a
// segment: uplink, twin, decision, delivery, action, ack.
type Loop struct {
	ID       uint64
	Decision int // place in the platform's decisions
	Thing    ThingID
	Seq      uint32
	Stamps   [Stages]Stamp
	Manned   bool // the first deed went to a person: delivery is modelled time in any run
	Foreign  bool // the reading or an ack had no stamps of ours
	Real     bool // a real device or person acted: what that took is measured
	Outcome  Outcome
}
