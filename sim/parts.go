package sim

import (
	"time"

	"github.com/twinbed/twinbed/sim/chance"
)

// Platform is the system under test: it hears what things and people report
// and answers with commands and tasks.
type Platform interface {
	Reading(r *Reading)
	Ack(a *Ack)
}

// Carrier takes what has left a thing's link to the platform. In a virtual run
// it is the Bus itself, in a live run an MQTT session. It never blocks.
type Carrier interface {
	Reading(r *Reading)
	Ack(a *Ack)
}

// Bus is the ordered router between things, platform and people.
type Bus interface {
	Carrier
	Command(c *Command)   // to the thing's device
	Task(t *Task)         // to the workforce
	Withdraw(task uint64) // take an unanswered task back
}

// Device is a thing's side of the wire: a simulated machine or a bound
// adapter, and nothing else can tell which.
type Device interface {
	Obey(c *Command)
}

// Workforce is the people.
type Workforce interface {
	Take(t *Task)
	Withdraw(task uint64)
	// Disturb has whoever fits the pattern (a crew's name, a worker's name, a glob)
	// behave otherwise until undo is called.
	Disturb(pattern string, d *Disturbance) (undo func(), err error)
	// Disturbed is how many workers behave otherwise at present.
	Disturbed() int
	// Use tells what each crew has done up to now, in the scenario's order.
	Use(now Time) []CrewUse
}

// Disturbance is what a fault does to workers.
type Disturbance struct {
	Absent    bool    // they finish what is in their hands and take nothing more
	LateShift bool    // whoever's shift begins meanwhile is not there yet
	Slower    float64 // factor of their answer times; 0: as ever
	Refuses   float64 // share of the tasks that they will not do
	Wrong     float64 // share of the tasks that they do wrong and call done
	Instead   string  // the command by which they do; "": nothing happens to the thing
	Fatigue   *Fatigue
	Luck      chance.Stream
	Hits      *Hits
}

// Fatigue are factors of the answer time by how many tasks a crew was offered in
// the last two hours.
type Fatigue struct{ Some, Many float64 }

// CrewUse is what a crew has done so far.
type CrewUse struct {
	Crew      string
	Workers   int
	OnShift   time.Duration // summed over workers, absences taken off
	Busy      time.Duration // summed over workers
	Tasks     int           // finished
	Waiting   int           // not taken up yet
	Working   int           // under way
	Waited    time.Duration // summed over taken tasks, from issue to answer
	Taken     int
	Escalated int
	Unreached int // times that a task was sent to a real person's phone that nobody reads
}

// Floor is where people put their hands on things.
type Floor interface {
	// Do carries a command out on the spot, without wires.
	Do(id ThingID, c CommandID, value float64)
	// Look measures a signal on the spot; NaN where the thing is not played here.
	Look(id ThingID, signal int) float64
	// Attend says that somebody has been sent to the thing (+1) or left it (-1).
	Attend(id ThingID, people int)
}

// Source is one piece of context, joined to twins: a file, a stock, a database.
type Source interface {
	Columns() []Column
	// Keyed says whether rows are looked up by a key; else there is one row, key "".
	Keyed() bool
	// Start begins refreshing on the clock; join is called with each new row, at
	// once for what is known at the start. asOf is when the row became true; values
	// are nil where a row is gone.
	Start(clock *Clock, join func(key string, values []float64, asOf Time)) error
	Close() error
}

// Column is one field of a Source; texts are ids of the run's Symbols.
type Column struct {
	Name string
	Text bool
}

// Stock is a source that deeds use up.
type Stock interface {
	Source
	// Take claims n at the clock's now; ready is called once they are there: at once, or
	// after a refill, first come first served.
	Take(n int, ready func()) (cancel func())
	// Give puts back what was not used.
	Give(n int)
}
