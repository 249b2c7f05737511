package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/twinbed/twinbed/scenarios"
)

type chaosCommand struct {
	change `embed:""`
	Clock  string `help:"virtual, realtime, or a speed such as 60x; without it virtual." placeholder:"CLOCK" default:"virtual"`
	Plans  int    `help:"How many random plans of faults are played; without it 200, or 12 of a live run." placeholder:"N"`
	Most   int    `help:"Faults in a plan, at most." default:"4" placeholder:"N"`
	Cores  uint16 `help:"How many runs at once; without it all cores." placeholder:"N"`
	Out    string `help:"A folder for the smallest plan that fails, and the command that plays it again: faults.yaml." placeholder:"DIR"`
	Quiet  bool   `short:"q" help:"No progress."`
}

// Run plays random plans of faults.
func (r *chaosCommand) Run(c *console) error {
	script, err := r.load(c, r.Clock)
	if err != nil {
		return err
	}
	defer script.Close()
	o := scenarios.ChaosOptions{Plans: r.Plans, Most: r.Most, Cores: int(r.Cores)}
	if o.Plans <= 0 {
		o.Plans = 200
		if script.Clock.Live() {
			o.Plans = 12
		}
	}
	if c.tty && !r.Quiet {
		o.Progress = func(played, of int) { fmt.Fprintf(c.err, "\r\x1b[K%d of %d plans", played, of) }
		defer fmt.Fprint(c.err, "\r\x1b[K")
	}
	result, err := script.Chaos(c, o)
	if result == nil {
		return err
	}
	if err := result.Text(c.out, c.colour); err != nil {
		return err
	}
	if err != nil {
		return err
	}
	if result.Failed == 0 {
		return nil
	}
	if r.Out != "" {
		if err := os.MkdirAll(r.Out, 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(r.Out, "faults.yaml"), []byte(result.YAML()), 0o644); err != nil {
			return err
		}
	}
	return verdict(1)
}
