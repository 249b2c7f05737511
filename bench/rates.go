//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// bout is a comparison: all ways, round after round, so that what else the machine
// does meets all alike.
type bout struct {
	program  string // twinbed
	scenario string
	self     string // this program
	lasting  time.Duration
	rounds   int
	peers    []way
}

func rates(ctx context.Context, args []string, out io.Writer) error {
	b, err := readBout(args)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s, %s/%s, %d cores, %d rounds of %s each, median (min–max)\n",
		time.Now().UTC().Format("2006-01-02 15:04"), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), b.rounds, b.lasting)
	ways := b.ways()
	rows := map[byte][]*row{}
	for qos := range byte(2) {
		for _, w := range ways {
			rows[qos] = append(rows[qos], &row{name: w.name, qos: qos, peer: w.peer})
		}
	}
	for range b.rounds {
		for qos := range byte(2) {
			ceiling := 0.0
			for i, w := range ways {
				r := rows[qos][i]
				one, cancel := context.WithTimeout(ctx, 10*b.lasting+20*time.Second)
				x, err := w.run(one, qos, ceiling)
				cancel()
				switch {
				case ctx.Err() != nil:
					return ctx.Err()
				case err != nil && i == 0:
					return fmt.Errorf("%s: %w", w.name, err)
				case err != nil:
					r.why = err
					fmt.Fprintf(os.Stderr, "%s, QoS %d: %v\n", w.name, qos, err)
					continue
				case i == 0:
					ceiling = x.rate
				}
				x.share = x.rate / ceiling
				r.figures = append(r.figures, x)
				fmt.Fprintf(os.Stderr, "%s, QoS %d: %s/s\n", w.name, qos, thousands(x.rate))
			}
		}
	}
	for qos := range byte(2) {
		fmt.Fprintf(out, "\nQoS %d\n\n%s", qos, table(rows[qos]))
	}
	return nil
}

// gateways has a thousand things share four sessions.
var gateways = []string{"things.sensor.over=gateway", "things.sensor.mqtt={gateways: 4}"}

// ways is all that is compared; the first is the ceiling.
func (b *bout) ways() []way {
	all := []way{
		{name: "ceiling: mochi, raw publishers in turn", run: b.inProcess(1)},
		{name: "ceiling: mochi, raw publishers, 32 frames a write", run: b.inProcess(ahead)},
		{name: "raw publishers in turn, own process", run: b.command(b.self, "raw", "--broker", "{address}", "--burst", "1", "--qos", "{qos}", "--for", "{seconds}s")},
		{name: "raw publishers, 32 frames a write, own process", run: b.command(b.self, "raw", "--broker", "{address}", "--qos", "{qos}", "--for", "{seconds}s")},
		{name: "paho, 100 clients, as fast as it goes", peer: true, run: b.command(b.self, "paho", "--broker", "{address}", "--qos", "{qos}", "--for", "{seconds}s")},
		{name: "paho, 1,000 clients, paced at 70 % of the ceiling", peer: true, run: b.command(b.self, "paho", "--broker", "{address}", "--qos", "{qos}", "--for", "{seconds}s", "--sessions", "1000", "--rate", "{rate}")},
	}
	if path, err := exec.LookPath("mosquitto_pub"); err == nil {
		all = append(all, way{name: "mosquitto_pub, one connection, as fast as it goes", peer: true, run: b.command(path,
			"-h", "{host}", "-p", "{port}", "-q", "{qos}", "-t", things+"m/readings", "-m", strings.Repeat("0123456789abcdef", 8), "--repeat", "150000")})
	}
	all = append(all, b.peers...)
	return append(all,
		way{name: "Twinbed, whole loop in one process, 70 % of the ceiling offered", run: b.live(paced)},
		way{name: "Twinbed, whole loop in one process, more than the ceiling offered", run: b.live(1.2)},
		way{name: "Twinbed, whole loop in one process, as fast as it goes", run: b.live(flatOut)},
		way{name: "Twinbed, whole loop, four gateways, 70 % of the ceiling offered", run: b.live(paced, gateways...)},
		way{name: "Twinbed's fleet client alone, 70 % of the ceiling offered", run: b.fleet(paced)},
		way{name: "Twinbed's fleet client alone, more than the ceiling offered", run: b.fleet(1.2)},
		way{name: "Twinbed's fleet client alone, as fast as it goes", run: b.fleet(flatOut)},
		way{name: "Twinbed's fleet client alone, four gateways, 70 % of the ceiling offered", run: b.fleet(paced, gateways...)},
		way{name: "Twinbed's fleet client alone, four gateways, as fast as it goes", run: b.fleet(flatOut, gateways...)},
	)
}

// peerFlag reads a tool's command line: name: command, with {address}, {host},
// {port}, {qos}, {seconds} and {rate} for what it is to be told.
func peerFlag(b *bout) func(string) error {
	return func(text string) error {
		name, line, ok := strings.Cut(text, ":")
		words := strings.Fields(line)
		if !ok || len(words) == 0 {
			return errors.New("a peer is a name, a colon and a command line")
		}
		path, err := exec.LookPath(words[0])
		if err != nil {
			return err
		}
		b.peers = append(b.peers, way{name: strings.TrimSpace(name), peer: true, run: b.command(path, words[1:]...)})
		return nil
	}
}

func readBout(args []string) (*bout, error) {
	b := &bout{}
	f := flags("rates")
	f.StringVar(&b.program, "twinbed", "twinbed", "the program")
	f.StringVar(&b.scenario, "scenario", "bench/live.yaml", "the scenario")
	f.IntVar(&b.rounds, "rounds", 3, "rounds")
	f.DurationVar(&b.lasting, "for", 3*time.Second, "how long each runs")
	f.Func("peer", "another tool, as 'name: command {host} {port} {qos} {seconds} {rate}'; can be repeated; it publishes on "+things+"…", peerFlag(b))
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if b.rounds < 1 || b.rounds > 100 || b.lasting < 500*time.Millisecond || b.lasting > longest {
		return nil, errors.New("1 to 100 rounds of half a second to a minute")
	}
	var err error
	b.self, err = os.Executable()
	return b, err
}
