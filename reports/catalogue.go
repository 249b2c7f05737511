package reports

import "strings"

// Measure is a figure that a limit can hold to, for the catalogue.
type Measure struct{ Name, Form, Doc string }

// Measures lists the figures that a limit can hold to.
func Measures() []Measure {
	docs := map[string]string{
		"uplink": "sensed (when it was due) to arrived on the bus", "twin": "arrived to mirrored in the twin",
		"decision": "mirrored to decided", "delivery": "decided to first taken up by device or person",
		"action": "taken up to the last deed done", "ack": "done to known by the platform",
		"reaction": "sensed to first taken up", "loop": "the whole turn: the sum of its segments",
		lateness: "how late the clock let due events happen; live runs",
	}
	var list []Measure
	for _, name := range measurable {
		of := "DECISION." + name
		if name == lateness {
			of = name
		}
		list = append(list, Measure{name, strings.Join(statistics, "|") + " of " + of + " < TIME", docs[name]})
	}
	return append(list,
		Measure{"lost", "lost " + strings.Join(countable, "|") + " < SHARE or NUMBER", "what did not arrive, whatever the cause"},
		Measure{"rate", "rate of " + strings.Join(rated, "|") + " > RATE", "what was achieved, per second of the run's time"},
		Measure{unexplained, unexplained + " = 0", "what is missing in the books"},
		Measure{"a KPI", "NAME < VALUE", "a KPI of the scenario, in its own unit"})
}
