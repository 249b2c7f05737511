package reports

import "github.com/twinbed/twinbed/sim"

// MessagesBook is the account of what runs besides readings: each medium counted
// at both of its ends, by those who send and by those who get it.
//
//	sent = came + lost + in flight + unexplained
type MessagesBook struct {
	Medium      string `json:"medium"` // command, ack or task
	Sent        uint64 `json:"sent"`
	Came        uint64 `json:"came"`
	Lost        []Loss `json:"lost"`
	InFlight    uint64 `json:"in_flight"`
	Unexplained int64  `json:"unexplained"` // below zero: some came twice
}

// messages counts both ends of a medium.
type messages struct{ sent, came uint64 }

// Took counts a command at its device, a task at the people.
func (r *Recorder) Took(m sim.Medium, _ sim.ThingID, _ uint64) { r.messages[m].came++ }

// Answered counts an ack at the device or person that sends it.
func (r *Recorder) Answered(*sim.Ack) { r.messages[sim.AckMessage].sent++ }

// Heard counts an ack at the platform.
func (r *Recorder) Heard(*sim.Ack) { r.messages[sim.AckMessage].came++ }

// messageBooks draws up the books of commands, acks and tasks.
func (r *Recorder) messageBooks() []MessagesBook {
	flights := [...]uint64{sim.CommandMessage: r.flights.Commands, sim.AckMessage: r.flights.Acks, sim.TaskMessage: 0}
	sent := [...]uint64{
		sim.CommandMessage: r.deeds.commands.issued + r.deeds.commands.resent,
		sim.AckMessage:     r.messages[sim.AckMessage].sent,
		sim.TaskMessage:    r.deeds.tasks.issued + r.deeds.tasks.resent,
	}
	list := []MessagesBook{}
	for _, m := range [...]sim.Medium{sim.CommandMessage, sim.TaskMessage, sim.AckMessage} {
		b := MessagesBook{Medium: m.String(), Sent: sent[m], Came: r.messages[m].came, Lost: losses(m, r.lost[m]), InFlight: flights[m]}
		b.Unexplained = int64(b.Sent) - int64(b.Came) - int64(b.InFlight) - int64(sumOf(b.Lost))
		list = append(list, b)
	}
	return list
}

// Unsettled is how many messages have been sent and have neither arrived nor are
// known to be lost: at the end of a live run, what to wait for.
func (r *Recorder) Unsettled() (n int64) {
	for k := range r.setup.Roster.Kinds {
		b := r.total(k)
		n += max(b.open(), 0)
	}
	for _, b := range r.messageBooks() {
		n += max(b.Unexplained, 0)
	}
	return n
}
