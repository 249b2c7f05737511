// Package corpus holds a loader of scenario files, and the JSON Schema beside
// it, to their answers. It is for tests.
//
// In a folder bad/ each file begins with the exact answers it must get, one a
// line and in order, and says if the schema cannot see the mistake:
//
//	# want: 7:12: every: "1" has no unit: a duration needs one of …
//	# schema: accepts
//
// In a folder good/ nothing may be wrong. With -update the answers that a file
// gets are written into it, to be reviewed as a diff.
package corpus

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/scenarios/language"
)

var update = flag.Bool("update", false, "write the answers that files get into them")

// Load reads a scenario and returns all that is wrong with it.
type Load func(name string, source []byte) []language.Problem

// Validate holds a scenario that can be parsed to a schema.
type Validate func(name string, source []byte) error

const (
	wantMark   = "# want: "
	acceptMark = "# schema: accepts"
)

// Run holds load and validate (nil: only load) to all files below folder/good
// and folder/bad.
func Run(t *testing.T, folder string, load Load, validate Validate) {
	for _, path := range files(t, filepath.Join(folder, "good")) {
		t.Run("good "+filepath.Base(path), func(t *testing.T) { good(t, path, load, validate) })
	}
	for _, path := range files(t, filepath.Join(folder, "bad")) {
		t.Run("bad "+filepath.Base(path), func(t *testing.T) { bad(t, path, load, validate) })
	}
}

func files(t *testing.T, folder string) []string {
	paths, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, paths, "no *.yaml in %s", folder)
	return paths
}

func good(t *testing.T, path string, load Load, validate Validate) {
	source, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Empty(t, answers(load(path, source)))
	if validate != nil {
		require.NoError(t, validate(path, source), "the schema refuses what the loader takes")
	}
}

func bad(t *testing.T, path string, load Load, validate Validate) {
	source, err := os.ReadFile(path)
	require.NoError(t, err)
	want, accepts, _ := header(source)
	got := answers(load(path, source))
	if *update {
		rewrite(t, path, source, load)
		return
	}
	require.NotEmpty(t, want, "a bad file says what it wants; -update writes it")
	require.Equal(t, want, got)
	if validate == nil {
		return
	}
	if err := validate(path, source); accepts {
		require.NoError(t, err, "the schema refuses it: leave out %q", acceptMark)
	} else {
		require.Error(t, err, "the schema takes what the loader refuses")
	}
}

// answers are problems as a want line has them: without the file.
func answers(problems []language.Problem) (lines []string) {
	for _, p := range problems {
		text := p.Headline()
		if p.Line > 0 {
			text = strings.TrimPrefix(text, p.File+":")
		} else {
			text = strings.TrimPrefix(text, p.File+": ")
		}
		lines = append(lines, text)
	}
	return lines
}

// header takes the leading lines that speak to the corpus off a source.
func header(source []byte) (want []string, accepts bool, rest []byte) {
	for {
		line, after, found := bytes.Cut(source, []byte("\n"))
		text := strings.TrimRight(string(line), "\r")
		answer, isWant := strings.CutPrefix(text, wantMark)
		switch {
		case isWant:
			want = append(want, answer)
		case text == acceptMark:
			accepts = true
		default:
			return want, accepts, source
		}
		if source = after; !found {
			return want, accepts, nil
		}
	}
}

// rewrite puts the answers at the head of a file. They cite lines, which the
// head moves, so it is done until nothing changes.
func rewrite(t *testing.T, path string, source []byte, load Load) {
	_, accepts, rest := header(source)
	for range 5 {
		var head strings.Builder
		for _, answer := range answers(load(path, source)) {
			head.WriteString(wantMark + answer + "\n")
		}
		if accepts {
			head.WriteString(acceptMark + "\n")
		}
		next := append([]byte(head.String()), rest...)
		if bytes.Equal(next, source) {
			break
		}
		source = next
	}
	require.NoError(t, os.WriteFile(path, source, 0o644))
}

// Schema makes a Validate of a JSON Schema.
func Schema(t testing.TB, schema []byte) Validate {
	t.Helper()
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource("scenario.json", parsed))
	compiled, err := compiler.Compile("scenario.json")
	require.NoError(t, err)
	return func(name string, source []byte) error {
		plain, err := language.JSON(name, source)
		if err != nil {
			return err
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(plain))
		if err != nil {
			return err
		}
		return compiled.Validate(value)
	}
}
