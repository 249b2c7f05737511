package language_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/scenarios/language"
	"github.com/twinbed/twinbed/sim"
)

func TestAScenarioBecomesPlainStructs(t *testing.T) {
	source, err := os.ReadFile("testdata/good/full.yaml")
	require.NoError(t, err)
	d := read(t, string(source))
	d.Folder, err = language.OpenFolder("testdata/good")
	require.NoError(t, err)
	defer d.Folder.Close()
	p := decoded(t, d)

	require.Equal(t, 120*time.Hour, p.Duration)
	require.Equal(t, "Tue 07:30", p.Start.String())
	require.Equal(t, uint64(1<<64-1), p.Seed)
	require.Equal(t, 1200.5, *p.Budget)
	require.Equal(t, 2<<20, p.Payload)
	require.Equal(t, []string{"data"}, p.Pillars)
	require.Equal(t, "lognormal median 20ms p95 90ms", p.Network.Latency.String())
	require.Equal(t, 0.001, p.Network.Loss)
	require.Equal(t, 0.01, p.Uplink.Latency.Mean(), "defaults of a struct that is given")

	require.Equal(t, []string{"press", "sensor.left", "sensor.right"}, []string{p.Things[0].Name, p.Things[1].Name, p.Things[2].Name})
	press := p.Things[0]
	require.Equal(t, 1000, press.Count)
	require.Equal(t, -3.5, press.Temperature)
	require.Equal(t, 20.0, p.Things[1].Temperature, "a default")
	require.Equal(t, sim.Expression("temperature > 80 and load > 0"), press.When)
	require.Equal(t, 90*time.Minute, press.ComeBy)
	require.Equal(t, 12*time.Hour, p.Things[1].ComeBy)
	require.Equal(t, time.Hour, press.Parts[0].Every)

	require.Equal(t, &fixed{65}, press.Signals[0].Model.model)
	require.Equal(t, "normal mean 65 sd 6", press.Signals[1].Model.model.(*noise).Value.String())
	require.Equal(t, "noise", press.Signals[2].Model.name)
	require.Equal(t, &thermal{22, 20 * time.Minute, "step"}, press.Signals[3].Model.model)
	require.Equal(t, "°C", press.Signals[3].Unit)

	require.Equal(t, []command{{"stop", 0, []setting{{"load", 0}}}, {"slow_down", 2 * time.Second, []setting{{"load", 0.5}, {"speed", 1}}},
		{"on", 0, []setting{}}}, press.Commands)
	require.Equal(t, []command{{Name: "cool"}, {Name: "off"}}, p.Things[1].Commands, "names alone")
	require.Equal(t, &table{"orders.csv", time.Hour}, p.Data[0].Source.source)
	require.Equal(t, "stock", p.Data[1].Source.name)
	require.Equal(t, []string{"wires", "2024"}, p.Crew[1].Skills)
	require.Equal(t, &messageLoss{0.3}, p.Faults[0].Fault.fault)
	require.Equal(t, "*", p.Faults[1].Where)
	require.Equal(t, []limit{{"p99 of loop < 250ms"}}, p.Limits)
	require.Equal(t, []string{"things"}, p.Variants[0].Overrides.node.Keys())
}

func TestWhatIsNotWrittenHasItsDefault(t *testing.T) {
	p := decoded(t, read(t, "name: x\nduration: 1h\nthings: {sensor: {every: 1s}}\n"))
	require.Equal(t, "Mon 06:00", p.Start.String())
	require.Equal(t, []string{"things", "people"}, p.Pillars)
	require.Equal(t, 4000, p.Payload)
	require.Equal(t, "virtual", p.Watch)
	require.Equal(t, 0.01, p.Network.Latency.Mean(), "defaults inside a struct that is not given")
	require.Nil(t, p.Uplink)
	require.Nil(t, p.Budget)
	require.Nil(t, p.Things[0].Life)
}

func TestKeysAreReadAsTheWordsTheyAre(t *testing.T) {
	p := decoded(t, read(t, "name: 1.10\nduration: 1h\nthings: {on: {every: 1s}, off: {every: 1s}, yes: {every: 1s}, no: {every: 1s}, 007: {every: 1s}, 1e3: {every: 1s}}\n"))
	require.Equal(t, "1.10", p.Name, "a text is kept as it was written")
	var names []string
	for _, thing := range p.Things {
		names = append(names, thing.Name)
	}
	require.Equal(t, []string{"on", "off", "yes", "no", "007", "1e3"}, names)
}

func TestAFolderKeepsToItself(t *testing.T) {
	dir := t.TempDir()
	inside := filepath.Join(dir, "inside")
	require.NoError(t, os.MkdirAll(filepath.Join(inside, "sub"), 0o755))
	for _, name := range []string{"secret.csv", "inside/a.csv", "inside/sub/b.csv"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o644))
	}
	require.NoError(t, os.Symlink("../secret.csv", filepath.Join(inside, "link.csv")))
	onDisk, err := language.OpenFolder(inside)
	require.NoError(t, err)
	defer onDisk.Close()
	embedded := language.NewFolder(fstest.MapFS{"a.csv": {}, "sub/b.csv": {}})
	for name, want := range map[string]string{
		"a.csv": "", "./sub/b.csv": "", "sub/../a.csv": "",
		"../secret.csv":       `"../secret.csv" is not inside the scenario's folder, where its files must be`,
		"sub/../../a":         `"sub/../../a" is not inside the scenario's folder, where its files must be`,
		dir + "/inside/a.csv": `is not inside the scenario's folder, where its files must be`,
		"":                    `"" is not inside the scenario's folder, where its files must be`,
		"sub":                 `"sub" is not a file`,
		"c.csv":               `there is no file "c.csv" in the scenario's folder`,
	} {
		for _, folder := range []*language.Folder{onDisk, embedded} {
			file, err := folder.Open(name)
			if want == "" {
				require.NoError(t, err)
				require.NoError(t, file.Close())
			} else {
				require.ErrorContains(t, err, want)
			}
		}
	}
	_, err = onDisk.Open("link.csv")
	require.EqualError(t, err, `"link.csv" is not inside the scenario's folder, where its files must be`)
	var none *language.Folder
	_, err = none.Open("a.csv")
	require.EqualError(t, err, `"a.csv" cannot be read: this scenario has no folder`)
}

func TestTheManualTellsEveryKey(t *testing.T) {
	keys := map[string]language.FieldDoc{}
	for _, d := range language.Describe(&thing{}) {
		keys[d.Key] = d
	}
	require.Equal(t, language.FieldDoc{
		Key: "temperature", Type: "a number in °C", Unit: "°C", Default: "20", Source: sim.Citation{Mark: sim.MarkNone, Words: "a room"}, Range: "from -273 °C to 5000 °C", Min: "-273", Max: "5000",
	}, keys["temperature"])
	require.Equal(t, language.FieldDoc{
		Key: "every", Type: "a duration", Doc: "between two readings", Required: true, Range: "more than 0s and 1 week or less", Above: "0s", Max: "1 week",
	}, keys["every"])
	require.Equal(t, "a whole number", keys["count"].Type)
	require.Equal(t, "a formula", keys["when"].Type)
	require.Equal(t, "a duration or a distribution in words", keys["life"].Type)
	require.Equal(t, "a list, each item a number", keys["position"].Type)
	require.Equal(t, "a mapping of names", keys["signals"].Type)
	require.Equal(t, "a duration", keys["come_by"].Type)
	require.Equal(t, "takes", keys["commands"].Keys[0].Key)
	require.NotEmpty(t, keys["parts"].Keys)
	loss := language.Describe(&messageLoss{})
	require.Equal(t, "a percentage", loss[0].Type)
	require.Equal(t, "more than 0% and 100% or less", loss[0].Range)
	require.Equal(t, "one of virtual, realtime", language.Describe(&plant{})[4].Type)
}

func TestTheSchemaIsAlwaysTheSame(t *testing.T) {
	require.Equal(t, string(demoSchema(t)), string(demoSchema(t)))
	require.Contains(t, string(demoSchema(t)), `"$schema": "https://json-schema.org/draft/2020-12/schema"`)
	require.Contains(t, string(demoSchema(t)), `"description": "between two readings"`)
	for _, name := range goNames {
		require.NotContains(t, string(demoSchema(t)), name)
	}
}

// goNames are what a user must never read.
var goNames = []string{"language.", "float64", "uint64", "time.Duration", "sim.", "chance.", "struct", "reflect", "go-yaml", "!!", "0x", "nil pointer"}

func TestAConfigurationThatBreaksTheConventionPanics(t *testing.T) {
	d := read(t, "a: 1\n")
	for name, into := range map[string]any{
		"type": &struct{ A map[string]int }{},
		"default": &struct {
			B int `default:"x"`
		}{},
		"limit": &struct {
			A int `max:"lots"`
		}{},
		"twice": &struct {
			A int
			B int `key:"a"`
		}{},
		"option": &struct {
			A int `key:"a,inlined"`
		}{},
		"map": &struct {
			A []int `map:"Name"`
		}{},
		"pointer": struct{}{},
	} {
		require.Panics(t, func() { d.Decode(into) }, name)
	}
}

func TestManyMistakesAreCutShort(t *testing.T) {
	d, problems := language.Read("x.yaml", []byte("things: {"+strings.Repeat("a, b: ", 1)+"1}\n"+strings.Repeat("", 1)))
	require.NotNil(t, d)
	require.Len(t, problems, 1)
	var b strings.Builder
	b.WriteString("pillars: [")
	for range 5000 {
		b.WriteString("x, ")
	}
	b.WriteString("y]\n")
	problems = read(t, b.String()).Decode(&plant{})
	require.Len(t, problems, 101)
	require.Equal(t, "x.yaml: there are more mistakes than these, and they are not listed", strings.Replace(problems[100].Headline(), "small", "x", 1))
}
