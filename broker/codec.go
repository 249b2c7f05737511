package broker

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/twinbed/twinbed/sim"
)

// Codec writes and reads the payloads of things of one kind. It keeps nothing
// between calls: any number of goroutines may use one.
type Codec struct {
	kind    *sim.Kind
	signals []string
	keys    [][]byte // `,"temperature":`
	states  [][]byte
}

// The fields of a reading that are no signals.
const (
	seqField   = "seq"   // the device's own count, from 1
	ownField   = "t"     // the device's own time
	dueField   = "due"   // of simulated things: nanoseconds since the run began
	againField = "again" // likewise: 1 where it was sent before
	aheadField = "ahead" // likewise: by how many nanoseconds their own clock is ahead; left out where it is right
)

// NewCodec makes the codec of a kind. A signal must not have the name of
// another field of a reading.
func NewCodec(k *sim.Kind) (*Codec, error) {
	c := &Codec{kind: k}
	for _, s := range k.Signals {
		switch s.Name {
		case seqField, ownField, dueField, aheadField, againField:
			return nil, fmt.Errorf("signal %s of %s: that name stands for something else in the payload of readings", s.Name, k.Name)
		}
		c.signals = append(c.signals, s.Name)
		c.keys = append(c.keys, key(s.Name))
	}
	for _, s := range k.States {
		c.states = append(c.states, key(s.Name))
	}
	return c, nil
}

func key(name string) []byte { return append(appendText([]byte{','}, name), ':') }

// Heard is what a payload of a reading said.
type Heard struct {
	Seq     uint32   // 0 where it lacks one
	Due     sim.Time // -1 where it lacks one
	Ahead   time.Duration
	Again   bool
	Unknown int       // fields that are no signal of the kind
	Values  []float64 // one per signal, NaN where it lacks one
}

// AppendReading writes the payload of a simulated thing's reading; values that
// are not finite are left out.
func (c *Codec) AppendReading(b []byte, r *sim.Reading) []byte {
	b = append(b, `{"seq":`...)
	b = strconv.AppendUint(b, uint64(r.Seq), 10)
	if !r.Foreign {
		b = append(b, `,"due":`...)
		b = strconv.AppendInt(b, int64(r.Sensed.At), 10)
		if r.Skew != 0 {
			b = append(b, `,"ahead":`...)
			b = strconv.AppendInt(b, int64(r.Skew), 10)
		}
		if r.Again {
			b = append(b, `,"again":1`...)
		}
	}
	if r.Odd {
		return append(b, `,"v":2,"data":{}}`...) // as of firmware that nobody has announced
	}
	for i, v := range r.Values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			continue
		}
		b = append(b, c.keys[i]...)
		b = appendNumber(b, v)
	}
	return append(b, '}')
}

// ReadReading reads the payload of a reading into h, whose Values it reuses.
func (c *Codec) ReadReading(payload []byte, h *Heard) error {
	h.Seq, h.Due, h.Ahead, h.Again, h.Unknown = 0, -1, 0, false, 0
	h.Values = h.Values[:0]
	for range c.signals {
		h.Values = append(h.Values, math.NaN())
	}
	var s scanner
	guess, any, own := 0, false, false
	for s.begin(payload); s.field(); {
		if i := c.signal(s.key, guess); i >= 0 {
			if !math.IsNaN(h.Values[i]) {
				s.fail("%s twice", c.signals[i])
			}
			h.Values[i] = s.number()
			guess, any = i+1, true
			continue
		}
		switch string(s.key) {
		case seqField:
			if h.Seq != 0 {
				s.fail("seq twice")
			}
			h.Seq = uint32(s.integer(1, math.MaxUint32))
		case dueField:
			if h.Due >= 0 {
				s.fail("due twice")
			}
			h.Due = sim.Time(s.integer(0, math.MaxInt64))
		case aheadField:
			h.Ahead = time.Duration(s.integer(math.MinInt64, math.MaxInt64))
		case againField:
			h.Again = s.integer(0, 1) == 1
		case ownField:
			if own {
				s.fail("t twice")
			}
			own = true
			s.ownTime()
		default:
			h.Unknown++
			s.skip()
		}
	}
	if err := s.end(); err != nil {
		return err
	}
	if !any {
		return errors.New("no signal of " + c.kind.Name + " in it")
	}
	return nil
}

// signal finds a signal by its key, the guess first: fields come in order.
func (c *Codec) signal(key []byte, guess int) int {
	if guess < len(c.signals) && c.signals[guess] == string(key) {
		return guess
	}
	for i, name := range c.signals {
		if name == string(key) {
			return i
		}
	}
	return -1
}

// ownTime checks a device's own time: RFC 3339 or milliseconds since 1970. It is
// data that nothing here is stamped by.
func (s *scanner) ownTime() {
	if s.peek() != '"' {
		s.number()
		return
	}
	if text := s.quoted(); s.err == nil && !rfc3339(text) {
		s.fail("t is neither RFC 3339 nor milliseconds")
	}
}

// rfc3339 checks the form without making a time of it.
func rfc3339(text []byte) bool {
	const form = "0000-00-00T00:00:00"
	if len(text) < len(form)+1 {
		return false
	}
	for i := range form {
		digit := '0' <= text[i] && text[i] <= '9'
		if digit != (form[i] == '0') || !digit && text[i] != form[i] {
			return false
		}
	}
	rest := text[len(form):]
	if rest[0] == '.' {
		i := 1
		for i < len(rest) && '0' <= rest[i] && rest[i] <= '9' {
			i++
		}
		if i == 1 || i == len(rest) {
			return false
		}
		rest = rest[i:]
	}
	if len(rest) == 1 {
		return rest[0] == 'Z'
	}
	if len(rest) != 6 || rest[0] != '+' && rest[0] != '-' || rest[3] != ':' {
		return false
	}
	for _, i := range [...]int{1, 2, 4, 5} {
		if rest[i] < '0' || rest[i] > '9' {
			return false
		}
	}
	return true
}
