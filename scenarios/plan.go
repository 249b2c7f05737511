package scenarios

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twinbed/twinbed/scenarios/language"
	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
	"github.com/twinbed/twinbed/sim/units"
)

// FaultPlan is what goes wrong in a run, as a scenario writes it under faults.
type FaultPlan []Mishap

// Mishap is one entry of the list, key by key.
type Mishap []language.Pair

// String is the entry as a line of YAML.
func (m Mishap) String() string {
	var keys []string
	for _, p := range m {
		value := p.Value
		if strings.ContainsAny(value, "[]{},:#'\"*&!|>%@`") {
			value = "'" + strings.ReplaceAll(value, "'", "''") + "'"
		}
		keys = append(keys, p.Key+": "+value)
	}
	return "{" + strings.Join(keys, ", ") + "}"
}

// String is the plan as YAML, to be put into a scenario.
func (p FaultPlan) String() string {
	var b strings.Builder
	b.WriteString("faults:\n")
	for _, m := range p {
		b.WriteString("  - " + m.String() + "\n")
	}
	return b.String()
}

// set is the plan as a setting of the scenario.
func (p FaultPlan) set() string {
	var items []string
	for _, m := range p {
		items = append(items, m.String())
	}
	return "faults=[" + strings.Join(items, ", ") + "]"
}

// planner draws plans for a scenario: of all faults that can meet somebody in it.
type planner struct {
	script *Script
	faults []sim.Entry[sim.Fault]
	where  map[sim.Area][]string
	words  []string // what a free text may be: signals
	most   int      // faults in a plan
}

// newPlanner finds out what can go wrong.
func newPlanner(s *Script, run *Run, most int) *planner {
	p := &planner{script: s, where: map[sim.Area][]string{}, most: most}
	var things []string
	for _, k := range run.World.Roster.Kinds {
		things = append(things, k.Name, run.World.Roster.Name(k.First+sim.ThingID(k.Count/2)))
		if k.Count > 9 {
			things = append(things, k.Name+"-*1")
		}
		for _, signal := range k.Signals {
			p.words = append(p.words, signal.Name)
		}
	}
	for _, a := range sim.Areas {
		switch {
		case a == sim.PeopleOf && run.World.Workforce != nil:
			for _, c := range s.People {
				p.where[a] = append(p.where[a], c.Name)
			}
		case a == sim.DataOf && run.World.Feeds != nil && s.has("data"):
			p.where[a] = run.World.Feeds.Names
		case !a.Names():
			p.where[a] = []string{""}
		case a != sim.PeopleOf && a != sim.DataOf:
			p.where[a] = things
		}
	}
	for _, f := range sim.Faults.Entries() {
		if len(p.where[f.New().Area()]) > 0 {
			p.faults = append(p.faults, f)
		}
	}
	return p
}

// draw draws plan n of a seed. A fault that the scenario refuses is left out.
func (p *planner) draw(seed chance.Seed, n int) FaultPlan {
	stream, drawn := seed.Stream("chaos"), uint64(0)
	luck := func() float64 {
		drawn++
		return stream.Uniform(uint32(n), drawn)
	}
	var plan FaultPlan
	for range 1 + int(luck()*float64(p.most)) {
		m := p.mishap(luck)
		if _, err := p.script.withFaults(FaultPlan{m}); err == nil {
			plan = append(plan, m)
		}
	}
	return plan
}

func (p *planner) mishap(luck func() float64) Mishap {
	f := p.faults[int(luck()*float64(len(p.faults)))]
	length := p.script.Duration
	at := time.Duration(luck() * 0.7 * float64(length))
	lasts := time.Duration(math.Pow(float64(length)/4/float64(time.Second), luck()) * float64(time.Second))
	pair := func(key string, d time.Duration) language.Pair {
		return language.Pair{Key: key, Value: units.FormatDuration(max(d.Round(time.Second), time.Second))}
	}
	m := Mishap{pair("at", at), pair("for", lasts)}
	if luck() < 0.2 {
		m = append(m, language.Pair{Key: "every", Value: "exponential mean " + pair("", length/5).Value})
	}
	m = append(m, language.Pair{Key: "fault", Value: f.Name})
	if places := p.where[f.New().Area()]; places[0] != "" {
		m = append(m, language.Pair{Key: "where", Value: places[int(luck()*float64(len(places)))]})
	}
	return append(m, language.Draw(f.New(), luck, func(key string) string {
		if key != "signal" || len(p.words) == 0 {
			return ""
		}
		return p.words[int(luck()*float64(len(p.words)))]
	})...)
}

// command is what plays the script with a plan: with all that the command line changes,
// its seed and its duration.
func (s *Script) command(p FaultPlan) string {
	words := []string{"twinbed run", quoted(s.ref)}
	if s.Variant != "" {
		words = append(words, "--variant", quoted(s.Variant))
	}
	words = append(words, "--seed", strconv.FormatUint(uint64(s.Seed), 10), "--duration", quoted(units.FormatDuration(s.Duration)), "--clock", s.Clock.String())
	for _, set := range s.options.Sets {
		if key, _, _ := strings.Cut(set, "="); key != "seed" && key != "duration" && key != "clock" {
			words = append(words, "--set", quoted(set))
		}
	}
	return strings.Join(append(words, "--set", quoted(p.set())), " ")
}

// quoted is a text as one word of a shell's.
func quoted(text string) string {
	if strings.IndexFunc(text, func(r rune) bool {
		return !strings.ContainsRune("-_./=%:", r) && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) < 0 {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// withFaults is the script with other faults; the error says why it cannot be.
func (s *Script) withFaults(p FaultPlan) (*Script, error) {
	other := *s
	other.options.Sets = append(slices.Clone(s.options.Sets), p.set())
	if err := other.read(); err != nil {
		return nil, err
	}
	run, err := other.Stage(Staging{dry: true})
	if err != nil {
		return nil, err
	}
	return &other, run.Close()
}
