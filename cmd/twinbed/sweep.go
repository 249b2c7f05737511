package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/twinbed/twinbed/scenarios"
)

// varied is what a command line varies in a scenario.
type varied struct {
	change       `embed:""`
	Over         []string `help:"What is varied, as in people.mechanic.count=1,2,3 or decisions.alarm.for=10s..60s/6; can be repeated." sep:"none" placeholder:"PATH=VALUES"`
	Replications string   `help:"How many seeds; without it as the scenario says." placeholder:"N"`
	Cores        uint16   `help:"How many runs at once; without it all cores." placeholder:"N"`
	Quiet        bool     `short:"q" help:"No progress."`
}

// read loads the scenario and reads what is varied.
func (v *varied) read(c *console) (*scenarios.Script, []scenarios.Axis, scenarios.CompareOptions, error) {
	o := scenarios.CompareOptions{Cores: int(v.Cores)}
	if v.Replications != "" {
		v.Set = append(v.Set, "replications="+v.Replications)
	}
	var axes []scenarios.Axis
	for _, text := range v.Over {
		a, err := scenarios.ParseAxis(text)
		if err != nil {
			return nil, nil, o, err
		}
		axes = append(axes, a)
	}
	script, err := v.load(c, "")
	if err == nil && c.tty && !v.Quiet {
		o.Progress = func(played, of int) { fmt.Fprintf(c.err, "\r\x1b[K%d of %d runs", played, of) }
	}
	return script, axes, o, err
}

// done clears the progress.
func (v *varied) done(c *console) {
	if c.tty && !v.Quiet {
		fmt.Fprint(c.err, "\r\x1b[K")
	}
}

type sweepCommand struct {
	varied `embed:""`
	Latin  int    `help:"So many points of a Latin hypercube, instead of the whole grid." placeholder:"N"`
	Out    string `help:"A folder for sweep.csv and sweep.json." placeholder:"DIR"`
}

// Run plays the scenario at every point.
func (r *sweepCommand) Run(c *console) error {
	script, axes, o, err := r.read(c)
	if err != nil {
		return err
	}
	defer script.Close()
	sweep, err := script.Sweep(c, axes, scenarios.SweepOptions{CompareOptions: o, Latin: r.Latin})
	r.done(c)
	if err != nil {
		return err
	}
	if r.Out != "" {
		text, err := json.MarshalIndent(sweep, "", "  ")
		if err = errors.Join(err, os.MkdirAll(r.Out, 0o755)); err != nil {
			return err
		}
		if err := errors.Join(os.WriteFile(filepath.Join(r.Out, "sweep.json"), append(text, '\n'), 0o644),
			os.WriteFile(filepath.Join(r.Out, "sweep.csv"), []byte(sweep.CSV()), 0o644)); err != nil {
			return err
		}
	}
	return sweep.Text(c.out)
}

type optimiseCommand struct {
	varied      `embed:""`
	Minimise    string `help:"The KPI whose mean is to be least." placeholder:"KPI"`
	Maximise    string `help:"The KPI whose mean is to be most." placeholder:"KPI"`
	Evaluations int    `help:"Settings that are tried at most." default:"60" placeholder:"N"`
	SearchSeed  string `help:"Another seed of the search, not of the world." default:"1" placeholder:"N"`
	Out         string `help:"A folder for optimum.json." placeholder:"DIR"`
}

// Run looks for the best settings.
func (r *optimiseCommand) Run(c *console) error {
	seed, err := strconv.ParseUint(r.SearchSeed, 10, 64)
	if err != nil || (r.Minimise == "") == (r.Maximise == "") {
		return usage("say either --minimise KPI or --maximise KPI, and a search seed that is a whole number")
	}
	script, axes, o, err := r.read(c)
	if err != nil {
		return err
	}
	defer script.Close()
	found, err := script.Optimise(c, axes, scenarios.OptimiseOptions{
		CompareOptions: o, KPI: r.Minimise + r.Maximise, Maximise: r.Maximise != "", Evaluations: r.Evaluations, Seed: seed,
	})
	r.done(c)
	if err != nil {
		return err
	}
	if r.Out != "" {
		text, err := json.MarshalIndent(found, "", "  ")
		if err = errors.Join(err, os.MkdirAll(r.Out, 0o755)); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(r.Out, "optimum.json"), append(text, '\n'), 0o644); err != nil {
			return err
		}
	}
	if err := found.Text(c.out, c.colour); err != nil {
		return err
	}
	if !found.Better() {
		return verdict(1)
	}
	return nil
}
