package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/scenarios"
)

// change is what a command line changes in a scenario.
type change struct {
	Scenario string   `arg:"" help:"A scenario file, or the name of one that ships with twinbed."`
	Variant  string   `help:"Play a variant of the scenario." placeholder:"NAME"`
	Seed     string   `help:"Another seed." placeholder:"N"`
	Duration string   `help:"Play longer or shorter, as in 90s or 5 days." placeholder:"TIME"`
	Set      []string `help:"Change a value of the scenario, as in things.press.count=80; can be repeated." sep:"none" placeholder:"PATH=VALUE"`
}

// load reads the scenario with the changes, unless ctx ends before.
func (c *change) load(ctx context.Context, clock string) (*scenarios.Script, error) {
	return c.loadPart(ctx, clock, scenarios.Options{})
}

func (c *change) loadPart(ctx context.Context, clock string, o scenarios.Options) (*scenarios.Script, error) {
	o.Variant, o.Sets = c.Variant, c.Set
	for _, x := range [...]struct{ key, value string }{{"seed", c.Seed}, {"duration", c.Duration}, {"clock", clock}} {
		if x.value != "" {
			o.Sets = append(o.Sets, x.key+"="+x.value)
		}
	}
	return unlessInterrupted(ctx, func() (*scenarios.Script, error) { return scenarios.Load(c.Scenario, o) })
}

// patience is how long what is almost done may still take after a signal.
const patience = time.Second

// unlessInterrupted carries out what listens to no signal, and leaves it behind soon
// after one has come: the program ends then.
func unlessInterrupted[T any](ctx context.Context, work func() (T, error)) (result T, err error) {
	done := make(chan struct{})
	var x T
	var failed error
	go func() {
		defer close(done)
		x, failed = work()
	}()
	select {
	case <-done:
		return x, failed
	case <-ctx.Done():
	}
	select {
	case <-done:
		return x, failed
	case <-time.After(patience):
		return result, errors.New("not played: interrupted before the scenario was on its stage")
	}
}

type runCommand struct {
	change  `embed:""`
	Clock   string `help:"virtual, realtime, or a speed such as 60x." placeholder:"CLOCK"`
	Out     string `help:"A folder for report.json, events.jsonl and the scenario as played." placeholder:"DIR" xor:"out"`
	Resume  string `help:"Go on with the durable run whose folder this is." placeholder:"DIR" xor:"out"`
	Only    string `help:"Play a part of a live run, the other one in another process: platform (with broker, data and people) or fleet." enum:",platform,fleet" default:"" placeholder:"PART"`
	Broker  string `help:"With --only, where the parts meet, as in mqtt://127.0.0.1:1883." placeholder:"URL"`
	Arm     bool   `help:"Let commands through to real devices, within their limits."`
	Metrics string `help:"Serve Prometheus metrics at http://ADDRESS/metrics while the run lasts, on loopback." placeholder:"ADDRESS"`
	Cost    bool   `negatable:"" default:"true" help:"In virtual time, also play the run without its faults, to say what they cost."`
	Cores   uint16 `default:"1" help:"Spread a run in virtual time over so many cores, at most those there are; the result is the same." placeholder:"N"`
	Sources bool   `help:"Print by what formulae and values the run was played, and where they come from."`
	Quiet   bool   `short:"q" help:"Print the verdict alone."`
	Verbose bool   `short:"v" help:"Print every event as it happens."`
}

// Run plays the scenario.
func (r *runCommand) Run(c *console) error {
	script, err := r.loadPart(c, r.Clock, scenarios.Options{Only: r.Only, Broker: r.Broker})
	if err != nil {
		return err
	}
	defer script.Close()
	if r.Resume != "" {
		if script.Durable.Keep != "journal" || !script.Clock.Live() {
			return errors.New("nothing of this run is kept: --resume is for a live run with durable: journal in its scenario. A virtual one is played again: the same seed is the same run")
		}
		r.Out = r.Resume
	}
	metrics, err := listenForMetrics(r.Metrics)
	if err != nil {
		return err
	}
	defer metrics.Close()
	staging := scenarios.Staging{Armed: r.Arm, LookupEnv: c.lookupEnv, Beside: r.Cost, Cores: min(int(r.Cores), runtime.NumCPU()), Out: r.Out, Resume: r.Resume != ""}
	run, err := unlessInterrupted(c, func() (*scenarios.Run, error) { return script.Stage(staging) })
	if err != nil {
		return err
	}
	for _, line := range run.Casting() {
		if !r.Quiet {
			fmt.Fprintln(c.err, line)
		}
	}
	out, err := openOut(r.Out, script)
	if err != nil {
		return errors.Join(err, run.Close())
	}
	var files []*reports.Events
	if out != nil {
		files = append(files, run.Observe(out.events))
	}
	if r.Verbose {
		files = append(files, run.Observe(c.err))
	}
	unserve := metrics.serve(c.err, run)
	stop := c.progress(r.Quiet, run)
	report, err := run.Play(c)
	stop()
	unserve()
	if why := run.OneCore(); why != "" && !r.Quiet {
		fmt.Fprintln(c.err, "played on one core:", why)
	}
	for _, f := range files {
		err = errors.Join(err, f.Flush())
	}
	if report == nil {
		return err
	}
	err = errors.Join(err, out.close(report), c.show(report, r.Quiet))
	if r.Sources {
		err = errors.Join(err, report.SourcesText(c.out))
	}
	if err != nil {
		return err
	}
	if code := report.Verdict.ExitCode(); code != 0 {
		return verdict(code)
	}
	return nil
}

// show prints a report.
func (c *console) show(r *reports.Report, quiet bool) error {
	if !quiet {
		return r.Text(c.out, c.colour)
	}
	line := strings.ToUpper(string(r.Verdict)) + " " + strings.Join(r.Reasons, "; ")
	_, err := fmt.Fprintln(c.out, strings.TrimSpace(line))
	return err
}

// progress shows how far a run is until stop is called: in place on a terminal,
// a line every ten seconds elsewhere.
func (c *console) progress(quiet bool, run *scenarios.Run) (stop func()) {
	if quiet {
		return func() {}
	}
	every, before, after := 10*time.Second, "", "\n"
	if c.tty {
		every, before, after = 250*time.Millisecond, "\r\x1b[K", ""
	}
	ctx, cancel := context.WithCancel(c)
	done := make(chan struct{})
	go func() {
		defer close(done)
		shown := false
		for p := range run.Progress(ctx, every) {
			fmt.Fprint(c.err, before, p, after)
			shown = true
		}
		if shown && c.tty {
			fmt.Fprint(c.err, before)
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// folder is where --out writes.
type folder struct {
	dir    string
	events *os.File
}

// openOut makes the folder and writes the scenario as played.
func openOut(dir string, script *scenarios.Script) (*folder, error) {
	if dir == "" {
		return nil, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	played, err := script.Played()
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "scenario.yaml"), played, 0o644); err != nil {
		return nil, err
	}
	events, err := os.Create(filepath.Join(dir, "events.jsonl"))
	return &folder{dir, events}, err
}

// close writes the report.
func (f *folder) close(report *reports.Report) error {
	if f == nil {
		return nil
	}
	text, err := report.JSON()
	if err == nil {
		err = os.WriteFile(filepath.Join(f.dir, "report.json"), text, 0o644)
	}
	return errors.Join(err, f.events.Close())
}

type compareCommand struct {
	change       `embed:""`
	Replications string `help:"How many seeds, or with --precision at most; without it as the scenario says, or 1000." placeholder:"N"`
	Precision    string `help:"Play seeds until the 95 % interval of the difference of the first KPI, or of another (5% of energy), is as narrow as this share of the first variant's mean." placeholder:"5%"`
	Cores        uint16 `help:"How many runs at once; without it all cores." placeholder:"N"`
	NoFaults     bool   `help:"Play each variant without its faults as well: what they cost, with an interval."`
	Out          string `help:"A folder for compare.json." placeholder:"DIR"`
	Quiet        bool   `short:"q" help:"No progress."`
}

// Run plays all variants.
func (r *compareCommand) Run(c *console) error {
	if r.Precision != "" {
		r.Set = append(r.Set, "precision="+r.Precision)
		r.Replications = cmp.Or(r.Replications, "1000")
	}
	if r.Replications != "" {
		r.Set = append(r.Set, "replications="+r.Replications)
	}
	script, err := r.load(c, "")
	if err != nil {
		return err
	}
	defer script.Close()
	o := scenarios.CompareOptions{Cores: int(r.Cores), NoFaults: r.NoFaults}
	if c.tty && !r.Quiet {
		o.Progress = func(played, of int) { fmt.Fprintf(c.err, "\r\x1b[K%d of %d runs", played, of) }
		defer fmt.Fprint(c.err, "\r\x1b[K")
	}
	result, err := script.Compare(c, o)
	if err != nil {
		return err
	}
	if r.Out != "" {
		text, err := result.JSON()
		if err == nil {
			err = os.MkdirAll(r.Out, 0o755)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(r.Out, "compare.json"), text, 0o644)
		}
		if err != nil {
			return err
		}
	}
	if err := result.Text(c.out, c.colour); err != nil {
		return err
	}
	if code := result.Verdict().ExitCode(); code != 0 {
		return verdict(code)
	}
	return nil
}

type checkCommand struct {
	change `embed:""`
}

// Run checks the scenario with all its variants.
func (r *checkCommand) Run(c *console) error {
	script, err := r.load(c, "")
	if err != nil {
		return err
	}
	defer script.Close()
	told, err := unlessInterrupted(c, script.Check)
	if err != nil {
		return err
	}
	for _, line := range told {
		fmt.Fprintln(c.out, line)
	}
	_, err = fmt.Fprintf(c.out, "%s: nothing wrong\n", r.Scenario)
	return err
}

type schemaCommand struct{}

// Run prints the schema.
func (schemaCommand) Run(c *console) error {
	text, err := scenarios.Schema()
	if err == nil {
		_, err = c.out.Write(text)
	}
	return err
}

type listCommand struct {
	What string `arg:"" optional:"" help:"One section, or one entry, such as faults or thermal."`
}

// Run prints the catalogue.
func (l *listCommand) Run(c *console) error { return scenarios.List(c.out, l.What) }

type initCommand struct {
	Name string `arg:"" help:"The scenario's name; the file is NAME.yaml."`
}

// Run writes the file; one that is there already stays as it is.
func (i *initCommand) Run(c *console) error {
	text, err := scenarios.Starter(i.Name)
	if err != nil {
		return err
	}
	file := i.Name + ".yaml"
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		fmt.Fprintf(c.err, "%s is there already and stays as it is; choose another name\n", file)
		return verdict(exitWrong)
	}
	if err != nil {
		return err
	}
	_, err = io.WriteString(f, text)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.out, "%s is there; play it with: twinbed run %s\n", file, file)
	return err
}
