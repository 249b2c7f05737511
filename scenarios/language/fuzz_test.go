package language_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/scenarios/language"
	"github.com/twinbed/twinbed/scenarios/language/corpus"
)

func seeds(f *testing.F) {
	for _, folder := range []string{"testdata/good/*.yaml", "testdata/bad/*.yaml"} {
		paths, _ := filepath.Glob(folder)
		for _, path := range paths {
			source, err := os.ReadFile(path)
			require.NoError(f, err)
			f.Add(string(source))
		}
	}
}

// FuzzScenarios holds every input to what a user may expect: no panic, problems
// with a place inside the file and without the program's own names, and, when
// nothing is wrong, a schema that agrees and a document that can be written.
func FuzzScenarios(f *testing.F) {
	seeds(f)
	f.Add("name: 0\nduration: 1s\nthings:\n  a:\n    every: 1s\nvariants: {0: {0: 0}}")
	validate := corpus.Schema(f, demoSchema(f))
	f.Fuzz(func(t *testing.T, source string) {
		d, problems := language.Read("x.yaml", []byte(source))
		if d == nil {
			require.NotEmpty(t, problems)
		} else {
			d.Folder = everyFile
			var p plant
			problems = append(problems, d.Decode(&p)...)
			problems = append(problems, ofVariants(d, p.Variants)...)
		}
		lines := strings.Split(source, "\n")
		for _, p := range problems {
			if p.Line > 0 {
				require.LessOrEqual(t, p.Line, len(lines), p.Headline())
				require.LessOrEqual(t, p.Column, utf8.RuneCountInString(lines[p.Line-1])+1, p.Headline())
				require.Positive(t, p.Column)
			}
			for _, name := range goNames {
				if strings.Contains(p.Message, name) {
					require.Contains(t, source, strings.TrimPrefix(name, "!"), "%s", p.Headline())
				}
			}
			_ = p.String()
		}
		if len(problems) > 0 {
			return
		}
		require.NoError(t, validate("x.yaml", []byte(source)), "the schema refuses what the loader takes")
		require.Empty(t, d.Set("seed=5"))
		played, err := d.Bytes()
		require.NoError(t, err)
		again, problems := language.Read("x.yaml", played)
		require.Empty(t, problems, "%s", played)
		again.Folder = everyFile
		var p, q plant
		require.Empty(t, d.Decode(&p))
		require.Empty(t, again.Decode(&q))
		require.Equal(t, p.Things, q.Things)
	})
}

// ofVariants is what is wrong with the variants, which a decoder keeps for later and
// the schema does not. None may have variants of its own.
func ofVariants(d *language.Document, variants []variant) (problems []language.Problem) {
	for _, v := range variants {
		n := v.Overrides.node
		if n == nil {
			continue
		}
		if slices.Contains(n.Keys(), "variants") {
			problems = append(problems, n.Problem("a variant has none of its own"))
		}
		var p plant
		problems = append(problems, d.Overlay(n).Decode(&p)...)
	}
	return problems
}

// FuzzSet sets any value at any path: no panic, and problems that cite the flag.
func FuzzSet(f *testing.F) {
	for _, seed := range []string{"things.press.count=80", "a.b.c=[1, {x: y}]", "limits.1=x", "faults.0.rate=3%", "x=&a [*a]", "=", "..=1", "things.press=~", "name=--- a\n--- b"} {
		f.Add(seed)
	}
	for _, key := range []string{"count", "every", "temperature", "position", "life", "when", "signals.t", "commands", "commands.stop.load", "parts", "come_by"} {
		for _, value := range []string{"1", "1.0", "+5", "1e3", "1s", "0", "30%", "-3 °C", "'4'", "normal mean 3 sd 1", "x < 4", "true", "[1, a]", "{}", "{a: 1}", "{model: noise, value: 4}", "a", "0x1F", "1_000", "2024-01-02", ".5"} {
			f.Add("things.press." + key + "=" + value)
		}
	}
	validate := corpus.Schema(f, demoSchema(f))
	f.Fuzz(func(t *testing.T, setting string) {
		d := read(t, small)
		d.Folder = everyFile
		problems := append(d.Set(setting), d.Decode(&plant{})...)
		for _, p := range problems {
			if p.Line == 0 {
				require.True(t, strings.HasPrefix(p.File, "--set "), p.Headline())
			}
		}
		if len(problems) > 0 {
			return
		}
		played, err := d.Bytes()
		require.NoError(t, err)
		require.NoError(t, validate("x.yaml", played), "the schema refuses what the loader takes:\n%s", played)
	})
}

// everyFile stands for a folder in which any name is a file.
var everyFile = language.NewFolder(anyName{})
