//go:build unix

package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// trouble is a fault of which is asked what it costs, in the shipped scenario with
// the given sets.
type trouble struct {
	area, words, faults string
	sets                []string
}

// troubles are some of each area, in virtual time; those of broker and attackers
// need a live run.
func troubles() (list []trouble) {
	const week = "at: 0s, for: 5 days, "
	add := func(area, words, faults string, sets ...string) {
		list = append(list, trouble{area, words, faults, sets})
	}
	for _, rate := range []int{5, 10, 20, 30} {
		add("network", fmt.Sprintf("%d %% of all messages lost, all week", rate), week+fmt.Sprintf("fault: message_loss, where: press, rate: %d%%", rate))
	}
	const two = "people.mechanic.count=2"
	add("network", "30 % of all messages lost, all week, with 2 mechanics a shift instead of 3", week+"fault: message_loss, where: press, rate: 30%", two)
	add("things", "vibration sensors stuck at what they show after a day, all week", "at: 1 days, for: 4 days, fault: stuck_at, where: press, signal: vibration")
	add("things", "vibration sensors drift by 0.05 mm/s an hour, all week", week+"fault: drift, where: press, signal: vibration, per_hour: 0.05")
	add("things", "half an hour's crash of one press in ten minutes, all week", "every: exponential mean 10m, for: 30m, fault: crash, where: press, pick: 1")
	add("people", "all mechanics of both shifts away for a day", "at: 1 days, for: 1 days, fault: absent, where: mechanic")
	add("people", "answers three times as slow, all week", week+"fault: slow_answers, where: mechanic")
	add("people", "a fifth of the work done wrong, all week", week+"fault: wrong_action, where: mechanic, share: 20%")
	add("data", "orders unavailable, all week", week+"fault: unavailable, where: open_orders")
	add("data", "orders twice what they are, all week", week+"fault: wrong, where: open_orders, times: 2")
	add("platform", "the platform stalls for four hours every day", "at: 2h, every: 20h, for: 4h, fault: stall")
	add("platform", "the platform begins anew every six hours", "every: 6h, for: 10s, fault: platform_crash")
	add("platform", "one reading in a thousand is poison, all week", week+"fault: poison, share: 0.1%")
	const unplugged = "at: 1 days, for: 2 days, fault: unplugged, where: 'press-*[02468]'"
	add("hardware", "half of the presses' adapters unplugged for two days", unplugged)
	add("hardware", "half of the presses' adapters unplugged for two days, with 2 mechanics a shift instead of 3", unplugged, two)
	return list
}

// onSockets are those that take a live run of hello, twenty seconds.
var onSockets = []trouble{
	{"broker", "the broker down for two seconds", "at: 8s, for: 2s, fault: broker_down", nil},
	{"broker", "the broker killed for two seconds", "at: 8s, for: 2s, fault: broker_kill", nil},
	{"broker", "the queues between broker and platform full for two seconds", "at: 8s, for: 2s, fault: queue_overflow", nil},
	{"broker", "the broker begins anew", "at: 8s, for: 2s, fault: session_loss", nil},
	{"broker", "a subscriber that does not read", "at: 8s, for: 4s, fault: slow_subscriber", nil},
	{"network", "a partition of all things for two seconds, on their sockets", "at: 8s, for: 2s, fault: partition, where: sensor", nil},
	{"attackers", "a stranger floods the broker", "at: 8s, for: 4s, fault: flood, where: sensor", nil},
	{"attackers", "a stranger in the names of all devices", "at: 8s, for: 4s, fault: spoofed_identity, where: sensor", nil},
}

// comparison is what of compare.json a figure needs.
type comparison struct{ Rows []compared }

type compared struct {
	Name  string
	Cells []struct {
		Mean, Half float64
		Difference struct{ Mean, Half float64 }
	}
}

// cost prints what faults cost: in downtime of predictive-maintenance, and in a live run.
func cost(ctx context.Context, args []string, out io.Writer) error {
	f := flags("cost")
	program := f.String("twinbed", "twinbed", "the program")
	seeds := f.Int("seeds", 40, "how many")
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() > 0 || *seeds < 2 {
		return flag.ErrHelp
	}
	fmt.Fprintf(out, "| area | what goes wrong | downtime, hours more (95 %%) | of it unplanned | of %d seeds without it |\n|---|---|---|---|---|\n", *seeds)
	for _, t := range troubles() {
		cells, err := inDowntime(ctx, *program, *seeds, t)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "| %s | %s | %s |\n", t.area, t.words, cells)
	}
	fmt.Fprintln(out, "\n| area | what goes wrong | readings lost | worst uplink before, during | recovered after | messages refused |\n|---|---|---|---|---|---|")
	for _, t := range onSockets {
		line, err := live(ctx, *program, t)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "| %s | %s | %s |\n", t.area, t.words, line)
	}
	return nil
}

// inDowntime compares predictive-maintenance with a fault and without it: by how much
// downtime is longer, how much of that is unplanned, and what they are without.
func inDowntime(ctx context.Context, program string, seeds int, t trouble) (cells string, err error) {
	dir, err := os.MkdirTemp("", "bench-*")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	words := []string{"compare", "predictive-maintenance", "--variant", "ioe", "--no-faults", "-q", "--replications", strconv.Itoa(seeds),
		"--set", "faults=[{" + t.faults + "}]", "--out", dir}
	for _, set := range t.sets {
		words = append(words, "--set", set)
	}
	if _, _, err = child(ctx, judged, program, words...); err != nil {
		return "", err
	}
	text, err := os.ReadFile(filepath.Join(dir, "compare.json"))
	if err != nil {
		return "", err
	}
	var c comparison
	if err := json.Unmarshal(text, &c); err != nil {
		return "", err
	}
	without := ""
	for _, kpi := range []string{"downtime", "unplanned"} {
		n := slices.IndexFunc(c.Rows, func(r compared) bool { return r.Name == kpi && len(r.Cells) == 2 })
		if n < 0 {
			return "", fmt.Errorf("%s: no %s in the comparison", t.words, kpi)
		}
		calm := c.Rows[n].Cells[1]
		cells += fmt.Sprintf("%+.0f ± %.0f | ", -calm.Difference.Mean, calm.Difference.Half)
		without += fmt.Sprintf(", %.0f", calm.Mean)
	}
	return cells + without[2:], nil
}

// live plays hello with a fault.
func live(ctx context.Context, program string, t trouble) (string, error) {
	r, _, err := play(ctx, program, "hello", "faults=[{"+t.faults+"}]")
	if err != nil {
		return "", err
	}
	if r.Resilience == nil || len(r.Resilience.Blows) != 1 {
		return "", fmt.Errorf("%s: there is no account of it", t.words)
	}
	b := r.Resilience.Blows[0]
	lost, recovered := 0.0, "not in time"
	for _, l := range b.Lost {
		if l.Medium == "reading" {
			lost += l.Count
		}
	}
	if b.Recovered != nil {
		recovered = duration(*b.Recovered)
	}
	refused := 0.0
	for _, c := range r.Trust.Counts {
		if c.Words == "broker: messages refused" {
			refused = c.Count
		}
	}
	return fmt.Sprintf("%s | %s, %s | %s | %s", thousands(lost), duration(b.Uplink.Before.High), duration(b.Uplink.During.High), recovered, thousands(refused)), nil
}
