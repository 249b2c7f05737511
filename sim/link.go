package sim

import (
	"time"

	"github.com/twinbed/twinbed/sim/chance"
)

// Network is what lies between the things and the platform, as modelled.
type Network struct {
	_ struct{} `formula:"arrives = sent + latency + jitter, after those before it unless reorder; lost with the probability loss" source:"none, an assumption: messages are lost independently of one another"`

	Latency chance.Distribution `unit:"s" doc:"time one way"`
	Jitter  chance.Distribution `unit:"s" doc:"added to the latency, drawn anew for each message"`
	Loss    float64             `unit:"%" min:"0" max:"1" doc:"share of the messages that vanish"`
	Reorder bool                `doc:"messages of one thing may overtake each other; otherwise they keep their order, as over TCP"`
}

// Impairment is what a fault does to the messages of some things.
type Impairment struct {
	Where    []ThingID
	Up, Down bool                               // which ways it harms
	Loss     float64                            // share of messages that vanish, 1 for all
	Delay    chance.Distribution                // seconds more; nil: none
	Bits     float64                            // a second, each way of each thing; 0: no bound
	Size     func(id ThingID, n uint64) float64 // bits of a message, where they are bounded
	Buffer   time.Duration                      // and how long one may wait
	Cause    Cause                              // of what vanishes
	Hits     *Hits                              // of what is harmed
}

// Link is the one place where the network lives and fails: every message
// between a thing and the platform asks it once, in any run.
type Link struct {
	network  Network
	things   int
	latency  [2]chance.Stream
	jitter   [2]chance.Stream
	loss     [2]chance.Stream
	last     [2][]Time // latest arrival per thing, to keep order
	impaired []*impairment
}

type impairment struct {
	Impairment
	members []uint64
	loss    [2]chance.Stream
	delay   [2]chance.Stream
	free    [2]map[ThingID]Time // when a bounded wire can take the next message
}

// Way is the direction of a message.
type Way uint8

// The two ways.
const (
	Up   Way = iota // to the platform
	Down            // to the thing
)

// NewLink makes the link of a run with so many things.
func NewLink(n Network, seed chance.Seed, things int) *Link {
	l := &Link{network: n, things: things}
	for way, name := range [...]string{"up", "down"} {
		l.latency[way] = seed.Stream("network latency " + name)
		l.jitter[way] = seed.Stream("network jitter " + name)
		l.loss[way] = seed.Stream("network loss " + name)
		if !n.Reorder && (n.Latency != nil || n.Jitter != nil) {
			l.last[way] = make([]Time, things)
		}
	}
	return l
}

// Pass sends message n of a thing at a time: when it arrives, or why it does not.
// n numbers the thing's messages one way, so that luck does not depend on others.
func (l *Link) Pass(way Way, id ThingID, n uint64, now Time) (arrives Time, lost Cause, ok bool) {
	if l.network.Loss > 0 && l.loss[way].Uniform(uint32(id), n) < l.network.Loss {
		return 0, LostOnLink, false
	}
	arrives = later(now, l.network.Latency, l.latency[way], id, n)
	arrives = later(arrives, l.network.Jitter, l.jitter[way], id, n)
	for _, i := range l.impaired {
		if !i.meets(way, id) {
			continue
		}
		if i.Loss > 0 && (i.Loss >= 1 || i.loss[way].Uniform(uint32(id), n) < i.Loss) {
			i.Hits.Add()
			return 0, i.Cause, false
		}
		if i.Delay != nil {
			i.Hits.Add()
			arrives = later(arrives, i.Delay, i.delay[way], id, n)
		}
		if i.Bits > 0 {
			wait, ok := i.serialise(way, id, n, now)
			if !ok {
				return 0, i.Cause, false
			}
			arrives = arrives.Add(wait)
		}
	}
	if last := l.last[way]; last != nil {
		if arrives < last[id] {
			arrives = last[id] + 1 // behind it
		}
		last[id] = arrives
	}
	return arrives, 0, true
}

// later adds a drawn delay; none where there is no distribution.
func later(t Time, delay chance.Distribution, luck chance.Stream, id ThingID, n uint64) Time {
	if delay == nil {
		return t
	}
	return t.Add(Seconds(delay.Quantile(luck.Uniform(uint32(id), n))))
}

// serialise has a message wait for those before it on a bounded wire; false where
// that would take too long.
func (i *impairment) serialise(way Way, id ThingID, n uint64, now Time) (wait time.Duration, ok bool) {
	i.Hits.Add()
	done := max(now, i.free[way][id]).Add(Seconds(i.Size(id, n) / i.Bits))
	if wait = done.Sub(now); wait > i.Buffer {
		return 0, false
	}
	i.free[way][id] = done
	return wait, true
}

func (i *impairment) meets(way Way, id ThingID) bool {
	return (way == Up && i.Up || way == Down && i.Down) && isMember(i.members, id)
}

// keepOrder has messages of a thing not overtake each other from now on.
func (l *Link) keepOrder() {
	for way := range l.last {
		if l.last[way] == nil && !l.network.Reorder {
			l.last[way] = make([]Time, l.things)
		}
	}
}

// Impair harms the link until undo is called. name sets its luck apart.
func (l *Link) Impair(name string, seed chance.Seed, harm Impairment) (undo func()) {
	i := &impairment{Impairment: harm, members: members(harm.Where)}
	for way, direction := range [...]string{"up", "down"} {
		i.loss[way] = seed.Stream("fault " + name + " loss " + direction)
		i.delay[way] = seed.Stream("fault " + name + " delay " + direction)
	}
	if harm.Delay != nil || harm.Bits > 0 {
		l.keepOrder()
	}
	if harm.Bits > 0 {
		i.free = [2]map[ThingID]Time{{}, {}}
	}
	l.impaired = append(l.impaired, i)
	return func() {
		for at, x := range l.impaired {
			if x == i {
				l.impaired = append(l.impaired[:at:at], l.impaired[at+1:]...)
				return
			}
		}
	}
}
