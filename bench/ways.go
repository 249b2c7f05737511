//go:build unix

package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// way is one way to load a broker. In a round it is told what the ceiling has
// just been.
type way struct {
	name string
	peer bool
	run  func(ctx context.Context, qos byte, ceiling float64) (figure, error)
}

// inProcess is raw publishers and broker in one process: the ceiling.
func (b *bout) inProcess(burst int) func(context.Context, byte, float64) (figure, error) {
	return func(ctx context.Context, qos byte, _ float64) (figure, error) {
		x := unknown()
		var err error
		_, x.rate, err = beside(ctx, bySubscriber, func(p *plain) error {
			r := raw{load: load{address: p.address, sessions: 1000, qos: qos, burst: burst, lasting: b.lasting}}
			return r.publish(ctx)
		})
		return x, err
	}
}

// command is a generator in a process of its own.
func (b *bout) command(name string, args ...string) func(context.Context, byte, float64) (figure, error) {
	return func(ctx context.Context, qos byte, ceiling float64) (figure, error) {
		x := unknown()
		var s spent
		heard, rate, err := beside(ctx, byHook, func(p *plain) (err error) {
			host, port, _ := strings.Cut(p.address, ":")
			fill := strings.NewReplacer("{address}", p.address, "{host}", host, "{port}", port,
				"{qos}", strconv.Itoa(int(qos)), "{seconds}", strconv.FormatFloat(b.lasting.Seconds(), 'f', -1, 64),
				"{rate}", strconv.Itoa(int(paced*ceiling)))
			filled := make([]string, len(args))
			for i, a := range args {
				filled[i] = fill.Replace(a)
			}
			// Some tools end with an error of their own when they are done.
			_, s, err = child(ctx, func(int) bool { return true }, name, filled...)
			return err
		})
		x.rate, x.perCore = rate, float64(heard)/s.cpu.Seconds()
		return x, err
	}
}

// paced is the share of the ceiling at which devices send that have a pace.
const paced = 0.7

// flatOut is so much more than the ceiling that things are always late.
const flatOut = 4

// live is Twinbed's whole loop: fleet, broker and platform in one process, at a
// share of the ceiling.
func (b *bout) live(share float64, sets ...string) func(context.Context, byte, float64) (figure, error) {
	return func(ctx context.Context, qos byte, ceiling float64) (figure, error) {
		x := unknown()
		r, _, err := b.twinbed(ctx, qos, share*ceiling, sets...)
		if err != nil {
			return x, err
		}
		if len(r.Uplinks) == 0 || len(r.Ledger.Readings) == 0 {
			return x, errors.New("no reading reached a twin")
		}
		up, books := r.Uplinks[0], r.Ledger.Readings[0]
		// Until the latest reading came, which may be after the run's end.
		x.rate = books.Delivered / (r.Planned + up.Max)
		x.p50, x.p99, x.unexplained, x.verdict = up.P50, up.P99, books.Unexplained, r.Verdict
		return x, nil
	}
}

// fleet is Twinbed's fleet client alone in its process: the platform is somebody
// else's, and the plain broker hands no reading on, not even to the ledger.
func (b *bout) fleet(share float64, sets ...string) func(context.Context, byte, float64) (figure, error) {
	return func(ctx context.Context, qos byte, ceiling float64) (figure, error) {
		x := unknown()
		var s spent
		heard, rate, err := beside(ctx, byHook, func(p *plain) (err error) {
			_, s, err = b.twinbed(ctx, qos, share*ceiling, append([]string{"broker.url=mqtt://" + p.address, "platform=external"}, sets...)...)
			return err
		})
		x.rate, x.perCore = rate, float64(heard)/s.cpu.Seconds()
		return x, err
	}
}

// report is what a figure needs of report.json.
type report struct {
	Verdict string  `json:"verdict"`
	Planned float64 `json:"planned"`
	Uplinks []struct {
		Name string  `json:"name"`
		P50  float64 `json:"p50"`
		P95  float64 `json:"p95"`
		P99  float64 `json:"p99"`
		Max  float64 `json:"max"`
	} `json:"uplinks"`
	Resilience *struct {
		Blows []struct {
			Uplink struct {
				Before, During struct{ High float64 }
			}
			Recovered *float64
			Lost      []struct {
				Medium string
				Count  float64
			}
		}
	}
	Trust struct {
		Counts []struct {
			Words string
			Count float64
		}
	}
	Ledger struct {
		Readings []struct {
			Kind        string  `json:"kind"`
			Delivered   float64 `json:"delivered"`
			Unexplained float64 `json:"unexplained"`
		} `json:"readings"`
	} `json:"ledger"`
}

// twinbed plays the scenario, whose thousand things offer readings at a rate.
func (b *bout) twinbed(ctx context.Context, qos byte, offered float64, sets ...string) (report, spent, error) {
	every := time.Duration(1000 / offered * float64(time.Second)).Round(time.Microsecond)
	return play(ctx, b.program, b.scenario, append([]string{
		"duration=" + b.lasting.String(), "things.sensor.every=" + every.String(),
		"things.sensor.qos=" + strconv.Itoa(int(qos)),
	}, sets...)...)
}

// judged says whether an exit code is a result too.
func judged(code int) bool { return code == 1 || code == 3 }

// play has Twinbed play a scenario with changes and reads its report. An
// untrusted run or a broken limit is a result too.
func play(ctx context.Context, program, scenario string, sets ...string) (r report, s spent, err error) {
	out, err := os.MkdirTemp("", "bench-*")
	if err != nil {
		return r, s, err
	}
	defer os.RemoveAll(out)
	args := []string{"run", scenario, "-q", "--out", out}
	for _, set := range sets {
		args = append(args, "--set", set)
	}
	if _, s, err = child(ctx, judged, program, args...); err != nil {
		return r, s, err
	}
	file, err := os.ReadFile(filepath.Join(out, "report.json"))
	if err != nil {
		return r, s, err
	}
	return r, s, json.Unmarshal(file, &r)
}
