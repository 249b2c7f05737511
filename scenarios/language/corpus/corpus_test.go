package corpus

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/twinbed/twinbed/scenarios/language"
)

func load(name string, source []byte) []language.Problem {
	var demo struct {
		Count int `required:"true" min:"1"`
	}
	d, problems := language.Read(name, source)
	if d == nil {
		return problems
	}
	return append(problems, d.Decode(&demo)...)
}

func TestUpdateWritesAnswersThatHold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.yaml")
	require.NoError(t, os.WriteFile(path, []byte("# want: old\n# schema: accepts\n# a comment\ncount: 0\nconut: 3\n"), 0o644))
	source, err := os.ReadFile(path)
	require.NoError(t, err)
	rewrite(t, path, source, load)
	source, err = os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, `# want: 5:8: count: "0" is too small; it must be 1 or more
# want: 6:1: conut: no such key here; did you mean count? possible are count
# schema: accepts
# a comment
count: 0
conut: 3
`, string(source))
	want, accepts, rest := header(source)
	require.Equal(t, want, answers(load(path, source)), "lines are counted with the answers above them")
	require.True(t, accepts)
	require.Equal(t, "# a comment\ncount: 0\nconut: 3\n", string(rest))
}

func TestTheSchemaIsHeldToTheFileAsRead(t *testing.T) {
	validate := Schema(t, []byte(`{"$schema": "https://json-schema.org/draft/2020-12/schema", "properties": {"count": {"type": "integer"}}}`))
	require.NoError(t, validate("x.yaml", []byte("count: 1e3\n")))
	require.Error(t, validate("x.yaml", []byte("count: many\n")))
	require.ErrorContains(t, validate("x.yaml", []byte("count: [\n")), "x.yaml:1:9: ")
}
