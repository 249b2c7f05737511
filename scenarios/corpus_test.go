package scenarios_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/scenarios"
	"github.com/twinbed/twinbed/scenarios/language"
	"github.com/twinbed/twinbed/scenarios/language/corpus"
)

// checked loads a scenario as a user does and returns all that is wrong with it.
func checked(t testing.TB, file string) []language.Problem {
	s, err := scenarios.Load(file, scenarios.Options{})
	return mistakes(t, s, err)
}

// checkedSource does so with another source in the file's place.
func checkedSource(t testing.TB, file string, source []byte) []language.Problem {
	folder, err := language.OpenFolder(filepath.Dir(file))
	require.NoError(t, err)
	defer folder.Close()
	s, err := scenarios.Parse(file, source, folder, scenarios.Options{})
	return mistakes(t, s, err)
}

func mistakes(t testing.TB, s *scenarios.Script, err error) []language.Problem {
	if err == nil {
		defer s.Close()
		_, err = s.Check()
	}
	if err == nil {
		return nil
	}
	all, ok := errors.AsType[scenarios.Mistakes](err)
	require.True(t, ok, "%v", err)
	return all
}

func TestEachWrongScenarioGetsItsAnswerAndTheSchemaAgrees(t *testing.T) {
	text, err := scenarios.Schema()
	require.NoError(t, err)
	corpus.Run(t, "testdata", func(name string, source []byte) []language.Problem {
		return checkedSource(t, name, source)
	}, corpus.Schema(t, text))
}

func TestShippedScenariosAreRightAndTheSchemaSaysSoToo(t *testing.T) {
	text, err := scenarios.Schema()
	require.NoError(t, err)
	validate := corpus.Schema(t, text)
	require.NotEmpty(t, scenarios.Library())
	for _, name := range scenarios.Library() {
		file := name + ".yaml"
		require.Empty(t, checked(t, file))
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NoError(t, validate(file, source), name)
	}
}

func TestTheStarterIsRight(t *testing.T) {
	text, err := scenarios.Starter("demo")
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "demo.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	require.Empty(t, checked(t, file))
	require.Equal(t, "pass", string(play(t, file, scenarios.Options{}).Verdict))
	_, err = scenarios.Starter("../etc")
	require.Error(t, err)
}

func TestFiftyMegabytesAreRefusedAtOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "big.yaml")
	f, err := os.Create(file)
	require.NoError(t, err)
	require.NoError(t, f.Truncate(50<<20))
	require.NoError(t, f.Close())
	problems := checked(t, file)
	require.Len(t, problems, 1)
	require.Contains(t, problems[0].Message, "1 MiB")
}
