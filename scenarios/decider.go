package scenarios

import (
	"fmt"
	"slices"
	"time"

	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/twins"
	"github.com/twinbed/twinbed/twins/external"
)

// Platform says who decides.
type Platform struct {
	By      string        `default:"built-in" oneof:"built-in|external" doc:"built-in: decisions and processes of the scenario; external: whoever connects to the broker as the client platform"`
	Timeout time.Duration `default:"5s" min:"0s" doc:"a command of an external platform without an ack for so long, in wall time, counts as timed out; 0: never"`
	Secret  Secret        `doc:"password of the user platform at our own broker, as env:NAME; without it the client id platform is enough"`
}

const externalPlatform = "external"

// FromWords reads who alone.
func (p *Platform) FromWords(text string) error {
	if text != "built-in" && text != externalPlatform {
		return fmt.Errorf("%.40q is no platform; there are built-in and external", text)
	}
	p.By = text
	return nil
}

// WordsPattern accepts the two.
func (Platform) WordsPattern() string { return `^(built-in|external)$` }

func (p *Platform) external() bool { return p.By == externalPlatform }

// decisions are the names of all decisions, as loops count them.
func (r *Run) decisions() (names []string) {
	if r.External != nil {
		return r.External.Decisions()
	}
	if r.Platform != nil {
		for _, d := range r.Platform.Decisions() {
			names = append(names, d.Name)
		}
	}
	return names
}

// targets are what those of some decisions that say so are to detect.
func (b *builder) targets(decisions []string) (list []reports.Target) {
	for _, d := range b.scenario.Decisions {
		at := slices.Index(decisions, d.Name)
		if d.Truth == "" || at < 0 {
			continue
		}
		x := reports.Target{Decision: at, Of: d.Of, Truth: d.Truth, Ahead: d.Ahead}
		if b.Platform != nil {
			x.Of = b.Platform.Decisions()[at].Kind.Name
		}
		list = append(list, x)
	}
	return list
}

// underWay is what is not closed, as the platform has it.
func (r *Run) underWay() *reports.Open {
	if r.External != nil {
		commands, tasks := r.External.Open()
		return &reports.Open{Turns: uint64(commands + tasks), Commands: uint64(commands), Tasks: uint64(tasks)}
	}
	open := r.Platform.Open()
	return &reports.Open{Turns: uint64(open.Turns), Commands: uint64(open.Commands), Tasks: uint64(open.Tasks)}
}

// twin is a thing as our own platform sees it; an external one keeps that to itself.
func (r *Run) twin(id sim.ThingID) (t twins.Twin) {
	if r.Platform != nil {
		t, _ = r.Platform.Twin(id)
	}
	return t
}

// externalPlatform prepares the books for somebody else's decisions.
func (b *builder) externalPlatform() {
	var names []string
	for _, d := range b.scenario.Decisions {
		names = append(names, d.Name)
	}
	b.External = external.New(b.World, names, b.scenario.Platform.Timeout)
	b.World.Platform = b.External
}

// commands are the names of all commands: what orders count under that name no
// decision.
func (s *Scenario) commands() (names []string) {
	for _, t := range s.Things {
		for _, c := range t.Commands {
			names = append(names, c.Name)
		}
	}
	return names
}

// unused says what of a scenario plays no part under an external platform.
func (s *Scenario) unused() (lines []string) {
	if !s.Platform.external() {
		return nil
	}
	lines = append(lines, "platform: external, the client \"platform\" of the broker")
	for _, x := range []struct {
		what string
		n    int
	}{{"decisions", len(s.Decisions)}, {"process", len(s.Processes)}, {"data", len(s.Data)}} {
		if x.n > 0 {
			lines = append(lines, "unused: "+x.what+", as the platform is external")
		}
	}
	return lines
}

// orders says how the orders of an external platform were understood.
func (r *Run) orders() (remarks []string, counts []reports.Count) {
	if r.External == nil {
		return nil, nil
	}
	remarks = append(remarks, "an external platform decided: \"decision\" is from when a reading arrived until its order did, with both ways over the broker")
	c := r.External.Counts()
	for _, x := range []struct {
		n      uint64
		remark string
	}{
		{c.Unnumbered, "named no reading and were matched by thing and order: each to the thing's latest reading before it"},
		{c.Forgotten, "named a reading that was too old to be remembered: their loops took longer than is shown"},
		{c.Baseless, "were of no thing, or of one that had sent nothing: their loops begin with the order"},
		{c.Clashing, "came under an id that stood for another order, and were not carried out"},
	} {
		if x.n > 0 {
			remarks = append(remarks, fmt.Sprintf("%d orders %s", x.n, x.remark))
		}
	}
	return remarks, []reports.Count{
		{Words: "acks that came after their deed had been given up", Count: c.LateAcks},
		{Words: "acks of deeds that were closed or never issued", Count: c.StrayAcks},
	}
}
