package scenarios_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/scenarios"
	"github.com/twinbed/twinbed/scenarios/language"
)

// randomScenario writes a small world in which anything may go wrong.
func randomScenario(r *rand.Rand) string {
	pick := func(choices ...string) string { return choices[r.IntN(len(choices))] }
	maybe := func(text string) string {
		if r.IntN(2) == 0 {
			return ""
		}
		return text
	}
	var b strings.Builder
	fmt.Fprintf(&b, "name: random\nduration: %dm\nstart: %s\nseed: %d\n", 20+r.IntN(100), pick("Mon 06:00", "Fri 13:30", "Sun 23:00"), r.IntN(1000))
	fmt.Fprintf(&b, "things:\n  pump:\n    count: %d\n    every: %s\n", 1+r.IntN(30), pick("1s", "7s", "30s"))
	b.WriteString("    attributes: {site: [north, south]}\n    signals:\n")
	fmt.Fprintf(&b, "      x: %s\n      temp: {model: thermal, ambient: 20, rise: 60, tau: %s, start: 20, noise: 1}\n", pick("normal mean 5 sd 1", "exponential mean 4"), pick("1m", "10m"))
	b.WriteString("      v: {model: wear, from: 1, to: 9, life: weibull shape 2 scale 1h, worn: uniform 0..0.9}\n")
	fmt.Fprintf(&b, "    commands:\n      stop: {load: 0%s}\n      go: {load: 1}\n      renew: {wear: 0}\n%s", maybe(", takes: 3s, fails: 20%"), maybe("    unattended: 20m\n"))
	b.WriteString("  gauge: {count: 12, every: 4s, signals: {g: normal mean 5 sd 1}, commands: [ring]}\n")
	fmt.Fprintf(&b, "  hall: {count: 2, every: 13s, signals: {sum: {model: total, of: pump, sum: %s}}}\n", pick("x", "wear", "broken", "load"))
	level := pick("", "", "gauge-03, signal: g", "hall-02, signal: sum")
	fmt.Fprintf(&b, "data:\n  spares: {stock: %d%s}\n", r.IntN(4), maybe(", restock: 10m"))
	if level != "" {
		fmt.Fprintf(&b, "  level: {twin: %s}\n", level)
		level = pick(" and level > 4", " and level < 6")
	}
	fmt.Fprintf(&b, "people:\n  fitter: {count: %d, skills: [repair], answers: lognormal median 1m p95 4m, shift: %s%s}\n  boss: {}\n",
		1+r.IntN(3), pick("always", "Mon-Fri 06:00-14:00"), maybe(", patience: 5m, escalate: boss"))
	fmt.Fprintf(&b, "process:\n  fix:\n    - {command: stop%s%s}\n", maybe(", timeout: 5s"), maybe(", retry: 2"))
	fmt.Fprintf(&b, "    - {task: fit, skill: repair, takes: exponential mean 4m%s%s%s}\n", maybe(", uses: spares"), maybe(", timeout: 15m"), maybe(", does: renew"))
	b.WriteString(maybe("    - parallel: [[go, {wait: 1m}], [{notify: fixed}]]\n"))
	b.WriteString("    - {command: go, timeout: 30s, on_failure: [{notify: lost}]}\n")
	fmt.Fprintf(&b, "decisions:\n  high: {when: x > 7, do: stop}\n  hot: {when: temp > 70, for: %s, until: temp < 60, do: fix}\n", pick("0s", "20s"))
	fmt.Fprintf(&b, "  worn: {when: \"reaches(v, 8) < minutes(30)\", do: fix}\n  silent: {when: silent_for() > minutes(1), of: pump, do: {notify: silent}}\n")
	fmt.Fprintf(&b, "  loud: {when: g > 7%s, for: %s, do: [ring, {task: listen, skill: repair, takes: 30s}]}\n", level, pick("0s", "4s"))
	fmt.Fprintf(&b, "network: {latency: %s, loss: %d%%, reorder: %s}\n", pick("0s", "lognormal median 50ms p95 2s", "uniform 0s..20s"), r.IntN(20), pick("true", "false"))
	b.WriteString(maybe("load: [{over: 5m, to: 150%}, {to: 30%, hold: 5m}, {to: 100%}]\n"))
	b.WriteString("faults:\n")
	for range 1 + r.IntN(4) {
		fmt.Fprintf(&b, "  - {at: %dm, for: %ds, %s}\n", r.IntN(30), 1+r.IntN(900), pick(
			"fault: partition, where: pump, way: "+pick("both", "up", "down"), "fault: message_loss, where: site == 'north', rate: 60%", "fault: absent, where: fitter"))
	}
	b.WriteString("limits: [unexplained = 0]\nkpis: [downtime, breakdowns, worker_utilisation, task_wait]\n")
	return b.String()
}

// Whatever the world and whatever goes wrong in it: the books balance, and the
// same world is the same run, on one core as on several.
func TestTheBooksBalanceInAnyWorld(t *testing.T) {
	folder := language.NewFolder(os.DirFS("testdata/good"))
	for seed := range uint64(150) {
		source := randomScenario(rand.New(rand.NewPCG(seed, 1)))
		var hash string
		for _, cores := range []int{0, 1 + int(seed%3)} {
			s, err := scenarios.Parse("random.yaml", []byte(source), folder, scenarios.Options{})
			require.NoError(t, err, "seed %d\n%s", seed, source)
			run, err := s.Stage(scenarios.Staging{Cores: cores, Plain: cores == 0})
			require.NoError(t, err, "seed %d\n%s", seed, source)
			report, err := run.Play(context.Background())
			require.NoError(t, err)
			require.Equal(t, reports.Pass, report.Verdict, "seed %d: %v\n%s", seed, report.Reasons, source)
			if hash != "" {
				require.Equal(t, hash, settled(t, report), "seed %d on %d cores\n%s", seed, cores, source)
			}
			hash = settled(t, report)
		}
	}
}
