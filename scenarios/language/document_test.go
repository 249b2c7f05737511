package language_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/scenarios/language"
	"github.com/twinbed/twinbed/sim"
)

const small = `name: small
duration: 1h
things:
  press: # the big one
    every: 10s
    when: a > 1
  a.b: {every: 1s, when: 'it''s > 2', position: [1, 2]}
  lit:
    every: 2s
    when: |
      x > 1
      and y
  ü: {every: 1s, when: "ä\u00e4\tb > 3"}
  p: {every: 1s, position: 3}
limits: a < b
faults:
  - {at: 1s, where: press, fault: partition}
variants:
  big:
    things:
      press: {every: 0s, count: 50}
      extra: {every: 3s}
    limits: [c < d, e < f]
`

func read(t testing.TB, source string) *language.Document {
	t.Helper()
	d, problems := language.Read("small.yaml", []byte(source))
	require.Empty(t, problems)
	return d
}

func decoded(t testing.TB, d *language.Document) (p plant) {
	t.Helper()
	require.Empty(t, d.Decode(&p))
	return p
}

func headlines(problems []language.Problem) (lines []string) {
	for _, p := range problems {
		lines = append(lines, p.Headline())
	}
	return lines
}

func TestEveryValueHasItsPlace(t *testing.T) {
	d := read(t, small)
	for _, c := range []struct {
		path         string
		offset       int
		line, column int
	}{
		{"name", 0, 1, 7},
		{"name", 2, 1, 9},
		{"things", 0, 3, 1},
		{"things.press", 0, 4, 3},
		{"things.press.when", 4, 6, 15},
		{"things.press.count", 0, 4, 3}, // a default: where it could be written
		{"things.a.b.every", 0, 7, 16},
		{"things.a.b.position.1", 0, 7, 53},
		{"things.a.b.when", 3, 7, 31},
		{"things.a.b.when", 5, 7, 33},
		{"things.a.b.when", 99, 7, 36}, // the closing quote
		{"things.lit.when", 0, 10, 11},
		{"things.lit.when", 4, 11, 11},
		{"things.lit.when", 10, 12, 11},
		{"things.ü.when", 2, 13, 26},
		{"things.ü.when", 4, 13, 32},
		{"things.ü.when", 5, 13, 34},
		{"limits.0", 4, 15, 13}, // one item without brackets
		{"faults.0", 0, 17, 5},
		{"faults.0.fault", 3, 17, 38},
		{"faults.7.where", 0, 16, 1},
		{"nowhere.at.all", 0, 0, 0},
		{"", 0, 0, 0},
	} {
		line, column := d.At(c.path, c.offset)
		require.Equal(t, [2]int{c.line, c.column}, [2]int{line, column}, "%s + %d", c.path, c.offset)
	}
}

func TestWhatOthersFindWrongIsPlaced(t *testing.T) {
	d := read(t, small)
	err := errors.Join(
		&sim.Wrong{Path: "things.press.when", Offset: 4, Message: `"1" is not good`},
		sim.Wrongf("limits.0", "nothing was measured"),
		sim.Wrongf("faults.0.where", "there is no press"),
		sim.Wrongf("faults.0", "it never ends"),
		errors.New("no things at all"),
	)
	require.Equal(t, []string{
		`small.yaml:6:15: when: "1" is not good`,
		`small.yaml:15:9: limits: nothing was measured`,
		`small.yaml:17:21: where: there is no press`,
		`small.yaml:17:5: faults item 1: it never ends`,
		`small.yaml: no things at all`,
	}, headlines(d.Problems(err)))
	require.Empty(t, d.Problems(nil))
}

func TestAProblemShowsItsLine(t *testing.T) {
	d, _ := language.Read("hello.yaml", []byte("things:\n  press:\n    every: 1\n"))
	problems := d.Decode(&plant{})
	require.Equal(t, `hello.yaml:3:12: every: "1" has no unit: a duration needs one of ns, us, ms, s, min, h, days, weeks, as in 1s
   3 |     every: 1
     |            ^`, problems[len(problems)-1].String())

	_, problems = language.Read("long.yaml", []byte("x: {a: ["+strings.Repeat("ä, ", 100)+"&, "+strings.Repeat("ö, ", 100)+"]}\n"))
	require.Len(t, problems, 1)
	lines := strings.Split(problems[0].String(), "\n")
	require.Len(t, lines, 3)
	require.Equal(t, "&", string([]rune(lines[1])[strings.Index(lines[2], "^")]), "the caret stands below what is wrong")
	require.Less(t, len([]rune(lines[1])), 150)
}

func TestWhatIsNoScenarioIsRefusedAtOnce(t *testing.T) {
	big := make([]byte, 50<<20)
	for _, c := range []struct {
		source []byte
		want   string
	}{
		{big, "x.yaml: 52.43MB is more than a scenario may have: 1 MiB"},
		{nil, "x.yaml: the scenario is empty"},
		{[]byte("--- # nothing"), "x.yaml: the scenario is empty"},
		{[]byte("name: x\nplace: K\xf6ln\n"), "x.yaml:2:9: this is not UTF-8 text; save the file as UTF-8"},
		{[]byte("\xff\xfen\x00"), "x.yaml:1:1: this is not UTF-8 text; save the file as UTF-8"},
		{[]byte("name: \u2028x\n"), "x.yaml:1:7: the control character U+2028 cannot stand in a scenario"},
		{[]byte("name: x\rduration: 1h"), "x.yaml:1:8: the control character U+000D cannot stand in a scenario"},
		{[]byte("things:\n\t\tpress: 1\n\n \tx: 2\n\t# comment\n"), "x.yaml:2:1: a tab cannot indent; use spaces\nx.yaml:4:2: a tab cannot indent; use spaces"},
	} {
		d, problems := language.Read("x.yaml", c.source)
		require.Nil(t, d)
		require.Equal(t, c.want, strings.Join(headlines(problems), "\n"))
	}
}

func TestWindowsFilesAreRead(t *testing.T) {
	p := decoded(t, read(t, "\uFEFF"+strings.ReplaceAll(small, "\n", "\r\n")))
	require.Len(t, p.Things, 5)
}

func TestSetChangesTheScenarioAsIfItWereWritten(t *testing.T) {
	d := read(t, small)
	for _, setting := range []string{
		"things.press.count=80", "things.a.b.position.1=7", "things.a.b.position.2=9", "things.p.position.0=5",
		"network.loss=3%", "faults.0.at=2s", "name='b: c'", "limits=[g < h, i < j]", "uplink={loss: 1%, latency: uniform 1s to 2s}",
	} {
		require.Empty(t, d.Set(setting), setting)
	}
	before := d.Copy()
	require.Empty(t, d.Set("things.p.parts.left.every=5s"))
	require.Empty(t, decoded(t, before).Things[4].Parts, "a copy is of its own")
	p := decoded(t, d)
	require.Equal(t, "b: c", p.Name)
	require.Equal(t, 80, p.Things[0].Count)
	require.Equal(t, []float64{1, 7, 9}, p.Things[1].Position)
	require.Equal(t, []float64{5}, p.Things[4].Position)
	require.Equal(t, "left", p.Things[4].Parts[0].Name)
	require.Equal(t, 0.03, p.Network.Loss)
	require.Equal(t, 2*time.Second, p.Faults[0].At)
	require.Equal(t, []limit{{"g < h"}, {"i < j"}}, p.Limits)
	require.Equal(t, 0.01, p.Uplink.Loss)
}

func TestWhatIsSetWronglyCitesTheFlag(t *testing.T) {
	for setting, want := range map[string]string{
		"things.press.count=many":      `--set things.press.count=many: count: "many" is not a number: it begins with a number, as in 30`,
		"things.press.cuont=3":         `--set things.press.cuont=3: cuont: no such key here; did you mean count? possible are come_by, commands, count, every, life, parts, position, signals, temperature, when`,
		"things.extra.count=3":         `--set things.extra.count=3: extra: the key every is missing; it is a duration`,
		"things.press.count=":          `--set things.press.count=: count: there is no value; write one, or {} or [] for nothing`,
		"things.press.every.x=1":       `--set things.press.every.x=1: every is "10s" here and has no keys; set the whole of it`,
		"things.a.b.position.5=1":      `--set things.a.b.position.5=1: position is a list of 2 items, numbered from 0; "5" is none of them, and 2 adds one`,
		"count":                        `--set count: this is not a path and its value, as in --set things.press.count=80`,
		"things..count=4":              `--set things..count=4: ".count" is no path: a key is missing beside a dot`,
		"limits=[a":                    `--set limits=[a: the "[" that opens here is not closed, or a comma is missing in it`,
		"network={loss: 1%, loss: 2%}": `--set network={loss: 1%, loss: 2%}: loss: this key stands here a second time`,
		"name=\xff":                    "--set \"name=\\xff\": this is not UTF-8 text; save the file as UTF-8",
	} {
		d := read(t, small)
		problems := d.Set(setting)
		problems = append(problems, d.Decode(&plant{})...)
		require.Equal(t, []string{want}, headlines(problems), setting)
	}
	d := read(t, small)
	require.Empty(t, d.Set("things.press.when=b > 2"))
	p := d.Problem(&sim.Wrong{Path: "things.press.when", Offset: 2, Message: "no"})
	require.Equal(t, "--set things.press.when=b > 2: when: no", p.String())
}

func TestAVariantIsMergedAndKeepsItsPlaces(t *testing.T) {
	base := read(t, small)
	p := decoded(t, base)
	require.Equal(t, "big", p.Variants[0].Name)
	big := base.Overlay(p.Variants[0].Overrides.node)
	var v plant
	require.Equal(t, []string{`small.yaml:21:22: every: "0s" is too short; it must be more than 0s and 1 week or less`}, headlines(big.Decode(&v)))
	require.Equal(t, 50, v.Things[0].Count)
	require.Equal(t, sim.Expression("a > 1"), v.Things[0].When, "what the variant does not say stays")
	require.Equal(t, "extra", v.Things[5].Name)
	require.Equal(t, []limit{{"c < d"}, {"e < f"}}, v.Limits, "lists are replaced")
	require.Equal(t, "small.yaml:23:21: limits item 2: no", big.Problem(sim.Wrongf("limits.1", "no")).Headline())

	again := decoded(t, base)
	require.Equal(t, 1, again.Things[0].Count, "the base does not change")
	require.Nil(t, base.Find("variants.small"))
	require.Equal(t, "variants.big.things", base.Find("variants.big.things").Path())
}

func TestTheScenarioAsPlayedCanBeReadAgain(t *testing.T) {
	d := read(t, small)
	verbatim, err := d.Bytes()
	require.NoError(t, err)
	require.Equal(t, small, string(verbatim))
	require.Empty(t, d.Set("things.press.count=80"))
	require.Empty(t, d.Set("seed=010"))
	d = d.Overlay(d.Find("variants.big"))
	require.Empty(t, d.Set("seed=10"))
	require.Empty(t, d.Set("things.press.every=20s"))
	played, err := d.Bytes()
	require.NoError(t, err)
	require.Contains(t, string(played), "# the big one")
	p, q := decoded(t, d), decoded(t, read(t, string(played)))
	p.Variants, q.Variants = nil, nil
	require.Equal(t, p, q)

	good, err := os.ReadFile("testdata/good/full.yaml")
	require.NoError(t, err)
	d = read(t, string(good))
	require.Empty(t, d.Set("seed=3"))
	played, err = d.Bytes()
	require.NoError(t, err)
	require.NotContains(t, string(played), "&sensor", "aliases are written out")
	require.Empty(t, load(t)("testdata/good/played.yaml", played))
}
