package scenarios_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/scenarios"
	"github.com/twinbed/twinbed/scenarios/language"
)

// goName is what a user must never see of the program.
var goName = regexp.MustCompile(`float64|interface|reflect|time\.Duration|nil pointer|\*?(sim|twins|reports|language)\.[A-Z]`)

// Whatever is read, it ends in mistakes with places in the file, or in a scenario
// that can be staged, and never in a panic.
func FuzzScenario(f *testing.F) {
	for _, pattern := range []string{"*.yaml", "testdata/good/*.yaml", "testdata/bad/*.yaml"} {
		files, err := filepath.Glob(pattern)
		require.NoError(f, err)
		for _, file := range files {
			source, err := os.ReadFile(file)
			require.NoError(f, err)
			if len(source) < 4096 {
				f.Add(source)
			}
		}
	}
	folder := language.NewFolder(os.DirFS("testdata/good"))
	f.Fuzz(func(t *testing.T, source []byte) {
		if strings.Contains(string(source), "00000") || strings.Contains(string(source), "e") && regexp.MustCompile(`[0-9]e[0-9]|[0-9]{6}`).Match(source) {
			return // a million things take a while and show nothing new
		}
		s, err := scenarios.Parse("fuzz.yaml", source, folder, scenarios.Options{})
		if err == nil {
			_, err = s.Check()
		}
		mistakes, ok := errors.AsType[scenarios.Mistakes](err)
		if err != nil && !ok {
			t.Fatalf("%v", err)
		}
		lines := strings.Count(string(source), "\n") + 2
		for _, m := range mistakes {
			require.LessOrEqual(t, m.Line, lines, m.Message)
			require.NotEmpty(t, m.Message)
			if name := goName.FindString(m.Message); name != "" && !strings.Contains(string(source), name) {
				t.Fatalf("%q shows %q", m.Message, name)
			}
		}
	})
}
