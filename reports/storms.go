package reports

import (
	"slices"

	"github.com/twinbed/twinbed/sim"
)

// Storm is how connections came back after they broke. Times are seconds of scenario
// time from when the first broke.
type Storm struct {
	From  Number `json:"from"`  // when the first broke
	Down  int    `json:"down"`  // how many were down at once, at most
	First Number `json:"first"` // until one came back after that; null where none did
	Half  Number `json:"half"`  // until half of them were up again; null where they were not
	Back  Number `json:"back"`  // until all were; null where they were not
	Peak  int    `json:"peak"`  // most that came up in a second
	Rates []int  `json:"rates"` // that came up in each second, from the first on
}

// storm is one that is under way.
type storm struct {
	from  sim.Time
	of    int // connections, when all are up
	peak  int
	looks []look
}

// look is how many connections were up at a time.
type look struct {
	at sim.Time
	up int
}

// looksASecond is how often connections are looked at, in wall time.
const looksASecond = 10

// Bounds of what is kept of a storm.
const (
	mostLooks = 3600 * looksASecond
	mostRates = 600
)

// Connections takes down how many connections are up, a tenth of a second of wall
// time after the last look.
func (a *Aftermath) Connections(up, of int) {
	now := a.clock.Now()
	a.up = append(a.up, up)
	if len(a.up) > looksASecond+1 {
		a.up = a.up[1:]
	}
	if a.storm == nil && up < of && len(a.storms) < mostStrikes {
		a.storm = &storm{from: now, of: of}
	}
	if s := a.storm; s != nil {
		s.peak = max(s.peak, up-slices.Min(a.up))
		if len(s.looks) < mostLooks || up == of {
			s.looks = append(s.looks, look{now, up})
		}
		if up == of {
			a.storms, a.storm = append(a.storms, s.told()), nil
		}
	}
}

// told draws up the account of a storm.
func (s *storm) told() Storm {
	lowest := 0 // the last look at which fewest were up
	for i, l := range s.looks {
		if l.up <= s.looks[lowest].up {
			lowest = i
		}
	}
	least := s.looks[lowest].up
	x := Storm{From: Number(s.from.Seconds()), Down: s.of - least, First: Unknown, Half: Unknown, Back: Unknown, Peak: s.peak, Rates: []int{}}
	since := func(l look) Number { return Number(l.at.Sub(s.from).Seconds()) }
	for i, l := range s.looks[lowest+1:] {
		if !x.First.Known() {
			x.First = since(l) // the next look after the lowest is higher
		}
		if !x.Half.Known() && 2*(l.up-least) >= x.Down {
			x.Half = since(l)
		}
		if !x.Back.Known() && l.up == s.of {
			x.Back = since(l)
		}
		second := i / looksASecond
		if second == len(x.Rates) && second < mostRates {
			x.Rates = append(x.Rates, 0)
		}
		if came := l.up - s.looks[lowest+i].up; came > 0 && second < len(x.Rates) {
			x.Rates[second] += came
		}
	}
	return x
}
