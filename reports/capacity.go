package reports

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/twinbed/twinbed/sim/chance"
)

// CapacitySchema is the name and version of the shape of capacity.json.
const CapacitySchema = "twinbed.capacity/1"

// Capacity is what a search for the highest sustained rate had to say:
// capacity.json, whose shape SHAPE.md describes. Rates are readings a second,
// durations seconds.
type Capacity struct {
	Schema    string       `json:"schema"`
	Scenario  string       `json:"scenario"`
	Question  string       `json:"question"`
	Variant   string       `json:"variant"`
	Seed      uint64       `json:"seed"`
	Clock     string       `json:"clock"`
	By        string       `json:"by"`   // what the rate was varied by: things or rate
	Time      string       `json:"time"` // in whose time rates are, and the two that follow: wall or scenario
	WarmUp    Number       `json:"warm_up"`
	StepTime  Number       `json:"step_time"`
	Tolerance Number       `json:"tolerance"`
	Limits    []string     `json:"limits"` // what had to hold
	Notes     []string     `json:"notes"`  // what of the scenario was left out
	Sustained Number       `json:"sustained"`
	Confirmed bool         `json:"confirmed"`
	AtLeast   bool         `json:"at_least"` // no higher rate was tried
	Knee      Estimate     `json:"knee"`
	Steps     []LoadStep   `json:"steps"` // by rate
	Law       *Scalability `json:"law"`
	Why       string       `json:"why_no_law"` // why none is fitted
	Ended     string       `json:"ended"`      // why it ended early; "" where it did not
	Wall      Wall         `json:"wall"`
}

// Sample is one run at a rate.
type Sample struct {
	Rate        Number `json:"rate"`
	Holds       bool   `json:"holds"`
	Reason      string `json:"reason"` // why it does not
	Offered     Number `json:"offered"`
	Achieved    Number `json:"achieved"`
	Concurrency Number `json:"concurrency"` // mean number of readings on their way, of a live run
	Of          string `json:"of"`          // the decision whose loop follows; "" for the uplink of readings
	P50         Number `json:"p50"`
	P99         Number `json:"p99"`
	Lateness    Number `json:"lateness"` // p99 of the clock's
}

// String is the run on one line.
func (s *Sample) String() string {
	line := fmt.Sprintf("%s/s: %s/s achieved, p50 %s, p99 %s", short(float64(s.Rate)), short(float64(s.Achieved)), seconds(s.P50), seconds(s.P99))
	if s.Holds {
		return line + ", holds"
	}
	return clipped(line+", does not hold: "+s.Reason, width)
}

// Bounds of what counts as sustained.
const (
	offeredShare = 0.98 // of the rate, that the testbed has to send
	servedShare  = 0.98 // of what arrives in the end, that has to arrive while play lasts
)

// Sample judges a run at a rate: it holds when it passes, when the rate was
// offered, and when what was offered was served and did not pile up.
func (x *Report) Sample(rate float64) Sample {
	s := Sample{
		Rate: Number(rate), Offered: x.Throughput.Offered, Achieved: x.Throughput.Readings,
		Concurrency: Unknown, P50: Unknown, P99: Unknown, Lateness: x.Trust.Lateness.P99,
	}
	var readings, sum float64
	most := uint64(0)
	for _, u := range x.Uplinks {
		if u.Count > 0 {
			readings += float64(u.Count)
			sum += float64(u.Count) * float64(u.Mean)
			if u.Count > most {
				most, s.P50, s.P99 = u.Count, u.P50, u.P99
			}
		}
	}
	if readings > 0 && x.Throughput.Time == WallTime {
		s.Concurrency = s.Achieved * Number(sum/readings)
	}
	most = 0
	for _, d := range x.Decisions {
		if loop := d.Segments[loopSegment]; loop.Count > most {
			most, s.Of, s.P50, s.P99 = loop.Count, d.Name, loop.P50, loop.P99
		}
	}
	s.Reason = x.shortfall(rate)
	if x.Verdict != Pass {
		s.Reason = strings.Join(x.Reasons, "; ")
	}
	s.Holds = s.Reason == ""
	return s
}

// shortfall says whether a rate was not offered or not served.
func (x *Report) shortfall(rate float64) string {
	offered, achieved := float64(x.Throughput.Offered), float64(x.Throughput.Readings)
	if !(offered >= offeredShare*rate) {
		return fmt.Sprintf("the testbed could offer %s/s of %s/s", short(offered), short(rate))
	}
	var sent, delivered float64
	for _, b := range x.Ledger.Readings {
		sent, delivered = sent+float64(b.Sent), delivered+float64(b.Delivered)
	}
	if served := offered * delivered / sent; !(achieved >= servedShare*served) {
		return fmt.Sprintf("readings piled up: of %s/s that arrived in the end, %s/s arrived in time", short(served), short(achieved))
	}
	return ""
}

// Conclude takes what a search found and works out knee and law.
func (c *Capacity) Conclude(f Found) {
	c.Schema = CapacitySchema
	c.Steps, c.Confirmed, c.AtLeast = append([]LoadStep{}, f.Steps...), f.Confirmed, f.AtLeast
	c.Sustained = Unknown
	if f.Sustained > 0 {
		c.Sustained = Number(f.Sustained)
	}
	runs := f.runs()
	var loads []Load
	for _, r := range runs {
		loads = append(loads, Load{r.Concurrency, r.Achieved})
	}
	c.Knee = FitKnee(runs)
	switch {
	case c.Time != WallTime:
		c.Why = "in virtual time nothing competes for the machine: times are modelled"
	default:
		if c.Law = FitScalability(loads, chance.Seed(c.Seed).Stream("scalability")); c.Law == nil {
			c.Why = fmt.Sprintf("three parameters want %d runs at least", fewestLoads)
		}
	}
}

// Verdict is pass for a capacity that is confirmed, fail where no rate holds, and
// untrusted for one that is not confirmed or was cut short.
func (c *Capacity) Verdict() Verdict {
	switch {
	case c.Ended != "":
		return Untrusted
	case !c.Sustained.Known():
		return Fail
	case !c.Confirmed:
		return Untrusted
	}
	return Pass
}

// JSON is capacity.json: indented, always the same bytes for the same search.
func (c *Capacity) JSON() ([]byte, error) {
	b, err := json.MarshalIndent(c, "", "  ")
	return append(b, '\n'), err
}
