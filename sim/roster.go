package sim

import (
	"fmt"
	"path"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/twinbed/twinbed/sim/chance"
	"github.com/twinbed/twinbed/sim/formula"
)

// Kind describes things of one sort: what they sense, what state they have and
// what they can be told to do. Things of a kind stand together in the Roster.
type Kind struct {
	Name       string
	First      ThingID
	Count      int           // all that will ever be switched on: Declared times the load's peak
	Declared   int           // as many as the scenario says: a load of 100 %
	Every      time.Duration // between two readings of one thing
	Signals    []SignalSpec
	States     []StateSpec
	Attributes []Attribute
	Commands   []CommandSpec
	digits     int
}

// SignalSpec names one measured quantity.
type SignalSpec struct{ Name, Unit string }

// StateSpec names one thing a command can set or a model keeps, such as load,
// wear or broken.
type StateSpec struct {
	Name    string
	Initial float64
	Moves   bool // a model changes it as time passes; otherwise it only jumps, by commands and events
}

// Attribute is what is known of each thing beforehand: its site, type, position.
type Attribute struct {
	Name   string
	Type   formula.Type // Number or Text
	Values []float64    // one per thing; texts as ids of the run's Symbols
}

// CommandSpec is a command that things of a kind obey.
type CommandSpec struct {
	Name  string
	Sets  []Setting
	Takes chance.Distribution // seconds to act; nil: at once
	Fails float64             // share of attempts that fail
}

// TakesValue says whether the command needs an argument.
func (c *CommandSpec) TakesValue() bool {
	for _, s := range c.Sets {
		if s.FromValue {
			return true
		}
	}
	return false
}

// Setting puts a value into a state of the thing.
type Setting struct {
	State     int // place in Kind.States
	Value     float64
	FromValue bool // take the command's argument
}

// Signal finds a signal by name; -1 if there is none.
func (k *Kind) Signal(name string) int {
	for i := range k.Signals {
		if k.Signals[i].Name == name {
			return i
		}
	}
	return -1
}

// State finds a state by name; -1 if there is none.
func (k *Kind) State(name string) int {
	for i := range k.States {
		if k.States[i].Name == name {
			return i
		}
	}
	return -1
}

// NeedState finds a state by name and adds it if there is none. Only while the
// scenario is being built.
func (k *Kind) NeedState(name string, initial float64) int {
	if i := k.State(name); i >= 0 {
		return i
	}
	k.States = append(k.States, StateSpec{Name: name, Initial: initial})
	return len(k.States) - 1
}

// Attribute finds an attribute by name; -1 if there is none.
func (k *Kind) Attribute(name string) int {
	for i := range k.Attributes {
		if k.Attributes[i].Name == name {
			return i
		}
	}
	return -1
}

// Command finds a command by name; NoCommand if there is none.
func (k *Kind) Command(name string) CommandID {
	for i := range k.Commands {
		if k.Commands[i].Name == name {
			return CommandID(i)
		}
	}
	return NoCommand
}

// Width is the length of a thing's row of ground truth: signals, then states,
// then attributes.
func (k *Kind) Width() int { return len(k.Signals) + len(k.States) + len(k.Attributes) }

// Holds says whether a thing is of this kind.
func (k *Kind) Holds(id ThingID) bool {
	return id >= k.First && int(id-k.First) < k.Count
}

// Roster is all things of a run, kind by kind.
type Roster struct {
	Kinds []*Kind
}

// Add appends a kind and gives its things their ids.
func (r *Roster) Add(k *Kind) {
	k.First = ThingID(r.Size())
	k.digits = max(2, len(strconv.Itoa(k.Count)))
	r.Kinds = append(r.Kinds, k)
}

// Size is the number of things.
func (r *Roster) Size() int {
	if len(r.Kinds) == 0 {
		return 0
	}
	last := r.Kinds[len(r.Kinds)-1]
	return int(last.First) + last.Count
}

// Kind is the kind of a thing; nil for NoThing.
func (r *Roster) Kind(id ThingID) *Kind {
	if len(r.Kinds) == 1 && r.Kinds[0].Holds(id) {
		return r.Kinds[0]
	}
	i := sort.Search(len(r.Kinds), func(i int) bool { return r.Kinds[i].First > id }) - 1
	if i < 0 || !r.Kinds[i].Holds(id) {
		return nil
	}
	return r.Kinds[i]
}

// Name is a thing's name: its kind, alone where there is one, else numbered
// from 1 with leading zeros: press-01.
func (r *Roster) Name(id ThingID) string {
	k := r.Kind(id)
	switch {
	case k == nil:
		return ""
	case k.Count == 1:
		return k.Name
	}
	return fmt.Sprintf("%s-%0*d", k.Name, k.digits, int(id-k.First)+1)
}

// Names says in words what the things of a kind are called: press-01 to press-40.
func (r *Roster) Names(k *Kind) string {
	if k.Count == 1 {
		return k.Name
	}
	return r.Name(k.First) + " to " + r.Name(k.First+ThingID(k.Count-1))
}

// Lookup finds a thing by name.
func (r *Roster) Lookup(name string) (ThingID, bool) {
	for _, k := range r.Kinds {
		rest, ok := strings.CutPrefix(name, k.Name)
		if !ok {
			continue
		}
		if rest == "" && k.Count == 1 {
			return k.First, true
		}
		number, dashed := strings.CutPrefix(rest, "-")
		n, err := strconv.Atoi(number)
		if !dashed || err != nil || n < 1 || n > k.Count {
			continue
		}
		if id := k.First + ThingID(n-1); r.Name(id) == name {
			return id, true
		}
	}
	return NoThing, false
}

// Match lists the things whose name fits a pattern: a name, or a glob such as
// press-1*. A kind's name alone stands for all its things.
func (r *Roster) Match(pattern string) ([]ThingID, error) {
	if _, err := path.Match(pattern, ""); err != nil {
		return nil, fmt.Errorf("pattern %q: %w", pattern, err)
	}
	var ids []ThingID
	for _, k := range r.Kinds {
		for i := range k.Count {
			id := k.First + ThingID(i)
			if k.Name == pattern {
				ids = append(ids, id)
			} else if ok, _ := path.Match(pattern, r.Name(id)); ok {
				ids = append(ids, id)
			}
		}
	}
	return ids, nil
}
