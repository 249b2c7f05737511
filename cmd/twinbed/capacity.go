package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/scenarios"
	"github.com/twinbed/twinbed/sim/units"
)

type capacityCommand struct {
	change    `embed:""`
	Clock     string  `help:"virtual, realtime, or a speed such as 60x." placeholder:"CLOCK"`
	By        string  `help:"What the rate is varied by: rate (the time between readings) or things (how many). Without it by rate in live runs, by things in virtual ones." placeholder:"WHAT"`
	StepTime  string  `help:"How long a run is measured, of the wall in live runs (5s), of the scenario in virtual ones (its duration)." placeholder:"TIME"`
	WarmUp    string  `help:"What of a run is left out before (2s in live runs, else nothing)." placeholder:"TIME"`
	Tolerance string  `default:"5%" help:"How far what holds and what does not may be apart at the end." placeholder:"SHARE"`
	Max       float64 `help:"No rate above is tried, in readings a second." placeholder:"RATE"`
	Out       string  `help:"A folder for capacity.json." placeholder:"DIR"`
	Quiet     bool    `short:"q" help:"Print the rate alone."`
}

// Run looks for the scenario's capacity.
func (r *capacityCommand) Run(c *console) error {
	o, err := r.options(c)
	if err != nil {
		return err
	}
	script, err := r.load(c, r.Clock)
	if err != nil {
		return err
	}
	defer script.Close()
	capacity, err := script.Capacity(c, o)
	if err != nil {
		return err
	}
	if r.Out != "" {
		if err := r.write(capacity); err != nil {
			return err
		}
	}
	if r.Quiet {
		_, err = fmt.Fprintln(c.out, strings.ToUpper(string(capacity.Verdict())), shownRate(float64(capacity.Sustained)))
	} else {
		err = capacity.Text(c.out, c.colour)
	}
	if code := capacity.Verdict().ExitCode(); err == nil && code != 0 {
		return verdict(code)
	}
	return err
}

// options reads the flags.
func (r *capacityCommand) options(c *console) (o scenarios.CapacityOptions, err error) {
	o = scenarios.CapacityOptions{By: r.By, Max: r.Max, Staging: scenarios.Staging{LookupEnv: c.lookupEnv}}
	for _, x := range []struct {
		flag, text string
		to         *time.Duration
	}{{"step-time", r.StepTime, &o.StepTime}, {"warm-up", r.WarmUp, &o.WarmUp}} {
		if x.text == "" {
			continue
		}
		if *x.to, err = units.ParseDuration(x.text); err != nil {
			return o, usage("--%s: %w", x.flag, err)
		}
	}
	if o.Tolerance, err = units.Parse(r.Tolerance, units.Share); err == nil && !(o.Tolerance >= 0.001 && o.Tolerance <= 1) {
		err = fmt.Errorf("%s is out of range; it must be from 0.1%% to 100%%", r.Tolerance)
	}
	if err != nil {
		return o, usage("--tolerance: %w", err)
	}
	if !r.Quiet {
		o.Begins, o.Ends = c.runs()
	}
	return o, nil
}

// runs shows each run as it begins and ends.
func (c *console) runs() (begins func(float64), ends func(*reports.Sample)) {
	if c.tty {
		begins = func(rate float64) { fmt.Fprintf(c.err, "\r\x1b[K%s/s …", shownRate(rate)) }
	}
	return begins, func(run *reports.Sample) {
		if c.tty {
			fmt.Fprint(c.err, "\r\x1b[K")
		}
		fmt.Fprintln(c.err, run)
	}
}

func shownRate(rate float64) string {
	if math.IsNaN(rate) {
		return "-"
	}
	return strconv.FormatFloat(rate, 'f', 0, 64)
}

func (r *capacityCommand) write(capacity *reports.Capacity) error {
	text, err := capacity.JSON()
	if err == nil {
		err = os.MkdirAll(r.Out, 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(r.Out, "capacity.json"), text, 0o644)
	}
	return err
}
