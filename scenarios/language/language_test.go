package language_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/scenarios/language"
	"github.com/twinbed/twinbed/scenarios/language/corpus"
)

func demoSchema(t testing.TB) []byte {
	schema, err := language.Schema(&plant{})
	require.NoError(t, err)
	return schema
}

func load(t testing.TB) corpus.Load {
	return func(name string, source []byte) []language.Problem {
		folder, err := language.OpenFolder(filepath.Dir(name))
		require.NoError(t, err)
		defer folder.Close()
		d, problems := language.Read(name, source)
		if d == nil {
			return problems
		}
		d.Folder = folder
		var p plant
		return language.Sorted(append(problems, d.Decode(&p)...))
	}
}

func TestLoaderAndSchemaGiveTheirAnswers(t *testing.T) {
	corpus.Run(t, "testdata", load(t), corpus.Schema(t, demoSchema(t)))
}
