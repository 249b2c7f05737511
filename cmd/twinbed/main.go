// Command twinbed plays scenarios of Internet-of-Everything systems and reports
// what it measured.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"github.com/twinbed/twinbed/scenarios"
)

// The exit codes besides a report's own 0 (pass), 1 (a limit is broken) and 3.
const (
	exitWrong    = 2 // the scenario, or the command line, is wrong
	exitUnplayed = 3 // the run could not be completed or trusted
)

// command is the command line.
type command struct {
	Run      runCommand      `cmd:"" help:"Play a scenario and report."`
	Compare  compareCommand  `cmd:"" help:"Play all variants with many seeds and put them side by side."`
	Chaos    chaosCommand    `cmd:"" help:"Play many random plans of faults and see whether what must hold does."`
	Sweep    sweepCommand    `cmd:"" help:"Play a scenario at many points of a grid and print the response."`
	Optimise optimiseCommand `cmd:"" help:"Look for the settings with the best KPI, and hold them against the scenario as it is on other seeds."`
	Broker   brokerCommand   `cmd:"" help:"Be an MQTT broker alone, for any client."`
	Password passwordCommand `cmd:"" help:"Print the line of a users file for a user of the broker, whose password it asks for."`
	Capacity capacityCommand `cmd:"" help:"Find the highest sustained rate at which the limits hold and the books balance."`
	Check    checkCommand    `cmd:"" help:"Tell all that is wrong with a scenario, without playing it."`
	List     listCommand     `cmd:"" help:"List what scenarios can name: signals, distributions, data, people, network, process, features, faults, adapters, kpis, figures."`
	Schema   schemaCommand   `cmd:"" help:"Print the JSON Schema of scenario files, for completion in an editor."`
	Init     initCommand     `cmd:"" help:"Write a small commented scenario to begin with."`
	Version  versionCommand  `cmd:"" help:"Print the version."`
}

// console is where a command writes, and whether people watch.
type console struct {
	context.Context
	in        io.Reader
	out, err  io.Writer
	tty       bool // err is a terminal
	colour    bool // out is one
	lookupEnv func(string) (string, bool)
	askUnseen func(prompt string) (string, error) // nil where in is no terminal
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second Ctrl-C ends the program at once, unless it is the first one's twin: what
	// stands between a user and the program may signal both it and its group.
	context.AfterFunc(ctx, func() { time.AfterFunc(300*time.Millisecond, stop) })
	c := &console{
		Context: ctx, in: os.Stdin, out: os.Stdout, err: os.Stderr, lookupEnv: os.LookupEnv,
		tty:    term.IsTerminal(int(os.Stderr.Fd())),
		colour: term.IsTerminal(int(os.Stdout.Fd())) && os.Getenv("NO_COLOR") == "",
	}
	if in := int(os.Stdin.Fd()); term.IsTerminal(in) {
		c.askUnseen = func(prompt string) (string, error) {
			fmt.Fprint(os.Stderr, prompt)
			defer fmt.Fprintln(os.Stderr)
			text, err := term.ReadPassword(in)
			return string(text), err
		}
	}
	os.Exit(run(os.Args[1:], c))
}

// verdict is a run's exit code, which is no error to be printed.
type verdict int

func (v verdict) Error() string { return fmt.Sprintf("exit code %d", int(v)) }

// run carries out a command line and returns the exit code.
func run(args []string, c *console) (code int) {
	var line command
	parser, err := kong.New(&line,
		kong.Name("twinbed"), kong.Description("A testbed for Internet-of-Everything systems: things, people, data and process."),
		kong.Writers(c.out, c.err), kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Exit(func(n int) { panic(leave(n)) }))
	if err != nil {
		panic(err)
	}
	defer func() {
		switch left := recover().(type) {
		case nil:
		case leave:
			code = int(left)
		default:
			panic(left)
		}
	}()
	chosen, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(c.err, "%v\ntwinbed --help tells what there is\n", err)
		return exitWrong
	}
	return c.exit(chosen.Run(c))
}

// leave is kong's wish to exit, after help.
type leave int

// wrongUsage is a command line that is wrong.
type wrongUsage struct{ error }

func usage(format string, args ...any) error { return wrongUsage{fmt.Errorf(format, args...)} }

// exit prints an error and returns its code.
func (c *console) exit(err error) int {
	if err == nil {
		return 0
	}
	if v, ok := errors.AsType[verdict](err); ok {
		return int(v)
	}
	fmt.Fprintln(c.err, err)
	if m, ok := errors.AsType[scenarios.Mistakes](err); ok {
		if n := len(m); n == 1 {
			fmt.Fprintln(c.err, "1 mistake")
		} else {
			fmt.Fprintln(c.err, n, "mistakes")
		}
		return exitWrong
	}
	if _, ok := errors.AsType[*scenarios.NotFound](err); ok {
		return exitWrong
	}
	if _, ok := errors.AsType[wrongUsage](err); ok {
		return exitWrong
	}
	return exitUnplayed
}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(c *console) error {
	_, err := fmt.Fprintln(c.out, "twinbed", scenarios.Version())
	return err
}
