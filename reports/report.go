package reports

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/twinbed/twinbed/sim"
)

// Schema is the name and version of the shape of report.json. The number rises
// when a reader of the old shape would be misled; fields may be added without.
const Schema = "twinbed.report/1"

// Environment is what a report is told and cannot see for itself.
type Environment struct {
	Scenario  string
	Question  string // the scenario's first line of comment
	Variant   string
	Seed      uint64
	Clock     string        // "virtual", "realtime", "60x"
	Real      []string      // what is real, each in a few words: "press-01 by modbus"
	Simulated []string      // what is simulated: "39 press"
	Remarks   []string      // what a reader must know to judge the figures
	Planned   time.Duration // how long it was to be played
	Ended     string        // why it ended before that; "" where it did not
	Broken    []string      // what must hold in any run and does not
	Limits    []Limit
	Counts    []Count // what wires and platform counted besides
	Devices   []Device
	Sources   []Sourced
	Wall      Wall
}

// Count is how often something happened, in words.
type Count struct {
	Words string `json:"words"`
	Count uint64 `json:"count"`
}

// Wall is all of a report that depends on the wall clock and the machine. The
// rates are filled in by Report.
type Wall struct {
	Started    string `json:"started"`               // RFC 3339
	Took       Number `json:"took"`                  // seconds
	Machine    string `json:"machine"`               // operating system, architecture, cores
	Cores      int    `json:"cores,omitempty"`       // over which a virtual run was spread; left out for one
	ClockFirst bool   `json:"clock_first,omitempty"` // a live run's clock had a thread that went before others
	Go         string `json:"go"`
	Version    string `json:"version"` // of twinbed
	ReadingsPS Number `json:"readings_per_second"`
	EventsPS   Number `json:"events_per_second"`
	Speed      Number `json:"speed"` // scenario time per wall time
}

// Report is what a run had to say: report.json, whose shape SHAPE.md describes.
// All durations and times are seconds. Two virtual runs of the same scenario,
// seed and version differ in Wall alone.
type Report struct {
	Schema     string        `json:"schema"`
	Verdict    Verdict       `json:"verdict"`
	Exit       int           `json:"exit"`
	Reasons    []string      `json:"reasons"`
	Scenario   string        `json:"scenario"`
	Question   string        `json:"question"`
	Variant    string        `json:"variant"`
	Seed       uint64        `json:"seed"`
	Clock      string        `json:"clock"`
	Real       []string      `json:"real"`
	Simulated  []string      `json:"simulated"`
	Remarks    []string      `json:"remarks"` // what a reader must know to judge the figures
	Planned    Number        `json:"planned"`
	Played     Number        `json:"played"`
	Events     uint64        `json:"events"`
	Hash       string        `json:"hash"` // 16 hexadecimal digits
	Decisions  []Decision    `json:"decisions"`
	Uplinks    []Figures     `json:"uplinks"` // all readings of a kind, sensed to mirrored
	Ages       []Age         `json:"ages"`    // by kind
	Steps      []Step        `json:"steps"`
	Throughput Throughput    `json:"throughput"`
	Ledger     Ledger        `json:"ledger"`
	Windows    []Window      `json:"windows"`
	KPIs       []KPIResult   `json:"kpis"`
	Limits     []LimitResult `json:"limits"`
	People     []Crew        `json:"people"`
	Devices    []Device      `json:"devices"`              // real things
	Resilience *Resilience   `json:"resilience,omitempty"` // of a run with faults
	Durable    *Durable      `json:"durable,omitempty"`    // of a run that can go on in another process
	Sources    []Sourced     `json:"sources"`
	Trust      Trust         `json:"trust"`
	Wall       Wall          `json:"wall"`
}

// Decision is what is known of one decision's loops.
type Decision struct {
	Name     string    `json:"name"`
	Fired    uint64    `json:"fired"`
	Closed   Outcomes  `json:"closed"`
	Open     uint64    `json:"open"`
	Lost     uint64    `json:"lost"`    // timed out: what came of them is unknown
	Foreign  uint64    `json:"foreign"` // had stamps that are not ours: sensed is when it arrived
	Manned   uint64    `json:"manned"`  // the first deed went to a person
	Segments []Figures `json:"segments"`

	Detection *Detection `json:"detection,omitempty"` // of one with a truth to detect
}

// Figures are durations with what they are of and how they came about.
type Figures struct {
	Name string `json:"name"`
	Durations
	Base string `json:"base"` // modelled, measured or mixed
	Time string `json:"time"` // scenario, wall or mixed
}

// Step is the account of one step of a process, or of a decision's own deeds.
type Step struct {
	Process  string    `json:"process"`  // "" for a decision's own
	Decision string    `json:"decision"` // "" for a process's
	Step     int       `json:"step"`     // from 1
	Name     string    `json:"name"`
	Issued   uint64    `json:"issued"`
	Resent   uint64    `json:"resent"`
	Closed   Outcomes  `json:"closed"`
	Open     uint64    `json:"open"`
	Wait     Durations `json:"wait"` // tasks: until a person took it up, in scenario time
	Work     Durations `json:"work"` // tasks: until it was done
}

// Throughput is per second of scenario time in a virtual run, of wall time in a
// live one.
type Throughput struct {
	Time     string `json:"time"`
	Offered  Number `json:"readings_offered"`
	Readings Number `json:"readings"`
	Loops    Number `json:"loops"`
	Commands Number `json:"commands"`
	Tasks    Number `json:"tasks"`
}

// Crew is what a crew has done.
type Crew struct {
	Name        string `json:"name"`
	Workers     int    `json:"workers"`
	OnShift     Number `json:"on_shift"` // summed over workers
	Busy        Number `json:"busy"`
	Utilisation Number `json:"utilisation"`
	Done        int    `json:"tasks_done"`
	Waiting     int    `json:"tasks_waiting"`
	Working     int    `json:"tasks_under_way"`
	MeanWait    Number `json:"mean_wait"`
	Escalated   int    `json:"escalated"`
	Unreached   int    `json:"unreached"` // times that a task found nobody at the phone
}

// Trust is how far to trust the run.
type Trust struct {
	Lateness      Durations `json:"lateness"` // of the clock, wall time; none in a virtual run
	PostsRefused  uint64    `json:"posts_refused"`
	Foreign       uint64    `json:"foreign_readings"`
	ForeignLoops  uint64    `json:"foreign_loops"`
	Disagreements uint64    `json:"disagreements"` // with the platform, on whether a reading was new, late or a duplicate
	Rejected      uint64    `json:"rejected"`      // messages from outside that could not be taken
	Counts        []Count   `json:"counts"`
}

// Report draws up what a run had to say, after Close.
func (r *Recorder) Report(e Environment) *Report {
	if !r.closed {
		panic("a report is wanted of a recorder that is not closed")
	}
	x := &Report{
		Schema: Schema, Scenario: e.Scenario, Question: e.Question, Variant: e.Variant, Seed: e.Seed, Clock: e.Clock,
		Real: listed(e.Real), Simulated: listed(e.Simulated), Remarks: listed(e.Remarks),
		Planned: Number(e.Planned.Seconds()), Played: Number(r.end.Seconds()),
		Events: r.clock.Events(), Hash: hex(r.clock.Hash()),
		Decisions: r.decisionFigures(), Uplinks: r.uplinkFigures(), Ages: r.ages(), Steps: r.stepFigures(),
		Throughput: r.throughput(), Ledger: r.ledger(), Windows: r.windows(), KPIs: r.kpis.results(),
		Limits: []LimitResult{}, People: r.crews(), Devices: append([]Device{}, e.Devices...), Sources: append([]Sourced{}, e.Sources...), Trust: r.trust(e.Counts), Wall: e.Wall,
	}
	if len(r.epochs) == mostEpochs {
		x.Remarks = append(x.Remarks, fmt.Sprintf("faults cut the run more than %s times: what came after stands in the last window", grouped(mostEpochs)))
	}
	for _, l := range e.Limits {
		x.Limits = append(x.Limits, r.judge(l))
	}
	x.Verdict, x.Reasons = r.verdict(&e, x.Ledger, x.Limits)
	x.Exit = x.Verdict.ExitCode()
	took := float64(e.Wall.Took)
	x.Wall.ReadingsPS = ratio(float64(r.tally().done[0]), took)
	x.Wall.EventsPS = ratio(float64(x.Events), took)
	x.Wall.Speed = ratio(r.end.Seconds(), took)
	return x
}

// JSON is report.json: indented, always the same bytes for the same report.
func (x *Report) JSON() ([]byte, error) {
	b, err := json.MarshalIndent(x, "", "  ")
	return append(b, '\n'), err
}

func listed(words []string) []string { return append([]string{}, words...) }

func hex(h uint64) string {
	const digits = "0123456789abcdef"
	b := make([]byte, 16)
	for i := range b {
		b[i] = digits[h>>(60-4*i)&15]
	}
	return string(b)
}

func (r *Recorder) decisionFigures() []Decision {
	list := []Decision{}
	for i, name := range r.setup.Decisions {
		t := &r.decisions[i]
		d := Decision{
			Name: name, Fired: t.fired, Closed: t.outcomes, Open: t.fired - t.closed,
			Lost: t.lost, Foreign: t.foreign, Manned: t.manned, Segments: []Figures{}, Detection: r.detecting(i).figures(),
		}
		for s := range segments {
			base, time := r.basis(t, s)
			d.Segments = append(d.Segments, Figures{s.String(), t.segments[s].figures(), base, time})
		}
		list = append(list, d)
	}
	return list
}

func (r *Recorder) uplinkFigures() []Figures {
	list := []Figures{}
	base, time := r.basis(&turns{}, uplinkSegment)
	for i, k := range r.setup.Roster.Kinds {
		list = append(list, Figures{k.Name, r.kinds[i].uplink.figures(), base, time})
	}
	return list
}

func (r *Recorder) stepFigures() []Step {
	list := []Step{}
	for _, key := range r.deeds.stepKeys() {
		b := r.deeds.steps[key]
		list = append(list, Step{
			Process: at(r.setup.Processes, key.process), Decision: at(r.setup.Decisions, key.decision),
			Step: key.step + 1, Name: key.name, Issued: b.issued, Resent: b.resent, Closed: b.outcomes,
			Open: b.issued - b.outcomes.Total(), Wait: b.wait.figures(), Work: b.work.figures(),
		})
	}
	return list
}

func at(names []string, i int) string {
	if i < 0 || i >= len(names) {
		return ""
	}
	return names[i]
}

func (r *Recorder) throughput() Throughput {
	t := Throughput{Time: ScenarioTime}
	if r.live {
		t.Time = WallTime
	}
	seconds, n := r.seconds(), r.achieved()
	t.Offered = ratio(float64(r.offered()), seconds)
	for i, to := range []*Number{&t.Readings, &t.Loops, &t.Commands, &t.Tasks} {
		*to = ratio(float64(n[i]), seconds)
	}
	return t
}

func (r *Recorder) crews() []Crew {
	list := []Crew{}
	for _, u := range r.people {
		list = append(list, Crew{
			Name: u.Crew, Workers: u.Workers, OnShift: Number(u.OnShift.Seconds()), Busy: Number(u.Busy.Seconds()),
			Utilisation: ratio(u.Busy.Seconds(), u.OnShift.Seconds()), Done: u.Tasks, Waiting: u.Waiting, Working: u.Working,
			MeanWait: ratio(u.Waited.Seconds(), float64(u.Taken)), Escalated: u.Escalated, Unreached: u.Unreached,
		})
	}
	return list
}

func (r *Recorder) trust(counts []Count) Trust {
	t := Trust{
		Lateness: (&durations{}).figures(), PostsRefused: r.clock.Refused(),
		Disagreements: r.disagreements, Rejected: r.noted[sim.Rejected], Counts: []Count{},
	}
	for k := range r.kinds {
		t.Foreign += r.kinds[k].foreign
	}
	for d := range r.decisions {
		t.ForeignLoops += r.decisions[d].foreign
	}
	for _, c := range counts {
		if c.Count > 0 {
			t.Counts = append(t.Counts, c)
		}
	}
	if lag := r.lag(); lag.Count() > 0 {
		at := func(q float64) Number { return Number(lag.Quantile(q).Seconds()) }
		t.Lateness = Durations{
			Count: lag.Count(), P50: at(0.5), P90: at(0.9), P95: at(0.95), P99: at(0.99), P999: at(0.999),
			Max: Number(lag.Max().Seconds()), Mean: Unknown,
		}
	}
	return t
}
