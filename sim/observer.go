package sim

// Arrival says how a reading fits into its thing's series.
type Arrival uint8

// The ways a reading arrives.
const (
	Fresh     Arrival = iota // newer than all before
	Late                     // older than the newest: overtaken on the way
	Duplicate                // seen before
)

// Deed is a command or a task on its way.
type Deed struct {
	ID       uint64
	Task     bool
	Thing    ThingID
	Name     string // the command's name or the task's words
	Decision int
	Process  int // place in the platform's processes, -1 for none
	Step     int // place in the process's steps
	Attempt  int
	Issued   Time
}

// Observer is shown every turn and every event. It changes nothing. Borrowed
// arguments are copied if kept.
type Observer interface {
	// Sent: a thing has put a reading on its link.
	Sent(r *Reading)
	// Mirrored: the platform has taken a reading into the twin.
	Mirrored(r *Reading, how Arrival)
	// Lost: a message did not arrive and this is why; sensed is when it was due.
	Lost(m Medium, thing ThingID, sensed Time, why Cause)
	// Issued: a command or task was sent out.
	Issued(d *Deed)
	// Took: a command has reached its device, or a task the people.
	Took(m Medium, thing ThingID, id uint64)
	// Answered: a device or a person has sent an ack.
	Answered(a *Ack)
	// Heard: the platform has got an ack.
	Heard(a *Ack)
	// Closed: the platform knows how a deed ended; ack is nil where none came.
	Closed(d *Deed, outcome Outcome, ack *Ack)
	// Turned: a loop is closed.
	Turned(l *Loop)
	// Truth: a thing's ground truth has been carried to now; row is signals, states, attributes.
	Truth(k *Kind, i int, now Time, row []float64)
	// Noted: something worth telling.
	Noted(e Event)
}

// Medium is the sort of message.
type Medium uint8

// The sorts of messages that can be lost.
const (
	ReadingMessage Medium = iota
	CommandMessage
	AckMessage
	TaskMessage
)

// String is the medium in a word.
func (m Medium) String() string {
	return [...]string{"reading", "command", "ack", "task"}[m]
}

// Event is something worth telling in the report and the events file.
type Event struct {
	At      Time
	What    string // one of the registered words: "fault begins", "fired", "escalated", "rejected" …
	Thing   ThingID
	Subject string // the decision, fault, crew or client it is about
	Detail  string
	ID      uint64
	Met     []ThingID // whom a fault meets
}

// Words of events that others than their teller act on.
const (
	FaultBegins = "fault begins"
	FaultEnds   = "fault ends"
	Fired       = "fired"
	Escalated   = "escalated"
	Rejected    = "rejected" // a message from outside that could not be taken
)

// Silent observes nothing; embed it to observe a little.
type Silent struct{}

func (Silent) Sent(*Reading)                     {}
func (Silent) Mirrored(*Reading, Arrival)        {}
func (Silent) Lost(Medium, ThingID, Time, Cause) {}
func (Silent) Issued(*Deed)                      {}
func (Silent) Took(Medium, ThingID, uint64)      {}
func (Silent) Answered(*Ack)                     {}
func (Silent) Heard(*Ack)                        {}
func (Silent) Closed(*Deed, Outcome, *Ack)       {}
func (Silent) Turned(*Loop)                      {}
func (Silent) Truth(*Kind, int, Time, []float64) {}
func (Silent) Noted(Event)                       {}

// Cause says why and where a message was lost.
type Cause uint8

var causes = []string{}

// NewCause registers a cause of loss by the words that reports print; the same
// words give the same cause. Only from init.
func NewCause(words string) Cause {
	for i, c := range causes {
		if c == words {
			return Cause(i)
		}
	}
	causes = append(causes, words)
	return Cause(len(causes) - 1)
}

// String is the cause in words.
func (c Cause) String() string { return causes[c] }

// Causes is how many causes there are.
func Causes() int { return len(causes) }

// The causes that any run can meet; faults register their own.
var (
	LostOnLink     = NewCause("network loss")
	LostOffline    = NewCause("client offline")
	LostInOutbox   = NewCause("client outbox full")
	LostInBroker   = NewCause("broker queue full")
	LostRefused    = NewCause("refused by the broker")
	LostMalformed  = NewCause("malformed")
	LostUnread     = NewCause("platform inbox full")
	LostNobody     = NewCause("nobody there to take it")
	LostConnection = NewCause("connection broke")
)
