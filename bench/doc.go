//go:build unix

// Command bench measures Twinbed's live loop beside other ways to load an MQTT
// broker, in one run on one machine: README.md says what and how.
//
//	bench rates     everything side by side, as one markdown table
//	bench stall     a broker that stops for a second, as an open and as a closed loop see it
//	bench cost      what faults cost
//	bench kill      what a fleet was acknowledged beside what a killed platform still has
//	bench raw       publishes pre-encoded frames
//	bench paho      publishes as the tools do that are built on paho
//	bench broker    the plain broker alone, until its standard input ends
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
)

var commands = map[string]func(ctx context.Context, args []string, out io.Writer) error{
	"rates": rates, "stall": stall, "cost": cost, "kill": killCommand, "raw": rawCommand, "paho": pahoCommand, "broker": brokerCommand,
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "bench rates|stall|cost|kill|raw|paho|broker [flags]")
		os.Exit(2)
	}
	err := commands[os.Args[1]](ctx, os.Args[2:], os.Stdout)
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case err != nil:
		fmt.Fprintf(os.Stderr, "bench %s: %v\n", os.Args[1], err)
		os.Exit(1)
	}
}
