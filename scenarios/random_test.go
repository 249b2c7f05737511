package scenarios_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/scenarios"
	"github.com/twinbed/twinbed/scenarios/language"
)

// What a random world can be made of. ⟨a|b⟩ is one of a and b.
const (
	randomThings = `start: ⟨Mon 06:00|Fri 13:30|Sun 23:00⟩
things:
  pump:
    count: ⟨1|4|30|90⟩
    every: ⟨3s|7s|30s|1m⟩
    attributes: {site: [north, south], power: normal mean 4 sd 0.5}
    state: {mode: 1, dose: 20%}
⟨    unattended: 30m
|    unattended: 2h
||⟩    commands:
      throttle: {load: 50%, takes: lognormal median 2s p95 5s, fails: ⟨1%|20%⟩}
      stop: {load: 0}
      full: {load: 100%}
      set_dose: {dose: value}
      renew: {wear: 0}
    signals:
      temperature: {model: thermal, ambient: 20, rise: 50, tau: ⟨1m|15m⟩, noise: 2}
      vibration: {model: wear, from: 2, to: 9, life: weibull shape 2 scale ⟨1h|5h⟩, worn: uniform 0..0.8, noise: 0.3}
      flow: ⟨normal mean 10 sd 1|exponential mean 8⟩
`
	randomOthers = `  gauge: {count: 12, every: 4s, signals: {g: normal mean 5 sd 1}, commands: [ring]}
  hall: {count: 2, every: 13s, signals: {sum: {model: total, of: pump, sum: ⟨flow|wear|broken|load|dose⟩}}}
data:
  tariff: {file: tariff.csv, time: at}
  limits: {file: limits.csv, key: site, join: site, fresh: 4h}
  spares: {stock: ⟨0|1|3⟩, restock: ⟨10m|1h⟩}
  crm: {query: "select site, customers from sites", script: sites.sql, key: site, join: site, every: 10m}
  other: {twin: ⟨gauge-03, signal: g|hall-02, signal: sum⟩, fresh: 1m}
people:
  operator:
    count: ⟨1|4⟩
    skills: [inspection]
    shift: ⟨always|Mon-Fri 06:00-14:00|Mon-Fri 06:00-14:00 and 14:00-22:00⟩
    answers: lognormal median ⟨1m p95 4m|4m p95 15m⟩
    takes: ⟨3m|10m⟩
    patience: 20m
    escalate: foreman
⟨    alarm_load: {some: 1.2, many: 1.5}
|⟩  foreman: {shift: always}
process:
  inspect:
    - {task: look, skill: inspection, takes: normal mean 8m sd 2m at least 1m, timeout: ⟨15m|2h⟩, retry: 2, finds: [vibration]}
  repair:
    - {command: throttle, timeout: 5s, retry: {times: 2, backoff: 1s}, on_failure: [full]}
    - inspect
    - parallel:
        - [{task: fit, skill: inspection, uses: spares, does: renew, escalate: {after: 30m, to: foreman}}]
        - [{wait: uniform 1m..2m}, {notify: repair under way}]
    - if: temperature > 40
      then: [{command: set_dose, value: "clamp(flow / 20, 0, 1)"}]
      else: full
    - {command: full, timeout: 30s, on_failure: [{notify: lost}]}
decisions:
  loud: {when: "g > ⟨7|8⟩", of: gauge, for: ⟨0s|4s⟩, do: [ring, {task: listen, skill: inspection, takes: 30s}]}
`
	randomNetwork = `network: {latency: ⟨0s|20ms|lognormal median 50ms p95 2s|uniform 0s..20s|exponential mean 1m⟩, jitter: ⟨0s|exponential mean 5ms⟩, loss: ⟨0%|1%|20%⟩, reorder: ⟨true|false⟩}
⟨load: [{over: 5m, to: 150%}, {to: 30%, hold: 5m}, {to: 100%}]
|⟩limits: [unexplained = 0]
kpis:
  [downtime, breakdowns, worker_utilisation, task_wait, {name: hot, time: temperature > 55, of: pump, unit: min, better: lower},
   {name: energy, integral: power * 2, of: pump, unit: kWh}, {name: flows, mean: flow, of: pump}, {name: sums, mean: sum, of: hall}]
faults:
`
)

var (
	randomSignals = []string{
		"weather: {model: sine, mean: 12, swing: 6, peak: 15h}", "drift: {model: random_walk, start: normal mean 5 sd 1, sd: 0.5, pull: 2h, min: 0, max: 10}",
		"level: {model: expression, rate: 2 - level / 5, start: 4}", "ill: {model: episodes, after: exponential mean 2h, onset: uniform 10m..1h, state: sick}",
		"recorded: {model: replay, file: trace.csv, column: x, shift: 10s}", "charge: {model: battery, holds: 10, power: 2}",
		"mood: {model: alternating, high_for: exponential mean 10m, low_for: exponential mean 5m}",
	}
	randomDecisions = []string{
		"hot: {when: \"temperature > 66 and site == 'north'\", for: ⟨0s|1m⟩, until: temperature < 50, do: repair}",
		`worn: {when: "reaches(vibration, 8) < hours(1) and vibration * correction(vibration) > 3 and tariff < 30", do: repair, truth: wear > 0.8, ahead: 1h}`,
		"poor: {when: limits.low > flow or crm.customers < 0, again: ⟨1h|7m|10m⟩, do: {notify: below the limit}}",
		"quiet: {when: silent_for() > minutes(⟨1|5⟩), of: pump, check: 1m, do: throttle}",
		"bad: {when: vibration > 8, for: ⟨20s|2m|10m⟩, again: ⟨0s|15m⟩, do: [stop, repair], truth: wear > 0.9}",
		`odd: {when: "mean(flow, minutes(2)) > 10.6 or sd(flow, minutes(3)) > 1.6", do: {task: look, skill: inspection, takes: 3m}}`,
		`steep: {when: "slope(temperature, minutes(10)) > 60 and rate(flow) > 0.2", do: throttle}`,
		`dosed: {when: "ewma(flow, minutes(1)) > 10.8 and desired(dose) == 0.2", do: [{command: set_dose, value: 0.3}]}`,
		"late: {when: hour > 13 and flow > 12.5, do: {notify: late}}",
		"tariffed: {when: tariff > 20 and flow > 11, for: ⟨1m|30m⟩, do: throttle, until: tariff < 20}",
		"read: {when: other > 6 and ⟨flow > 11|g > 7⟩, do: {notify: read}}",
	}
	randomTogether = []string{ // rarely, or no pump would ever be alone
		"spared: {when: flow > 11 and spares > 0, do: {notify: spare}}", `shifted: {when: "cusum(flow, 0.5, hours(1), minutes(30)) > 5", do: {notify: drift}}`,
	}
	randomFaults = []string{
		"partition, where: pump, way: ⟨both|up|down⟩", "message_loss, where: site == 'north', rate: 60%", "absent, where: operator", "duplicated, where: pump", "stuck_at, where: pump",
		"drift, where: pump, per_hour: 3", "battery_death, where: pump", "crash, where: pump", "clock_skew, where: pump, behind: 1m", "late, where: pump, by: exponential mean 10s", "stale, where: tariff",
		"missing, where: crm", "slow_answers, where: operator, times: 3", "latency, where: pump, by: exponential mean 2s", "reboot_loop, where: pump", "noise_burst, where: pump, sd: 3", "dropout, where: pump, share: 30%",
	}
)

var choice = regexp.MustCompile(`(?s)⟨[^⟩]*⟩`)

// randomScenario writes a small world in which anything may go wrong.
func randomScenario(r *rand.Rand) string {
	var b strings.Builder
	write := func(text string) {
		b.WriteString(choice.ReplaceAllStringFunc(text, func(c string) string {
			choices := strings.Split(strings.Trim(c, "⟨⟩"), "|")
			return choices[r.IntN(len(choices))]
		}))
	}
	some := func(percent int, before string, lines []string) {
		for _, line := range lines {
			if r.IntN(100) < percent {
				write(before + line + "\n")
			}
		}
	}
	fmt.Fprintf(&b, "name: random\nduration: %dm\nseed: %d\n", 60+r.IntN(200), r.IntN(1000))
	write(randomThings)
	some(40, "      ", randomSignals)
	write(randomOthers)
	some(40, "  ", randomDecisions)
	some(25, "  ", randomTogether)
	write(randomNetwork)
	for range 1 + r.IntN(4) {
		fmt.Fprintf(&b, "  - {at: %dm, for: %ds, fault: ", r.IntN(100), 1+r.IntN(1200))
		write(randomFaults[r.IntN(len(randomFaults))] + "}\n")
	}
	return b.String()
}

// Whatever the world and whatever goes wrong in it: the books balance, and the
// same world is the same run, in lanes on one core or several as without.
func TestTheBooksBalanceInAnyWorld(t *testing.T) {
	folder := language.NewFolder(os.DirFS("testdata/good"))
	for seed := range uint64(36) {
		source := randomScenario(rand.New(rand.NewPCG(seed, 1)))
		var report, events string
		for _, cores := range []int{0, 1 + int(seed%3)} {
			s, err := scenarios.Parse("random.yaml", []byte(source), folder, scenarios.Options{})
			require.NoError(t, err, "seed %d\n%s", seed, source)
			_, same, told := spread(t, s, nil, cores)
			require.Contains(t, same, `"verdict": "pass"`, "seed %d on %d cores\n%s", seed, cores, source)
			if cores > 0 {
				require.Equal(t, report, same, "seed %d on %d cores\n%s", seed, cores, source)
				require.Equal(t, events, told, "seed %d on %d cores\n%s", seed, cores, source)
			}
			report, events = same, told
		}
	}
}
