package scenarios

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/chance"
	"github.com/twinbed/twinbed/sim/formula"
	"github.com/twinbed/twinbed/sim/sources"
	"github.com/twinbed/twinbed/sim/units"
)

// give gives every thing of a kind its attributes.
func (t *Thing) give(w *sim.World, k *sim.Kind, open opener) (wrongs []*sim.Wrong) {
	for _, a := range t.Attributes {
		texts, drawn, err := a.values(w, k, open)
		if err != nil {
			wrongs = append(wrongs, sim.Wrongf("things."+t.Name+".attributes."+a.Name, "%v", err))
			continue
		}
		k.Attributes = append(k.Attributes, column(a.Name, texts, drawn, w.Symbols))
	}
	return wrongs
}

// column makes an attribute of numbers if all its values are, else of texts.
func column(name string, texts []string, drawn []float64, symbols *formula.Symbols) sim.Attribute {
	if drawn != nil {
		return sim.Attribute{Name: name, Type: formula.Number, Values: drawn}
	}
	values := make([]float64, len(texts))
	for i, text := range texts {
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || v-v != 0 {
			for i, text := range texts {
				values[i] = symbols.ID(text)
			}
			return sim.Attribute{Name: name, Type: formula.Text, Values: values}
		}
		values[i] = v
	}
	return sim.Attribute{Name: name, Type: formula.Number, Values: values}
}

// values are an attribute's values, one per thing: texts, or drawn numbers.
func (a *Attribute) values(w *sim.World, k *sim.Kind, open opener) (texts []string, drawn []float64, err error) {
	switch {
	case a.File != "":
		texts, err = a.fromFile(w, k, open)
		return texts, nil, err
	case a.List != nil:
		return deal(a.List, k.Count), nil, nil
	}
	if !strings.Contains(a.Text, " ") {
		return deal([]string{a.Text}, k.Count), nil, nil
	}
	law, err := chance.Parse(a.Text, units.Number, open)
	if err != nil {
		first, _, _ := strings.Cut(a.Text, " ")
		if !slices.Contains(chance.Names(), first) {
			return deal([]string{a.Text}, k.Count), nil, nil // a text of several words
		}
		return nil, nil, err
	}
	luck := w.Seed.Stream(k.Name + " attribute " + a.Name)
	for i := range k.Count {
		drawn = append(drawn, law.Quantile(luck.Uniform(uint32(i), 0)))
	}
	return nil, drawn, nil
}

// deal gives values round, thing by thing.
func deal(values []string, count int) []string {
	dealt := make([]string, count)
	for i := range dealt {
		dealt[i] = values[i%len(values)]
	}
	return dealt
}

// fromFile reads a column of a CSV, by the things' names or row by row.
func (a *Attribute) fromFile(w *sim.World, k *sim.Kind, open opener) ([]string, error) {
	f, err := open(a.File)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.ReuseRecord = true
	header, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("%s: no header: %w", a.File, err)
	}
	header = slices.Clone(header)
	want := a.Column
	if want == "" {
		want = a.Name
	}
	value, key := slices.Index(header, want), slices.Index(header, a.Key)
	if value < 0 {
		return nil, fmt.Errorf("%s has no column %q; there are %s", a.File, want, strings.Join(header, ", "))
	}
	if a.Key != "" && key < 0 {
		return nil, fmt.Errorf("%s has no column %q; there are %s", a.File, a.Key, strings.Join(header, ", "))
	}
	var rows []string
	var lines []int
	byName := map[string]string{}
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.File, err)
		}
		line, _ := r.FieldPos(value)
		rows, lines = append(rows, record[value]), append(lines, line)
		if key >= 0 {
			byName[record[key]] = record[value]
		}
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("%s has no rows", a.File)
	}
	if numbers, odd := sources.Numbers(slices.Values(rows)); numbers && odd >= 0 {
		return nil, fmt.Errorf("%s:%d: %w", a.File, lines[odd], sources.NoNumber(want, rows[odd]))
	}
	if a.Key == "" {
		return deal(rows, k.Count), nil
	}
	texts := make([]string, k.Count)
	for i := range texts {
		name := w.Roster.Name(k.First + sim.ThingID(i))
		text, ok := byName[name]
		if !ok {
			return nil, fmt.Errorf("%s has no row for %s", a.File, name)
		}
		texts[i] = text
	}
	return texts, nil
}
