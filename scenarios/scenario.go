package scenarios

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/people"
	"github.com/twinbed/twinbed/sim/units"
	"github.com/twinbed/twinbed/twins"
)

// Scenario is a scenario file: a world of four pillars and how it is played.
type Scenario struct {
	Name         string            `required:"true" doc:"what the scenario is called"`
	Clock        Speed             `default:"virtual" doc:"virtual (jumps from event to event), realtime, or a speed such as 60x"`
	Start        units.Moment      `default:"Mon 00:00" doc:"weekday and time of day at which the run begins"`
	Duration     time.Duration     `required:"true" above:"0s" max:"3650 days" doc:"how long is played, in scenario time"`
	Seed         int               `default:"1" min:"0" doc:"the luck of the run; another seed, another run"`
	Replications int               `default:"20" min:"1" max:"100000" doc:"how many seeds compare plays; with precision at most"`
	Precision    reports.Precision `doc:"how narrow compare is to become: half of the 95 % interval of the paired difference of a KPI, as a share of the first variant's mean, as in 5% (of the first KPI) or 5% of downtime"`
	Pillars      []string          `oneof:"things|data|people|process" doc:"what takes part; default: all. Decisions that need a pillar that is off are left out"`
	Variants     Variants          `doc:"versions to compare: each a mapping of what it changes in the scenario"`

	Things       []Thing       `required:"true" map:"Name" doc:"what senses and acts, by kind"`
	Data         []Data        `map:"Name" doc:"context that is joined to the twins, by name"`
	People       []people.Crew `map:"Name" doc:"crews of workers, by name"`
	twins.Config `key:",inline"`

	Network  sim.Network     `doc:"what lies between things and platform"`
	Load     []sim.LoadStage `doc:"how much of the things is switched on, stage by stage: ramp and soak {over: 5m, to: 100%, hold: 8h}, step {to: 200%, hold: 1m}, spike {spike: 500%, hold: 10s}, storm {reconnect: 100%}"`
	Broker   Broker          `doc:"where the run's broker listens, or where one is that is not ours, in live runs"`
	Platform Platform        `doc:"who decides: the platform that is built in, or one that is not ours and is a client of the broker (external)"`
	Durable  Durable         `doc:"what of a live run outlives the kill of its process: journal, for a fleet in another process (run --only)"`
	Sources  []Cited         `map:"Path" doc:"where values come from, by their paths as --set has them: things.press.signals.vibration, or people for all of them; each begins with checked, unchecked, none or plain, as in \"checked, ISO 2954:2012\""`
	Faults   []Incident      `doc:"what goes wrong, and when"`
	Limits   []reports.Limit `doc:"what must hold, such as p99 of loop < 250ms; a broken one fails the run"`
	KPIs     []reports.KPI   `key:"kpis" doc:"what the run is worth: names of built-in ones, or your own"`
}

// Broker is where the embedded broker of a live run listens, or where one is that
// is not ours.
type Broker struct {
	TCP         string  `default:"127.0.0.1:0" doc:"address for MQTT clients; port 0 takes a free one"`
	WebSocket   string  `doc:"address for MQTT over WebSocket; without it none"`
	ConnectRate float64 `default:"2000" min:"1" max:"1000000" doc:"connections of things that are begun in a second, of each kind; those that a storm has cut off come back faster"`
	URL         string  `key:"url" doc:"a broker that is not ours, to be used instead: mqtt://host:port, or mqtts:// with TLS"`
	User        Secret  `doc:"user name at that broker, as env:NAME: the environment variable that holds it"`
	Password    Secret  `doc:"password at that broker, as env:NAME"`
	CA          string  `key:"ca" doc:"file of the scenario's folder with the certificates (PEM) to trust at that broker; without it the system's"`
	Entrance    `key:",inline"`
}

// Speed is how fast the scenario's clock runs: 0 in virtual time, else scenario
// time per wall time.
type Speed struct {
	Factor float64 `key:"-"`
}

// FromWords reads virtual, realtime or a factor such as 60x.
func (s *Speed) FromWords(text string) error {
	switch text {
	case "virtual":
		s.Factor = 0
		return nil
	case "realtime":
		s.Factor = 1
		return nil
	}
	number, ok := strings.CutSuffix(text, "x")
	f, err := strconv.ParseFloat(number, 64)
	if !ok || err != nil || !(f >= 0.01 && f <= 100_000) {
		return fmt.Errorf("%.40q is no clock; there are virtual, realtime and speeds from 0.01x to 100000x, such as 60x", text)
	}
	s.Factor = f
	return nil
}

// WordsPattern accepts the three forms.
func (Speed) WordsPattern() string { return `^(virtual|realtime|[0-9]+(\.[0-9]+)?x)$` }

// String is the clock as a scenario writes it.
func (s Speed) String() string {
	switch s.Factor {
	case 0:
		return "virtual"
	case 1:
		return "realtime"
	}
	return strconv.FormatFloat(s.Factor, 'f', -1, 64) + "x"
}

// Live says whether the clock is paced by the wall.
func (s Speed) Live() bool { return s.Factor > 0 }

// has says whether a pillar takes part.
func (s *Scenario) has(pillar string) bool {
	if len(s.Pillars) == 0 {
		return true
	}
	for _, p := range s.Pillars {
		if p == pillar {
			return true
		}
	}
	return false
}

// maxThings bounds a run: ids are 32 bits wide, memory ends before.
const maxThings = 20_000_000

// size is how many things a kind has at the load's peak.
func (s *Scenario) size(t *Thing) int {
	return max(t.Count, sim.ThingsFor(t.Count, math.Max(1, sim.Peak(s.Load))))
}
