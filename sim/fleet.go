package sim

import (
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/twinbed/twinbed/sim/chance"
)

// Fleet plays all simulated things of one kind: their ground truth, what they
// sense and when, and how they obey. State is held in arrays, one row a thing.
type Fleet struct {
	Kind *Kind
	// Carrier takes readings and acks that have passed the link.
	Carrier Carrier
	// Unattended is how long a thing that is down (broken, or its load 0) and
	// that nobody has been sent to stays so, until somebody comes by and makes
	// all its states as new; 0: for ever.
	Unattended time.Duration

	world   *World
	width   int // of a row
	signals []Signal
	order   []int     // signals in the order they are carried forward: an input before what reads it
	truth   []float64 // Kind.Width() per thing
	carried []Time    // when each row was last brought up to date
	seq     []uint32
	ticking []bool // a next reading is scheduled
	real    bitmap // not played here: a bound device or an outside client
	active  int    // things 0 to active-1 are switched on
	silent  bool   // nothing is sensed any more

	phase, fails, takes   chance.Stream
	senseKind, arriveKind EventKind

	flights  *flights
	odd      map[uint32]oddity // of readings on the link, by slot
	out      Outgoing          // reused
	reading  Reading           // reused
	deeds    deeds
	upkeep   upkeep
	inbound  int // commands on the link
	outbound int // acks on the link

	// With lanes:
	values  []float64 // reused, in a lane
	due     []Time    // when the next reading of a thing that waits on a shelf is due; Never of others
	shelves []*shelf
	onShelf int // how many things are on one
}

// Linked is a SignalModel that reads other signals of its thing, by name.
type Linked interface {
	Needs() []string
}

// Reactive is a Signal that wants to know when a state of thing i has been set.
type Reactive interface {
	StateSet(i int, now Time)
}

// NewFleet puts a kind's things on the stage, all switched off. models are the
// kind's signals in order; open reads a file of the scenario's folder. Mistakes
// come back joined, as Wrongs with paths from the kind on: "signals.x.file".
func NewFleet(w *World, k *Kind, models []SignalModel, open func(string) (io.ReadCloser, error)) (*Fleet, error) {
	for _, m := range models {
		if s, ok := m.(Stateful); ok {
			for _, state := range s.States() {
				at := k.NeedState(state.Name, state.Initial)
				k.States[at].Moves = k.States[at].Moves || state.Moves
			}
		}
	}
	order, err := signalOrder(k, models)
	if err != nil {
		return nil, err
	}
	f := &Fleet{
		Kind: k, Carrier: w.Bus, world: w, width: k.Width(), order: order,
		truth:   make([]float64, k.Width()*k.Count),
		carried: make([]Time, k.Count),
		seq:     make([]uint32, k.Count),
		ticking: make([]bool, k.Count), real: newBitmap(k.Count),
		phase: w.Seed.Stream(k.Name + " phase"),
		fails: w.Seed.Stream(k.Name + " command fails"),
		takes: w.Seed.Stream(k.Name + " command takes"),
	}
	f.senseKind = w.Clock.Handle(senseHandler{f})
	f.arriveKind = w.Clock.Handle(arriveHandler{f})
	w.Clock.anonymous(f.arriveKind)
	f.flights = &flights{width: len(k.Signals)}
	f.layOut()
	var wrongs []error
	for at, m := range models {
		s, err := m.Build(&Site{
			World: w, Clock: w.Clock, Calendar: w.Calendar, Fleet: f, Kind: k, Index: at, Symbols: w.Symbols, Open: open,
			Stream: w.Seed.Stream(k.Name + "." + k.Signals[at].Name),
		})
		for _, w := range Wrongs(err) {
			w.Path = strings.TrimSuffix("signals."+k.Signals[at].Name+"."+w.Path, ".")
			wrongs = append(wrongs, w)
		}
		f.signals = append(f.signals, s)
	}
	if len(wrongs) > 0 {
		return nil, errors.Join(wrongs...)
	}
	for i := range k.Count {
		f.carry(i, 0)
	}
	return f, nil
}

// layOut writes the initial states and the attributes into every row.
func (f *Fleet) layOut() {
	k := f.Kind
	for i := range k.Count {
		row := f.Row(i)[len(k.Signals):]
		for at, s := range k.States {
			row[at] = s.Initial
		}
		for at, a := range k.Attributes {
			row[len(k.States)+at] = a.Values[i]
		}
	}
}

// signalOrder sorts signals so that each comes after those it reads.
func signalOrder(k *Kind, models []SignalModel) ([]int, error) {
	var order, path []int
	done := make([]bool, len(models))
	var visit func(at int) error
	visit = func(at int) error {
		if done[at] {
			return nil
		}
		if slices.Contains(path, at) {
			return Wrongf("signals."+k.Signals[at].Name, "%s reads itself, through %s", k.Signals[at].Name, k.Signals[path[len(path)-1]].Name)
		}
		path = append(path, at)
		if l, ok := models[at].(Linked); ok {
			for _, name := range l.Needs() {
				if need := k.Signal(name); need >= 0 {
					if err := visit(need); err != nil {
						return err
					}
				}
			}
		}
		path = path[:len(path)-1]
		done[at] = true
		order = append(order, at)
		return nil
	}
	for at := range models {
		if err := visit(at); err != nil {
			return nil, err
		}
	}
	return order, nil
}

// Row is thing i's ground truth: signals, states, attributes.
func (f *Fleet) Row(i int) []float64 {
	from := i * f.width
	return f.truth[from : from+f.width : from+f.width]
}

// State is where a state of thing i stands, for a model that keeps it.
func (f *Fleet) State(i, state int) *float64 {
	return &f.truth[i*f.width+len(f.Kind.Signals)+state]
}

// Truth is where the truth of one signal of thing i stands, for its model.
func (f *Fleet) Truth(i, signal int) *float64 {
	return &f.truth[i*f.width+signal]
}

// Release takes a thing out of play: a device or an outside client is it.
func (f *Fleet) Release(id ThingID) { f.real.set(int(id - f.Kind.First)) }

// Played says whether a thing is simulated here.
func (f *Fleet) Played(id ThingID) bool { return !f.real.has(int(id - f.Kind.First)) }

// Active is how many things are switched on.
func (f *Fleet) Active() int { return f.active }

// Switch sets how many things are on: the first n. A thing that comes on
// senses first after a part of its interval that is its own; together they
// spread evenly over it.
func (f *Fleet) Switch(n int) {
	n = min(max(n, 0), f.Kind.Count)
	now := f.world.Clock.Now()
	for i := f.active; i < n; i++ {
		if !f.ticking[i] && !f.real.has(i) {
			f.ticking[i] = true
			// In the order of their rows, so that a large fleet walks through memory and
			// does not jump: with a million things that is five times as fast.
			wait := time.Duration((float64(i) + f.phase.Uniform(uint32(i), 0)) / float64(f.Kind.Count) * float64(f.Kind.Every))
			f.world.Clock.Schedule(now.Add(wait), f.senseKind, uint32(i), 0)
		}
	}
	f.active = n
}

// Silence ends all sensing; the things go on obeying. A live run ends so: what is on
// its way comes in.
func (f *Fleet) Silence() { f.silent = true }

// carry brings all truths of thing i to now.
func (f *Fleet) carry(i int, now Time) []float64 {
	row := f.Row(i)
	if now < f.carried[i] {
		panic("the truth of " + f.Kind.Name + " is asked for in the past")
	}
	for _, s := range f.order {
		row[s] = f.signals[s].Advance(i, f.carried[i], now)
	}
	f.carried[i] = now
	return row
}

// At is the truth of thing i at now, for a model of other things that reads it.
func (f *Fleet) At(i int, now Time) []float64 {
	if f.carried[i] == now {
		return f.Row(i)
	}
	return f.carry(i, now)
}

// Changed tells the observers of thing i's truth at now and looks after it if it
// is down. Models call it after they have set a state of their own.
func (f *Fleet) Changed(i int) {
	now := f.world.Clock.Now()
	f.world.Observers.Truth(f.Kind, i, now, f.carry(i, now))
	f.lookAfter(i)
}

// OnLink is how many readings, commands and acks are on their way.
func (f *Fleet) OnLink() (readings, commands, acks int) {
	readings = f.flights.count
	for _, s := range f.shelves {
		readings += s.flights.count
	}
	return readings, f.inbound, f.outbound
}
