package reports

import (
	"bufio"
	"encoding/json"
	"io"
	"slices"

	"github.com/twinbed/twinbed/sim"
)

// Events writes events.jsonl, a line of JSON each: what is noted (decisions that
// fired, faults, escalations, rejections), commands and tasks as they are sent
// out, how they ended, and loops as they are closed. The same run gives the same
// bytes. Its fields stand in SHAPE.md.
type Events struct {
	sim.Silent
	clock     *sim.Clock
	roster    *sim.Roster
	decisions []string
	buffer    *bufio.Writer
	encoder   *json.Encoder
	err       error
}

// NewEvents makes the observer that writes to w; decisions are the names that a
// Loop's Decision is a place in; others follow in the order they first fire. Flush
// it at the end.
func NewEvents(w io.Writer, clock *sim.Clock, roster *sim.Roster, decisions []string) *Events {
	e := &Events{clock: clock, roster: roster, decisions: decisions, buffer: bufio.NewWriterSize(w, 1<<16)}
	e.encoder = json.NewEncoder(e.buffer)
	e.encoder.SetEscapeHTML(false)
	return e
}

// Flush writes out what is buffered and returns the first error there was.
func (e *Events) Flush() error {
	if err := e.buffer.Flush(); e.err == nil {
		e.err = err
	}
	return e.err
}

// line is one event in its file.
type line struct {
	At       Number  `json:"at"` // seconds of scenario time
	What     string  `json:"what"`
	ID       uint64  `json:"id,omitempty"`
	Thing    string  `json:"thing,omitempty"`
	Subject  string  `json:"subject,omitempty"`
	Decision string  `json:"decision,omitempty"`
	Attempt  int     `json:"attempt,omitempty"`
	Outcome  string  `json:"outcome,omitempty"`
	By       string  `json:"by,omitempty"`
	Detail   string  `json:"detail,omitempty"`
	Took     *Number `json:"took,omitempty"` // seconds
}

func (e *Events) write(l line, thing sim.ThingID, at sim.Time) {
	if e.err != nil {
		return
	}
	l.At = Number(at.Seconds())
	if thing != sim.NoThing {
		l.Thing = e.roster.Name(thing)
	}
	e.err = e.encoder.Encode(&l)
}

// Noted writes the event itself.
func (e *Events) Noted(x sim.Event) {
	if x.What == sim.Fired && !slices.Contains(e.decisions, x.Subject) {
		e.decisions = append(slices.Clip(e.decisions), x.Subject)
	}
	e.write(line{What: x.What, ID: x.ID, Subject: x.Subject, Detail: x.Detail}, x.Thing, x.At)
}

// Issued writes "command" or "task".
func (e *Events) Issued(d *sim.Deed) {
	what := "command"
	if d.Task {
		what = "task"
	}
	e.write(line{What: what, ID: d.ID, Subject: d.Name, Decision: at(e.decisions, d.Decision), Attempt: d.Attempt}, d.Thing, e.clock.Now())
}

// Closed writes "command closed" or "task closed" with what came of it.
func (e *Events) Closed(d *sim.Deed, o sim.Outcome, ack *sim.Ack) {
	l := line{What: "command closed", ID: d.ID, Subject: d.Name, Outcome: o.String()}
	if d.Task {
		l.What = "task closed"
	}
	if ack != nil {
		l.By, l.Detail = ack.By, ack.Note
	}
	e.write(l, d.Thing, e.clock.Now())
}

// Turned writes "loop closed" with how long the loop took in scenario time.
func (e *Events) Turned(l *sim.Loop) {
	took := Number(l.Stamps[sim.Acked].At.Sub(l.Stamps[sim.Sensed].At).Seconds())
	e.write(line{What: "loop closed", ID: l.ID, Decision: at(e.decisions, l.Decision), Outcome: l.Outcome.String(), Took: &took}, l.Thing, e.clock.Now())
}
