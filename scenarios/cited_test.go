package scenarios_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/reports"
	"github.com/twinbed/twinbed/scenarios"
	"github.com/twinbed/twinbed/scenarios/language"
	"github.com/twinbed/twinbed/sim"
	"github.com/twinbed/twinbed/sim/people"
)

func TestEachModelHasAFormulaAndSaysWhereItAndItsDefaultsComeFrom(t *testing.T) {
	whole := map[string]any{"crew": &people.Crew{}, "link": &sim.Network{}}
	for _, e := range sim.Signals.Entries() {
		whole[e.Name] = e.New()
	}
	for name, entry := range whole {
		formula, source := language.Formula(entry)
		require.NotEmpty(t, formula, "%s: a field _ struct{} with the tag formula says what it computes", name)
		require.NotEmpty(t, source.Mark, "%s: and its tag source where that comes from", name)
		defaultsAreCited(t, name, language.Describe(entry))
	}
	for _, e := range sim.Faults.Entries() {
		defaultsAreCited(t, e.Name, language.Describe(e.New()))
	}
	defaultsAreCited(t, "fault", language.Describe(&scenarios.Incident{}))
}

func defaultsAreCited(t *testing.T, name string, keys []language.FieldDoc) {
	for _, k := range keys {
		defaultsAreCited(t, name+"."+k.Key, k.Keys)
		word := k.Type == "a text" || strings.HasPrefix(k.Type, "one of ") || strings.HasPrefix(k.Type, "a shift ")
		if k.Default != "" && !word {
			require.NotEmpty(t, k.Source.Mark, "%s.%s: the tag source says where %s comes from, or that it has none: \"none, an assumption\"", name, k.Key, k.Default)
		}
	}
}

func TestEachWorldSaysWhereItsValuesComeFrom(t *testing.T) {
	for _, ref := range scenarios.Library() {
		s, err := scenarios.Load(ref, scenarios.Options{})
		require.NoError(t, err, ref)
		variants := []string{""}
		for _, v := range s.Variants {
			variants = append(variants, v.Name)
		}
		require.NoError(t, s.Close())
		for _, variant := range variants {
			r := play(t, ref, scenarios.Options{Variant: variant, Sets: []string{"duration=1s", "clock=virtual"}})
			for _, x := range r.Sources {
				for _, v := range x.Values {
					told := v.Mark != string(sim.MarkNone) || v.Source != ""
					require.True(t, told, "%s %s: %s %s = %s: sources: says where it comes from, or that it has none: \"none, an assumption\"", ref, variant, x.Of, v.Key, v.Value)
				}
			}
		}
	}
}

// value finds what a report says of a value.
func value(t *testing.T, r *reports.Report, of, key string) reports.SourcedValue {
	t.Helper()
	for _, x := range r.Sources {
		for _, v := range x.Values {
			if x.Of == of && v.Key == key {
				return v
			}
		}
	}
	t.Fatalf("the report says nothing of %s of %s", key, of)
	return reports.SourcedValue{}
}

const cited = `name: cited
duration: 1s
variants:
  warm: {things: {lamp: {signals: {heat: {rise: 9}}}}}
  own: {things: {lamp: {signals: {heat: {rise: 9}}}}, sources: {things.lamp.signals.heat.rise: "checked, another page"}}
things:
  lamp:
    signals:
      light: 4
      heat: {model: thermal, ambient: 22, rise: 8}
decisions: {dark: {when: light < 1, do: {notify: dark}}}
sources:
  things.lamp: none, an assumption
  things.lamp.signals.heat: "checked, a page: its table"
`

func TestTheNearestSourceIsAValues(t *testing.T) {
	plays := func(o scenarios.Options) *reports.Report {
		s, err := scenarios.Parse("cited.yaml", []byte(cited), language.NewFolder(nil), o)
		require.NoError(t, err)
		run, err := s.Stage(scenarios.Staging{})
		require.NoError(t, err)
		r, err := run.Play(context.Background())
		require.NoError(t, err)
		return r
	}
	is := func(v reports.SourcedValue, by, mark, source string) {
		t.Helper()
		require.Equal(t, [3]string{by, mark, source}, [3]string{v.By, v.Mark, v.Source})
	}
	r := plays(scenarios.Options{})
	is(value(t, r, "things.lamp.signals.light", ""), "scenario", "none", "an assumption")
	is(value(t, r, "things.lamp.signals.heat", "rise"), "scenario", "checked", "a page: its table")
	is(value(t, r, "things.lamp.signals.heat", "tau"), "default", "none", "an assumption")

	// what was cited is not what is played
	r = plays(scenarios.Options{Sets: []string{"things.lamp.signals.heat.rise=9"}})
	is(value(t, r, "things.lamp.signals.heat", "rise"), "flag", "none", "set by --set things.lamp.signals.heat.rise=9")
	is(value(t, r, "things.lamp.signals.heat", "ambient"), "scenario", "checked", "a page: its table")
	r = plays(scenarios.Options{Variant: "warm"})
	is(value(t, r, "things.lamp.signals.heat", "rise"), "scenario", "none", "as the variant warm has it")
	r = plays(scenarios.Options{Variant: "own"})
	is(value(t, r, "things.lamp.signals.heat", "rise"), "scenario", "checked", "another page")
}
