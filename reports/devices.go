package reports

import (
	"fmt"
	"strings"
)

// Device is a real thing: what it was heard to say.
type Device struct {
	Thing    string   `json:"thing"`
	By       string   `json:"by"` // the adapter, or "outside clients"
	Health   string   `json:"health"`
	Readings uint64   `json:"readings"` // that the device gave
	Missed   uint64   `json:"missed"`   // that were due and it did not give
	Values   []Signal `json:"values"`   // as last heard
}

// Signal is one last value.
type Signal struct {
	Name  string `json:"name"`
	Unit  string `json:"unit"`
	Value Number `json:"value"`
}

// devices prints what the real things last said.
func (t *text) devices() {
	if len(t.x.Devices) == 0 {
		return
	}
	t.title("real devices")
	rows := [][]string{{"", "", "readings", "missed", "health", "last values"}}
	for _, d := range t.x.Devices {
		var values []string
		for _, v := range d.Values {
			shown := "-"
			if v.Value.Known() {
				shown = strings.TrimSpace(fmt.Sprintf("%.4g %s", float64(v.Value), v.Unit))
			}
			values = append(values, v.Name+" "+shown)
		}
		rows = append(rows, []string{d.Thing, "by " + d.By, grouped(d.Readings), grouped(d.Missed), d.Health, strings.Join(values, ", ")})
	}
	table(&t.Builder, "  ", "< < > > < <", rows)
}
