package scenarios

import "fmt"

// Starter is a small commented scenario to begin with.
func Starter(name string) (string, error) {
	if problem := badThing(name); problem != "" {
		return "", notFound("%s", problem)
	}
	return fmt.Sprintf(starter, name), nil
}

const starter = `# Write here what the scenario asks: it is the first line of its report.
name: %s
clock: virtual                  # or realtime, or a speed such as 60x
start: Mon 06:00
duration: 8h
seed: 1

things:
  pump:
    count: 20
    every: 10s
    signals:
      pressure: normal mean 4 sd 0.2             # drawn anew for each reading
      temperature:                               # warms up under load: twinbed list thermal
        {model: thermal, ambient: 20, rise: 50, tau: 15m, noise: 0.5, unit: °C}
    commands:                                    # the states that a command sets
      throttle: {load: 50%%}
      full: {load: 100%%}

people:
  operator:
    count: 1
    skills: [inspection]
    shift: Mon-Fri 06:00-14:00
    answers: lognormal median 4m p95 15m

process:
  cool down:                                     # step by step; a list keeps its order
    - throttle
    - {task: look at the pump, skill: inspection, takes: normal mean 8m sd 2m at least 1m}
    - full

decisions:
  too hot:
    when: temperature > 68                       # over the twin of one pump
    for: 30s                                     # without a break
    until: temperature < 60                      # armed again only then
    do: cool down

network: {latency: lognormal median 20ms p95 90ms, loss: 0.1%%}

faults:
  - {at: 2h, for: 10m, fault: message_loss, where: pump-*, rate: 20%%}

limits:                                          # a broken one fails the run: exit code 1
  - p99 of too hot.reaction < 8h if any
  - lost readings < 1%%

kpis:
  - worker_utilisation
  - {name: time_hot, time: temperature > 65, of: pump, unit: h, better: lower}
`
