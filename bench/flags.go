//go:build unix

package main

import (
	"errors"
	"flag"
	"os"
	"time"
)

func flags(name string) *flag.FlagSet {
	f := flag.NewFlagSet("bench "+name, flag.ContinueOnError)
	f.SetOutput(os.Stderr)
	return f
}

// Bounds of what a publisher may be asked for.
const (
	mostSessions = 5000
	longest      = time.Minute
)

// loadFlags reads what a publisher is to do.
func loadFlags(name string, args []string, sessions int) (l load, err error) {
	f := flags(name)
	f.StringVar(&l.address, "broker", "", "host and port of a broker on this machine")
	f.IntVar(&l.sessions, "sessions", sessions, "connections")
	f.IntVar(&l.burst, "burst", ahead, "frames a write (raw)")
	f.DurationVar(&l.lasting, "for", 3*time.Second, "how long to publish")
	f.Float64Var(&l.rate, "rate", 0, "messages a second of all connections (paho); 0 is as fast as it goes")
	qos := f.Int("qos", 0, "0 or 1")
	if err := f.Parse(args); err != nil {
		return l, err
	}
	l.qos = byte(*qos)
	switch {
	case l.address == "" || !loopback(l.address):
		return l, errors.New("--broker is an address on this machine, such as 127.0.0.1:1883")
	case *qos < 0 || *qos > 1:
		return l, errors.New("--qos is 0 or 1")
	case l.sessions < 1 || l.sessions > mostSessions || l.burst < 1 || l.burst > ahead || l.lasting <= 0 || l.lasting > longest || l.rate < 0:
		return l, errors.New("at most 5,000 sessions, bursts of 32 and a minute")
	}
	return l, nil
}
