package faults

import (
	"fmt"
	"time"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
)

func init() {
	sim.Faults.Add("message_loss", "a share of the messages to and from the things vanishes", func() sim.Fault { return &MessageLoss{} })
	sim.Faults.Add("partition", "the things and the platform cannot reach each other: everything sent meanwhile is lost", func() sim.Fault { return &Partition{} })
	sim.Faults.Add("half_open", "connections are dead and neither end is told: everything sent meanwhile is lost", func() sim.Fault { return &HalfOpen{} })
	sim.Faults.Add("flapping", "the network comes and goes", func() sim.Fault { return &Flapping{} })
	sim.Faults.Add("reset", "connections are reset, and what is sent before they are back is lost", func() sim.Fault { return &Reset{} })
	sim.Faults.Add("latency", "messages take longer, in their order", func() sim.Fault { return &Latency{} })
	sim.Faults.Add("jitter", "messages take longer by chance, in their order", func() sim.Fault { return &Jitter{} })
	sim.Faults.Add("bandwidth", "messages of a thing wait for one another: its wire takes so many bits a second", func() sim.Fault { return &Bandwidth{} })
}

var (
	lostToFault     = sim.NewCause("fault: message_loss")
	lostToPartition = sim.NewCause("fault: partition")
	lostToHalfOpen  = sim.NewCause("fault: half_open")
	lostToFlapping  = sim.NewCause("fault: flapping")
	lostToBandwidth = sim.NewCause("fault: bandwidth")
	lostToReset     = sim.NewCause("fault: reset")
)

// onNetwork is a fault that strikes the link of some things.
type onNetwork struct{}

// Area is where it strikes.
func (onNetwork) Area() sim.Area { return sim.NetworkOf }

// Prepare has connections of live runs lead through relays.
func (onNetwork) Prepare(w *sim.World) { w.Relays = w.Live }

// Check wants things.
func (onNetwork) Check(w *sim.World, where sim.Selection) error {
	for _, k := range w.Roster.Kinds {
		if meets(where, k) && w.Beyond != nil && w.Beyond(k) {
			return fmt.Errorf("%s are clients that are not ours (connect: outside): their wires are beyond reach", k.Name)
		}
	}
	return needThings(w, where)
}

// Direction says which way messages are harmed.
type Direction struct {
	Way string `default:"both" oneof:"both|up|down" doc:"up: readings and acks, down: commands"`
}

// impair harms those who are met: the bytes of their connections, in a live run
// where they have one, else their link.
func (d Direction) impair(w *sim.World, where sim.Selection, name string, link sim.Impairment, wire sim.WireHarm) (undo func()) {
	up, down, things := d.Way != "down", d.Way != "up", where.Things
	calm := func() {}
	if w.Wires != nil {
		wire.Up, wire.Down, wire.Hits, wire.Luck, wire.Speed = up, down, where.Hits, luck(w, name), w.Clock.Speed()
		calm, things = w.Wires.Harm(things, &wire)
	}
	if len(things) == 0 {
		return calm
	}
	link.Where, link.Up, link.Down, link.Hits = things, up, down, where.Hits
	return all([]func(){calm, w.Link.Impair(name, w.Seed, link)})
}

// MessageLoss loses messages at random.
type MessageLoss struct {
	onNetwork
	Direction `key:",inline"`
	Rate      float64 `required:"true" unit:"%" above:"0" max:"1" doc:"share that is lost"`
}

// Begin harms the link until undone.
func (f *MessageLoss) Begin(w *sim.World, where sim.Selection) (func(), error) {
	return f.impair(w, where, "message_loss", sim.Impairment{Loss: f.Rate, Cause: lostToFault}, sim.WireHarm{Loss: f.Rate}), nil
}

// Partition cuts things off.
type Partition struct {
	onNetwork
	Direction `key:",inline"`
}

// Begin cuts the link until undone.
func (f *Partition) Begin(w *sim.World, where sim.Selection) (func(), error) {
	return f.impair(w, where, "partition", sim.Impairment{Loss: 1, Cause: lostToPartition}, sim.WireHarm{Stall: true}), nil
}

// HalfOpen is a partition both ways that no end notices.
type HalfOpen struct{ onNetwork }

// Begin cuts the link until undone.
func (f *HalfOpen) Begin(w *sim.World, where sim.Selection) (func(), error) {
	return Direction{}.impair(w, where, "half_open", sim.Impairment{Loss: 1, Cause: lostToHalfOpen}, sim.WireHarm{Dead: true}), nil
}

// Flapping is a partition that comes and goes, for all who are met at once.
type Flapping struct {
	onNetwork
	Direction `key:",inline"`
	Up        chance.Distribution `unit:"s" default:"exponential mean 20s" doc:"how long the network is there" source:"none, an assumption"`
	Down      chance.Distribution `unit:"s" default:"exponential mean 5s" doc:"how long it is not" source:"none, an assumption"`
}

// Begin has it come and go until undone.
func (f *Flapping) Begin(w *sim.World, where sim.Selection) (func(), error) {
	luck := luck(w, "flapping")
	return alternate(w, func(n uint64) (func(), float64) {
		return f.impair(w, where, "flapping", sim.Impairment{Loss: 1, Cause: lostToFlapping}, sim.WireHarm{Stall: true}), f.Down.Quantile(luck.Uniform(0, n))
	}, func(n uint64) float64 { return f.Up.Quantile(luck.Uniform(1, n)) }), nil
}

// Reset breaks connections, once or again and again. A thing is away until it has
// connected again.
type Reset struct {
	onNetwork
	Apart chance.Distribution `unit:"s" doc:"time from when a thing is back to the next; default: once, at the beginning"`
	Back  chance.Distribution `unit:"s" default:"uniform 0.5s..2s" doc:"how long a thing takes to be back" source:"none, an assumption"`
}

// Begin breaks them until undone.
func (f *Reset) Begin(w *sim.World, where sim.Selection) (func(), error) {
	luck := luck(w, "reset")
	var undos []func()
	for _, id := range where.Things {
		alone := where
		alone.Things = []sim.ThingID{id}
		undos = append(undos, alternate(w, func(n uint64) (func(), float64) {
			return Direction{}.impair(w, alone, "reset", sim.Impairment{Loss: 1, Cause: lostToReset}, sim.WireHarm{Reset: true}), f.Back.Quantile(luck.Uniform(uint32(id), 2*n))
		}, func(n uint64) float64 {
			if f.Apart == nil {
				return sim.Never.Seconds()
			}
			return f.Apart.Quantile(luck.Uniform(uint32(id), 2*n+1))
		}))
	}
	return all(undos), nil
}

// Latency delays messages.
type Latency struct {
	onNetwork
	Direction `key:",inline"`
	By        chance.Distribution `required:"true" unit:"s" doc:"how much longer they take"`
}

// Begin delays them until undone.
func (f *Latency) Begin(w *sim.World, where sim.Selection) (func(), error) {
	return f.impair(w, where, "latency", sim.Impairment{Delay: f.By}, sim.WireHarm{Delay: f.By}), nil
}

// Jitter delays messages by chance.
type Jitter struct {
	onNetwork
	Direction `key:",inline"`
	By        chance.Distribution `unit:"s" default:"exponential mean 100ms" doc:"how much longer they take" source:"none, an assumption"`
}

// Begin delays them until undone.
func (f *Jitter) Begin(w *sim.World, where sim.Selection) (func(), error) {
	return f.impair(w, where, "jitter", sim.Impairment{Delay: f.By}, sim.WireHarm{Delay: f.By}), nil
}

// Bandwidth bounds each thing's wire.
type Bandwidth struct {
	onNetwork
	Direction `key:",inline"`
	Bits      float64       `required:"true" above:"0" doc:"a second, each way. A reading counts as 64 bytes and 24 more for each signal, an ack or a command as 128"`
	Buffer    time.Duration `default:"1m" min:"0s" max:"2m" doc:"what would have to wait for longer is lost" source:"none, an assumption"`
}

// Begin bounds them until undone.
func (f *Bandwidth) Begin(w *sim.World, where sim.Selection) (func(), error) {
	return f.impair(w, where, "bandwidth", sim.Impairment{Bits: f.Bits, Buffer: f.Buffer, Cause: lostToBandwidth, Size: func(id sim.ThingID, n uint64) float64 {
		if n>>32 != 0 { // an ack or a command
			return 8 * 128
		}
		return 8 * float64(64+24*len(w.Roster.Kind(id).Signals))
	}}, sim.WireHarm{Bits: f.Bits}), nil
}
