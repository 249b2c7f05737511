package hardware

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/units"
)

// Binding is how a device is driven, whatever its adapter; a Config embeds it.
type Binding struct {
	Timeout    time.Duration `default:"2s" above:"0s" doc:"longest wait for one answer of the device"`
	Retries    int           `default:"1" min:"0" max:"10" doc:"how often a reading that failed is tried again before the connection is given up; commands are never tried twice"`
	Backoff    time.Duration `default:"500ms" above:"0s" doc:"pause before the next try; before each further connection it doubles"`
	MaxBackoff time.Duration `default:"30s" above:"0s" doc:"longest pause between two connections"`
	Queue      int           `default:"16" min:"1" max:"10000" doc:"commands that may wait for the device; further ones are refused"`
	Patience   time.Duration `default:"10s" above:"0s" doc:"a command that has waited longer for the device is refused"`
	StateAge   time.Duration `doc:"commands are refused when the last good reading is older; 0 for whatever its age"`
	Limits     []Limit       `map:"Command" doc:"what the interlock lets through, by command"`
	Safe       []Safe        `doc:"commands that are given, in order, when the run lets an armed device go, such as stop or set_speed 0"`
}

// Bound is the binding itself: what embeds it is nearly a Config.
func (b *Binding) Bound() *Binding { return b }

// Limit is the interlock for one command. What lies outside is refused, never clamped.
type Limit struct {
	Command     string        `doc:"the command"`
	Range       *Range        `doc:"values that are let through, as in 0 to 100"`
	MaxRate     float64       `min:"0" doc:"largest change of the value per second since the command before; 0 for any"`
	MinInterval time.Duration `doc:"shortest time between two of this command"`
}

// Range is a lowest and a highest value, both let through.
type Range struct {
	Min float64 `required:"true" doc:"lowest value"`
	Max float64 `required:"true" doc:"highest value"`
}

// FromWords reads "0 to 100".
func (r *Range) FromWords(text string) error {
	low, high, ok := strings.Cut(text, " to ")
	if !ok {
		return fmt.Errorf("%.60q is no range: write it as in 0 to 100", text)
	}
	var err error
	if r.Min, err = units.ParseNumber(strings.TrimSpace(low)); err != nil {
		return err
	}
	r.Max, err = units.ParseNumber(strings.TrimSpace(high))
	return err
}

// WordsPattern accepts two numbers around "to".
func (Range) WordsPattern() string { return `^\s*[-+]?[0-9.eE+-]+\s+to\s+[-+]?[0-9.eE+-]+\s*$` }

// String is the range in words.
func (r Range) String() string { return fmt.Sprintf("%g to %g", r.Min, r.Max) }

// Safe is a command that leaves a device safe behind.
type Safe struct {
	Command string  `required:"true" doc:"the command"`
	Value   float64 `doc:"its value, where it takes one; 0 if not given"`
}

// FromWords reads "stop" or "set_speed 0".
func (s *Safe) FromWords(text string) error {
	words := strings.Fields(text)
	switch len(words) {
	case 1:
		s.Command, s.Value = words[0], math.NaN()
		return nil
	case 2:
		var err error
		s.Command = words[0]
		s.Value, err = units.ParseNumber(words[1])
		return err
	}
	return fmt.Errorf("%.60q is no command: write it as in stop or set_speed 0", text)
}

// WordsPattern accepts a word and perhaps a number.
func (Safe) WordsPattern() string { return `^\s*\S+(\s+[-+]?[0-9.eE+-]+)?\s*$` }

// complete fills in what was left zero.
func (b Binding) complete() Binding {
	b.Timeout = cmp.Or(b.Timeout, 2*time.Second)
	b.Backoff = cmp.Or(b.Backoff, 500*time.Millisecond)
	b.MaxBackoff = max(cmp.Or(b.MaxBackoff, 30*time.Second), b.Backoff)
	b.Queue = cmp.Or(b.Queue, 16)
	b.Patience = cmp.Or(b.Patience, 10*time.Second)
	return b
}

// limit finds a command's limit; the zero Limit where none is declared.
func (b *Binding) limit(command string) Limit {
	for _, l := range b.Limits {
		if l.Command == command {
			return l
		}
	}
	return Limit{Command: command}
}

func (b *Binding) check(site Site) error {
	var wrongs []error
	wrong := func(path, format string, args ...any) {
		wrongs = append(wrongs, sim.Wrongf(path, format, args...))
	}
	for _, l := range b.Limits {
		path := "limits." + l.Command
		spec := command(site, l.Command)
		switch {
		case spec == nil:
			wrong(path, "%s", noCommand(site, l.Command))
			continue
		case !spec.TakesValue() && (l.Range != nil || l.MaxRate != 0):
			wrong(path, "%s takes no value: only min_interval can be set", l.Command)
		}
		if r := l.Range; r != nil && !(finite(r.Min) && finite(r.Max) && r.Min <= r.Max) {
			wrong(path+".range", "%s is no range: the lowest value comes first", r)
		}
		if !(l.MaxRate >= 0) || math.IsInf(l.MaxRate, 0) {
			wrong(path+".max_rate", "%g is no rate", l.MaxRate)
		}
	}
	for i, s := range b.Safe {
		path := fmt.Sprintf("safe.%d", i)
		spec := command(site, s.Command)
		if spec == nil {
			wrong(path, "%s", noCommand(site, s.Command))
			continue
		}
		r := rule{Limit: Limit{Command: s.Command, Range: b.limit(s.Command).Range}, takesValue: spec.TakesValue()}
		if err := r.bounds(s.Value); err != nil {
			wrong(path, "%s", err)
		}
	}
	return errors.Join(wrongs...)
}

func command(site Site, name string) *sim.CommandSpec {
	for i := range site.Commands {
		if site.Commands[i].Name == name {
			return &site.Commands[i]
		}
	}
	return nil
}

func noCommand(site Site, name string) string {
	names := make([]string, len(site.Commands))
	for i, c := range site.Commands {
		names[i] = c.Name
	}
	if len(names) == 0 {
		return fmt.Sprintf("%s has no command %q, nor any other", site.Thing, name)
	}
	return fmt.Sprintf("%s has no command %q; possible are %s", site.Thing, name, strings.Join(names, ", "))
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
