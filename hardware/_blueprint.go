// Copy this file to begin an adapter, and _blueprint_test.go for its test. It
// works as it stands: a device that the kernel shows as files, such as a sensor
// under /sys/class/hwmon or a pin under /sys/class/gpio.

package hardware

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
)

func init() {
	Adapters.Add("blueprint", "a device whose signals and commands are files", func() Config { return &Blueprint{} })
}

// Blueprint is what a scenario says about the device: its fields are the keys.
type Blueprint struct {
	Folder  string `required:"true" doc:"where the device's files are; each signal and command is one, by its name"`
	Binding `key:",inline"`
}

// Open connects. It is called again after every failure, and never waits longer
// than ctx.
func (c *Blueprint) Open(ctx context.Context, site Site) (Adapter, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if _, err := os.Stat(c.Folder); err != nil {
		return nil, err
	}
	return &blueprint{folder: c.Folder, site: site}, nil
}

type blueprint struct {
	folder string
	site   Site
	closed atomic.Bool
}

// Sense reads every signal; what cannot be read stays NaN, nothing at all is an
// error.
func (b *blueprint) Sense(ctx context.Context, values []float64) error {
	var errs []error
	for i, s := range b.site.Signals {
		if b.closed.Load() {
			return os.ErrClosed
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		text, err := os.ReadFile(filepath.Join(b.folder, s.Name))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		x, err := strconv.ParseFloat(strings.TrimSpace(string(text)), 64)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", s.Name, err))
			continue
		}
		values[i] = x
	}
	if len(errs) == len(b.site.Signals) {
		return errors.Join(errs...)
	}
	return nil
}

// Act carries a command out. Limits, arming and retries are not its business:
// Bind has seen to them.
func (b *blueprint) Act(ctx context.Context, name string, value float64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	spec := command(b.site, name)
	if spec == nil {
		return fmt.Errorf("%w %q", ErrUnknownCommand, name)
	}
	text := "1"
	if spec.TakesValue() {
		text = strconv.FormatFloat(value, 'f', -1, 64)
	}
	return os.WriteFile(filepath.Join(b.folder, name), []byte(text), 0o644)
}

// Close lets the device go.
func (b *blueprint) Close() error {
	b.closed.Store(true)
	return nil
}
