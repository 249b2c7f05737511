package hardware

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/twinbed/twinbed/sim"
)

func init() {
	Adapters.Add("host", "this machine itself: load, processor, memory, disk, temperature", func() Config { return &Host{} })
}

// Host is the machine that the run is on, as Linux shows it under /proc and /sys.
type Host struct {
	Root    string      `default:"/" doc:"where proc and sys are found"`
	Disk    string      `default:"/" doc:"the disk that holds this path, under root"`
	Sensor  string      `doc:"the temperature sensor's type or label, such as x86_pkg_temp; without it the hottest of all"`
	Signals []HostReads `map:"Name" doc:"what a signal reads, as in load: load1; a signal that is not listed reads what it is named after"`
	Binding `key:",inline"`
}

// HostReads says what a signal reads.
type HostReads struct {
	Name  string
	Reads string `required:"true" oneof:"cpu|disk|disk_free|load1|load15|load5|memory|processes|temperature|uptime" doc:"what it reads"`
}

// FromWords takes the quantity's name.
func (r *HostReads) FromWords(text string) error {
	if _, ok := quantities[text]; !ok {
		return fmt.Errorf("the host has no %.60q; possible are %s", text, hostQuantities())
	}
	r.Reads = text
	return nil
}

// WordsPattern accepts the names of the quantities.
func (HostReads) WordsPattern() string {
	return `^(` + strings.ReplaceAll(hostQuantities(), ", ", "|") + `)$`
}

// quantities are what a host can be asked for, each NaN or an error where it
// cannot be had. Shares are fractions of one.
var quantities = map[string]func(h *host) (float64, error){
	"load1":       func(h *host) (float64, error) { return h.load(0) },
	"load5":       func(h *host) (float64, error) { return h.load(1) },
	"load15":      func(h *host) (float64, error) { return h.load(2) },
	"cpu":         (*host).cpu,
	"memory":      (*host).memory,
	"disk":        (*host).diskUsed,
	"disk_free":   (*host).diskFree,
	"uptime":      (*host).uptime,
	"processes":   (*host).processes,
	"temperature": (*host).temperature,
}

func hostQuantities() string {
	return strings.Join(slices.Sorted(maps.Keys(quantities)), ", ")
}

// reads is the name of the quantity that a signal reads.
func (c *Host) reads(signal string) string {
	for _, r := range c.Signals {
		if r.Name == signal {
			return r.Reads
		}
	}
	return signal
}

// Check tells which signals a host does not have.
func (c *Host) Check(site Site) error {
	var wrongs []error
	for _, s := range site.Signals {
		if what := c.reads(s.Name); quantities[what] == nil {
			wrongs = append(wrongs, sim.Wrongf("signals."+s.Name, "the host has no %q; possible are %s", what, hostQuantities()))
		}
	}
	for _, r := range c.Signals {
		if !slices.ContainsFunc(site.Signals, func(s sim.SignalSpec) bool { return s.Name == r.Name }) {
			wrongs = append(wrongs, sim.Wrongf("signals."+r.Name, "%s has no signal %q", site.Thing, r.Name))
		}
	}
	return errors.Join(wrongs...)
}

// Open looks whether the machine shows what is wanted.
func (c *Host) Open(ctx context.Context, site Site) (Adapter, error) {
	h := &host{root: c.Root, disk: c.Disk, sensor: c.Sensor}
	if h.root == "" {
		h.root = "/"
	}
	for _, s := range site.Signals {
		what := c.reads(s.Name)
		if quantities[what] == nil {
			return nil, fmt.Errorf("the host has no %q; possible are %s", what, hostQuantities())
		}
		h.names = append(h.names, what)
	}
	if _, err := os.Stat(filepath.Join(h.root, "proc", "stat")); err != nil {
		return nil, fmt.Errorf("this machine (%s) does not show its state as Linux does: %w", runtime.GOOS, err)
	}
	_, _ = h.cpu() // the share is taken from here to the first reading
	return h, h.look(ctx)
}

// host reads the machine; shares of the processor are taken between two readings.
type host struct {
	root, disk, sensor string
	names              []string // by signal
	absent             []string
	busy, total        float64 // processor time up to the last reading
	closed             atomic.Bool
}

// look notes what this machine does not show.
func (h *host) look(ctx context.Context) error {
	for _, name := range h.names {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if name == "cpu" {
			continue
		}
		if _, err := quantities[name](h); err != nil {
			h.absent = append(h.absent, fmt.Sprintf("%s: %s", name, err))
		}
	}
	return nil
}

// Describe names the processors and what the machine does not show.
func (h *host) Describe() []string {
	return append([]string{fmt.Sprintf("%s with %d processors", runtime.GOOS, runtime.NumCPU())}, h.absent...)
}

// Sense reads every quantity; one that cannot be had is NaN, none at all an error.
func (h *host) Sense(ctx context.Context, values []float64) error {
	if h.closed.Load() {
		return os.ErrClosed
	}
	var first error
	had := 0
	for i, name := range h.names {
		if err := ctx.Err(); err != nil {
			return err
		}
		x, err := quantities[name](h)
		if err != nil {
			values[i] = math.NaN()
			if first == nil {
				first = fmt.Errorf("%s: %w", name, err)
			}
			continue
		}
		values[i] = x
		had++
	}
	if had == 0 {
		return first
	}
	return nil
}

// Act refuses: a host is only looked at.
func (h *host) Act(_ context.Context, command string, _ float64) error {
	return fmt.Errorf("%w %q: the host is only looked at", ErrUnknownCommand, command)
}

// Close ends reading.
func (h *host) Close() error {
	h.closed.Store(true)
	return nil
}
