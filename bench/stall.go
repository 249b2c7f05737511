//go:build unix

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// The stall: a broker that stands still for one second of a run of five. While it
// does, a fifth of all readings become due, so in truth a twentieth of all is
// later than 750 ms and a hundredth later than 950 ms.
const (
	stallFor    = time.Second
	stallAfter  = 2 * time.Second // once messages flow
	stallRun    = 5 * time.Second
	stallRate   = 2000
	leastP95    = 0.7
	leastP99    = 0.95
	openingTime = 15 * time.Second
)

// server is a broker in a process of its own, which can be made to stand still.
type server struct {
	address string
	cmd     *exec.Cmd
}

// openServer starts twinbed broker and waits until it listens.
func openServer(ctx context.Context, program string) (*server, error) {
	cmd := exec.CommandContext(ctx, program, "broker", "--listen", "127.0.0.1:0")
	words, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &server{cmd: cmd}
	patience := time.AfterFunc(openingTime, s.close)
	defer patience.Stop()
	lines := bufio.NewScanner(words)
	for lines.Scan() {
		if _, address, ok := strings.Cut(lines.Text(), "mqtt://"); ok {
			s.address = address
			go func() { _, _ = io.Copy(io.Discard, words) }()
			return s, nil
		}
	}
	s.close()
	return nil, errors.New("twinbed broker does not say where it listens")
}

func (s *server) close() {
	_ = s.cmd.Process.Kill() // a process that stands still takes nothing else
	_ = s.cmd.Wait()
}

// standStill stops the broker's process for a while, a while from now.
func (s *server) standStill(ctx context.Context, after time.Duration) error {
	pause(ctx, after)
	if err := s.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	pause(ctx, stallFor)
	return s.cmd.Process.Signal(syscall.SIGCONT)
}

// during runs f while the broker stands still once.
func (s *server) during(ctx context.Context, after time.Duration, f func() error) error {
	stood := make(chan error, 1)
	go func() { stood <- s.standStill(ctx, after) }()
	err := f()
	return errors.Join(err, <-stood)
}

func stall(ctx context.Context, args []string, out io.Writer) error {
	f := flags("stall")
	program := f.String("twinbed", "twinbed", "the program")
	scenario := f.String("scenario", "bench/live.yaml", "the scenario")
	if err := f.Parse(args); err != nil {
		return err
	}
	s, err := openServer(ctx, *program)
	if err != nil {
		return err
	}
	defer s.close()
	fmt.Fprintf(out, "A broker's process stands still for %s of a run of %s at %s messages/s.\n\n", stallFor, stallRun, thousands(stallRate))
	fmt.Fprintln(out, "| what | QoS | p50 | p95 | p99 | max | unexplained |")
	fmt.Fprintln(out, "|---|---|---|---|---|---|---|")
	var wrong error
	for qos := range byte(2) {
		var r report
		// The thousand sessions take about a second to connect.
		err := s.during(ctx, time.Second+stallAfter, func() (err error) {
			r, _, err = play(ctx, *program, *scenario, "duration="+stallRun.String(), "broker.url=mqtt://"+s.address,
				"things.sensor.every="+(1000*time.Second/stallRate).String(), "things.sensor.qos="+strconv.Itoa(int(qos)))
			return err
		})
		if err != nil {
			return err
		}
		up, books := r.Uplinks[0], r.Ledger.Readings[0]
		fmt.Fprintf(out, "| Twinbed, from when a reading was due until its twin had it | %d | %s | %s | %s | %s | %s |\n",
			qos, duration(up.P50), duration(up.P95), duration(up.P99), duration(up.Max), thousands(books.Unexplained))
		if up.P95 < leastP95 || up.P99 < leastP99 || books.Unexplained != 0 {
			wrong = errors.Join(wrong, fmt.Errorf("QoS %d: the report does not tell the truth about the stall", qos))
		}
	}
	for qos := range byte(2) {
		var w waits
		err := s.during(ctx, stallAfter, func() (err error) {
			w, err = publishPaho(ctx, load{address: s.address, sessions: 20, qos: qos, lasting: stallRun, rate: stallRate})
			return err
		})
		if err != nil {
			return err
		}
		at := func(q float64) string { return duration(w.quantile(q).Seconds()) }
		fmt.Fprintf(out, "| a closed loop over paho, 20 clients, until a message is taken or acknowledged | %d | %s | %s | %s | %s | |\n",
			qos, at(0.5), at(0.95), at(0.99), at(1))
	}
	return wrong
}
