package hardware

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/twinbed/twinbed/sim"
)

// Adapter is one open connection to one device. It lives as long as that: after
// an error it may be closed and opened anew, and need not mend itself. One
// goroutine calls Sense (or Next), another Act; Close may come while they run.
type Adapter interface {
	// Sense reads the device now. values has one slot per signal of the Site, in
	// order, all NaN; what cannot be had stays NaN. A device that gives nothing at
	// all is an error, and so is a value that is too old.
	Sense(ctx context.Context, values []float64) error
	// Act carries a command out and returns when that is done. value is NaN for a
	// command that takes none. A command it does not know is ErrUnknownCommand.
	Act(ctx context.Context, command string, value float64) error
	// Close lets the device go. The second time it does nothing.
	Close() error
}

// Pushes is an Adapter whose device sends on its own; its Config is Pushing.
type Pushes interface {
	Adapter
	// Next waits for what the device sends next and fills in the signals that it
	// told. What cannot be read is ErrMalformed, and the one after may be good
	// again; any other error, such as too long a silence, ends the connection.
	Next(ctx context.Context, values []float64) (Push, error)
}

// Push tells of one message of a device that sends on its own.
type Push struct {
	Came    time.Time // when it arrived
	Skipped int       // messages before it that were not fetched in time and are lost
}

// Describes is an Adapter that can tell what it found, a line each.
type Describes interface {
	Describe() []string
}

// Config is what a scenario says about a device; see sim.Registry for how its
// fields become keys. It embeds a [Binding] with key:",inline".
type Config interface {
	// Open connects to the device; called again after each failure.
	Open(ctx context.Context, site Site) (Adapter, error)
	// Bound is the embedded Binding.
	Bound() *Binding
}

// Checked is a Config that can tell without the device what is wrong with it:
// sim.Wrong errors, joined, with paths from the configuration on.
type Checked interface {
	Check(site Site) error
}

// Pushing is a Config whose adapters are Pushes: readings are taken as they
// come, not each interval.
type Pushing interface {
	Pushing() bool
}

// Site is where an adapter is put.
type Site struct {
	Thing     string                                   // the thing's name: press-01
	Signals   []sim.SignalSpec                         // what is to be sensed
	Commands  []sim.CommandSpec                        // what may be commanded
	Open      func(name string) (io.ReadCloser, error) // a file of the scenario's folder
	LookupEnv func(name string) (string, bool)         // for secrets
}

// Adapters are the adapters that scenarios can name.
var Adapters = sim.NewRegistry[Config]("adapter")

// ErrUnknownCommand says that a device has no such command.
var ErrUnknownCommand = errors.New("unknown command")

// ErrRefused says that a device did not try a command.
var ErrRefused = errors.New("refused by the device")

// ErrMalformed says that a message of a device could not be read.
var ErrMalformed = errors.New("malformed")

// Check tells all that is wrong with a device's configuration at its site.
func Check(c Config, site Site) error {
	err := c.Bound().check(site)
	if own, ok := c.(Checked); ok {
		err = errors.Join(err, own.Check(site))
	}
	return err
}
