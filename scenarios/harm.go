package scenarios

import (
	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/faults"
)

// faults puts what goes wrong on the timeline; one that meets people is left out
// with them.
func (b *builder) faults() {
	var incidents []faults.Incident
	for _, x := range b.scenario.Faults {
		x.Incident.Name, x.Incident.Fault = x.Fault.Name, x.Fault.Fault
		x.Incident.Skip = x.Fault.Fault == nil || !b.scenario.takesPart(x.Fault.Area()) || !b.Script.plays(x.Fault.Area())
		incidents = append(incidents, x.Incident)
	}
	timeline, wrongs := faults.Play(b.World, incidents)
	b.wrong(wrongs...)
	b.timeline = timeline
}

// takesPart says whether whom faults of an area meet is part of the run: a variant
// without people has nobody to be absent.
func (s *Scenario) takesPart(a sim.Area) bool {
	switch a {
	case sim.PeopleOf:
		return s.has("people")
	case sim.DataOf:
		return s.has("data")
	}
	return true
}
