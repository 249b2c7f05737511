package broker

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/twinbed/twinbed/broker/contained"
	"github.com/twinbed/twinbed/broker/journal"
	"github.com/twinbed/twinbed/sim"
)

// The records of a gate's journal: a message as it came in, and a turn, which says
// when on the clock which of them were handed to the bus. With both, a run can be
// repeated to the event.
const (
	messageRecord = 'm'
	turnRecord    = 't'
)

// LostToEnd is what a process had under way that was ended from outside.
var LostToEnd = sim.NewCause("process ended")

var errRecord = errors.New("the record cannot be read: it was not written by this scenario's gate")

// keep is what a desk with a journal has besides.
type keep struct {
	journal *journal.Journal
	scratch []byte // on the clock's thread

	// While a run is repeated.
	recalling bool
	messages  map[uint64][]byte // that no turn has handed on yet
	unsettled map[uint64]*unsettled
	heard     Heard
}

// unsettled is a command that was sent while the run is repeated and of which it is
// not known yet whether it had arrived.
type unsettled struct {
	thing sim.ThingID
	due   sim.Time
	n     int
}

// Keep has the gate acknowledge what it hears only once its journal has it on disk,
// and send nothing out that depends on what it has not. All things are played
// outside. Recall and Recalled follow, before Open.
func (g *Gate) Keep() {
	g.keep = &keep{recalling: true, messages: map[uint64][]byte{}, unsettled: map[uint64]*unsettled{}}
}

// kept are messages of a guest that are in the journal and not on the clock's way.
type kept struct {
	last uint64
	batch
}

// keepMessage puts a message into the journal.
func (v *guest) keepMessage(at *place, m *contained.Message) uint64 {
	head := append(make([]byte, 0, 8), messageRecord, byte(at.room))
	v.kept.last = v.desk.keep.journal.Append(binary.AppendUvarint(head, uint64(at.thing)), m.Payload)
	return v.kept.last
}

func (v *guest) keepReading(at *place, h heard, m *contained.Message) {
	h.mark, h.width = v.keepMessage(at, m), len(v.heard.Values)
	b := &v.kept.batch
	b.order = append(b.order, readingItem)
	b.readings, b.values = append(b.readings, h), append(b.values, v.heard.Values...)
	v.keeps(m)
}

func (v *guest) keepAck(at *place, a answered, m *contained.Message) {
	a.mark = v.keepMessage(at, m)
	a.State = slices.Clone(a.State)
	v.kept.order, v.kept.acks = append(v.kept.order, ackItem), append(v.kept.acks, a)
	v.keeps(m)
}

// keeps waits for a message that others than the guard acknowledge: mochi one of QoS
// 2, and one that goes on to observers, as soon as this returns.
func (v *guest) keeps(m *contained.Message) {
	if m.QoS == 2 || v.desk.watchers[Readings].Load()+v.desk.watchers[Acks].Load() > 0 {
		_ = v.commit() // it fails when the run is over
	}
}

// Commit waits until all that a client has sent is on disk, and hands it on.
func (p policy) Commit(c *contained.Client) error {
	if p.keep == nil {
		return nil
	}
	return c.Guest.(*guest).commit()
}

func (v *guest) commit() error {
	b := &v.kept.batch
	if len(b.order) == 0 {
		return nil
	}
	d := v.desk
	if err := d.keep.journal.Wait(v.kept.last); err != nil {
		return err
	}
	readings, acks, values := b.readings, b.acks, b.values
	for _, x := range b.order {
		if x == readingItem {
			d.inbox.reading(readings[0], values[:readings[0].width], true)
			d.counts.add(heardReadings)
			values, readings = values[readings[0].width:], readings[1:]
		} else {
			d.inbox.ack(acks[0], true)
			d.counts.add(heardAcks)
			acks = acks[1:]
		}
	}
	b.order, b.readings, b.acks, b.values = b.order[:0], b.readings[:0], b.acks[:0], b.values[:0]
	return nil
}

// note writes down what the clock takes up now. It is not waited for: what goes out
// because of it is.
func (k *keep) note(c *sim.Clock, b *batch) {
	if len(b.order) == 0 || k.recalling {
		return
	}
	r := binary.AppendUvarint(binary.AppendUvarint(append(k.scratch[:0], turnRecord), uint64(c.Now())), c.Events())
	readings, acks, losses := b.readings, b.acks, b.losses
	for _, x := range b.order {
		switch x {
		case readingItem:
			r = binary.AppendUvarint(append(r, byte(x)), readings[0].mark)
			readings = readings[1:]
		case ackItem:
			r = binary.AppendUvarint(append(r, byte(x)), acks[0].mark)
			acks = acks[1:]
		case lossItem:
			r = losses[0].append(append(r, byte(x)))
			losses = losses[1:]
		}
	}
	k.journal.Append(r)
	k.scratch = r
}

func (l *loss) append(b []byte) []byte {
	flags := byte(0)
	if l.foreign {
		flags |= 1
	}
	if l.took {
		flags |= 2
	}
	b = append(b, byte(l.medium), byte(l.why), flags)
	b = binary.AppendUvarint(b, uint64(l.thing))
	b = binary.AppendVarint(b, int64(l.due))
	b = binary.AppendUvarint(b, l.id)
	return binary.AppendUvarint(b, uint64(l.seq))
}

// Recall repeats what a record tells, on the clock's thread, before Open. Nothing
// goes out meanwhile.
func (g *Gate) Recall(number uint64, record []byte) error {
	k := g.keep
	switch {
	case len(record) < 2:
		return errRecord
	case record[0] == messageRecord:
		k.messages[number] = slices.Clone(record)
		return nil
	case record[0] != turnRecord:
		return errRecord
	}
	r := fields{b: record[1:]}
	now, events := sim.Time(r.number()), r.number()
	if r.bad {
		return errRecord
	}
	if err := g.world.Clock.Rerun(now, events); err != nil {
		return err
	}
	var b batch
	for len(r.b) > 0 && !r.bad {
		switch item(r.byte()) {
		case readingItem, ackItem:
			if err := g.remember(r.number(), &b); err != nil {
				return err
			}
		case lossItem:
			l := r.loss()
			if u := k.unsettled[l.id]; u != nil && l.medium == sim.CommandMessage {
				if u.n--; u.n == 0 {
					delete(k.unsettled, l.id)
				}
			}
			b.order, b.losses = append(b.order, lossItem), append(b.losses, l)
		default:
			return errRecord
		}
	}
	if r.bad {
		return errRecord
	}
	g.take(b)
	return nil
}

// remember puts a message of the journal into a batch, as a guest would have.
func (d *desk) remember(mark uint64, b *batch) error {
	m, ok := d.keep.messages[mark]
	if !ok {
		return fmt.Errorf("record %d is missing: %w", mark, errRecord)
	}
	delete(d.keep.messages, mark)
	r := fields{b: m[2:]}
	thing := sim.ThingID(r.number())
	k := d.world.Roster.Kind(thing)
	if r.bad || k == nil {
		return errRecord
	}
	if Room(m[1]) == Readings {
		h := &d.keep.heard
		if err := d.codec(thing).ReadReading(r.b, h); err != nil {
			return err
		}
		b.order = append(b.order, readingItem)
		b.readings = append(b.readings, heard{thing: thing, seq: h.Seq, due: -1, ahead: h.Ahead, again: h.Again, foreign: true, width: len(h.Values), mark: mark})
		b.values = append(b.values, h.Values...)
		return nil
	}
	a := answered{thing: thing, foreign: true, mark: mark}
	if err := ReadAck(r.b, k, &a.Answer); err != nil {
		return err
	}
	a.State = slices.Clone(a.State)
	b.order, b.acks = append(b.order, ackItem), append(b.acks, a)
	return nil
}

// Recalled ends the repetition at the clock's now and goes on in the journal: what the journal has and no turn
// had handed on is handed on, and commands of which nobody knows whether they had
// arrived are booked as lost with the process. It says how many messages those were.
func (g *Gate) Recalled(j *journal.Journal) (late int, err error) {
	k := g.keep
	k.journal, k.recalling = j, false
	for _, id := range slices.Sorted(maps.Keys(k.unsettled)) {
		for u := k.unsettled[id]; u.n > 0; u.n-- {
			g.world.Observers.Lost(sim.CommandMessage, u.thing, u.due, LostToEnd)
		}
	}
	var b batch
	late = len(k.messages)
	for _, mark := range slices.Sorted(maps.Keys(k.messages)) {
		if err := g.remember(mark, &b); err != nil {
			return 0, err
		}
	}
	k.messages, k.unsettled = nil, nil
	g.take(b)
	return late, nil
}

// recallCommand notes a command that went out when the run was first played.
func (k *keep) recallCommand(c *sim.Command) {
	u := k.unsettled[c.ID]
	if u == nil {
		u = &unsettled{thing: c.Thing}
		k.unsettled[c.ID] = u
	}
	u.due = c.Decided.At
	u.n++
}

// fields reads the numbers of a record.
type fields struct {
	b   []byte
	bad bool
}

func (f *fields) number() uint64 {
	x, n := binary.Uvarint(f.b)
	f.skip(n)
	return x
}

func (f *fields) signed() int64 {
	x, n := binary.Varint(f.b)
	f.skip(n)
	return x
}

func (f *fields) byte() byte {
	if len(f.b) == 0 {
		f.bad = true
		return 0
	}
	x := f.b[0]
	f.b = f.b[1:]
	return x
}

func (f *fields) skip(n int) {
	if n <= 0 {
		f.bad, f.b = true, nil
		return
	}
	f.b = f.b[n:]
}

func (f *fields) loss() (l loss) {
	l.medium, l.why = sim.Medium(f.byte()), sim.Cause(f.byte())
	flags := f.byte()
	l.foreign, l.took = flags&1 != 0, flags&2 != 0
	l.thing, l.due, l.id, l.seq = sim.ThingID(f.number()), sim.Time(f.signed()), f.number(), uint32(f.number())
	if l.medium > sim.TaskMessage || int(l.why) >= sim.Causes() {
		f.bad = true
	}
	return l
}
