package broker

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/twinbed/twinbed/sim"
)

// AppendCommand writes the payload of a command.
func (c *Codec) AppendCommand(b []byte, x *sim.Command) []byte {
	b = strconv.AppendUint(append(b, `{"id":`...), x.ID, 10)
	b = appendText(append(b, `,"command":`...), c.kind.Commands[x.Name].Name)
	if !math.IsNaN(x.Value) && !math.IsInf(x.Value, 0) {
		b = appendNumber(append(b, `,"value":`...), x.Value)
	}
	b = strconv.AppendInt(append(b, `,"attempt":`...), int64(x.Attempt), 10)
	if x.Seq > 0 {
		b = strconv.AppendUint(append(b, `,"seq":`...), uint64(x.Seq), 10)
	}
	b = strconv.AppendInt(append(b, `,"decided":`...), int64(x.Decided.At), 10)
	return append(b, '}')
}

// ReadCommand reads the payload of a command to a thing of the kind.
func (c *Codec) ReadCommand(payload []byte, x *sim.Command) error {
	*x = sim.Command{Name: sim.NoCommand, Value: math.NaN(), Attempt: 1}
	var s scanner
	for s.begin(payload); s.field(); {
		switch string(s.key) {
		case "id":
			x.ID = uint64(s.integer(1, math.MaxInt64))
		case "command":
			name := s.quoted()
			if x.Name = c.kind.Command(string(name)); x.Name == sim.NoCommand {
				s.fail("no command of %s is called %.40q", c.kind.Name, name)
			}
		case "value":
			x.Value = s.number()
		case "attempt":
			x.Attempt = int(s.integer(1, math.MaxInt32))
		case "seq":
			x.Seq = uint32(s.integer(1, math.MaxUint32))
		case "decided":
			x.Decided.At = sim.Time(s.integer(0, math.MaxInt64))
		default:
			s.skip()
		}
	}
	if err := s.end(); err != nil {
		return err
	}
	if x.ID == 0 || x.Name == sim.NoCommand {
		return errors.New("a command needs id and command")
	}
	return nil
}

// Answer is what a payload of an ack said.
type Answer struct {
	ID        uint64
	Taken     bool // a person has taken the task up: not the end of it
	Outcome   sim.Outcome
	Note      string
	Stamped   bool // Delivered and Done are given
	Delivered sim.Stamp
	Done      sim.Stamp
	State     []float64 // nil where not given; NaN where a state is lacking
	Unknown   int
}

// longestNote bounds what a stranger can write into the report.
const longestNote = 200

// AppendAck writes the payload of a simulated thing's ack, with its stamps in
// nanoseconds: scenario time, wall time.
func (c *Codec) AppendAck(b []byte, a *sim.Ack) []byte {
	b = AppendAnswer(b, a)
	b = b[:len(b)-1]
	if a.State != nil {
		b = append(b, `,"state":{`...)
		comma := 1
		for i, v := range a.State {
			if !math.IsNaN(v) && !math.IsInf(v, 0) {
				b = appendNumber(append(b, c.states[i][comma:]...), v)
				comma = 0
			}
		}
		b = append(b, '}')
	}
	if !a.Foreign {
		b = appendStamp(append(b, `,"delivered":`...), a.Delivered)
		b = appendStamp(append(b, `,"done":`...), a.Done)
	}
	return append(b, '}')
}

// AppendAnswer writes the payload of a worker's ack.
func AppendAnswer(b []byte, a *sim.Ack) []byte {
	b = strconv.AppendUint(append(b, `{"id":`...), a.ID, 10)
	b = appendText(append(b, `,"outcome":`...), a.Outcome.String())
	if a.Note != "" {
		b = appendText(append(b, `,"note":`...), a.Note)
	}
	return append(b, '}')
}

func appendStamp(b []byte, s sim.Stamp) []byte {
	b = strconv.AppendInt(append(b, '['), int64(s.At), 10)
	b = strconv.AppendInt(append(b, ','), int64(s.Wall), 10)
	return append(b, ']')
}

// ReadAck reads the payload of an ack; k is the kind of the thing that acted, nil
// for a person.
func ReadAck(payload []byte, k *sim.Kind, a *Answer) error {
	*a = Answer{}
	var s scanner
	var outcome, delivered, done bool
	for s.begin(payload); s.field(); {
		switch string(s.key) {
		case "id":
			if a.ID != 0 {
				s.fail("id twice")
			}
			a.ID = uint64(s.integer(1, math.MaxInt64))
		case "outcome":
			if outcome {
				s.fail("outcome twice")
			}
			outcome = true
			a.Outcome, a.Taken = s.outcome(k == nil)
		case "note":
			note := []rune(string(s.quoted()))
			a.Note = string(note[:min(len(note), longestNote)])
		case "state":
			if k == nil || a.State != nil {
				s.fail("state does not belong here")
			}
			a.State = s.states(k)
		case "delivered":
			a.Delivered, delivered = s.stamp(), true
		case "done":
			a.Done, done = s.stamp(), true
		default:
			a.Unknown++
			s.skip()
		}
	}
	if err := s.end(); err != nil {
		return err
	}
	if a.ID == 0 || !outcome {
		return errors.New("an ack needs id and outcome")
	}
	a.Stamped = delivered && done
	return nil
}

func (s *scanner) outcome(person bool) (o sim.Outcome, taken bool) {
	text := s.quoted()
	for _, o := range [...]sim.Outcome{sim.Done, sim.Failed, sim.Refused} {
		if o.String() == string(text) {
			return o, false
		}
	}
	if person && string(text) == "taken" {
		return sim.Done, true
	}
	s.fail("outcome %.40q is none of done, failed, refused", text)
	return sim.Failed, false
}

func (s *scanner) states(k *sim.Kind) []float64 {
	if s.err != nil {
		return nil
	}
	states := make([]float64, len(k.States))
	for i := range states {
		states[i] = math.NaN()
	}
	for s.open('{', "an object"); s.field(); {
		i := k.State(string(s.key))
		if i < 0 {
			s.skip()
			continue
		}
		if !math.IsNaN(states[i]) {
			s.fail("state %s twice", k.States[i].Name)
		}
		states[i] = s.number()
	}
	return states
}

func (s *scanner) stamp() (t sim.Stamp) {
	n := 0
	for s.open('[', "an array"); s.more(']'); n++ {
		switch v := s.integer(0, math.MaxInt64); n {
		case 0:
			t.At = sim.Time(v)
		case 1:
			t.Wall = time.Duration(v)
		default:
			s.fail("a stamp of more than two numbers")
		}
	}
	if n != 2 {
		s.fail("a stamp of %d numbers", n)
	}
	return t
}

// AppendTask writes the payload of a task; thing and does are names, "" for none.
func AppendTask(b []byte, t *sim.Task, thing, does string) []byte {
	b = strconv.AppendUint(append(b, `{"id":`...), t.ID, 10)
	b = appendText(append(b, `,"task":`...), t.What)
	if t.Skill != "" {
		b = appendText(append(b, `,"skill":`...), t.Skill)
	}
	if thing != "" {
		b = appendText(append(b, `,"thing":`...), thing)
	}
	if does != "" {
		b = appendText(append(b, `,"does":`...), does)
		if !math.IsNaN(t.Value) && !math.IsInf(t.Value, 0) {
			b = appendNumber(append(b, `,"value":`...), t.Value)
		}
	}
	b = strconv.AppendInt(append(b, `,"priority":`...), int64(t.Priority), 10)
	b = strconv.AppendInt(append(b, `,"attempt":`...), int64(t.Attempt), 10)
	return append(b, '}')
}

// AppendWithdrawal writes that a task is taken back.
func AppendWithdrawal(b []byte, task uint64) []byte {
	return fmt.Appendf(b, `{"id":%d,"withdrawn":true}`, task)
}

// AppendEvent writes the payload of an event; at is seconds since the run began.
func AppendEvent(b []byte, e *sim.Event, thing string) []byte {
	b = appendNumber(append(b, `{"at":`...), e.At.Seconds())
	b = appendText(append(b, `,"what":`...), e.What)
	for _, field := range [...]struct{ key, text string }{{"thing", thing}, {"subject", e.Subject}, {"detail", e.Detail}} {
		if field.text != "" {
			b = appendText(append(append(append(b, `,"`...), field.key...), `":`...), field.text)
		}
	}
	if e.ID > 0 {
		b = strconv.AppendUint(append(b, `,"id":`...), e.ID, 10)
	}
	return append(b, '}')
}
